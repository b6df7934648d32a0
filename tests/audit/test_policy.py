"""Each check by itself: it holds only where one enabled contact satisfies all of it."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from contacts_audit.audit.checks import RULES, contact_email, distinct, judge, shows_address
from contacts_audit.audit.policy import Override, Policy, Under
from contacts_audit.audit.profiles import PROFILES, Settings, criteria
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts as read_contacts
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Criteria,
    Finding,
    Profile,
    Reading,
    Subscription,
    Verdict,
    Waiver,
    exit_code,
)

VERSION = "2023-12-01-preview"
V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", VERSION
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
PROD = Subscription(ID, "Prod")
TODAY = date(2026, 1, 31)
CRITERIA = Criteria(None, tuple(Check))
RISKS = ["Low", "Medium", "High", "Critical"]

AFTER = ": There must be something after the @-sign"  # what email-validator says


def contact(
    *emails: str,
    malformed: tuple[str, ...] = (),
    enabled: bool = True,
    severity: str | None = None,
    risk: str | None = None,
    roles: tuple[str, ...] = (),
    name: str = "default",
) -> Contact:
    """Return a contact with *emails*, the *malformed* ones after them."""
    return Contact(
        name=name,
        api_version=VERSION,
        emails=(*emails, *malformed),
        malformed=malformed,
        enabled=enabled,
        phone=None,
        alert_severity=severity,
        attack_path_risk=risk,
        roles=roles,
    )


def read(version: str, *properties: Any) -> Reading:
    """Return the reading of contacts with *properties*, as *version* lists them."""
    items = [{"name": f"default{at}", "properties": one} for at, one in enumerate(properties)]
    body = json.dumps({"value": items}).encode()
    answer = Answer("https://arm.example/x", 200, {}, body)
    return Reading(version, tuple(read_contacts(answer, version)))


def wrong(check: Check, contacts: Sequence[Contact], **criteria: Any) -> str | None:
    """Return what *check* finds wrong with *contacts*, None where it holds."""
    wanted = Criteria(None, (check,), **criteria)
    finding = judge(check, Reading(VERSION, tuple(contacts)), wanted)
    return None if finding is None else finding.message


def test_every_check_has_a_rule_and_every_profile_its_checks() -> None:
    """What can be asked for is judged."""
    four = (Check.CONTACT_EMAIL, Check.ALERT_NOTIFICATIONS, Check.OWNER_NOTIFIED)

    assert set(RULES) == set(Check)
    assert dict(PROFILES) == {
        Profile.CONFORMITY: (Check.CONTACT_EMAIL,),
        Profile.CIS: (*four, Check.ATTACK_PATHS),
        Profile.STRICT: (*four, Check.ATTACK_PATHS, Check.REACHABLE),
    }


# contact-email


@pytest.mark.parametrize(
    "contacts",
    [
        pytest.param([contact("a@contoso.com")], id="an address"),
        pytest.param([contact("a@contoso.com", malformed=("a@",))], id="beside a malformed one"),
        pytest.param([contact(), contact("a@contoso.com")], id="one contact of two"),
        pytest.param(
            [contact("b@contoso.com", enabled=False), contact("a@contoso.com")],
            id="beside a disabled contact",
        ),
    ],
)
def test_an_address_of_an_enabled_contact_passes(contacts: list[Contact]) -> None:
    """One is enough."""
    assert shows_address(contacts)
    assert contact_email(contacts, CRITERIA) is None


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        pytest.param([], "no e-mail address is configured", id="no contact"),
        pytest.param([contact()], "no e-mail address is configured", id="no address"),
        pytest.param(
            [contact(malformed=("a@",))],
            f"no e-mail address is configured (malformed address 'a@'{AFTER})",
            id="a malformed address",
        ),
        pytest.param(
            [contact("a@contoso.com", enabled=False)],
            "no enabled contact has an e-mail address (contact 'default' is disabled)",
            id="a disabled contact",
        ),
        pytest.param(
            [contact(enabled=False)],
            "no e-mail address is configured",
            id="a disabled contact without an address",
        ),
        pytest.param(
            [contact(roles=("Owner", "Contributor")), contact(roles=("Owner",))],
            "no e-mail address is configured (only the role Contributor, Owner is notified)",
            id="roles only",
        ),
        pytest.param(
            [contact(roles=("Owner",), enabled=False)],
            "no e-mail address is configured",
            id="the role of a disabled contact",
        ),
        pytest.param(
            [
                contact(malformed=("a@", "@b")),
                contact("c@contoso.com", malformed=("d",), enabled=False, name="default1"),
                contact(roles=("Owner",)),
            ],
            f"no enabled contact has an e-mail address (malformed address 'a@'{AFTER}; "
            "malformed address '@b': There must be something before the @-sign; malformed address "
            "'d': An email address must have an @-sign; contact 'default1' is disabled; "
            "only the role Owner is notified)",
            id="everything at once",
        ),
    ],
)
def test_all_else_fails_and_says_why(contacts: list[Contact], message: str) -> None:
    """The message names what stands in the way of an address."""
    assert not shows_address(contacts)
    assert contact_email(contacts, CRITERIA) == message


def test_hostile_text_is_quoted() -> None:
    """What somebody wrote into a contact cannot break the sentence."""
    message = contact_email([contact(malformed=("a\nb\x1b[2J'",))], CRITERIA)

    shown = "a\\nb\\x1b[2J'"
    assert message == (
        f'no e-mail address is configured (malformed address "{shown}": '
        "An email address must have an @-sign)"
    )


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"email": ""}, id="2017, empty"),
        pytest.param(V2017, {"email": ";"}, id="2017, a separator"),
        pytest.param(V2017, {"email": " ; , "}, id="2017, blanks"),
        pytest.param(V2017, {"email": None}, id="2017, null"),
        pytest.param(V2017, {}, id="2017, absent"),
        pytest.param(V2020, {"emails": ""}, id="2020, empty"),
        pytest.param(V2020, {"emails": []}, id="2020, an empty array"),
        pytest.param(V2020, {"emails": [";", ""]}, id="2020, an array of nothing"),
        pytest.param(V2023, {"emails": ""}, id="2023, empty"),
        pytest.param(V2023, {"emails": ";"}, id="2023, a separator"),
        pytest.param(V2023, {"emails": "not an address"}, id="2023, malformed"),
        pytest.param(V2023, {"emails": 7}, id="2023, a number"),
        pytest.param(V2023, {"emails": "a@contoso.com", "isEnabled": False}, id="2023, disabled"),
        pytest.param(V2023, {"emails": "a@contoso.com", "isEnabled": "true"}, id="2023, no flag"),
    ],
)
def test_what_is_no_address_is_none_in_each_dialect(version: str, properties: Any) -> None:
    """An empty text, a lone separator, a disabled contact: none of it reaches anybody."""
    reading = read(version, properties)

    finding = judge(Check.CONTACT_EMAIL, reading, CRITERIA)

    assert finding is not None
    assert (finding.check, finding.api_version) == (Check.CONTACT_EMAIL, version)


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"email": "a@contoso.com"}, id="2017"),
        pytest.param(
            V2017,
            {"email": "a@contoso.com", "alertNotifications": "Off", "alertsToAdmins": "Off"},
            id="2017, notifications off",
        ),
        pytest.param(V2020, {"emails": "nobody;a@contoso.com"}, id="2020"),
        pytest.param(V2020, {"emails": ["a@contoso.com"]}, id="2020, an array"),
        pytest.param(V2023, {"emails": " , a@contoso.com ;"}, id="2023"),
        pytest.param(V2023, {"emails": "a@contoso.com", "isEnabled": None}, id="2023, null flag"),
        pytest.param(
            V2023, {"emails": "a@contoso.com", "notificationsSources": []}, id="2023, no source"
        ),
    ],
)
def test_an_address_is_one_in_each_dialect(version: str, properties: Any) -> None:
    """Notifications that are off do not touch contact-email."""
    assert judge(Check.CONTACT_EMAIL, read(version, properties), CRITERIA) is None


# alert-notifications


@pytest.mark.parametrize("severity", ["Low", "Medium", "High"])
@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        pytest.param(V2020, "alertNotifications", id="2020"),
        pytest.param(V2023, "notificationsSources", id="2023"),
    ],
)
def test_high_or_lower_sends_mail_for_high_severity(
    version: str, dialect: str, severity: str
) -> None:
    """A threshold of Low or Medium lets High through, too."""
    reading = read(version, {dialect: alerts(dialect, severity)})

    assert judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA) is None


def alerts(dialect: str, severity: Any) -> Any:
    """Return what switches alerts on from *severity*, as the property *dialect* says it."""
    if dialect == "alertNotifications":
        return {"state": "On", "minimalSeverity": severity}
    return [{"sourceType": "Alert", "minimalSeverity": severity}]


def test_on_is_high_at_2017() -> None:
    """There was no other threshold."""
    on = read(V2017, {"alertNotifications": "On"})
    off = read(V2017, {"alertNotifications": "Off"})

    assert judge(Check.ALERT_NOTIFICATIONS, on, CRITERIA) is None
    assert judge(Check.ALERT_NOTIFICATIONS, off, CRITERIA) is not None


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {}, id="2017, absent"),
        pytest.param(V2017, {"alertNotifications": "on"}, id="2017, another case"),
        pytest.param(V2017, {"alertNotifications": True}, id="2017, a flag"),
        pytest.param(
            V2020,
            {"alertNotifications": {"state": "Off", "minimalSeverity": "High"}},
            id="2020 off",
        ),
        pytest.param(
            V2020, {"alertNotifications": {"minimalSeverity": "High"}}, id="2020, stateless"
        ),
        pytest.param(
            V2020, {"alertNotifications": {"state": "On"}}, id="2020, without a threshold"
        ),
        pytest.param(V2020, {"alertNotifications": ["On"]}, id="2020, an array"),
        pytest.param(V2023, {"notificationsSources": []}, id="2023, no source"),
        pytest.param(V2023, {"notificationsSources": None}, id="2023, null"),
        pytest.param(
            V2023, {"notificationsSources": {"sourceType": "Alert"}}, id="2023, an object"
        ),
        pytest.param(
            V2023,
            {"notificationsSources": [{"sourceType": "AttackPath", "minimalRiskLevel": "Low"}]},
            id="2023, attack paths alone",
        ),
        pytest.param(
            V2023,
            {
                "isEnabled": False,
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
            },
            id="2023, disabled",
        ),
    ],
)
def test_alerts_that_are_not_on_fail(version: str, properties: Any) -> None:
    """What is off, absent or of no known shape sends no mail."""
    finding = judge(Check.ALERT_NOTIFICATIONS, read(version, properties), CRITERIA)

    assert finding is not None
    assert finding.message.startswith("no mail goes out for high-severity alerts")


@pytest.mark.parametrize("check", [Check.ALERT_NOTIFICATIONS, Check.REACHABLE])
@pytest.mark.parametrize("severity", ["Critical", "high", "HIGH", "Informational", "a\nb", "Høj"])
@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        pytest.param(V2020, "alertNotifications", id="2020"),
        pytest.param(V2023, "notificationsSources", id="2023"),
    ],
)
def test_an_unknown_severity_is_named_and_never_passes(
    check: Check, version: str, dialect: str, severity: str
) -> None:
    """Nobody knows what it lets through."""
    reading = read(version, {"emails": "a@contoso.com", dialect: alerts(dialect, severity)})

    finding = judge(check, reading, CRITERIA)

    assert finding is not None
    assert f"the severity {severity!r} is not known" in finding.message


@pytest.mark.parametrize("severity", [3, True, ["High"], {"level": "High"}])
def test_a_severity_that_is_no_text_is_named_too(severity: Any) -> None:
    """An operator sees why the check fails although the portal shows a source."""
    reading = read(V2023, {"notificationsSources": alerts("notificationsSources", severity)})

    finding = judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA)

    assert finding is not None
    assert f"the severity {json.dumps(severity)!r} is not known" in finding.message


def test_a_disabled_contact_is_named_where_alerts_fail() -> None:
    """It is what the operator has to mend."""
    message = wrong(Check.ALERT_NOTIFICATIONS, [contact(severity="High", enabled=False)])

    assert message == "no mail goes out for high-severity alerts (contact 'default' is disabled)"


# owner-notified


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"alertsToAdmins": "On"}, id="2017"),
        pytest.param(
            V2020, {"notificationsByRole": {"state": "On", "roles": ["Owner"]}}, id="2020"
        ),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "On", "roles": ["Admin", "owner"]}}, id="2023"
        ),
    ],
)
def test_the_owner_is_notified_in_each_dialect(version: str, properties: Any) -> None:
    """The state On, and Owner among the roles."""
    assert judge(Check.OWNER_NOTIFIED, read(version, properties), CRITERIA) is None


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"alertsToAdmins": "Off"}, id="2017 off"),
        pytest.param(V2017, {"alertsToAdmins": True}, id="2017, a flag"),
        pytest.param(V2017, {}, id="2017, absent"),
        pytest.param(
            V2020, {"notificationsByRole": {"state": "Off", "roles": ["Owner"]}}, id="2020 off"
        ),
        pytest.param(V2023, {"notificationsByRole": {"roles": ["Owner"]}}, id="2023, stateless"),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "Off", "roles": ["Owner"]}}, id="2023 off"
        ),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "Maybe", "roles": ["Owner"]}}, id="2023 maybe"
        ),
        pytest.param(V2023, {"notificationsByRole": {"state": "On", "roles": []}}, id="no role"),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "On", "roles": "Owner"}}, id="a text"
        ),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "On", "roles": [["Owner"], None]}}, id="nested"
        ),
        pytest.param(
            V2023, {"notificationsByRole": {"state": "On", "roles": ["Owners"]}}, id="nearly"
        ),
        pytest.param(
            V2023,
            {"isEnabled": False, "notificationsByRole": {"state": "On", "roles": ["Owner"]}},
            id="disabled",
        ),
    ],
)
def test_an_owner_who_is_not_notified_fails(version: str, properties: Any) -> None:
    """Roles count only with the state On, and only in an enabled contact."""
    finding = judge(Check.OWNER_NOTIFIED, read(version, properties), CRITERIA)

    assert finding is not None
    assert finding.message.startswith("the role Owner is not notified")


def test_other_roles_are_named() -> None:
    """Those that nobody knows, too; not those of a disabled contact."""
    contacts = [
        contact(roles=("Zar", "AccountAdmin")),
        contact(roles=("Owner", "Contributor"), enabled=False),
    ]

    message = wrong(Check.OWNER_NOTIFIED, contacts)

    assert message == ("the role Owner is not notified (notified: AccountAdmin; notified: Zar)")


# attack-paths


@pytest.mark.parametrize("wanted", RISKS)
@pytest.mark.parametrize("threshold", RISKS)
def test_a_lower_threshold_than_wanted_holds(threshold: str, wanted: str) -> None:
    """The levels have an order: Low, Medium, High, Critical."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk=threshold)], attack_path_level=wanted)

    assert (message is None) is (RISKS.index(threshold) <= RISKS.index(wanted))


def test_the_threshold_that_is_too_high_is_named() -> None:
    """With what was wanted."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk="Critical")], attack_path_level="High")

    assert message == (
        "no mail goes out for attack paths of risk High (the threshold is 'Critical')"
    )


@pytest.mark.parametrize(
    "source",
    [
        pytest.param([], id="no source"),
        pytest.param([{"sourceType": "Alert", "minimalSeverity": "Low"}], id="alerts alone"),
        pytest.param([{"sourceType": "AttackPath"}], id="without a threshold"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": "low"}], id="another case"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": "Severe"}], id="unknown"),
        pytest.param([{"sourceType": "AttackPath", "minimalRiskLevel": 1}], id="a number"),
        pytest.param([{"sourceType": "AttackPath", "minimalSeverity": "Low"}], id="another key"),
    ],
)
def test_attack_paths_without_a_known_threshold_fail(source: Any) -> None:
    """The level Critical is wanted, which all known ones would let through."""
    reading = read(V2023, {"emails": "a@contoso.com", "notificationsSources": source})

    assert judge(Check.ATTACK_PATHS, reading, CRITERIA) is not None


def test_an_unknown_risk_is_named() -> None:
    """As it stands there."""
    message = wrong(Check.ATTACK_PATHS, [contact(risk="Severe\n")])

    assert message == (
        "no mail goes out for attack paths of risk Critical (the threshold is 'Severe\\n')"
    )


def test_the_attack_paths_of_a_disabled_contact_do_not_count() -> None:
    """It sends nothing."""
    assert wrong(Check.ATTACK_PATHS, [contact(risk="Low", enabled=False)]) is not None
    assert (
        wrong(Check.ATTACK_PATHS, [contact(risk="Low", enabled=False), contact(risk="Low")]) is None
    )


# reachable


@pytest.mark.parametrize(
    "contacts",
    [
        pytest.param([contact("a@contoso.com", severity="High")], id="an address"),
        pytest.param([contact(severity="Low", roles=("Owner",))], id="the owner"),
        pytest.param(
            [contact(), contact("a@contoso.com", severity="Medium")], id="one contact of two"
        ),
    ],
)
def test_somebody_is_reached(contacts: list[Contact]) -> None:
    """One contact is enabled, sends alerts, and has a receiver."""
    assert wrong(Check.REACHABLE, contacts) is None


@pytest.mark.parametrize(
    ("contacts", "detail"),
    [
        pytest.param([], "neither an address nor the role Owner", id="no contact"),
        pytest.param([contact("a@contoso.com")], "", id="no alerts"),
        pytest.param(
            [contact(severity="High")], "neither an address nor the role Owner", id="no receiver"
        ),
        pytest.param(
            [contact(severity="High", roles=("Reader",))],
            "neither an address nor the role Owner",
            id="another role",
        ),
        pytest.param(
            [contact(malformed=("a@",), severity="High")],
            "neither an address nor the role Owner",
            id="a malformed address",
        ),
        pytest.param(
            [contact("a@contoso.com", severity="High", enabled=False)],
            "contact 'default' is disabled",
            id="disabled",
        ),
        pytest.param(
            [contact("a@contoso.com", roles=("Owner",)), contact(severity="High")],
            "",
            id="halves of two contacts",
        ),
        pytest.param(
            [contact("a@contoso.com", severity="High", enabled=False), contact(severity="High")],
            "contact 'default' is disabled",
            id="the address of a disabled contact",
        ),
    ],
)
def test_nobody_is_reached(contacts: list[Contact], detail: str) -> None:
    """A conjunction holds only if one contact satisfies all of it."""
    message = wrong(Check.REACHABLE, contacts)

    assert message is not None
    assert message.startswith("an alert would reach nobody")
    assert detail in message


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"email": "a@contoso.com", "alertNotifications": "On"}, id="2017"),
        pytest.param(V2017, {"alertsToAdmins": "On", "alertNotifications": "On"}, id="2017, owner"),
        pytest.param(
            V2020,
            {
                "emails": "a@contoso.com",
                "alertNotifications": {"state": "On", "minimalSeverity": "Low"},
            },
            id="2020",
        ),
        pytest.param(
            V2023,
            {
                "isEnabled": True,
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
                "notificationsByRole": {"state": "On", "roles": ["Owner"]},
            },
            id="2023",
        ),
    ],
)
def test_reachable_reads_each_dialect(version: str, properties: Any) -> None:
    """The same contact, three spellings."""
    assert judge(Check.REACHABLE, read(version, properties), CRITERIA) is None


def test_two_contacts_of_2017_do_not_add_up() -> None:
    """The address of one that sends no alerts, and the alerts of one without an address."""
    reading = read(
        V2017,
        {"email": "a@contoso.com", "alertNotifications": "Off"},
        {"email": "", "alertNotifications": "On", "alertsToAdmins": "Off"},
    )

    assert judge(Check.REACHABLE, reading, CRITERIA) is not None
    assert judge(Check.CONTACT_EMAIL, reading, CRITERIA) is None
    assert judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA) is None


# The address rules


TWO = [contact("A@contoso.com"), contact("b@fabrikam.com", "a@CONTOSO.com", name="default1")]
OFF = contact("c@contoso.com", enabled=False, name="default2")


@pytest.mark.parametrize(
    ("contacts", "required", "message"),
    [
        pytest.param(TWO, ("a@contoso.com",), None, id="in another case"),
        pytest.param(TWO, ("B@Fabrikam.com", "a@contoso.com"), None, id="of two contacts"),
        pytest.param(TWO, ("c@contoso.com",), "not configured: c@contoso.com", id="missing"),
        pytest.param(
            [*TWO, OFF], ("c@contoso.com",), "not configured: c@contoso.com", id="disabled"
        ),
        pytest.param([], ("x@a.com", "y@a.com"), "not configured: x@a.com, y@a.com", id="none"),
        pytest.param(
            [contact(malformed=("a@b@contoso.com",))],
            ("b@contoso.com",),
            "not configured: b@contoso.com (malformed address 'a@b@contoso.com': "
            "The part after the @-sign contains invalid characters: '@')",
            id="part of a malformed one",
        ),
    ],
)
def test_each_required_address_is_looked_for(
    contacts: list[Contact], required: tuple[str, ...], message: str | None
) -> None:
    """In all enabled contacts, whatever the case; each that is missing is named."""
    assert wrong(Check.REQUIRED_EMAIL, contacts, required_emails=required) == message


@pytest.mark.parametrize(
    ("contacts", "allowed", "message"),
    [
        pytest.param(TWO, ("contoso.com", "FABRIKAM.com"), None, id="both allowed"),
        pytest.param(
            TWO, ("contoso.com",), "of a domain that is not allowed: b@fabrikam.com", id="one not"
        ),
        pytest.param(
            TWO,
            ("example.com",),
            "of a domain that is not allowed: A@contoso.com, b@fabrikam.com",
            id="each once, as first spelt",
        ),
        pytest.param(
            [contact("a@sub.contoso.com", "a@notcontoso.com", "a@contoso.com.evil.com")],
            ("contoso.com",),
            "of a domain that is not allowed: "
            "a@sub.contoso.com, a@notcontoso.com, a@contoso.com.evil.com",
            id="not a part of one",
        ),
        pytest.param([contact("a@Contoso.COM")], ("contoso.com",), None, id="in another case"),
        pytest.param([OFF], ("fabrikam.com",), None, id="a disabled contact"),
        pytest.param([], ("contoso.com",), None, id="no address"),
        pytest.param([contact(malformed=("a@",))], ("contoso.com",), None, id="a malformed one"),
    ],
)
def test_each_address_has_an_allowed_domain(
    contacts: list[Contact], allowed: tuple[str, ...], message: str | None
) -> None:
    """The whole domain, whatever the case; where there is no address, none is strange."""
    assert wrong(Check.ALLOWED_DOMAIN, contacts, allowed_domains=allowed) == message


@pytest.mark.parametrize(
    ("contacts", "minimum", "message"),
    [
        pytest.param(TWO, 2, None, id="of two contacts"),
        pytest.param(TWO, 3, "2 of at least 3 addresses", id="case makes no other one"),
        pytest.param([*TWO, OFF], 3, "2 of at least 3 addresses", id="a disabled contact"),
        pytest.param([contact("a@b.com", "a@b.com")], 2, "1 of at least 2 addresses", id="twice"),
        pytest.param([], 1, "0 of at least 1 addresses", id="none"),
    ],
)
def test_distinct_addresses_are_counted(
    contacts: list[Contact], minimum: int, message: str | None
) -> None:
    """Of all enabled contacts, each once."""
    assert wrong(Check.MINIMUM_EMAILS, contacts, minimum_emails=minimum) == message


@pytest.mark.parametrize("check", [Check.REQUIRED_EMAIL, Check.MINIMUM_EMAILS, Check.REACHABLE])
def test_a_malformed_address_is_named_where_the_check_fails(check: Check) -> None:
    """Whoever mistyped the second address sees that it was seen."""
    contacts = [contact(malformed=("soc@contoso",), severity="High")]

    message = wrong(check, contacts, required_emails=("soc@contoso.com",), minimum_emails=1)

    assert "malformed address 'soc@contoso'" in (message or "")


def test_addresses_are_counted_once_as_first_spelt() -> None:
    """Case does not make another address, and a malformed one is none."""
    contacts = [
        contact("B@contoso.com", "a@contoso.com"),
        contact("A@CONTOSO.COM", "b@contoso.com", "c@contoso.com", malformed=("x",)),
    ]

    assert distinct(contacts) == ("B@contoso.com", "a@contoso.com", "c@contoso.com")


# Findings


def test_a_finding_names_its_version_and_carries_the_remark() -> None:
    """Whoever reads it knows which answer decided."""
    reading = Reading(V2017, ())

    found = judge(Check.CONTACT_EMAIL, reading, CRITERIA, "; it decided alone")

    message = "no e-mail address is configured; it decided alone"
    assert found == Finding(Check.CONTACT_EMAIL, message, V2017)


def test_a_check_that_holds_leaves_no_finding() -> None:
    """Nothing found is compliant."""
    reading = Reading(VERSION, (contact("a@contoso.com"),))

    found = judge(Check.CONTACT_EMAIL, reading, CRITERIA, "; unsaid")

    assert found is None
    assert Audited(Subscription("x"), (), (), (), VERSION).verdict is Verdict.COMPLIANT


@pytest.mark.parametrize("check", list(Check))
def test_no_check_stumbles_over_nothing(check: Check) -> None:
    """A subscription without a contact satisfies only what forbids."""
    criteria = Criteria(None, (check,), "Low", ("a@b.com",), ("b.com",), 1)

    found = judge(check, Reading(VERSION, ()), criteria)

    assert (found is None) is (check is Check.ALLOWED_DOMAIN)


@pytest.mark.parametrize("check", [one for one in Check if one is not Check.ALLOWED_DOMAIN])
def test_a_disabled_contact_satisfies_no_check(check: Check) -> None:
    """However well it is filled in; enabled, it would satisfy all."""
    criteria = Criteria(None, (check,), "Low", ("a@b.com",), ("b.com",), 1)
    good, off = (
        contact("a@b.com", severity="High", risk="Low", roles=("Owner",), enabled=enabled)
        for enabled in (True, False)
    )

    assert judge(check, Reading(VERSION, (good,)), criteria) is None
    assert judge(check, Reading(VERSION, (off,)), criteria) is not None


# Settings


@pytest.mark.parametrize(
    ("settings", "checks", "profile"),
    [
        pytest.param(Settings(), ["contact-email"], "conformity", id="nothing said"),
        pytest.param(Settings(checks=()), ["contact-email"], "conformity", id="no check said"),
        pytest.param(
            Settings(checks=(Check.OWNER_NOTIFIED,)), ["owner-notified"], None, id="one check"
        ),
        pytest.param(
            Settings(Profile.CIS),
            ["contact-email", "alert-notifications", "owner-notified", "attack-paths"],
            "cis",
            id="cis",
        ),
        pytest.param(
            Settings(Profile.CONFORMITY, (Check.REACHABLE, Check.CONTACT_EMAIL, Check.REACHABLE)),
            ["contact-email", "reachable"],
            "conformity",
            id="they add up, each once",
        ),
        pytest.param(
            Settings(Profile.STRICT),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "reachable",
            ],
            "strict",
            id="strict without values",
        ),
        pytest.param(
            Settings(Profile.STRICT, minimum_emails=2, allowed_domains=()),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "reachable",
                "minimum-emails",
            ],
            "strict",
            id="strict with one value",
        ),
        pytest.param(
            Settings(Profile.STRICT, None, ("a@b.com",), ("b.com",), 1),
            [str(check) for check in Check],
            "strict",
            id="strict with all values",
        ),
        pytest.param(
            Settings(Profile.CIS, required_emails=("a@b.com",), minimum_emails=2),
            [
                "contact-email",
                "alert-notifications",
                "owner-notified",
                "attack-paths",
                "required-email",
                "minimum-emails",
            ],
            "cis",
            id="values switch their checks on",
        ),
        pytest.param(
            Settings(allowed_domains=("b.com",)),
            ["contact-email", "allowed-domain"],
            "conformity",
            id="a value alone, beside conformity",
        ),
        pytest.param(
            Settings(checks=(Check.REACHABLE,), minimum_emails=2),
            ["reachable", "minimum-emails"],
            None,
            id="a value beside a check",
        ),
        pytest.param(
            Settings(attack_path_level="High"),
            ["contact-email"],
            "conformity",
            id="a level has a default, and switches nothing on",
        ),
    ],
)
def test_profiles_and_checks_add_up(
    settings: Settings, checks: list[str], profile: str | None
) -> None:
    """With neither it is conformity; checks alone are alone."""
    found = criteria([settings])

    assert (list(found.checks), found.profile) == (checks, profile)


@pytest.mark.parametrize("profile", [None, *Profile])
@pytest.mark.parametrize(
    "check", [Check.REQUIRED_EMAIL, Check.ALLOWED_DOMAIN, Check.MINIMUM_EMAILS]
)
def test_a_check_without_its_value_is_wrong_usage(check: Check, profile: Profile | None) -> None:
    """It would hold for everybody."""
    settings = Settings(profile, (check,), (), (), None)

    with pytest.raises(UsageError, match=f"the check {check} has no value"):
        criteria([settings])


def test_what_is_said_goes_before_what_is_not() -> None:
    """A list replaces a list as a whole, an empty one too; None says nothing."""
    below = Settings(Profile.CIS, (Check.REACHABLE,), ("a@b.com",), ("b.com",), 3, "High")
    above = Settings(None, (), ("c@d.com",), None, 1, None)

    found = criteria([above, below])

    assert found.profile is Profile.CIS
    assert Check.REACHABLE not in found.checks
    assert (found.required_emails, found.allowed_domains) == (("c@d.com",), ("b.com",))
    assert (found.minimum_emails, found.attack_path_level) == (1, "High")


VALUE = Settings(required_emails=("a@b.com",))
ANEW = Settings(Profile.CONFORMITY)


@pytest.mark.parametrize(
    ("levels", "judged"),
    [
        pytest.param([VALUE], True, id="alone"),
        pytest.param([Settings(Profile.CIS), VALUE], False, id="a nearer profile says anew"),
        pytest.param([ANEW, Settings(), VALUE], False, id="from further away, too"),
        pytest.param([VALUE, ANEW], True, id="a value nearer than the profile"),
        pytest.param([VALUE, ANEW, VALUE], True, id="said again, nearer than the profile"),
        pytest.param([ANEW, VALUE, VALUE], False, id="said twice, further than the profile"),
        pytest.param([Settings(Profile.CIS, None, ("a@b.com",))], True, id="on the same level"),
        pytest.param([Settings(checks=(Check.REACHABLE,)), VALUE], True, id="a check adds up"),
        pytest.param([Settings(Profile.STRICT), VALUE], True, id="strict takes what has a value"),
        pytest.param([Settings(required_emails=()), VALUE], False, id="taken away"),
        pytest.param(
            [Settings(Profile.CIS, (Check.REQUIRED_EMAIL,)), VALUE], True, id="asked for by name"
        ),
    ],
)
def test_a_value_switches_its_check_on_until_a_nearer_profile(
    levels: list[Settings], judged: bool
) -> None:
    """A wish that is not judged would be called compliant."""
    assert (Check.REQUIRED_EMAIL in criteria(levels).checks) is judged


# Overrides

OTHER = Subscription("1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "Other")
STRICT, LOOSE, TWICE = (
    Settings(minimum_emails=3),
    Settings(minimum_emails=1),
    Settings(minimum_emails=2),
)


NAMES = {"Prod": ID, "prod": ID, "PROD": ID, "pROD": ID}


def under(*subscriptions: Subscription, groups: Sequence[str] = ()) -> Under:
    """Return what is under a management group."""
    return Under(frozenset(one.id for one in subscriptions), frozenset(groups))


def policy(*overrides: Override, **groups: Any) -> Policy:
    """Return a policy with *overrides*, knowing *groups*."""
    top = Settings(None, (Check.MINIMUM_EMAILS,), minimum_emails=9)
    return Policy(Settings(), top, overrides, (), groups, TODAY, NAMES)


@pytest.mark.parametrize("text", [ID, "Prod"])
def test_an_override_is_of_one_subscription(text: str) -> None:
    """By its id or its name; all others stay with the top."""
    judged = policy(Override(LOOSE, subscription=text))

    assert judged.criteria_of(PROD).minimum_emails == 1
    assert judged.criteria_of(OTHER).minimum_emails == 9
    assert judged.criteria.minimum_emails == 9


@pytest.mark.parametrize("reverse", [False, True], ids=["as written", "reversed"])
def test_the_nearest_group_goes_before_those_around_it(reverse: bool) -> None:
    """Whatever their order in the file, and however the ids are spelt."""
    overrides = [
        Override(LOOSE, management_group="Root"),
        Override(TWICE, management_group="MIDDLE"),
        Override(STRICT, management_group="leaf"),
    ]
    judged = policy(
        *(reversed(overrides) if reverse else overrides),
        root=under(PROD, OTHER, groups=["middle", "leaf"]),
        middle=under(PROD, OTHER, groups=["leaf"]),
        leaf=under(PROD),
    )

    assert judged.criteria_of(PROD).minimum_emails == 3
    assert judged.criteria_of(OTHER).minimum_emails == 2


def test_each_key_is_of_the_nearest_group_that_says_it() -> None:
    """A group with any override hides nothing of those above it but the keys that it says."""
    judged = policy(
        Override(Settings(minimum_emails=3), management_group="leaf"),
        Override(Settings(required_emails=("b@b.com",), minimum_emails=1), management_group="mid"),
        Override(
            Settings(Profile.CIS, None, ("a@b.com",), ("b.com",), None, "Low"),
            management_group="root",
        ),
        root=under(PROD, OTHER, groups=["mid", "leaf"]),
        mid=under(PROD, groups=["leaf"]),
        leaf=under(PROD),
    )

    found, other = judged.criteria_of(PROD), judged.criteria_of(OTHER)

    assert (found.minimum_emails, found.required_emails) == (3, ("b@b.com",))
    assert (found.allowed_domains, found.attack_path_level) == (("b.com",), "Low")
    assert found.profile is other.profile is Profile.CIS
    assert (other.minimum_emails, other.required_emails) == (9, ("a@b.com",))


def test_a_check_may_have_its_value_of_a_group_further_up() -> None:
    """Only Azure's tree can tell whether it has one."""
    leaf = Override(
        Settings(checks=(Check.REQUIRED_EMAIL,)), management_group="leaf", place="p, line 3"
    )
    root = Override(Settings(required_emails=("a@b.com",)), management_group="root")
    inside = policy(leaf, root, root=under(PROD, groups=["leaf"]), leaf=under(PROD))
    beside = policy(leaf, root, root=under(OTHER), leaf=under(PROD))

    inside.check()
    with pytest.raises(UsageError, match=r"^p, line 3: the check required-email has no value"):
        beside.check()


def test_the_nearest_group_may_be_far_below() -> None:
    """Groups between, which no override names, change nothing."""
    judged = policy(
        Override(LOOSE, management_group="root"),
        Override(STRICT, management_group="leaf"),
        root=under(PROD, groups=["one", "two", "leaf"]),
        leaf=under(PROD),
    )

    assert judged.criteria_of(PROD).minimum_emails == 3


@pytest.mark.parametrize("reverse", [False, True], ids=["as written", "reversed"])
def test_a_subscription_goes_before_its_groups(reverse: bool) -> None:
    """Its own override is the nearest there is."""
    overrides = [
        Override(LOOSE, subscription="prod"),
        Override(STRICT, management_group="leaf"),
    ]
    judged = policy(*(reversed(overrides) if reverse else overrides), leaf=under(PROD, OTHER))

    assert judged.criteria_of(PROD).minimum_emails == 1
    assert judged.criteria_of(OTHER).minimum_emails == 3


def test_an_override_replaces_whole_keys_and_leaves_the_others() -> None:
    """Lists are not joined."""
    top = Settings(Profile.STRICT, None, ("a@b.com", "c@d.com"), ("b.com",), 4, "High")
    override = Override(Settings(required_emails=("e@f.com",)), subscription="Prod")

    criteria = Policy(Settings(), top, (override,), ids=NAMES).criteria_of(PROD)

    assert criteria.required_emails == ("e@f.com",)
    assert (criteria.allowed_domains, criteria.minimum_emails) == (("b.com",), 4)
    assert (criteria.profile, criteria.attack_path_level) == (Profile.STRICT, "High")


def test_an_empty_list_takes_a_check_out_of_strict() -> None:
    """Where it has no value, it is not judged."""
    top = Settings(Profile.STRICT, allowed_domains=("b.com",))
    override = Override(Settings(allowed_domains=()), subscription="Prod")
    judged = Policy(Settings(), top, (override,), ids=NAMES)

    assert Check.ALLOWED_DOMAIN in judged.criteria_of(OTHER).checks
    assert Check.ALLOWED_DOMAIN not in judged.criteria_of(PROD).checks


def test_a_key_that_the_subscription_does_not_say_is_its_groups() -> None:
    """Subscription before nearest group before top, key by key."""
    judged = policy(
        Override(Settings(attack_path_level="Low"), subscription="Prod"),
        Override(Settings(Profile.CIS, minimum_emails=3), management_group="leaf"),
        leaf=under(PROD),
    )

    criteria = judged.criteria_of(PROD)

    assert (criteria.attack_path_level, criteria.minimum_emails) == ("Low", 3)
    assert Check.ATTACK_PATHS in criteria.checks


def test_two_overrides_of_one_subscription_both_count() -> None:
    """One names it by id, one by name; they say different keys."""
    judged = policy(
        Override(Settings(attack_path_level="Low"), subscription=ID),
        Override(Settings(minimum_emails=3), subscription="Prod"),
    )

    criteria = judged.criteria_of(PROD)

    assert (criteria.attack_path_level, criteria.minimum_emails) == ("Low", 3)


def test_options_go_before_the_policy_and_its_overrides() -> None:
    """Whoever types is the nearest of all."""
    override = Override(Settings(Profile.STRICT, minimum_emails=3), subscription="Prod")
    options = Settings(Profile.CIS, (Check.MINIMUM_EMAILS,), minimum_emails=1)
    judged = Policy(options, Settings(minimum_emails=9), (override,), ids=NAMES)

    criteria = judged.criteria_of(PROD)

    assert (criteria.profile, criteria.minimum_emails) == (Profile.CIS, 1)
    assert judged.criteria_of(PROD) == judged.criteria_of(OTHER) == judged.criteria


# Waivers


def waiver(
    subscription: str = "Prod", day: date = TODAY, check: Check | None = None, reason: str = "why"
) -> Waiver:
    """Return a waiver that expires on *day*."""
    return Waiver(subscription, reason, "who", day, check)


def waiving(*waivers: Waiver) -> Policy:
    """Return a policy with *waivers*, today."""
    return Policy(Settings(), waivers=waivers, day=TODAY, ids=NAMES)


EMAIL = Finding(Check.CONTACT_EMAIL, "x", V2023)
OWNER = Finding(Check.OWNER_NOTIFIED, "x", V2023)


@pytest.mark.parametrize("text", [ID, "Prod"])
def test_a_waiver_names_an_id_or_a_name(text: str) -> None:
    """And the whole of it."""
    judged = waiving(waiver(text))

    assert judged.waiver_of(PROD, (EMAIL,)) == waiver(text)
    assert judged.waiver_of(OTHER, (EMAIL,)) is None


@pytest.mark.parametrize("name", [ID, ID.upper(), OTHER.id])
def test_ids_match_ids(name: str) -> None:
    """Whoever may rename a subscription to the id of another would waive it, and override it."""
    called = Subscription("2a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", name)
    waives, overrides = waiving(waiver(ID)), policy(Override(LOOSE, subscription=ID))

    assert waives.waiver_of(called, (EMAIL,)) is None
    assert overrides.criteria_of(called).minimum_emails == 9


def test_a_waiver_of_a_management_group() -> None:
    """All that is under it, on all levels, is waived; nothing else is."""
    of_group = Waiver(None, "why", "who", TODAY, management_group="Sandboxes")
    judged = Policy(Settings(), waivers=(of_group,), groups={"sandboxes": under(PROD)}, day=TODAY)

    assert judged.waiver_of(PROD, (EMAIL,)) == of_group
    assert judged.waiver_of(OTHER, (EMAIL,)) is None
    assert (judged.may_waive(PROD), judged.may_waive(OTHER)) == (True, False)
    assert judged.warnings([OTHER]) == [
        "the waiver of management group Sandboxes (why, who) matches no subscription in scope"
    ]
    assert judged.warnings([PROD]) == [
        "the waiver of management group Sandboxes (why, who) ends on 2026-01-31"
    ]


@pytest.mark.parametrize("text", ["Pro", "Prod2", "", "*", ID[:-1], f"/subscriptions/{ID}"])
def test_a_part_of_a_name_waives_nothing(text: str) -> None:
    """Nor does a pattern."""
    assert waiving(waiver(text)).waiver_of(PROD, (EMAIL,)) is None


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        pytest.param(date(2026, 1, 30), False, id="yesterday"),
        pytest.param(TODAY, True, id="today"),
        pytest.param(date(2026, 2, 1), True, id="tomorrow"),
        pytest.param(date.max, True, id="the last day"),
        pytest.param(date.min, False, id="the first day"),
    ],
)
def test_a_waiver_is_valid_through_its_day(day: date, stands: bool) -> None:
    """Not before, not after."""
    found = waiving(waiver(day=day)).waiver_of(PROD, (EMAIL,))

    assert (found is not None) is stands


@pytest.mark.parametrize(
    ("waivers", "findings", "waived"),
    [
        pytest.param([None], [EMAIL, OWNER], True, id="all checks"),
        pytest.param([Check.CONTACT_EMAIL], [EMAIL], True, id="this check"),
        pytest.param([Check.CONTACT_EMAIL], [OWNER], False, id="another check"),
        pytest.param([Check.CONTACT_EMAIL], [EMAIL, OWNER], False, id="one of two"),
        pytest.param([Check.CONTACT_EMAIL, Check.OWNER_NOTIFIED], [EMAIL, OWNER], True, id="each"),
        pytest.param([None], [], False, id="nothing to waive"),
        pytest.param([], [EMAIL], False, id="no waiver"),
    ],
)
def test_every_failing_check_has_to_be_waived(
    waivers: list[Check | None], findings: list[Finding], waived: bool
) -> None:
    """A waiver of one check says nothing of another that fails."""
    judged = waiving(*(waiver(check=check) for check in waivers))

    assert (judged.waiver_of(PROD, findings) is not None) is waived


def test_of_several_waivers_the_one_that_ends_first_is_shown() -> None:
    """Of those that were needed; an expired one and another check's are none of them."""
    first = waiver(day=date(2026, 3, 1), check=Check.OWNER_NOTIFIED, reason="first")
    judged = waiving(
        waiver(day=date(2026, 1, 1), reason="expired"),
        waiver(day=date(2026, 2, 1), check=Check.REACHABLE, reason="of another check"),
        waiver(day=date(2026, 9, 1), reason="last"),
        first,
    )

    assert judged.waiver_of(PROD, (EMAIL, OWNER)) == first
    assert judged.waiver_of(PROD, (EMAIL,)) != first


@pytest.mark.parametrize(
    ("day", "said"),
    [
        pytest.param(date(2026, 1, 30), "expired on 2026-01-30 and does not count", id="expired"),
        pytest.param(TODAY, "ends on 2026-01-31", id="today"),
        pytest.param(date(2026, 2, 14), "ends on 2026-02-14", id="14 days"),
        pytest.param(date(2026, 2, 15), None, id="15 days"),
    ],
)
@pytest.mark.parametrize("text", [ID, "Prod"])
def test_the_end_of_a_waiver_is_said(day: date, said: str | None, text: str) -> None:
    """When it has come, and for 14 days before."""
    warnings = waiving(waiver(text, day)).warnings([PROD])

    assert warnings == ([f"the waiver of {text} (why, who) {said}"] if said else [])


@pytest.mark.parametrize("text", ["Prdo", OTHER.id])
def test_a_waiver_that_matches_nothing_is_said(text: str) -> None:
    """A slip of the pen leaves a finding unwaived, and is hard to see."""
    warnings = waiving(waiver(text, date.max)).warnings([PROD])

    assert warnings == [f"the waiver of {text} (why, who) matches no subscription in scope"]


def test_an_expired_waiver_that_matches_nothing_says_both() -> None:
    """Either is to be mended, and the one would hide the other."""
    matched, expired = waiving(waiver("Prdo", date(2026, 1, 30))).warnings([PROD])

    assert matched.endswith("matches no subscription in scope")
    assert expired.endswith("expired on 2026-01-30 and does not count")


# Verdicts and codes


def test_the_verdict_of_what_was_judged() -> None:
    """Findings are non-compliant unless they are waived."""
    found = Audited(PROD, (), (), (EMAIL,), V2023)
    waived = Audited(PROD, (), (), (EMAIL,), V2023, waiver())

    assert found.verdict is Verdict.NON_COMPLIANT
    assert waived.verdict is Verdict.WAIVED


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        pytest.param([], 0, id="nothing in scope"),
        pytest.param([Verdict.COMPLIANT], 0, id="compliant"),
        pytest.param([Verdict.COMPLIANT, Verdict.WAIVED, Verdict.SKIPPED], 0, id="never raised"),
        pytest.param([Verdict.SKIPPED], 0, id="only skipped"),
        pytest.param([Verdict.WAIVED], 0, id="only waived"),
        pytest.param([Verdict.COMPLIANT, Verdict.NON_COMPLIANT], 3, id="a finding"),
        pytest.param([Verdict.WAIVED, Verdict.NON_COMPLIANT], 3, id="never lowered"),
        pytest.param([Verdict.COMPLIANT, Verdict.UNREADABLE], 4, id="unreadable"),
        pytest.param([Verdict.NON_COMPLIANT, Verdict.UNREADABLE], 4, id="incomplete goes before"),
    ],
)
def test_the_exit_code_of_a_run(verdicts: list[Verdict], code: int) -> None:
    """Zero is said only where all that is to be read was read and complies."""
    assert exit_code(Counter(verdicts)) == code


def test_the_whole_finding_of_an_alert_that_reaches_nobody() -> None:
    """All that stands in its way, in one sentence, and nothing that does not."""
    dead = contact("a@contoso.com", severity="High", enabled=False)
    odd = contact(malformed=("a@",), severity="Critical", name="other")
    gone = contact(severity="Høj", enabled=False, name="gone")

    assert wrong(Check.REACHABLE, [dead]) == (
        "an alert would reach nobody (contact 'default' is disabled)"
    )
    assert wrong(Check.REACHABLE, [gone, odd]) == (
        "an alert would reach nobody (contact 'gone' is disabled; the severity 'Critical' is not "
        f"known; there is neither an address nor the role Owner; malformed address 'a@'{AFTER})"
    )
    assert wrong(Check.REACHABLE, [contact("a@contoso.com")]) == "an alert would reach nobody"
    assert wrong(Check.ALERT_NOTIFICATIONS, [gone, contact()]) == (
        "no mail goes out for high-severity alerts (contact 'gone' is disabled)"
    )


def test_the_domain_is_what_follows_the_last_at() -> None:
    """A quoted name may hold one, too."""
    strange = '"a@contoso.com"@evil.example'

    message = wrong(Check.ALLOWED_DOMAIN, [contact(strange)], allowed_domains=("evil.example",))

    assert message is None


def test_an_override_that_matches_nothing_is_said() -> None:
    """One of a group is never said: who is under it, Azure knows."""
    judged = policy(
        Override(LOOSE, subscription="Prdo"),
        Override(LOOSE, subscription="Prod"),
        Override(LOOSE, management_group="root"),
    )

    assert judged.warnings([PROD]) == ["the override of Prdo matches no subscription in scope"]


def test_a_waiver_that_has_expired_may_still_waive() -> None:
    """Whoever asks what a waiver is about is told of it, be it valid or not."""
    judged = waiving(waiver("Prod", date.min))

    assert judged.may_waive(PROD)
    assert not judged.may_waive(OTHER)
    assert not waiving().may_waive(PROD)


def test_no_text_names_a_subscription_without_a_name() -> None:
    """Whatever stands for the name that is missing."""
    nameless = Subscription(ID)

    assert not waiving(waiver("xxxx"), waiver("none"), waiver("XXXX")).may_waive(nameless)

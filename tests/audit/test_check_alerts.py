"""The checks alert-notifications and owner-notified, at each API version."""

import json
from typing import Any

import pytest
from audit.samples import (
    CRITERIA,
    V2017,
    V2020,
    V2023,
    contact,
    read,
    wrong,
)

from contacts_audit.audit.checks import judge
from contacts_audit.core.model import (
    Check,
)


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
    """A threshold of Low or Medium includes High."""
    reading = read(version, {dialect: alerts(dialect, severity)})

    assert judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA) is None


def alerts(dialect: str, severity: Any) -> Any:
    """Return what switches alerts on from *severity*, as the property *dialect* says it."""
    if dialect == "alertNotifications":
        return {"state": "On", "minimalSeverity": severity}
    return [{"sourceType": "Alert", "minimalSeverity": severity}]


def test_on_is_high_at_2017() -> None:
    """2017-08-01-preview has no other threshold."""
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
    """Notifications that are off, absent or malformed send no email."""
    finding = judge(Check.ALERT_NOTIFICATIONS, read(version, properties), CRITERIA)

    assert finding is not None
    assert finding.message.startswith("no email is sent for high-severity alerts")


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
    """What an unknown severity includes is unknown."""
    reading = read(version, {"emails": "a@contoso.com", dialect: alerts(dialect, severity)})

    finding = judge(check, reading, CRITERIA)

    assert finding is not None
    assert f"the severity {severity!r} is not known" in finding.message


@pytest.mark.parametrize("severity", [3, True, ["High"], {"level": "High"}])
def test_a_severity_that_is_not_a_string_is_named_too(severity: Any) -> None:
    """The operator sees why the check fails although the portal shows a source."""
    reading = read(V2023, {"notificationsSources": alerts("notificationsSources", severity)})

    finding = judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA)

    assert finding is not None
    assert f"the severity {json.dumps(severity)!r} is not known" in finding.message


def test_a_disabled_contact_is_named_where_alerts_fail() -> None:
    """The message says what to fix."""
    message = wrong(Check.ALERT_NOTIFICATIONS, [contact(severity="High", enabled=False)])

    assert message == "no email is sent for high-severity alerts (contact 'default' is disabled)"


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
def test_the_owner_is_notified_at_each_api_version(version: str, properties: Any) -> None:
    """The state is On, and Owner is one of the roles."""
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
    """Unknown roles are named too; those of a disabled contact are not."""
    contacts = [
        contact(roles=("Zar", "AccountAdmin")),
        contact(roles=("Owner", "Contributor"), enabled=False),
    ]

    message = wrong(Check.OWNER_NOTIFIED, contacts)

    assert message == ("the role Owner is not notified (notified: AccountAdmin; notified: Zar)")

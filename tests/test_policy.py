"""No pass without an address: a check holds only where an enabled contact satisfies it."""

from collections import Counter

import pytest

from contacts_audit.model import (
    Audited,
    Check,
    Contact,
    Finding,
    Profile,
    Reading,
    Subscription,
    Verdict,
    exit_code,
)
from contacts_audit.policy import (
    PROFILES,
    RULES,
    contact_email,
    distinct,
    judge,
    shows_address,
)

VERSION = "2023-12-01-preview"


def contact(
    *emails: str,
    malformed: tuple[str, ...] = (),
    enabled: bool = True,
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
        alert_severity=None,
        attack_path_risk=None,
        roles=roles,
    )


def test_every_check_has_a_rule_and_every_profile_its_checks() -> None:
    """What can be asked for is judged."""
    assert set(RULES) == set(Check)
    assert set(PROFILES) == set(Profile)
    assert PROFILES[Profile.CONFORMITY] == (Check.CONTACT_EMAIL,)


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
    assert contact_email(contacts) is None


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        pytest.param([], "no e-mail address is configured", id="no contact"),
        pytest.param([contact()], "no e-mail address is configured", id="no address"),
        pytest.param(
            [contact(malformed=("a@",))],
            "no e-mail address is configured (malformed address 'a@')",
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
            "no enabled contact has an e-mail address (malformed address 'a@'; "
            "malformed address '@b'; malformed address 'd'; contact 'default1' is disabled; "
            "only the role Owner is notified)",
            id="everything at once",
        ),
    ],
)
def test_all_else_fails_and_says_why(contacts: list[Contact], message: str) -> None:
    """The message names what stands in the way of an address."""
    assert not shows_address(contacts)
    assert contact_email(contacts) == message


def test_hostile_text_is_quoted() -> None:
    """What somebody wrote into a contact cannot break the sentence."""
    message = contact_email([contact(malformed=("a\nb\x1b[2J'",))])

    assert message == """no e-mail address is configured (malformed address "a\\nb\\x1b[2J'")"""


def test_a_finding_names_its_version_and_carries_the_remark() -> None:
    """Whoever reads it knows which answer decided."""
    reading = Reading("2017-08-01-preview", ())

    found = judge([Check.CONTACT_EMAIL], reading, "; it decided alone")

    assert found == (
        Finding(
            Check.CONTACT_EMAIL,
            "no e-mail address is configured; it decided alone",
            "2017-08-01-preview",
        ),
    )


def test_a_check_that_holds_leaves_no_finding() -> None:
    """Nothing found is compliant."""
    reading = Reading(VERSION, (contact("a@contoso.com"),))

    found = judge([Check.CONTACT_EMAIL], reading, "; unsaid")

    assert found == ()
    assert Audited(Subscription("x"), (), (), found, VERSION).verdict is Verdict.COMPLIANT


def test_no_check_finds_nothing() -> None:
    """What is not asked is not judged."""
    assert judge([], Reading(VERSION, ())) == ()


def test_addresses_are_counted_once_as_first_spelt() -> None:
    """Case does not make another address, and a malformed one is none."""
    contacts = [
        contact("B@contoso.com", "a@contoso.com"),
        contact("A@CONTOSO.COM", "b@contoso.com", "c@contoso.com", malformed=("x",)),
    ]

    assert distinct(contacts) == ("B@contoso.com", "a@contoso.com", "c@contoso.com")


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        pytest.param([], 0, id="nothing in scope"),
        pytest.param([Verdict.COMPLIANT], 0, id="compliant"),
        pytest.param([Verdict.COMPLIANT, Verdict.WAIVED, Verdict.SKIPPED], 0, id="never raised"),
        pytest.param([Verdict.SKIPPED], 0, id="only skipped"),
        pytest.param([Verdict.COMPLIANT, Verdict.NON_COMPLIANT], 3, id="a finding"),
        pytest.param([Verdict.COMPLIANT, Verdict.UNREADABLE], 4, id="unreadable"),
        pytest.param([Verdict.NON_COMPLIANT, Verdict.UNREADABLE], 4, id="incomplete goes before"),
    ],
)
def test_the_exit_code_of_a_run(verdicts: list[Verdict], code: int) -> None:
    """Zero is said only where all that is to be read was read and complies."""
    assert exit_code(Counter(verdicts)) == code

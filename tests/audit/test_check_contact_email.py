"""The check contact-email: an enabled contact has a well-formed address."""

from typing import Any

import pytest
from audit.samples import AFTER, CRITERIA, V2017, V2020, V2023, contact, read

from contacts_audit.audit.checks import contact_email, has_address, judge
from contacts_audit.core.model import (
    Check,
    Contact,
)


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
    """One address is enough."""
    assert has_address(contacts)
    assert contact_email(contacts, CRITERIA) is None


@pytest.mark.parametrize(
    ("contacts", "message"),
    [
        pytest.param([], "no email address is configured", id="no contact"),
        pytest.param([contact()], "no email address is configured", id="no address"),
        pytest.param(
            [contact(malformed=("a@",))],
            f"no email address is configured (malformed address 'a@'{AFTER})",
            id="a malformed address",
        ),
        pytest.param(
            [contact("a@contoso.com", enabled=False)],
            "no enabled contact has an email address (contact 'default' is disabled)",
            id="a disabled contact",
        ),
        pytest.param(
            [contact(enabled=False)],
            "no email address is configured",
            id="a disabled contact without an address",
        ),
        pytest.param(
            [contact(roles=("Owner", "Contributor")), contact(roles=("Owner",))],
            "no email address is configured (only the role Contributor, Owner is notified)",
            id="roles only",
        ),
        pytest.param(
            [contact(roles=("Owner",), enabled=False)],
            "no email address is configured",
            id="the role of a disabled contact",
        ),
        pytest.param(
            [
                contact(malformed=("a@", "@b")),
                contact("c@contoso.com", malformed=("d",), enabled=False, name="default1"),
                contact(roles=("Owner",)),
            ],
            f"no enabled contact has an email address (malformed address 'a@'{AFTER}; "
            "malformed address '@b': There must be something before the @-sign; malformed address "
            "'d': An email address must have an @-sign; contact 'default1' is disabled; "
            "only the role Owner is notified)",
            id="everything at once",
        ),
    ],
)
def test_all_else_fails_and_says_why(contacts: list[Contact], message: str) -> None:
    """The message says why no address counts."""
    assert not has_address(contacts)
    assert contact_email(contacts, CRITERIA) == message


def test_hostile_text_is_quoted() -> None:
    """Text from a contact cannot break the message."""
    message = contact_email([contact(malformed=("a\nb\x1b[2J'",))], CRITERIA)

    shown = "a\\nb\\x1b[2J'"
    assert message == (
        f'no email address is configured (malformed address "{shown}": '
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
        pytest.param(V2023, {"emails": ["a@contoso.com"]}, id="2023, an array"),
        pytest.param(V2017, {"email": ["a@contoso.com"]}, id="2017, an array"),
        pytest.param(V2023, {"emails": "a@contoso.com", "isEnabled": False}, id="2023, disabled"),
        pytest.param(V2023, {"emails": "a@contoso.com", "isEnabled": "true"}, id="2023, no flag"),
    ],
)
def test_what_is_not_an_address_fails_at_each_api_version(version: str, properties: Any) -> None:
    """An empty string, a lone separator and a disabled contact reach nobody."""
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
def test_an_address_passes_at_each_api_version(version: str, properties: Any) -> None:
    """Notifications that are off do not matter to contact-email."""
    assert judge(Check.CONTACT_EMAIL, read(version, properties), CRITERIA) is None

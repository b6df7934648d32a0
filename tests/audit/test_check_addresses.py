"""The checks of addresses: required-email, allowed-domain and minimum-emails."""

import pytest
from audit.samples import contact, wrong

from contacts_audit.audit.checks import distinct_emails
from contacts_audit.core.model import (
    Check,
    Contact,
)

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
def test_each_required_address_must_be_configured(
    contacts: list[Contact], required: tuple[str, ...], message: str | None
) -> None:
    """All enabled contacts count, case does not matter, and the message names what is missing."""
    assert wrong(Check.REQUIRED_EMAIL, contacts, required_emails=required) == message


@pytest.mark.parametrize(
    ("contacts", "allowed", "message"),
    [
        pytest.param(TWO, ("contoso.com", "FABRIKAM.com"), None, id="both allowed"),
        pytest.param(
            TWO, ("contoso.com",), "in a domain that is not allowed: b@fabrikam.com", id="one not"
        ),
        pytest.param(
            TWO,
            ("example.com",),
            "in a domain that is not allowed: A@contoso.com, b@fabrikam.com",
            id="each once, as first spelt",
        ),
        pytest.param(
            [contact("a@sub.contoso.com", "a@notcontoso.com", "a@contoso.com.evil.com")],
            ("contoso.com",),
            "in a domain that is not allowed: "
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
    """The whole domain is compared, case does not matter; no address at all passes."""
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
    """The addresses of all enabled contacts count, each once."""
    assert wrong(Check.MINIMUM_EMAILS, contacts, minimum_emails=minimum) == message


@pytest.mark.parametrize("check", [Check.REQUIRED_EMAIL, Check.MINIMUM_EMAILS, Check.REACHABLE])
def test_a_malformed_address_is_named_where_the_check_fails(check: Check) -> None:
    """The message shows that a mistyped address was read, and why it does not count."""
    contacts = [contact(malformed=("soc@contoso",), severity="High")]

    message = wrong(check, contacts, required_emails=("soc@contoso.com",), minimum_emails=1)

    assert "malformed address 'soc@contoso'" in (message or "")


def test_addresses_are_counted_once_as_first_spelled() -> None:
    """An address in another case is the same address; a malformed one does not count."""
    contacts = [
        contact("B@contoso.com", "a@contoso.com"),
        contact("A@CONTOSO.COM", "b@contoso.com", "c@contoso.com", malformed=("x",)),
    ]

    assert distinct_emails(contacts) == ("B@contoso.com", "a@contoso.com", "c@contoso.com")


def test_the_domain_is_what_follows_the_last_at() -> None:
    """A quoted local part may contain an "@"."""
    strange = '"a@contoso.com"@evil.example'

    message = wrong(Check.ALLOWED_DOMAIN, [contact(strange)], allowed_domains=("evil.example",))

    assert message is None

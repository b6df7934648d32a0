"""Which texts are addresses, and which are malformed."""

from typing import Any

import pytest
from azure.contacts.answers import CRITERIA, one
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.audit.checks import contact_email
from contacts_audit.azure.contacts.read import (
    is_address,
)


@pytest.mark.parametrize(
    ("properties", "emails"),
    [
        pytest.param({"email": ""}, [], id="empty"),
        pytest.param({"emails": " ; ,; "}, [], id="separators and blanks"),
        pytest.param({"email": None, "emails": None}, [], id="null"),
        pytest.param({"emails": []}, [], id="empty array"),
        pytest.param({"emails": " a@b.co ,c@d.co;"}, ["a@b.co", "c@d.co"], id="both separators"),
        pytest.param({"email": "a@b.co", "emails": "c@d.co"}, ["a@b.co", "c@d.co"], id="both keys"),
        pytest.param(
            {"emails": "a@b.co;A@B.CO;a@b.co"}, ["a@b.co", "A@B.CO", "a@b.co"], id="twice"
        ),
        pytest.param({"emails": "\ta@b.co\u00a0"}, ["a@b.co"], id="blanks of all kinds"),
    ],
)
def test_addresses_are_kept_as_spelt(properties: dict[str, Any], emails: list[str]) -> None:
    """Addresses keep their order; blanks are removed."""
    contact = one(properties)

    assert list(contact.emails) == list(contact.addresses) == emails


def test_an_array_holds_addresses_at_2020_alone() -> None:
    """An early revision of its specification says so; elsewhere it is unknown, and named."""
    arrays = {"emails": ["a@b.co;c@d.co", "", "e@f.co", 5]}

    known = one(arrays, "2020-01-01-preview")
    unknown = [one(arrays, "2023-12-01-preview"), one(arrays, "2017-08-01-preview")]

    assert list(known.addresses) == ["a@b.co", "c@d.co", "e@f.co"]
    assert known.malformed == ("5",)
    for contact in unknown:
        assert contact.addresses == ()
        assert contact.malformed == ('["a@b.co;c@d.co", "", "e@f.co", 5]',)
        assert '["a@b.co' in str(contact_email([contact], CRITERIA))


@pytest.mark.parametrize(
    "email",
    [
        pytest.param(["a@contoso.com"], id="an address in an array"),
        pytest.param(5, id="number"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param({}, id="object"),
        pytest.param({"address": "a@contoso.com"}, id="an address in an object"),
        pytest.param({"x": ";a@contoso.com;"}, id="one between separators in an object"),
        pytest.param([["a@contoso.com"]], id="an address in an array in an array"),
        pytest.param([[",a@contoso.com,"]], id="one between separators in it"),
    ],
)
@pytest.mark.parametrize("key", ["email", "emails"])
def test_what_is_no_text_is_no_address(key: str, email: object) -> None:
    """An unknown value is shown in a finding, and passes no check."""
    contact = one({key: email})

    assert contact.addresses == ()
    assert contact.malformed == contact.emails != ()
    assert contact_email([contact], CRITERIA) is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a@contoso.com", id="plain"),
        pytest.param("first.last+tag@mail.contoso.co.uk", id="dots and plus"),
        pytest.param("jörg@contoso.com", id="letters of the world"),
        pytest.param("a@bücher.example.com", id="international domain"),
        pytest.param(f"{'a' * 64}@contoso.com", id="the longest local part"),
        pytest.param("o'brien@contoso.com", id="apostrophe"),
    ],
)
def test_well_formed_addresses(text: str) -> None:
    """They are accepted without a network request."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("a", id="no at sign"),
        pytest.param("a@", id="no domain"),
        pytest.param("@b", id="no local part"),
        pytest.param("a@@b.co", id="two at signs"),
        pytest.param("a@b..co", id="two dots"),
        pytest.param("a@localhost", id="no dot"),
        pytest.param("a b@c.co", id="blank within"),
        pytest.param('"q q"@x.co', id="quoted"),
        pytest.param("a@[1.2.3.4]", id="number"),
        pytest.param("a@b.co.", id="trailing dot"),
        pytest.param(".a@b.co", id="leading dot"),
        pytest.param(f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.co", id="domain too long"),
        pytest.param("a@b.co\r\nBcc: x@y.co", id="second header"),
        pytest.param("=cmd|' /C calc'!A0@x.co", id="formula"),
        pytest.param("+491234", id="telephone number"),
        pytest.param("a\x00@b.co", id="NUL"),
        pytest.param("\ufeffa@b.co", id="byte order mark"),
        pytest.param("a\u200b@b.co", id="zero-width space"),
        pytest.param("a@b.co;", id="separator"),
        pytest.param("Anna <a@b.co>", id="display name"),
        pytest.param("mailto:a@b.co", id="address of a link"),
    ],
)
def test_malformed_addresses(text: str) -> None:
    """Mail could not be sent to them."""
    assert not is_address(text)


@given(
    st.text(st.characters() | st.characters(categories=["Cs", "Cc"]))
    | st.from_regex(r"\A[^;]{1,20}@[^;]{1,20}\Z")
)
def test_no_text_is_too_strange_for_an_address(text: str) -> None:
    """Any text is an address or not, never a crash."""
    assert is_address(text) in {True, False}


def test_many_addresses() -> None:
    """A thousand addresses in one field are all read."""
    text = ";".join(f"user{number}@contoso.com" for number in range(1000))

    assert len(one({"emails": text}).addresses) == 1000


def test_an_address_that_is_no_text_is_shown_as_it_is() -> None:
    """The finding shows the value."""
    assert one({"email": 5, "emails": {"a": 1}}).malformed == ("5", '{"a": 1}')

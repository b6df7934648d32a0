"""A value has one pseudonym in a recording, and another one in each other recording."""

import re

import pytest
from azure.recording.samples import EMAIL, ENDPOINT, ID, LIST, NAME, PHONE, contact, masked

from contacts_audit.azure.recording.mask import Mask


def test_a_value_has_one_pseudonym() -> None:
    """In a body, a URL, a message and a header, in any case and order."""
    mask = Mask()
    (listed,) = masked(mask, LIST)["value"]
    (shown,) = masked(mask, contact(EMAIL.upper()))["value"]

    said = mask.text(f"client '{EMAIL}' in '{NAME}' over '/subscriptions/{ID.upper()}', {PHONE}")

    pseudonyms = (shown["properties"]["emails"], listed["displayName"])
    phone = shown["properties"]["phone"]
    assert said == (
        f"client '{pseudonyms[0]}' in '{pseudonyms[1]}' "
        f"over '/subscriptions/{listed['subscriptionId']}', {phone}"
    )


def test_different_values_stay_different() -> None:
    """Ids, and addresses."""
    mask = Mask()

    ids = {mask.text(f"{number:08x}{ID[8:]}") for number in range(100)}
    emails = {mask.text(f"user{number}@contoso.com") for number in range(100)}

    assert (len(ids), len(emails)) == (100, 100)


def test_addresses_of_one_domain_share_its_pseudonym() -> None:
    """A reader may want to see the domain."""
    mask = Mask()

    first, second, other = (
        mask.text(email).split("@")[1] for email in ("a@x.com", "b@X.com", "a@y.com")
    )

    assert first == second != other


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ID, id="id"),
        pytest.param(EMAIL, id="address"),
        pytest.param(f"{ENDPOINT}/x?$skiptoken=abc", id="skip token"),
    ],
)
def test_two_recordings_have_different_pseudonyms(text: str) -> None:
    """Nobody can test a guess: each recording has its own key."""
    shown = {Mask().text(text) for _ in range(10)}

    assert len(shown) == 10
    assert text not in shown


def test_a_pseudonym_of_an_id_is_an_id() -> None:
    """In lower case, as Azure writes it."""
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Mask().text(ID.upper()))


@pytest.mark.parametrize("name", ["alerts-contoso.com", "Jane Doe", "ops"])
def test_what_is_masked_is_not_masked_again(name: str) -> None:
    """A message may quote a masked URL. One name has one pseudonym."""
    mask = Mask()
    once = mask.name(name)

    assert once != name
    assert mask.name(once) == once
    assert mask.text(mask.text(f"/securityContacts/{name}?x")) == mask.text(
        f"/securityContacts/{name}?x"
    )

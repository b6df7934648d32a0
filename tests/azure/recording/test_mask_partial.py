"""A body that is cut off, or not JSON, is masked, too."""

import json
from typing import Any

import pytest
from azure.recording.samples import (
    EMAIL,
    ENDPOINT,
    ID,
    LIST,
    NAME,
    PHONE,
    SECRETS,
    contact,
    some_body,
)
from hypothesis import given

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts
from contacts_audit.azure.recording.mask import Mask
from contacts_audit.core.errors import AzureError


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<html>{ID} {EMAIL}</html>", id="HTML"),
        pytest.param(f'{{"value":[{{"id":"{ID}","email":"{EMAIL}"', id="cut JSON"),
        pytest.param(f"{ID}\x00{EMAIL}\ufffd", id="binary"),
        pytest.param("[" * 100_000 + f'"{ID}","{EMAIL}"', id="nested without end"),
    ],
)
def test_a_body_that_is_not_json_is_masked_as_text(body: str) -> None:
    """Ids and addresses are masked in the page of a proxy and in a cut body."""
    shown = Mask().body(body)

    assert shown != body
    assert [secret for secret in SECRETS if secret in shown] == []


def test_a_body_with_a_byte_order_mark_is_masked_by_fields() -> None:
    """The program reads such a body."""
    shown = Mask().body("\ufeff" + json.dumps(LIST, ensure_ascii=False))

    assert shown.startswith('\ufeff{"value":[{')
    assert [secret for secret in SECRETS if secret in shown] == []


def test_names_in_a_cut_body_are_masked() -> None:
    """A cut list still names subscriptions."""
    cut = json.dumps([LIST, contact(EMAIL)], ensure_ascii=False)[:-1]

    shown = Mask().body(cut)

    assert [secret for secret in (NAME, PHONE, EMAIL, ID) if secret in shown] == []


def test_a_name_has_the_same_pseudonym_in_a_cut_body() -> None:
    """A reader can compare the files."""
    mask = Mask()
    whole = mask.body('{"displayName":"Contoso Payroll"}')

    cut = mask.body('{"displayName":"Contoso Payroll"')

    assert cut == whole[:-1]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_body_is_masked_by_fields_wherever_it_is_cut(cut: int) -> None:
    """Names of tags, too. It stays cut."""
    whole = json.dumps(
        {"value": [{"tags": {"boss": "Anna"}, "displayName": "Bob", "n": 123, "e": [True, None]}]}
    )

    shown = Mask().body(whole[:-cut])

    assert [word for word in ("boss", "Anna", "Bob") if word in shown] == []
    with pytest.raises(ValueError, match=r"."):
        json.loads(shown)


@given(some_body)
def test_a_masked_body_is_as_readable_as_before(body: dict[str, Any]) -> None:
    """A malformed body stays malformed, and a good one good."""
    for spelt in (json.dumps(body), json.dumps(body)[:-1]):
        for text in (spelt, Mask().body(spelt)):
            try:
                list(contacts(Answer(ENDPOINT, 200, {}, text.encode()), protocol.V2023))
                whole = True
            except AzureError:
                whole = False
            assert whole is (spelt == json.dumps(body))

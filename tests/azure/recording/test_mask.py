"""A masked body hides all names, ids and addresses, by the fields that they stand in."""

import json

import pytest
from azure.recording.samples import (
    EMAIL,
    ID,
    LIST,
    SECRETS,
    contact,
    masked,
)
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.contacts.read import addresses, is_address
from contacts_audit.azure.recording.mask import Mask


def test_nothing_of_a_body_remains() -> None:
    """Ids, names, addresses, telephone numbers, tags and skip tokens are all replaced."""
    mask = Mask()

    shown = mask.body(json.dumps(LIST)) + mask.body(json.dumps(contact(EMAIL)))

    assert [secret for secret in SECRETS if secret.lower() in shown.lower()] == []


def test_what_is_no_secret_stays() -> None:
    """A masked body is one that Azure could have sent."""
    mask = Mask()

    (listed,) = masked(mask, LIST)["value"]
    (shown,) = masked(mask, contact(EMAIL, isEnabled=True, number=5, none=None))["value"]

    assert listed["state"] == "Enabled"
    assert listed["id"] == f"/subscriptions/{listed['subscriptionId']}"
    assert list(listed) == list(LIST["value"][0])
    assert shown["type"] == "Microsoft.Security/securityContacts"
    assert (shown["name"], shown["properties"]["isEnabled"]) == ("default", True)
    assert (shown["properties"]["number"], shown["properties"]["none"]) == (5, None)
    assert is_address(shown["properties"]["emails"])


@pytest.mark.parametrize(
    "value", [pytest.param("", id="empty"), pytest.param(" ", id="blank"), None, 5, True]
)
@pytest.mark.parametrize("key", ["displayName", "phone"])
def test_a_name_that_is_none_stays(key: str, value: object) -> None:
    """There is nothing to hide, and nothing to look for."""
    mask = Mask()

    assert masked(mask, {key: value}) == {key: value}
    assert mask.text("a 5 b") == "a 5 b"


@pytest.mark.parametrize("value", ["", " ", "\t", None, 5, []])
def test_a_field_without_an_address_stays(value: object) -> None:
    """To the letter: the first two programs of the rule print it."""
    assert masked(Mask(), {"email": value}) == {"email": value}


def test_addresses_are_parted_as_everywhere() -> None:
    """By commas and semicolons; they are put together again by semicolons, as Azure does."""
    shown = masked(Mask(), {"emails": "a@x.co, b@x.co ;c@x.co"})["emails"]

    assert len(addresses(shown)) == shown.count(";") + 1 == 3


@pytest.mark.parametrize("body", ["", "not JSON", '{"a":', '{"value":[]}', "null", "5"])
def test_a_body_without_secrets_stays(body: str) -> None:
    """Whether it is JSON or not."""
    assert Mask().body(body) == body


def test_ids_are_hidden_where_they_are_keys() -> None:
    """An object may be keyed by them."""
    shown = Mask().body(json.dumps({f"/subscriptions/{ID}": {EMAIL: 1}}))

    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("value", [4255550100, 14255550100.0, [4255550100], {"mobile": 4255550100}])
@pytest.mark.parametrize("key", ["phone", "Phone"])
def test_a_number_under_phone_is_masked(key: str, value: object) -> None:
    """A telephone number may be one of JSON's; it stays one, and is the same in prose."""
    mask = Mask()

    shown = mask.body(json.dumps({"properties": {key: value}}))

    assert "4255550100" not in shown
    assert value != 4255550100 or "4255550100" not in mask.text("call 4255550100")
    kind = type(json.loads(shown)["properties"][key])
    assert kind is (int if isinstance(value, float) else type(value))


@pytest.mark.parametrize("key", ["createdBy", "clientName", "userPrincipalName", "managedByUser"])
def test_who_is_named_in_a_field_that_nobody_knows_is_hidden(key: str) -> None:
    """By what the field is called; an id there stays an id."""
    mask = Mask()

    shown = mask.body(json.dumps({"systemData": {key: "Anna", f"x{key}": ID}}))

    assert "Anna" not in shown
    assert mask.text(ID) in shown


def test_keys_of_tags_are_masked() -> None:
    """And whatever is below them, numbers too; the key that they stand under is Azure's."""
    tags = {"owner-anna": "Bob", "cost": {"Contoso": [4711, True, None]}}

    shown = Mask().body(json.dumps({"value": [{"tags": tags}]}))

    assert [word for word in ("anna", "Bob", "cost", "Contoso", "4711") if word in shown] == []
    assert '"tags":{' in shown


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-1e999", "1.5", "123456789012345678901"])
def test_a_number_of_any_size_is_no_way_out(number: str) -> None:
    """What Python cannot convert, or spell, hides no name."""
    shown = Mask().body(f'{{"displayName":"Anna","value":[],"n":{number}}}')

    assert "Anna" not in shown
    assert json.loads(shown, parse_constant=pytest.fail)["value"] == []


@pytest.mark.parametrize("key", ["displayName", "phone", "email", "state", "tags"])
def test_half_a_character_is_masked_as_well(key: str) -> None:
    """A JSON escape may hold what no UTF-8 can: the recording goes on."""
    mask = Mask()

    shown = mask.body(f'{{"{key}":"ab\\ud800","message":"ab\\ud800 {ID}"}}')

    assert shown.encode()
    assert ID not in shown
    assert mask.text(f"x {ID}") != f"x {ID}"


odd_text = st.text(st.characters() | st.characters(categories=["Cs", "Cc"]))


@given(odd_text | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever a body or a header holds, masking it ends well."""
    mask = Mask()

    mask.body(text)
    mask.text(text)
    shown = mask.body(json.dumps({"displayName": text, "email": text, "tags": [text], "x": text}))

    assert shown.encode()


@pytest.mark.parametrize("depth", [100, 500, 900, 100_000])
def test_a_deep_body_is_masked(depth: int) -> None:
    """Nesting that nobody needs cannot end the run."""
    body = f'{{"id":"{ID}","x":' + "[" * depth + "]" * depth + "}"

    shown = Mask().body(body)

    assert ID not in shown
    assert shown.endswith("[" * depth + "]" * depth + "}")

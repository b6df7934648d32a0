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


def test_all_personal_values_of_a_body_are_masked() -> None:
    """Ids, names, addresses, telephone numbers, tags and skip tokens."""
    mask = Mask()

    shown = mask.body(json.dumps(LIST)) + mask.body(json.dumps(contact(EMAIL)))

    assert [secret for secret in SECRETS if secret.lower() in shown.lower()] == []


def test_the_words_of_azure_stay() -> None:
    """Azure could have sent the masked body."""
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
def test_an_empty_name_stays(key: str, value: object) -> None:
    """There is nothing to mask."""
    mask = Mask()

    assert masked(mask, {key: value}) == {key: value}
    assert mask.text("a 5 b") == "a 5 b"


@pytest.mark.parametrize("value", ["", " ", "\t", None, 5, []])
def test_a_field_without_an_address_stays(value: object) -> None:
    """Exactly: the first two programs of the rule print it."""
    assert masked(Mask(), {"email": value}) == {"email": value}


def test_a_list_of_addresses_stays_a_list() -> None:
    """Commas and semicolons separate them. The masked list has semicolons, as Azure writes it."""
    shown = masked(Mask(), {"emails": "a@x.co, b@x.co ;c@x.co"})["emails"]

    assert len(addresses(shown)) == shown.count(";") + 1 == 3


@pytest.mark.parametrize("body", ["", "not JSON", '{"a":', '{"value":[]}', "null", "5"])
def test_a_body_without_personal_values_stays(body: str) -> None:
    """JSON or not."""
    assert Mask().body(body) == body


def test_ids_in_keys_are_masked() -> None:
    """The keys of an object may be ids."""
    shown = Mask().body(json.dumps({f"/subscriptions/{ID}": {EMAIL: 1}}))

    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("value", [4255550100, 14255550100.0, [4255550100], {"mobile": 4255550100}])
@pytest.mark.parametrize("key", ["phone", "Phone"])
def test_a_number_under_phone_is_masked(key: str, value: object) -> None:
    """A telephone number may be a JSON number. It stays one, and is masked in messages, too."""
    mask = Mask()

    shown = mask.body(json.dumps({"properties": {key: value}}))

    assert "4255550100" not in shown
    assert value != 4255550100 or "4255550100" not in mask.text("call 4255550100")
    kind = type(json.loads(shown)["properties"][key])
    assert kind is (int if isinstance(value, float) else type(value))


@pytest.mark.parametrize("key", ["createdBy", "clientName", "userPrincipalName", "managedByUser"])
def test_a_name_in_an_unknown_field_is_masked(key: str) -> None:
    """The name of the field decides. An id in it stays an id."""
    mask = Mask()

    shown = mask.body(json.dumps({"systemData": {key: "Anna", f"x{key}": ID}}))

    assert "Anna" not in shown
    assert mask.text(ID) in shown


def test_keys_of_tags_are_masked() -> None:
    """With all below them, also numbers. The key `tags` stays."""
    tags = {"owner-anna": "Bob", "cost": {"Contoso": [4711, True, None]}}

    shown = Mask().body(json.dumps({"value": [{"tags": tags}]}))

    assert [word for word in ("anna", "Bob", "cost", "Contoso", "4711") if word in shown] == []
    assert '"tags":{' in shown


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-1e999", "1.5", "123456789012345678901"])
def test_a_huge_number_does_not_stop_masking(number: str) -> None:
    """Python cannot convert or print it."""
    shown = Mask().body(f'{{"displayName":"Anna","value":[],"n":{number}}}')

    assert "Anna" not in shown
    assert json.loads(shown, parse_constant=pytest.fail)["value"] == []


@pytest.mark.parametrize("key", ["displayName", "phone", "email", "state", "tags"])
def test_half_a_surrogate_pair_is_masked(key: str) -> None:
    """A JSON escape may hold what UTF-8 cannot encode. The recording continues."""
    mask = Mask()

    shown = mask.body(f'{{"{key}":"ab\\ud800","message":"ab\\ud800 {ID}"}}')

    assert shown.encode()
    assert ID not in shown
    assert mask.text(f"x {ID}") != f"x {ID}"


odd_text = st.text(st.characters() | st.characters(categories=["Cs", "Cc"]))


@given(odd_text | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_can_be_masked(text: str) -> None:
    """In a body or a header."""
    mask = Mask()

    mask.body(text)
    mask.text(text)
    shown = mask.body(json.dumps({"displayName": text, "email": text, "tags": [text], "x": text}))

    assert shown.encode()


@pytest.mark.parametrize("depth", [100, 500, 900, 100_000])
def test_a_deep_body_is_masked(depth: int) -> None:
    """Deep nesting does not end the run."""
    body = f'{{"id":"{ID}","x":' + "[" * depth + "]" * depth + "}"

    shown = Mask().body(body)

    assert ID not in shown
    assert shown.endswith("[" * depth + "]" * depth + "}")

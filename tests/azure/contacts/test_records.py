"""Contacts are kept as a service showed them: whole, or not at all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.records import (
    Record,
    Snapshot,
    canonical,
    named,
    records,
    same,
    sequence_key,
)
from contacts_audit.core.errors import AzureError, Reason

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"


def answer(body: Any) -> Answer:
    """Return a 200 with *body*, as JSON unless it is bytes."""
    spelt = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("https://arm.example/x", 200, {"x-ms-request-id": "r-1"}, spelt)


def read(body: Any) -> list[Record]:
    """Return the records in *body*."""
    return list(records(answer(body)))


ITEM = {
    "id": "/subscriptions/x/providers/Microsoft.Security/securityContacts/default",
    "name": "default",
    "type": "Microsoft.Security/securityContacts",
    "etag": '"1"',
    "location": "West Europe",
    "properties": {"emails": "a@contoso.com", "new": {"deep": [1, 1.5, None, True, "x"]}},
}
KEPT = Record("default", {"emails": "a@contoso.com", "new": {"deep": [1, 1.5, None, True, "x"]}})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"value": [ITEM]}, id="as documented"),
        pytest.param([ITEM], id="bare array"),
        pytest.param(ITEM, id="single contact"),
        pytest.param({"value": [ITEM], "nextLink": None}, id="last page"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps([ITEM]).encode(), id="byte order mark"),
    ],
)
def test_a_record_is_name_and_properties(body: object) -> None:
    """What only Azure may set is left out; no other field is, known or not."""
    assert read(body) == [KEPT]


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        pytest.param("Microsoft.Security/securityContacts", True, id="plural"),
        pytest.param("Microsoft.Security/securityContact", True, id="singular"),
        pytest.param("MICROSOFT.SECURITY/SECURITYCONTACTS", True, id="capitals"),
        pytest.param(None, True, id="null"),
        pytest.param(5, True, id="no text"),
        pytest.param("Microsoft.Security/pricings", False, id="another"),
        pytest.param("", False, id="empty"),
    ],
)
def test_items_of_another_type_are_left_out(kind: object, kept: bool) -> None:
    """Items of another type are never written."""
    assert read([{**ITEM, "type": kind}]) == ([KEPT] if kept else [])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="null"),
        pytest.param("x", id="text"),
        pytest.param(5, id="number"),
        pytest.param({}, id="empty object"),
        pytest.param({"value": None}, id="null value"),
        pytest.param({"value": {}}, id="object value"),
        pytest.param({"value": [None]}, id="null item"),
        pytest.param([[]], id="array item"),
        pytest.param([{"name": "default"}], id="no properties"),
        pytest.param([{"name": "default", "properties": None}], id="null properties"),
        pytest.param([{"name": "default", "properties": []}], id="array properties"),
        pytest.param([{"properties": {}}], id="no name"),
        pytest.param([{"name": None, "properties": {}}], id="null name"),
        pytest.param([{"name": 5, "properties": {}}], id="number as a name"),
        pytest.param({"properties": {}}, id="single contact without a name"),
        pytest.param([ITEM, 5], id="good, then bad"),
        pytest.param(b'{"value":[NaN]}', id="NaN"),
        pytest.param(b'[{"name":"x","properties":{"n":-Infinity}}]', id="Infinity"),
        pytest.param(b'[{"name":"x","properties":{"n":1e999}}]', id="too large a number"),
        pytest.param(b'[{"name":"x","properties":{"n":[{"m":-1e999}]}}]', id="deep within"),
        pytest.param(b'{"value":[]} {"value":[]}', id="two texts"),
        pytest.param(b'{"value":[', id="cut"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
    ],
)
def test_anything_else_is_malformed(body: object) -> None:
    """A contact that could not be written back is malformed."""
    with pytest.raises(AzureError) as caught:
        read(body)

    assert (caught.value.reason, caught.value.request_id) == (Reason.MALFORMED, "r-1")


def test_a_number_of_many_digits_is_read_or_refused() -> None:
    """A number with more digits than Python parses is no crash."""
    for digits in (20, 4_000, 5_000):
        spelt = b'[{"name":"x","properties":{"n":' + b"7" * digits + b"}}]"
        try:
            (record,) = read(spelt)
        except AzureError as error:
            assert (digits, error.reason) == (5_000, Reason.MALFORMED)  # noqa: PT017
        else:
            assert canonical(record.properties) == f'{{"n":{"7" * digits}}}'


def test_a_deep_body_is_read_or_refused() -> None:
    """Deep nesting does not crash the run."""
    for depth in (100, *range(900, 1010), 100_000):
        deep = b'[{"name":"x","properties":{"x":' + b"[" * depth + b"]" * depth + b"}}]"
        try:
            assert len(read(deep)) == 1
        except AzureError as error:
            assert error.reason is Reason.MALFORMED  # noqa: PT017


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param(".", id="dot"),
        pytest.param("..", id="two dots"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_a_name_that_no_address_can_carry_is_malformed(name: str) -> None:
    """A write by that name would go elsewhere, or nowhere: clients resolve `..` in a path."""
    with pytest.raises(AzureError) as caught:
        read([{"name": name, "properties": {}}])

    assert caught.value.reason is Reason.MALFORMED


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100)
@given(st.dictionaries(st.text(), json_values, max_size=4), st.sampled_from([True, False]))
def test_properties_are_kept_to_the_last_field(properties: dict[str, Any], ascii_: bool) -> None:
    """However they are escaped."""
    text = json.dumps({"value": [{"name": "x", "properties": properties}]}, ensure_ascii=ascii_)

    (record,) = read(text.encode())

    assert same(record.properties, properties)


odd_item = json_values | st.fixed_dictionaries(
    {},
    optional={
        "name": st.text() | json_values,
        "type": json_values | st.just("Microsoft.Security/securityContacts"),
        "properties": json_values | st.dictionaries(st.text(), json_values, max_size=3),
    },
)
odd_body = (
    odd_item
    | st.lists(odd_item, max_size=3)
    | st.fixed_dictionaries({"value": st.lists(odd_item, max_size=3) | json_values})
)


@settings(max_examples=200)
@given(odd_body.map(lambda body: json.dumps(body).encode()) | st.binary())
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    """Any body ends in contacts or an AzureError."""
    try:
        found = read(body)
    except AzureError as error:
        assert error.reason in {Reason.MALFORMED, Reason.HTML}  # noqa: PT017
    else:
        assert all(isinstance(one.properties, dict) for one in found)


def test_a_contact_is_found_by_its_name_in_any_case() -> None:
    """An early swagger says `Default`; the first of that name counts."""
    several = [Record("x", {"n": 0}), Record("Default", {"n": 1}), Record("default", {"n": 2})]

    assert named(several, "default") == {"n": 1}
    assert named(several, "DEFAULT") == {"n": 1}
    assert named(several, "default1") is None
    assert named([], "default") is None


def test_the_sequence_is_one_of_numbers() -> None:
    """default10 comes after default9, and other names after all of them, in their own order."""
    names = ["me", "default10", "default2", "default", "default1", "default9"]

    ordered = sorted((Record(name, {}) for name in names), key=sequence_key)

    assert [one.name for one in ordered] == [
        *("default1", "default2", "default9", "default10"),
        *("default", "me"),
    ]


def test_the_sequence_does_not_mind_capitals() -> None:
    """Names of Azure have no case; the first is the first however it is written."""
    ordered = sorted((Record("default2", {}), Record("Default1", {})), key=sequence_key)

    assert [one.name for one in ordered] == ["Default1", "default2"]


def test_a_name_of_very_many_digits_is_after_the_sequence() -> None:
    """Such a name is not part of the sequence."""
    assert sequence_key(Record("default" + "9" * 5000, {})) > sequence_key(Record("default999", {}))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="order of keys"),
        pytest.param([1, 2], [2, 1], False, id="order of a list"),
        pytest.param(1, 1.0, False, id="1 and 1.0"),
        pytest.param(1, True, False, id="1 and true"),
        pytest.param(0, False, False, id="0 and false"),
        pytest.param({"a": [1]}, {"a": [True]}, False, id="within"),
        pytest.param({"a": None}, {}, False, id="null and absent"),
        pytest.param("", None, False, id="empty and null"),
        pytest.param("1", 1, False, id="text and number"),
        pytest.param("ö", "o\u0308", False, id="composed and decomposed"),
    ],
)
def test_values_are_the_same_as_json(one: object, other: object, equal: bool) -> None:
    """Python's == would say that 1, 1.0 and true are one."""
    assert same(one, other) is equal
    assert same(one, one)


def test_the_newest_version_is_the_last_by_date() -> None:
    """The order of reading does not matter."""
    seen = Snapshot({V2023: (KEPT,), V2017: ()})

    assert seen.newest == V2023
    assert Snapshot({V2017: (), V2020: ()}).newest == V2020
    assert seen.at(V2023) == (KEPT,)
    assert seen.at(V2020) == ()

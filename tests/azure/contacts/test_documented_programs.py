"""The two jq programs of the documented pipeline."""

import json
from typing import Any

import pytest
from azure.contacts.answers import TYPE, answer

from contacts_audit.azure.contacts.read import (
    LeftOut,
    documented_emails,
    documented_stage,
    shows_address,
)
from contacts_audit.core.errors import AzureError, Reason


def item(email: object, kind: str = TYPE) -> dict[str, Any]:
    """Return an item as the document's filter sees it."""
    return {"type": kind, "properties": {"email": email}}


def test_the_documented_programs_print_an_element_a_line() -> None:
    """Text in quotes, null for what is not there; a contact that it leaves out is named."""
    body = {
        "value": [
            item("a@contoso.com"),
            item(""),
            item(None),
            {"type": TYPE, "properties": {}},
            {"type": TYPE, "properties": None},
            {"type": TYPE},
            item("b@contoso.com", TYPE.lower()),
            {**item("c@contoso.com", "Microsoft.Security/securityContact"), "name": "default"},
            {"type": "Microsoft.Security/pricings", "properties": {"email": "x@contoso.com"}},
            item({"a": [1, {}]}),
            {"properties": {"email": "d@contoso.com"}},
        ]
    }

    assert documented_emails(answer(body)) == [
        '"a@contoso.com"',
        '""',
        "null",
        "null",
        "null",
        "null",
        LeftOut(TYPE.lower(), ""),
        LeftOut("Microsoft.Security/securityContact", "default"),
        '{\n  "a": [\n    1,\n    {}\n  ]\n}',
        LeftOut("null", ""),
    ]


def test_the_documented_programs_read_each_other() -> None:
    """What the first one prints for a number is what the second one reads."""
    body = json.dumps({"value": [item(0)]}).replace("0}", "1E+2000000000}").encode()

    assert documented_emails(answer(body)) == ["1.7976931348623157E+308"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([item("a@contoso.com")], id="bare array"),
        pytest.param(item("a@contoso.com"), id="single contact"),
        pytest.param({"value": None}, id="null value"),
        pytest.param({"value": {"a": item("a@contoso.com")}}, id="object value"),
        pytest.param({"value": [item("a@contoso.com"), None]}, id="null item"),
        pytest.param({"value": [item("a@contoso.com"), {"properties": []}]}, id="odd properties"),
        pytest.param({"value": [{"properties": "x"}]}, id="text properties"),
        pytest.param({}, id="no value"),
        pytest.param(b'{"value":[]}{"value":[]}', id="two texts"),
        pytest.param(b"", id="empty"),
        pytest.param(
            b'{"value":[' + b'{"properties":' * 450 + b"{}" + b"}" * 450 + b"]}x",
            id="trailing letter",
        ),
    ],
)
def test_what_the_documented_programs_would_stumble_over_is_malformed(body: object) -> None:
    """Nothing of it is printed."""
    with pytest.raises(AzureError) as caught:
        documented_emails(answer(body))

    assert caught.value.reason is Reason.MALFORMED


def test_the_documented_stage_prints_up_to_its_error() -> None:
    """It prints up to the error, as two jq programs in a pipe do."""
    texts = [json.dumps({"value": items}) for items in ([item("a@contoso.com")], [], [item(None)])]
    lines = documented_stage("\n".join([*texts, "5"]))

    assert [next(lines) for _ in range(5)] == ['"a@contoso.com"', None, None, "null", None]
    with pytest.raises(ValueError, match="Cannot index number"):
        next(lines)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param('"a@contoso.com"', True, id="an address"),
        pytest.param('"x"', True, id="a text that is not blank"),
        pytest.param('"\\u0061"', True, id="an escape"),
        pytest.param('""', False, id="empty"),
        pytest.param('" "', False, id="blank"),
        pytest.param('";"', False, id="a separator"),
        pytest.param("null", False, id="null"),
        pytest.param("5", False, id="a number"),
        pytest.param('[\n  "a@contoso.com"\n]', False, id="an array"),
    ],
)
def test_what_counts_as_an_address_at_2017(line: str, shown: bool) -> None:
    """A string that names an address counts, also a malformed one."""
    assert shows_address(line) is shown

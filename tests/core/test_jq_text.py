"""What we indent reads, byte for byte, as what jq indents."""

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.core.jq_text import pretty

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TRICKY = [
    {},
    [],
    [[]],
    [{}],
    {"": {}},
    {"a": [], "b": {}},
    [[[]], [{"a": [None, True, False]}]],
    {"a": {"b": {"c": ["x", "y"]}}},
    ['"', "\\", '\\"', "[{", "]}", ",", ":", ": ,", "", " ", "\n\t\x00"],
    {"]": "[", '"': "}", "{": {"}": ","}},
    ["ä", "東京", "🚀"],
]


def compact(value: object) -> str:
    """Spell *value* as jq's `tojson` does, where both spell it alike."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    "scalar",
    [
        pytest.param('"a@contoso.com"', id="text"),
        pytest.param('"[1,2]"', id="text that looks like an array"),
        pytest.param('""', id="empty text"),
        pytest.param("null", id="null"),
        pytest.param("true", id="true"),
        pytest.param("-1.5e+300", id="number"),
        pytest.param("", id="nothing"),
    ],
)
def test_scalars_stay(scalar: str) -> None:
    """Only arrays and objects are indented."""
    assert pretty(scalar) == scalar


@pytest.mark.parametrize(
    ("spelt", "lines"),
    [
        pytest.param("[]", ["[]"], id="empty array"),
        pytest.param("{}", ["{}"], id="empty object"),
        pytest.param("[[],{}]", ["[", "  [],", "  {}", "]"], id="empty ones within"),
        pytest.param(
            '{"a":[1.0,{"b":1e1000}]}',
            ["{", '  "a": [', "    1.0,", "    {", '      "b": 1e1000', "    }", "  ]", "}"],
            id="nested, numbers as they are spelt",
        ),
        pytest.param('["a\\"b]","\\\\"]', ["[", '  "a\\"b]",', '  "\\\\"', "]"], id="escapes"),
    ],
)
def test_structures_are_indented_by_two(spelt: str, lines: list[str]) -> None:
    """One line for each element; empty ones stay on one line."""
    assert pretty(spelt) == "\n".join(lines)


@given(json_values)
def test_only_blanks_change(value: object) -> None:
    """The value and each of its tokens stay the same."""
    shown = pretty(compact(value))

    assert shown == json.dumps(value, ensure_ascii=False, indent=2)


@pytest.mark.usefixtures("tools")
def test_the_jq_of_this_machine_agrees() -> None:
    """The output equals that of `jq .`."""
    given_to_jq = "\n".join(map(compact, TRICKY))

    ran = subprocess.run(["jq", "."], input=given_to_jq.encode(), capture_output=True, check=True)

    assert ran.stdout.decode() == "".join(pretty(compact(value)) + "\n" for value in TRICKY)

"""Each key of a TOML text is found on its line, however it is spelt."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.core.toml_lines import lines


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("# a = 1\n\n  a = 1 # b = 2\n", {("", 0, "a"): 3}, id="comments"),
        pytest.param(
            "a = [\n 1, # ]\n '[[x]]',\n]\nb = 1", {("", 0, "a"): 1, ("", 0, "b"): 5}, id="a list"
        ),
        pytest.param(
            'a = """\nb = 1\n\\"""\n"""""\nc = 1',
            {("", 0, "a"): 1, ("", 0, "c"): 5},
            id="lines in a text",
        ),
        pytest.param(
            "a = '''\nb = \"\"\"\n'''''\nc = 1",
            {("", 0, "a"): 1, ("", 0, "c"): 4},
            id="lines in a literal",
        ),
        pytest.param(
            "\"a b\" = 1\n'c'.d = {e = [1]}",
            {("", 0, "a b"): 1, ("", 0, "c"): 2},
            id="quoted and dotted",
        ),
        pytest.param(
            '[[x]]\na = 1\n[[ x ]] # again\na = 2\n[x.y]\nz = 1\n[["x"]]\na = 3',
            {
                ("x", 1, ""): 1,
                ("", 0, "x"): 1,
                ("x", 1, "a"): 2,
                ("x", 2, ""): 3,
                ("x", 2, "a"): 4,
                ("x", 2, "y"): 5,
                ("?", 0, "z"): 6,
                ("x", 3, ""): 7,
                ("x", 3, "a"): 8,
            },
            id="tables",
        ),
        pytest.param(
            "[t]\na = 1", {("t", 0, ""): 1, ("", 0, "t"): 1, ("?", 0, "a"): 2}, id="a table"
        ),
    ],
)
def test_each_key_is_on_its_line(text: str, places: dict[tuple[str, int, str], int]) -> None:
    """Lines count from 1, and tables of an array are counted, too."""
    tomllib.loads(text)

    assert lines(text) == places


some_value = st.sampled_from(
    ["1", "true", '"x # y"', "'['", '"""\n[[a]]\n"""', "'''\n]\n'''", "[\n1,\n# ]\n2]", "{a = [1]}"]
)


@given(st.lists(some_value, max_size=12))
def test_texts_lists_and_comments_shift_nothing(values: list[str]) -> None:
    """No text, list or comment shifts the lines after it."""
    text, expected, line = "", {}, 1
    for at, value in enumerate(values):
        text += f"k{at} = {value}\n\n"
        expected["", 0, f"k{at}"] = line
        line += value.count("\n") + 2

    assert lines(text) == expected

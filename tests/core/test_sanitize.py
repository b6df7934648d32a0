"""Remote text is harmless wherever a person or a terminal reads it, and still tells what it was."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.core.sanitize import sanitized, sanitized_json

ALL = "".join(map(chr, range(sys.maxunicode + 1)))
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
UNSEEN = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2064\ufeff\ufff9\U000e0041"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def is_hostile(letter: str) -> bool:
    """Say whether *letter* steers a terminal, breaks a line, turns text around, or hides."""
    return (
        unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(letter) in DIRECTIONS
        or letter in UNSEEN
    )


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        pytest.param("\x1b[2Jgone", "\\x1b[2Jgone", id="terminal escape"),
        pytest.param("\x9b2J", "\\x9b2J", id="one-byte control sequence"),
        pytest.param("a\nb\r\nc", "a\\x0ab\\x0d\\x0ac", id="line breaks"),
        pytest.param("a\tb", "a\\x09b", id="tab"),
        pytest.param("\x00\x1f\x7f\x80\x9f", "\\x00\\x1f\\x7f\\x80\\x9f", id="ends of the ranges"),
        pytest.param("a\u0085b\u2028c\u2029d", "a\\x85b\\u2028c\\u2029d", id="unicode line ends"),
        pytest.param("\u202egnp.exe", "\\u202egnp.exe", id="right to left"),
        pytest.param("\u2066x\u2069", "\\u2066x\\u2069", id="isolates"),
        pytest.param("con\u200btoso", "con\\u200btoso", id="zero-width space"),
        pytest.param("\ufeffa", "\\ufeffa", id="byte order mark"),
        pytest.param("a\udce9", "a\\udce9", id="lone surrogate"),
    ],
)
def test_hostile_characters_are_escaped(hostile: str, harmless: str) -> None:
    """What could harm a terminal is shown by its number."""
    assert sanitized(hostile) == harmless


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Prod (EU) ~ [bold]", id="ASCII"),
        pytest.param("Grün, Ωmega, 東京, 🚀, שלום", id="other scripts"),
        pytest.param("\u00a0\u3000", id="wide blanks"),
        pytest.param("e\u0301 ☎\ufe0f", id="combining marks"),
    ],
)
def test_text_in_any_language_stays(text: str) -> None:
    """No script of a language is hostile."""
    assert sanitized(text) == text


def test_no_hostile_character_of_unicode_survives() -> None:
    """All 1,114,112 characters are tried; the result is one line of UTF-8."""
    shown = sanitized(ALL)

    assert [hex(ord(letter)) for letter in shown if is_hostile(letter)] == []
    assert len(shown.splitlines()) == 1
    assert shown.encode()


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_sanitizing_is_idempotent(text: str) -> None:
    """Sanitized text stays as it is."""
    once = sanitized(text)

    assert sanitized(once) == once


@given(json_values, st.sampled_from([None, 2]))
def test_json_keeps_its_value(value: object, indent: int | None) -> None:
    """The escaped text parses to the same value."""
    spelt = json.dumps(value, ensure_ascii=False, indent=indent)

    harmless = sanitized_json(spelt)

    assert json.loads(harmless) == json.loads(spelt)
    assert not any(is_hostile(letter) for letter in harmless.replace("\n", ""))


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        pytest.param("\u202e", '"\\u202e"', id="bidi"),
        pytest.param("\x7f", '"\\u007f"', id="delete"),
        pytest.param("\U000e0041", '"\\udb40\\udc41"', id="beyond the basic plane"),
        pytest.param("\ud800", '"\\ufffd"', id="half a surrogate pair, which jq refuses"),
        pytest.param("a\nb", '"a\\nb"', id="a line break within a string"),
    ],
)
def test_json_escapes_are_those_of_json(text: str, spelt: str) -> None:
    """JSON escapes characters in units of UTF-16."""
    assert sanitized_json(json.dumps(text, ensure_ascii=False)) == spelt


def test_json_keeps_its_lines() -> None:
    """An indented document stays indented."""
    spelt = json.dumps({"a": [1, "\x9b"]}, ensure_ascii=False, indent=2)

    assert sanitized_json(spelt) == '{\n  "a": [\n    1,\n    "\\u009b"\n  ]\n}'

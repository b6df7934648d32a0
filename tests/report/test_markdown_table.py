"""A cell of a Markdown table reads as it is, whatever text it holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.plans import rendered

from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import markdown_table


@pytest.mark.parametrize(
    "hostile",
    [
        "a | b",
        "\\",
        "\\|",
        "x\\\\| y",
        "<script>alert(1)</script>",
        "<!-- x",
        "&lt;b&gt; &amp; &#x41;",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/?x)",
        "<https://evil.example>",
        "**b** _i_ ~~s~~ `c`",
        "[x]: https://evil.example",
        "x\n| y | z |\n\n# h",
        "x\r---",
        "\u2028x\u202ey",
        "--- | ---",
        "# h",
        "1. x",
        "- [ ] x",
    ],
)
def test_a_hostile_cell_reads_as_it_is(hostile: str) -> None:
    """It makes no markup, no second cell, no other row."""
    text = "".join(markdown_table.table([("A", "B", "C"), ("x", hostile, "y")]))

    rows, kinds = rendered(text)

    assert rows == [["A", "B", "C"], ["x", sanitized(hostile), "y"]]
    assert kinds <= {"text", "text_special"}


@settings(max_examples=150)
@given(
    st.text(st.sampled_from(r"\|<>&*_`~[]()!#:/@.-+=w $'" + '"\n\r\tax1') | st.characters()),
)
def test_any_cell_reads_as_it_is(text: str) -> None:
    """Except for blanks at its ends, which no table keeps."""
    rows, kinds = rendered("".join(markdown_table.table([("A", "B"), (f"x{text}x", "y")])))

    assert rows == [["A", "B"], [sanitized(f"x{text}x"), "y"]]
    assert kinds <= {"text", "text_special"}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        pytest.param("see https://evil.example", "https://", id="https"),
        pytest.param("FTP://evil.example", "FTP://", id="ftp"),
        pytest.param("www.evil.example", "www.", id="www"),
        pytest.param("@everybody", " @", id="mention"),
        pytest.param("hi @team/x", " @", id="mention of a team"),
    ],
)
def test_nothing_becomes_a_link_on_github(text: str, linked: str) -> None:
    """Addresses and mentions are escaped."""
    assert linked not in f" {markdown_table.cell(text)}"

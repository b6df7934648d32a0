"""What selects a subscription: an id, a name, or a line of a file."""

import pytest
from audit.subscriptions import WIDE, A, B, C
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.audit.selectors import MAX_NAME, Selector, parse_selector, parse_selectors
from contacts_audit.core.errors import ExitCode, UsageError


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(A, id="lower case"),
        pytest.param(A.upper(), id="upper case"),
        pytest.param("00000000-0000-0000-0000-000000000000", id="nil"),
        pytest.param("ffffffff-ffff-ffff-ffff-ffffffffffff", id="largest"),
        pytest.param(f"/subscriptions/{A}", id="as the portal gives it"),
        pytest.param(f"/SUBSCRIPTIONS/{A.upper()}/", id="with a slash behind, in capitals"),
    ],
)
def test_ids_are_taken_in_any_case(text: str) -> None:
    """Alone, or as a resource id."""
    found = parse_selector(text, "--subscription")

    assert found == Selector(text.strip("/").split("/")[-1].lower(), "--subscription")
    assert found.is_id


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Prod", id="plain"),
        pytest.param("Größe 東京 🚀", id="unicode"),
        pytest.param("a", id="one letter"),
        pytest.param("x" * MAX_NAME, id="the longest"),
        pytest.param("-1", id="a number"),
        pytest.param("--help", id="an option"),
        pytest.param("../../x", id="a path"),
        pytest.param("%2e%2e", id="an encoded path"),
        pytest.param("Prod;Test, (EU) #1", id="punctuation"),
        pytest.param(A[:-1], id="an id cut short"),
        pytest.param(f"{A} old", id="a name that begins with an id"),
        pytest.param(f"{A}-old", id="an id with a suffix"),
        pytest.param("deadbeef" * 3, id="short hexadecimal"),
    ],
)
def test_names_are_taken_as_they_are(text: str) -> None:
    """A name is only compared with names and never part of a URL, so it can do no harm."""
    found = parse_selector(text, "--subscription")

    assert found == Selector(text, "--subscription")
    assert not found.is_id


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" ", "empty", id="blank"),
        pytest.param("\u00a0\u3000", "empty", id="blanks of unicode"),
        pytest.param(f"{A}\n", "blank", id="an id with a line break"),
        pytest.param(f" {A}", "blank", id="an id after a blank"),
        pytest.param("Prod ", "blank", id="a name before a blank"),
        pytest.param("Pr\x00od", "control", id="NUL"),
        pytest.param("Pr\x1bod", "control", id="escape"),
        pytest.param("Pr\u202eod", "control", id="bidi"),
        pytest.param("Pr\u2028od", "control", id="line separator"),
        pytest.param("Pr\udcffod", "control", id="a byte that is no UTF-8"),
        pytest.param(f"\ufeff{A}", "control", id="an id behind a byte order mark"),
        pytest.param("x" * (MAX_NAME + 1), "longer", id="one letter too many"),
        pytest.param("x" * 10_000, "longer", id="10 kB"),
        pytest.param(f"{{{A}}}", "is a malformed subscription id", id="braces"),
        pytest.param(f"({A})", "is a malformed subscription id", id="brackets"),
        pytest.param(f"urn:uuid:{A}", "is a malformed subscription id", id="URN"),
        pytest.param(
            f"URN:UUID:{A.upper()}", "is a malformed subscription id", id="URN in capitals"
        ),
        pytest.param(
            f"subscriptions/{A}", "is a malformed subscription id", id="half a resource id"
        ),
        pytest.param(f"/subscriptions/{A}//", "is a malformed subscription id", id="two slashes"),
        pytest.param(
            f"/Subscriptions/{A}/resourceGroups/x",
            "is a malformed subscription id",
            id="longer resource id",
        ),
        pytest.param(A.replace("-", ""), "is a malformed subscription id", id="no dashes"),
        pytest.param(
            f"{{{A.replace('-', '')}}}", "is a malformed subscription id", id="braces, no dashes"
        ),
        pytest.param(
            "\u0660" * 8 + A[8:], "is a malformed subscription id", id="Arabic-Indic digits"
        ),
        pytest.param("\uff10" * 8 + A[8:], "is a malformed subscription id", id="fullwidth digits"),
        pytest.param(A.translate(WIDE), "is a malformed subscription id", id="fullwidth letters"),
        pytest.param(f"{A}?x=1", "is a malformed subscription id", id="query"),
        pytest.param(f"{A}#", "is a malformed subscription id", id="fragment"),
        pytest.param(f"{A}/../{B}", "is a malformed subscription id", id="way out"),
        pytest.param(f"{A}%2f", "is a malformed subscription id", id="encoded slash"),
        pytest.param(f"{A},{B}", "is a malformed subscription id", id="two ids"),
        pytest.param(f"{A};", "is a malformed subscription id", id="semicolon"),
        pytest.param(
            f"/subscriptions/{A.replace('-', '')}",
            "is a malformed subscription id",
            id="path, no dashes",
        ),
    ],
)
def test_malformed_selectors_are_refused_before_any_request(text: str, problem: str) -> None:
    """Exit code 2, and the error names the option."""
    with pytest.raises(UsageError, match=problem) as caught:
        parse_selector(text, "--subscription")

    assert str(caught.value).startswith("--subscription: ")
    assert len(str(caught.value)) < 2 * MAX_NAME
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_a_selector_is_an_id_or_a_printable_name(text: str) -> None:
    """Any other text is wrong usage."""
    try:
        found = parse_selector(text, "--exclude")
    except UsageError:
        return

    assert found.text in (text, text.lower().rstrip("/").removeprefix("/subscriptions/"))
    assert found.is_id or (found.text == found.text.strip() and found.text.encode())


def test_lines_of_a_file() -> None:
    """One a line; comments, blank lines, CRLF, indentation and a byte order mark are ignored."""
    lines = (
        f"\ufeff{A}\r\n\n   \r\n# all of them\r\n  # indented\n\t{B.upper()} \nProd\n{C} # why\n"
    )

    found = parse_selectors(lines, "--subscriptions-from FILE")

    assert found == [
        Selector(A, "--subscriptions-from FILE, line 1"),
        Selector(B, "--subscriptions-from FILE, line 6"),
        Selector("Prod", "--subscriptions-from FILE, line 7"),
        Selector(C, "--subscriptions-from FILE, line 8"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(f"{A}\t# tabbed", A, id="a comment behind a tab"),
        pytest.param(f"{A} #", A, id="an empty comment"),
        pytest.param(f"{A} # one # two", A, id="a comment in a comment"),
        pytest.param("Team #1", "Team #1", id="a name with its number"),
        pytest.param("C#", "C#", id="a name that ends so"),
    ],
)
def test_a_hash_is_a_comment_behind_an_id_only(line: str, text: str) -> None:
    """A name may contain one."""
    (found,) = parse_selectors(line, "FILE")

    assert found.text == text


@pytest.mark.parametrize(
    "lines", ["", "\ufeff", "\n\n", "# nothing", pytest.param(" \t\r\n#\n", id="blanks")]
)
def test_a_file_may_select_nothing(lines: str) -> None:
    """An empty file is not an error yet."""
    assert parse_selectors(lines, "FILE") == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f"{A}\n{A}#x", id="no blank before the comment"),
        pytest.param(f"\n{A}\r{B}", id="CR alone"),
        pytest.param(f"\n\ufeff{A}", id="a byte order mark further down"),
        pytest.param(f"\n{A}\x0c", id="form feed"),
        pytest.param(f"\n{A}\u0085", id="next line"),
        pytest.param(f"\n{A}\x00", id="NUL"),
        pytest.param(f"\n{A},{B}", id="two on a line"),
    ],
)
def test_a_bad_line_is_named(lines: str) -> None:
    """The whole file is refused, with the number of the line."""
    with pytest.raises(UsageError, match=r"^FILE, line 2: "):
        parse_selectors(lines, "FILE")

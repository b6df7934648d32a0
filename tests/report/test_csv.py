"""CSV is read back as it was, and holds no formula."""

import csv
import re

import pytest
from hypothesis import example, given
from report.varied_report import (
    FAILING,
    HOSTILE,
    OUTCOMES,
    REPORT,
    RUN,
    UNREAD,
    everywhere,
    judged,
    names,
    report,
    rows,
)

from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import (
    csv_,
    fix_command,
)


def test_csv_has_a_header() -> None:
    """The columns are those of TSV, then facts of a fault, the fix, and who waived."""
    header, *lines = rows(REPORT)

    assert header == [
        "id",
        "name",
        "tenant_id",
        "state",
        "verdict",
        "emails",
        "decided_by",
        "reason",
        "message",
        "status",
        "code",
        "request_id",
        "hint",
        "command",
        "owner",
        "expires",
    ]
    assert [line[4] for line in lines] == [outcome.verdict for outcome in OUTCOMES]
    assert lines[1][7:] == [
        "contact-email,owner-notified",
        "no email address is configured; the role Owner is not notified",
        *[""] * 4,
        fix_command.command(FAILING, RUN),
        *[""] * 2,
    ]
    assert lines[4][9:] == [
        "403",
        "AuthorizationFailed",
        UNREAD.fault.request_id,
        UNREAD.fault.hint,
        fix_command.command(UNREAD, RUN),
        *[""] * 2,
    ]
    assert lines[3][9:] == [*[""] * 5, "ops", "2026-06-30"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="a formula"),
        pytest.param("+49 30 12345", "'+49 30 12345", id="a telephone number"),
        pytest.param("-1", "'-1", id="a negative number"),
        pytest.param("@SUM(1)", "'@SUM(1)", id="a function of old"),
        pytest.param("  =1", "'  =1", id="blanks in front"),
        pytest.param("\u3000=1", "'\u3000=1", id="a wide blank in front"),
        pytest.param("\uff1d1", "'\uff1d1", id="a wide sign"),
        pytest.param("\t=1", "\\x09=1", id="a tab"),
        pytest.param("\r=1", "\\x0d=1", id="a carriage return"),
        pytest.param("'=1", "''=1", id="an apostrophe of its own"),
        pytest.param("'a", "'a", id="a harmless apostrophe"),
        pytest.param("a=1", "a=1", id="a sign within"),
        pytest.param("Müller, \"Söhne\"; 'x'", "Müller, \"Söhne\"; 'x'", id="quotes"),
        pytest.param("", "", id="nothing"),
        pytest.param("a;=1", "a;'=1", id="behind a semicolon"),
        pytest.param("a; +1;-2", "a;' +1;'-2", id="behind each"),
        pytest.param('a;"=1', "a;'\"=1", id="behind a quote, too"),
        pytest.param("a;'=1", "a;''=1", id="an apostrophe of its own, behind one"),
        pytest.param(";@x", ";'@x", id="at the start"),
        pytest.param("a;b=1", "a;b=1", id="a sign within a part"),
    ],
)
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    """A spreadsheet that opens the report computes nothing."""
    assert rows(report(judged(1, name, "a@contoso.com")))[1][1] == cell


@given(names)
@example(HOSTILE)
@example("'=x")
def test_csv_can_be_read_back(name: str) -> None:
    """A cell equals the text, except for one apostrophe before a formula."""
    _, *lines = rows(everywhere(name))

    assert {len(line) for line in lines} == {16}
    assert len(lines) == 4
    cell = lines[0][1]
    assert re.match(r"\s*[=+\-@\t\r]", cell) is None
    assert re.search(r";[\s\"]*[=+\-@\t\r]", cell) is None
    sign = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
    assert re.sub(rf"(^|;)'(?=(?(1)['\"]*){sign})", r"\1", cell) == sanitized(name)


def test_no_reader_of_semicolons_finds_a_formula() -> None:
    """A spreadsheet whose list separator is a semicolon splits there, even inside quotes."""
    hostile = ('x;=cmd|"/c calc"!A0', 'x;"=1"', 'x;""=1', "x; =1;+2", 'a,b;="c"')
    found = [judged(1, name, "a@x.co", "=b@x.co", "+c@x.co") for name in hostile]

    text = "".join(csv_.render(report(*found)))

    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        parts = [part for line in csv.reader(text.splitlines(), delimiter=";", quoting=quoting)
                 for part in line]  # fmt: skip
        assert [part for part in parts if re.match(r"[\s\"]*[=+\-@]", part)] == []

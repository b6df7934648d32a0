"""Markdown has counts, rows, and what to do."""

from hypothesis import example, given
from report.varied_report import HOSTILE, OUTCOMES, REPORT, RUN, UNREAD, everywhere, names, tables

from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import (
    fix_command,
)


def test_markdown_counts_first() -> None:
    """Counts come before the rows, and rows have the facts for Azure support."""
    counts, (header, *lines) = tables(REPORT)

    assert counts == [
        ["VERDICT", "COUNT"],
        ["skipped", "1"],
        ["unreadable", "2"],
        ["non-compliant", "2"],
        ["waived", "1"],
        ["compliant", "1"],
        ["in scope", "7"],
    ]
    assert header == ["VERDICT", "NAME", "ID", "EMAILS", "WHY", "FIX"]
    assert [line[2] for line in lines] == [outcome.subscription.id for outcome in OUTCOMES]
    assert "403" in lines[4][4]
    assert UNREAD.fault.hint in lines[4][4]
    assert "waived until 2026-06-30: is shut down, ops" in lines[3][4]
    assert [line[5] for line in lines] == [fix_command.command(one, RUN) or "" for one in OUTCOMES]


@given(names)
@example(HOSTILE)
def test_markdown_can_be_read_back(name: str) -> None:
    """A cell shows the text: it makes no markup and no new cell."""
    _, (_, *lines) = tables(everywhere(name))

    shown = sanitized(name)
    assert [len(line) for line in lines] == [6] * 4
    assert lines[0][1].strip() == (shown.strip() if name else "x")
    assert lines[2][4].split() == f"refused: {shown} ({told(shown)}); {shown}".split()


def told(shown: str) -> str:
    """Return the facts of the fault that has *shown* in it."""
    return ", ".join(["status 400", *([f"code {shown}", f"request id {shown}"] if shown else [])])

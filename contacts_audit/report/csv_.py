"""
The report as CSV, for spreadsheets. Escapes cells that would be formulas.

RFC 4180 but for its line ends, which are LF as in all that we write.  A cell that a spreadsheet
would take for a formula gets an apostrophe in front, and so does what follows a semicolon: where
that is the list separator, a spreadsheet splits there, whatever quotes say.  A reader undoes it by
dropping that one.

https://www.rfc-editor.org/rfc/rfc4180
https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import re
from collections.abc import Iterator

from contacts_audit.core.model import Audited, Outcome, Report, Run, Unread
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, tsv

HEADER = (
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
)
# Blanks in front do not stop every spreadsheet, and East Asian ones know the wide signs, too.  The
# apostrophes let a text that has one already be told from one that got it here.  Behind a semicolon
# quotes may come, which a reader that splits there undoes.
_SIGN = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"(\A(?='*{_SIGN})|;(?=['\"\s]*{_SIGN}))")


class _Line:
    """Hands the line that a csv writer makes back to its caller."""

    def write(self, text: str) -> str:
        return text


def render(report: Report) -> Iterator[str]:
    """Yield the header, then a line a subscription."""
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow(HEADER)
    for outcome in report.outcomes:
        row = (*tsv.cells(outcome), *_more(outcome, report.run))
        yield writer.writerow(map(cell, row))
    for row in tsv.lost(report):
        yield writer.writerow(map(cell, (*row, *[""] * (len(HEADER) - len(row)))))


def _more(outcome: Outcome, run: Run) -> tuple[str, ...]:
    """Return what a spreadsheet has beyond tsv: what to do, for Azure support, and whom to ask."""
    fault = outcome.fault if isinstance(outcome, Unread) else None
    waiver = outcome.waiver if isinstance(outcome, Audited) else None
    cells = (
        *(getattr(fault, name, None) for name in ("status", "code", "request_id", "hint")),
        fix_command.command(outcome, run),
        *(getattr(waiver, name, None) for name in ("owner", "expires")),
    )
    return tuple("" if one is None else str(one) for one in cells)


def cell(text: str) -> str:
    """Return *text* so that it is text to a spreadsheet, telephone numbers included."""
    return _FORMULA.sub(r"\1'", sanitized(text))

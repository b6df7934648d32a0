"""
Renders the report as CSV, and escapes cells that a spreadsheet would run as formulas.

The format is RFC 4180 with LF as line end.  A cell that looks like a formula gets an apostrophe in
front, and so does text after a semicolon: where the list separator is a semicolon, a spreadsheet
splits there even inside quotes.  A reader removes that one apostrophe.

https://www.rfc-editor.org/rfc/rfc4180
https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import re
from collections.abc import Iterator

from contacts_audit.core.model import Audited, Report, Run, Unread
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import fix_command, tsv, wording

HEADER = (
    *("id", "name", "tenant_id", "state", "verdict", "emails", "decided_by", "reason", "message"),
    *("status", "code", "request_id", "hint", "command", "owner", "expires"),
)
# Some spreadsheets ignore blanks in front, and East Asian ones accept wide signs.  A text that
# begins with an apostrophe gets another one, so that it can be restored.  After a semicolon quotes
# may follow, which a spreadsheet that splits there removes.
_SIGN = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"(\A(?='*{_SIGN})|;(?=['\"\s]*{_SIGN}))")


class _Line:
    """A file whose `write` returns its text: csv.writer passes that on to its caller."""

    def write(self, text: str) -> str:
        return text


def render(report: Report) -> Iterator[str]:
    """Yield the header, then a line for each subscription."""
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow(HEADER)
    for row in wording.all_rows(report):
        yield writer.writerow(map(cell, (*tsv.cells(row), *_more(row, report.run))))


def _more(row: wording.Row, run: Run) -> tuple[str, ...]:
    """Return the cells that TSV does not have: facts of a fault, the fix, and who waived."""
    fault = row.fault if isinstance(row, Unread) else None
    waiver = row.waiver if isinstance(row, Audited) else None
    cells = (
        *(getattr(fault, name, None) for name in ("status", "code", "request_id", "hint")),
        fix_command.command(row, run),
        *(getattr(waiver, name, None) for name in ("owner", "expires")),
    )
    return tuple("" if one is None else str(one) for one in cells)


def cell(text: str) -> str:
    """Return *text* escaped, so that no spreadsheet runs it as a formula."""
    return _FORMULA.sub(r"\1'", sanitized(text))

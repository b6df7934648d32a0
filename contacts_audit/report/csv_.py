"""
The report as comma-separated values with a header, for spreadsheets.

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

from contacts_audit.inert import inert
from contacts_audit.model import Report
from contacts_audit.report import tsv

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
    for row in tsv.rows(report):
        yield writer.writerow(map(cell, row))


def cell(text: str) -> str:
    """Return *text* so that it is text to a spreadsheet, telephone numbers included."""
    return _FORMULA.sub(r"\1'", inert(text))

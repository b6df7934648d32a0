"""The report as a table for people."""

import io
from collections.abc import Iterator, Sequence

from contacts_audit.inert import inert
from contacts_audit.model import Outcome, Report, Verdict
from contacts_audit.report import wording

HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
WIDE = 140
STYLES = {
    Verdict.SKIPPED: "dim",
    Verdict.UNREADABLE: "yellow",
    Verdict.NON_COMPLIANT: "red",
    Verdict.WAIVED: "cyan",
    Verdict.COMPLIANT: "green",
}


def render(report: Report) -> Iterator[str]:
    """Yield the table at its full width: nothing is cut, whoever reads it."""
    gone = [
        ("disappeared", row["name"] or row["id"], row["id"], "", "") for row in report.gone or ()
    ]
    rows = (_cells(outcome) for outcome in report.outcomes)
    return aligned([HEADER, *rows, *(tuple(map(inert, row)) for row in gone)])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows*, each cell as wide as the widest of its column."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield "  ".join(padded).rstrip() + "\n"


def render_at(report: Report, width: int, *, plain: bool) -> str:
    """Return the table folded to a terminal of *width* columns, without a style where *plain*."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [at for at, name in enumerate(HEADER) if name != "ID" or width >= WIDE]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for at in shown:
        table.add_column(HEADER[at], overflow="fold", no_wrap=HEADER[at] in {"VERDICT", "ID"})
    for outcome in report.outcomes:
        cells = _cells(outcome)
        style = STYLES[outcome.verdict]
        table.add_row(*(Text(cells[at], style="" if at else style) for at in shown))
    console = Console(file=io.StringIO(), width=width, force_terminal=not plain)
    with console.capture() as captured:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _cells(outcome: Outcome) -> Sequence[str]:
    subscription = outcome.subscription
    return tuple(
        inert(cell)
        for cell in (
            outcome.verdict,
            subscription.name or subscription.id,
            subscription.id,
            ", ".join(wording.emails(outcome)),
            wording.why(outcome),
        )
    )

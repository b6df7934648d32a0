"""The report as a table for people."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from contacts_audit.inert import inert
from contacts_audit.model import Outcome, Report, Verdict
from contacts_audit.report import wording
from contacts_audit.report.gone import DISAPPEARED, gone

HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
WIDE = 140
GAP = 2
LONGEST = 16_384  # letters of a cell up to which it pads those above and below it
MOST_PADDING = 4 * 1024 * 1024  # letters of a column, from which on that ends at
LONG = 200
WHOLE = frozenset({"VERDICT", "STATUS", "ID"})  # columns that are never folded
STYLES = {
    Verdict.SKIPPED: "dim",
    Verdict.UNREADABLE: "yellow",
    Verdict.NON_COMPLIANT: "red",
    Verdict.WAIVED: "cyan",
    Verdict.COMPLIANT: "green",
}
_STYLES: Mapping[str, str] = {str(verdict): style for verdict, style in STYLES.items()}


def render(report: Report) -> Iterator[str]:
    """Yield the table at its full width: nothing is cut, whoever reads it."""
    return aligned([*_rows(report)])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows*, each cell as wide as the widest of its column; what is huge widens none."""
    from rich.cells import cell_len

    most = min(LONGEST, max(MOST_PADDING // len(rows), LONG))
    widths = [
        max((cell_len(cell) for cell in column if len(cell) <= most), default=0)
        for column in zip(*rows, strict=True)
    ]
    for row in rows:
        yield _line(row, widths) + "\n"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len

    padded = (
        cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return (" " * GAP).join(padded).rstrip()


def render_at(report: Report, width: int, *, plain: bool) -> str:
    """Return the table folded to a terminal of *width* columns, without a style where *plain*."""
    return "".join(folded([*_rows(report)], width, plain=plain))


def folded(rows: Sequence[Sequence[str]], width: int, *, plain: bool) -> Iterator[str]:
    """Yield *rows*, their head first, within *width* columns; ids only where there is room."""
    shown = [at for at, name in enumerate(rows[0]) if name != "ID" or width >= WIDE]
    narrow = [[row[at] for at in shown] for row in rows]
    widths = _fitting(narrow, width)
    for at, row in enumerate(narrow):
        yield _folded(row, widths, "" if plain else "bold" if at == 0 else _STYLES.get(row[0], ""))


def _fitting(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the columns' widths: what fits an even share is whole, the others share the rest."""
    from rich.cells import cell_len

    wanted = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    whole = {at for at, name in enumerate(rows[0]) if name in WHOLE}
    room, open_ = width - GAP * (len(wanted) - 1), len(wanted)
    for at in sorted(range(len(wanted)), key=lambda at: (at not in whole, wanted[at])):
        if at not in whole:
            wanted[at] = min(wanted[at], max(room // open_, 1))
        room, open_ = room - wanted[at], open_ - 1
    return wanted


def _folded(row: Sequence[str], widths: Sequence[int], style: str) -> str:
    """Return the lines of a *row*, its first cell (all cells, where it is bold) in a *style*."""
    from rich.style import Style

    painted = Style.parse(style)
    said = ""
    for first, *others in zip_longest(*map(_wrapped, row, widths), fillvalue=""):
        line = _line([first, *others], widths)
        end = len(line) if style == "bold" else len(first)
        said += f"{painted.render(line[:end])}{line[end:]}\n"
    return said


def _wrapped(cell: str, width: int) -> list[str]:
    """Return *cell* in lines of *width*, between words where that can be."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    if cell_len(cell) <= width:
        return [cell]
    lines = Text(cell).wrap(Console(width=width), width, overflow="fold")
    return [line.plain.rstrip() for line in lines]


def _rows(report: Report) -> Iterator[Sequence[str]]:
    yield HEADER
    yield from map(_cells, report.outcomes)
    for one in gone(report):
        found = one.subscription
        yield tuple(map(inert, (DISAPPEARED, found.name or found.id, found.id, "", one.message)))


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

"""The report as a table."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from contacts_audit.core.model import Outcome, Report, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import wording
from contacts_audit.report.disappeared import DISAPPEARED, gone, was_in_words

HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
WIDE = 140
GAP = 2
SHORT = (8, 13, 18, 23, 36)  # where the parts of an id end
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
    """Yield *rows*, their head first, within *width* columns; ids are short where it is narrow."""
    if width < WIDE and "ID" in rows[0]:
        rows = _short(rows, rows[0].index("ID"))
    widths = _fitting(rows, width)
    for at, row in enumerate(rows):
        yield _folded(row, widths, "" if plain else "bold" if at == 0 else _STYLES.get(row[0], ""))


def _short(rows: Sequence[Sequence[str]], column: int) -> list[list[str]]:
    """Return *rows* with the first part of each id, or as many parts as tell them apart."""
    ids = {row[column] for row in rows}
    size = next(size for size in SHORT if len({one[:size] for one in ids}) == len(ids))
    return [[*row[:column], row[column][:size], *row[column + 1 :]] for row in rows]


def _fitting(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the columns' widths: each has room for its longest word, and an even share of more."""
    from rich.cells import cell_len

    wanted = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    whole = {at for at, name in enumerate(rows[0]) if name in WHOLE}
    room = width - GAP * (len(wanted) - 1) - sum(wanted[at] for at in whole)
    open_ = sorted({*range(len(wanted))} - whole, key=lambda at: wanted[at])
    words = {at: max(_longest(row[at]) for row in rows) for at in open_}
    least = words if sum(words.values()) <= room else dict.fromkeys(open_, 1)
    room -= sum(least.values())
    for rank, at in enumerate(open_):
        more = min(wanted[at] - least[at], max(room // (len(open_) - rank), 0))
        wanted[at] = least[at] + more
        room -= more
    return wanted


def _longest(cell: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.split()), default=1)


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
    changes = report.was is not None
    yield (*HEADER, "WAS") if changes else HEADER
    for outcome in report.outcomes:
        was = [was_in_words(report, outcome.subscription.id)] if changes else []
        yield (*_cells(outcome), *map(sanitized, was))
    for one in gone(report):
        found = one.subscription
        told = DISAPPEARED, found.name or found.id, found.id, "", one.message
        yield tuple(map(sanitized, (*told, *([one.was] if changes else []))))


def _cells(outcome: Outcome) -> Sequence[str]:
    subscription = outcome.subscription
    return tuple(
        sanitized(cell)
        for cell in (
            outcome.verdict,
            subscription.name or subscription.id,
            subscription.id,
            ", ".join(wording.emails(outcome)),
            wording.why(outcome),
        )
    )

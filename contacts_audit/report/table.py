"""Renders the report as a table: at full width, or folded to a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from contacts_audit.core.model import Report, Verdict
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import wording

WIDE = 140  # columns of a terminal that has room for whole ids
GAP = 2  # blanks between columns
SHORT = (8, 13, 18, 23, 36)  # lengths at which an id can be cut, between its parts
LONGEST = 16_384  # characters; a longer cell does not widen its column
MOST_PADDING = 4 * 1024 * 1024  # characters of a column; in a longer one that limit is LONG
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
    """Yield the table at its full width; nothing is cut."""
    return aligned(_rows(report))


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* with aligned columns; a huge cell does not widen its column."""
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
    """Return the table folded to a terminal of *width* columns, without colors if *plain*."""
    return "".join(folded(_rows(report), width, plain=plain))


def folded(rows: Sequence[Sequence[str]], width: int, *, plain: bool) -> Iterator[str]:
    """Yield *rows*, head first, folded to *width* columns; ids are cut if that is narrow."""
    if width < WIDE and "ID" in rows[0]:
        rows = _short(rows, rows[0].index("ID"))
    widths = _fitting(rows, width)
    for at, row in enumerate(rows):
        yield _folded(row, widths, "" if plain else "bold" if at == 0 else _STYLES.get(row[0], ""))


def _short(rows: Sequence[Sequence[str]], column: int) -> list[list[str]]:
    """Return *rows* with each id cut to as many parts as make it unique."""
    ids = {row[column] for row in rows}
    size = next(size for size in SHORT if len({one[:size] for one in ids}) == len(ids))
    return [[*row[:column], row[column][:size], *row[column + 1 :]] for row in rows]


def _fitting(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the width of each column: its longest word, and a fair share of what is left."""
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
    """Return the lines of a *row*, with its first cell, or all if bold, in *style*."""
    from rich.style import Style

    painted = Style.parse(style)
    lines = ""
    for first, *others in zip_longest(*map(_wrapped, row, widths), fillvalue=""):
        line = _line([first, *others], widths)
        end = len(line) if style == "bold" else len(first)
        lines += f"{painted.render(line[:end])}{line[end:]}\n"
    return lines


def _wrapped(cell: str, width: int) -> list[str]:
    """Return *cell* in lines of *width*, broken between words if possible."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    if cell_len(cell) <= width:
        return [cell]
    lines = Text(cell).wrap(Console(width=width), width, overflow="fold")
    return [line.plain.rstrip() for line in lines]


def _rows(report: Report) -> list[tuple[str, ...]]:
    return [tuple(map(sanitized, row)) for row in wording.rows(report, wording.why, {})]

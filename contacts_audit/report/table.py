"""Renders the report as a table: at full width, or folded to a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
STYLES: Mapping[str, str] = {
    Verdict.SKIPPED: "dim",
    Verdict.UNREADABLE: "yellow",
    Verdict.NON_COMPLIANT: "red",
    Verdict.WAIVED: "cyan",
    Verdict.COMPLIANT: "green",
}


def render(report: Report, width: int | None = None, *, plain: bool = True) -> Iterator[str]:
    """Yield the table, folded to *width* columns if that is given, in color unless *plain*."""
    return folded(wording.rows(report, wording.why, {}), width, plain=plain)


def aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield *rows*, sanitized, with aligned columns; a huge cell does not widen its column."""
    from rich.cells import cell_len

    rows = _sanitized(rows)
    most = min(LONGEST, max(MOST_PADDING // len(rows), LONG))
    widths = [
        max((cell_len(cell) for cell in column if len(cell) <= most), default=0)
        for column in zip(*rows, strict=True)
    ]
    for row in rows:
        yield _line(row, widths) + "\n"


def folded(
    rows: Iterable[Sequence[str]], width: int | None, *, plain: bool = True
) -> Iterator[str]:
    """Yield *rows*, head first, sanitized and folded to *width* columns, or aligned if None."""
    if width is None:
        yield from aligned(rows)
        return
    rows = _sanitized(rows)
    if width < WIDE and "ID" in rows[0]:  # then ids are cut
        rows = _short(rows, rows[0].index("ID"))
    widths = _fitting(rows, width)
    for at, row in enumerate(rows):
        yield _folded(row, widths, "" if plain else "bold" if at == 0 else STYLES.get(row[0], ""))


def _sanitized(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    return [[*map(sanitized, row)] for row in rows]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len

    padded = (
        cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return (" " * GAP).join(padded).rstrip()


def _short(rows: Sequence[Sequence[str]], column: int) -> list[list[str]]:
    """Return *rows* with each id cut to as many parts as make it unique."""
    ids = {row[column] for row in rows}
    size = next(size for size in SHORT if len({one[:size] for one in ids}) == len(ids))
    return [[*row[:column], row[column][:size], *row[column + 1 :]] for row in rows]


def _fitting(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the width of each column: its longest word, and a fair share of what is left."""
    from rich.cells import cell_len

    columns = [*zip(*rows, strict=True)]
    wanted = [max(map(cell_len, column)) for column in columns]
    whole = {at for at, name in enumerate(rows[0]) if name in WHOLE}
    room = width - GAP * (len(wanted) - 1) - sum(wanted[at] for at in whole)
    open_ = sorted({*range(len(wanted))} - whole, key=lambda at: wanted[at])
    words = {at: max(map(cell_len, " ".join(columns[at]).split()), default=1) for at in open_}
    least = words if sum(words.values()) <= room else dict.fromkeys(open_, 1)
    room -= sum(least.values())
    for rank, at in enumerate(open_):
        more = min(wanted[at] - least[at], max(room // (len(open_) - rank), 0))
        wanted[at] = least[at] + more
        room -= more
    return wanted


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

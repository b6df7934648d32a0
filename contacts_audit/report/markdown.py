"""
Tables in Markdown, for tickets.

https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from contacts_audit.inert import inert


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* as a table, the first of them its head."""
    for at, row in enumerate(rows):
        yield f"| {' | '.join(map(cell, row))} |\n"
        if at == 0:
            yield f"|{'---|' * len(row)}\n"


def cell(text: str) -> str:
    """Return *text* so that it reads as it is: no markup, HTML, link, mention or new cell."""
    return re.sub(r"([\\`*_\[\]<>|~&]|:(?=//)|(?<!\w)@|(?<=www)\.)", r"\\\1", inert(text))

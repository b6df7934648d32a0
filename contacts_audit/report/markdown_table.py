"""
Writes tables and code in Markdown.

https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from contacts_audit.core.sanitize import sanitized


class Code(str):
    """A text that a table shows as code, so that it can be copied."""

    __slots__ = ()


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* as a table, with the first as its head."""
    for at, row in enumerate(rows):
        shown = (code(one) if isinstance(one, Code) else cell(one) for one in row)
        yield f"| {' | '.join(shown)} |\n"
        if at == 0:
            yield f"|{'---|' * len(row)}\n"


def cell(text: str) -> str:
    """Return *text* escaped: no markup, HTML, link, mention or new cell."""
    return re.sub(r"([\\`*_\[\]<>|~&]|:(?=//)|(?<!\w)@|(?<=www)\.)", r"\\\1", sanitized(text))


def code(text: str) -> str:
    """Return *text* as code for a table, between more backticks than it has in a row."""
    if not text:
        return ""
    escaped = sanitized(text).replace("|", "\\|")
    fence = _fence(escaped, 1)
    blank = " " if "`" in escaped else ""
    return f"{fence}{blank}{escaped}{blank}{fence}"


def block(command: str) -> str:
    """Return *command* as a block of shell code."""
    shown = sanitized(command)
    fence = _fence(shown, 3)
    return f"{fence}sh\n{shown}\n{fence}\n"


def _fence(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)

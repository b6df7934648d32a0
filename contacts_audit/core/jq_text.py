"""Formats JSON exactly as the jq program prints it."""

import re

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,:\[\]{}"]+|[,:\[\]{}]')


def pretty(compact: str) -> str:
    """Return *compact*, the output of jq's `tojson`, with jq's default indentation of two."""
    if compact[:1] not in "[{":
        return compact
    pieces: list[str] = []
    depth = 0
    marks = _MARK.findall(compact)
    for at, mark in enumerate(marks):
        if mark in "[{":
            depth += marks[at + 1] not in "]}"
            pieces += [mark] if marks[at + 1] in "]}" else [mark, _line(depth)]
        elif mark in "]}":
            depth -= marks[at - 1] not in "[{"
            pieces += [mark] if marks[at - 1] in "[{" else [_line(depth), mark]
        elif mark == ",":
            pieces += [mark, _line(depth)]
        else:
            pieces += [": "] if mark == ":" else [mark]
    return "".join(pieces)


def one_line(text: str) -> str:
    """Return the JSON *text* without blanks between its tokens; each value keeps its spelling."""
    return "".join(_MARK.findall(text))


def _line(depth: int) -> str:
    return "\n" + "  " * depth

"""Completes JSON that was cut off, so that its fields can be read."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?P<end>"|\\?\Z)|[\[\]{}]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
_OPEN_ESCAPE = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,3})?)\Z")


def completions(text: str) -> Iterator[tuple[str, int, str]]:
    """
    Yield candidates for *text* made whole: the JSON, how many characters are ours, what is left.

    Spelt compactly, the JSON without its last characters that are ours, and with what is left
    behind it, is cut as *text* was.
    """
    stack, quote = [], ""
    for token in _TOKEN.finditer(text):
        found = token[0]
        if found[0] == '"':
            quote = "" if token["end"] == '"' else '"'
        elif found in _CLOSERS:
            stack.append(_CLOSERS[found])
        elif stack:
            stack.pop()
    if not stack and not quote:
        return
    closers = "".join(reversed(stack))
    whole = _OPEN_ESCAPE.sub("", text) if quote else text
    for fill in ("", ":null", "null", '"":null'):
        ours = quote + fill + closers
        yield whole + ours, len(ours), ""
    if not quote and (last := max(map(text.rfind, ",:[{"))) >= 0:
        for fill in ("null", '"":null'):
            yield text[: last + 1] + fill + closers, len(fill + closers), text[last + 1 :]

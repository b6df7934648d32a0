"""Completes JSON that was cut off, so that its fields can be read."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?P<end>"|\\?\Z)|[\[\]{}]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
_OPEN_ESCAPE = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,3})?)\Z")


def completions(text: str) -> Iterator[tuple[str, int, str]]:
    """
    Yield each way to complete *text*: a candidate for JSON, *added*, *rest*.

    *added* is how many characters at the end of the candidate were added. *rest* is the end of
    *text* that the candidate leaves out. The compact form of the JSON, without its last *added*
    characters and with *rest* after it, is cut where *text* was.
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
        added = quote + fill + closers
        yield whole + added, len(added), ""
    if not quote and (last := max(map(text.rfind, ",:[{"))) >= 0:
        for fill in ("null", '"":null'):
            yield text[: last + 1] + fill + closers, len(fill + closers), text[last + 1 :]

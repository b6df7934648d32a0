"""Finds known values in other texts, where they stand alone."""

import re

_START = re.compile(r"\w+|[^\w\s]")
_INSIDE = re.compile(r"[\w-]")
_TAGS = ("<", "</", "<!")
LONGEST = 1024  # characters: what is longer is looked for nowhere, which would take its square


class Known:
    """
    Replacements of known texts, whatever their case; the longest goes first.

    Looking for a hundred thousand of them takes no longer than for one: only where a text begins
    with the first word of one, the lengths of those are tried.
    """

    def __init__(self) -> None:
        self._replacements: dict[str, str] = {}
        self._lengths: dict[str, list[int]] = {}

    def add(self, text: str, replacement: str) -> None:
        """Replace *text* from now on."""
        lower = _lower(text)
        if (
            len(lower) > LONGEST
            or lower in self._replacements
            or (start := _START.match(lower)) is None
        ):
            return
        self._replacements[lower] = replacement
        lengths = self._lengths.setdefault(start[0], [])
        if len(lower) not in lengths:
            lengths.append(len(lower))
            lengths.sort(reverse=True)

    def replaced(self, text: str) -> str:
        """Return *text* with each known one replaced that is no part of a word, and no tag."""
        if not self._replacements:
            return text
        lower, pieces, done = _lower(text), [], 0
        for start in _START.finditer(lower):
            at = start.start()
            if at < done or start[0] not in self._lengths or not _may_begin(lower, at):
                continue
            for length in self._lengths[start[0]]:
                known = self._replacements.get(lower[at : at + length])
                if known is not None and not _INSIDE.match(lower, at + length):
                    pieces += [text[done:at], known]
                    done = at + length
                    break
        return "".join([*pieces, text[done:]])


def _may_begin(text: str, at: int) -> bool:
    before = text[max(0, at - 2) : at]
    return not (before and _INSIDE.match(before[-1])) and not before.endswith(_TAGS)


def _lower(text: str) -> str:
    """Return *text* in lower case, each letter in its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)

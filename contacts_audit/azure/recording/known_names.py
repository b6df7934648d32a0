"""Finds names that the recording has shown in running text, as whole words, and replaces them."""

import re
from collections import defaultdict

_FIRST_WORD = re.compile(r"\w+|[^\w\s]")
_WORD_CHARACTER = re.compile(r"[\w-]")
_TAGS = ("<", "</", "<!")
LONGEST = 1024  # characters; a longer name is not replaced: the time grows with its square


class KnownNames:
    """
    Names and their replacements. Case does not matter, and the longest match wins.

    The time does not grow with the number of names: only where a text has the first word of a
    name, the lengths of the names with that first word are tried.
    """

    def __init__(self) -> None:
        self._replacements: dict[str, str] = {}
        self._lengths: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, name: str, replacement: str) -> None:
        """Replace *name* from now on. The first replacement of a name stays."""
        lower = _lower(name)
        first_word = _FIRST_WORD.match(lower)
        if len(lower) > LONGEST or lower in self._replacements or first_word is None:
            return
        self._replacements[lower] = replacement
        self._lengths[first_word[0]].add(len(lower))

    def replace(self, text: str) -> str:
        """Return *text* with each known name replaced that is no part of a word and no HTML tag."""
        if not self._replacements:
            return text
        lower, pieces, done = _lower(text), [], 0
        for word in _FIRST_WORD.finditer(lower):
            at = word.start()
            if at < done or word[0] not in self._lengths or not _may_begin(lower, at):
                continue
            for length in sorted(self._lengths[word[0]], reverse=True):
                replacement = self._replacements.get(lower[at : at + length])
                if replacement is not None and not _WORD_CHARACTER.match(lower, at + length):
                    pieces += [text[done:at], replacement]
                    done = at + length
                    break
        return "".join([*pieces, text[done:]])


def _may_begin(text: str, at: int) -> bool:
    before = text[max(0, at - 2) : at]
    return not (before and _WORD_CHARACTER.match(before[-1])) and not before.endswith(_TAGS)


def _lower(text: str) -> str:
    """Return *text* in lower case with every character at its old index."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)

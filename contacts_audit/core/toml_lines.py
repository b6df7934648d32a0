"""Finds the line of each key in a TOML text."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping

Place = tuple[str, int, str]
"""The array of tables, the number of a table in it from 1, and a key; `("", 0, key)` at the top."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n\"']"
    r"|[^\[\]{}\n\"'#]+",
    re.DOTALL,
)
_PLAIN = re.compile(r"([A-Za-z0-9_-]+)[ \t]*=")
_PLAIN_HEADER = re.compile(r"\[\[([A-Za-z0-9_-]+)\]\]")


def lines(text: str) -> Mapping[Place, int]:
    """Return the line, from 1, of each table and key of *text*, which must be valid TOML."""
    found: dict[Place, int] = {}
    count: Counter[str] = Counter()
    table = ""
    for line, statement in _statements(text):
        if statement.startswith("["):
            name, inner = _header(statement)
            if inner is None:
                table = name
                count[table] += 1
                found[table, count[table], ""] = line
            else:  # [waiver.x] makes x a key of the last waiver; what follows is in x
                found.setdefault((name, count[name], inner), line)
                table = "?"
            found.setdefault(("", 0, name), line)
        else:
            for key in _keys(statement):
                found.setdefault((table, count[table], key), line)
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header and each key with its value, and the line, from 1, where it begins."""
    depth, line, begin, first = 0, 1, None, 1
    for token in _TOKEN.finditer(text):
        spelt = token[0]
        if spelt == "\n" and depth == 0:
            if begin is not None:
                yield first, text[begin : token.start()].strip()
            begin = None
        elif begin is None and spelt.strip() and not spelt.startswith("#"):
            begin, first = token.start(), line
        depth += (spelt in ("[", "{")) - (spelt in ("]", "}"))
        line += spelt.count("\n")
    if begin is not None:
        yield first, text[begin:].strip()


def _header(statement: str) -> tuple[str, str | None]:
    """Return the name of a table, and the key within it; None for a table of an array."""
    if plain := _PLAIN_HEADER.match(statement):
        return plain[1], None
    found = tomllib.loads(statement)
    name = next(iter(found))
    inner = found[name]
    return name, None if isinstance(inner, list) else next(iter(inner), "")


def _keys(statement: str) -> list[str]:
    plain = _PLAIN.match(statement)
    return [plain[1]] if plain else [*tomllib.loads(statement)]

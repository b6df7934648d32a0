"""A table of a policy file, which notes each mistake with its line and a hint."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, TypeVar

from contacts_audit.core import toml_lines
from contacts_audit.core.errors import UsageError

T = TypeVar("T")
SETTINGS = (
    "profile",
    "checks",
    "required_emails",
    "allowed_domains",
    "minimum_emails",
    "attack_path_level",
)
WHOM = ("subscription", "management_group")
WAIVER = (*WHOM, "check", "reason", "owner", "expires")
KEYS: Mapping[str, tuple[str, ...]] = {  # of the top, and of each kind of table
    "": (*SETTINGS, "override", "waiver"),
    "override": (*WHOM, *SETTINGS),
    "waiver": WAIVER,
}
EXAMPLES: Mapping[str, str] = {
    "required_emails": '["soc@example.com"]',
    "allowed_domains": '["example.com"]',
    "minimum_emails": "2",
    "subscription": '"Production"',
    "management_group": '"sandboxes"',
    "reason": '"closed at the end of the year"',
    "owner": '"platform team"',
    "expires": "2026-12-31",
}
LONGEST = 100
MOST_GUESSES = 1000  # at what was meant, in one file


@dataclass(slots=True)
class _File:
    """The file *name*: the line of each key, and all that is wrong with it."""

    name: str
    lines: Mapping[toml_lines.Place, int]
    faults: list[tuple[int, UsageError]] = field(default_factory=list)
    guesses: int = MOST_GUESSES

    def near(self, text: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
        """Return the one of *known* that is most like *text*, if one is; not for ever."""
        self.guesses -= 1
        if self.guesses < 0:
            return []
        spelt = {one.casefold(): one for one in known}
        short = text[:LONGEST].casefold()
        return [spelt[one] for one in difflib.get_close_matches(short, spelt, 1, cutoff)]

    def above(self) -> str:
        """Say where keys of the top belong."""
        tables = {
            line: kind
            for (kind, _, key), line in self.lines.items()
            if kind in ("override", "waiver") and not key
        }
        return f"above the first [[{tables[min(tables)]}]]" if tables else "at the top"


class _Table:
    """A table of the file: the *number*-th of its *kind*; the top has neither."""

    def __init__(
        self, file: _File, content: Mapping[str, Any], kind: str = "", number: int = 0
    ) -> None:
        self.file = file
        self.content = content
        self.kind = kind
        self.number = number
        self.strange = [key for key in content if key not in KEYS[kind]]

    def place(self, key: str = "") -> tuple[int, str]:
        """Return the line of *key*, or of the whole, as far as it is known, and how it is told."""
        found = self.file.lines
        places = ((self.kind, self.number, key), (self.kind, self.number, ""), ("", 0, self.kind))
        line = next((found[place] for place in places if place in found), 0)
        told = [self.file.name, *([f"line {line}"] if line else [])]
        return line, ", ".join([*told, *([f"{self.kind} {self.number}"] if self.kind else [])])

    def fault(self, message: str, hint: str, key: str = "") -> None:
        """Note what is wrong with *key*, or with the whole."""
        line, place = self.place(key)
        self.file.faults.append((line, UsageError(f"{place}: {message}", hint)))

    def check(self) -> None:
        """Note keys that do not belong here, and where they do, or which is the nearest."""
        for key in self.strange:
            self.fault(f"{_spelt(key)} is no key", self._hint(key), key)

    def lacks(self, *keys: str) -> bool:
        """Say whether none of *keys* is here, not even misspelt."""
        if any(key in self.content for key in keys):
            return False
        here = KEYS[self.kind]
        meant = {near for key in self.strange for near in self.file.near(key, here)}
        return meant.isdisjoint(keys)

    def _hint(self, key: str) -> str:
        near, here = self.file.near, KEYS[self.kind]
        anywhere = {each for keys in KEYS.values() for each in keys}
        if key in anywhere:
            alike = "".join(f"did you mean {one}?  " for one in near(key, here, 0.8))
            return alike + self._belongs(key)
        for found in near(key, here) or near(key, anywhere) or near(key, here, 0.0):
            elsewhere = "" if found in here else f"  {self._belongs(found)}"
            return f"did you mean {found}?{elsewhere}"
        return "see docs/policy.md"

    def _belongs(self, key: str) -> str:
        """Say where the known *key* belongs."""
        if key in KEYS[""]:
            if key in ("override", "waiver"):
                return f"write [[{key}]] for it"
            also = ", or in an [[override]]" if key in SETTINGS and self.kind == "waiver" else ""
            return f"{key} belongs {self.file.above()}{also}"
        kinds = [
            f"{'an' if kind == 'override' else 'a'} [[{kind}]]"
            for kind in ("override", "waiver")
            if key in KEYS[kind]
        ]
        return f"{key} belongs in {' or '.join(kinds)}"

    def tables(self, key: str) -> "list[_Table]":
        """Return the tables of an array of them."""
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.fault(f"{key} is no array of tables", f"write [[{key}]]", key)
            return []
        return [_Table(self.file, one, key, at) for at, one in enumerate(found, start=1)]

    def get(
        self, key: str, read: Callable[[Any], T], form: str, known: Collection[str] = ()
    ) -> T | None:
        """Return the value of *key* as *read* takes it, None where there is none."""
        if key not in self.content:
            return None
        value = self.content[key]
        try:
            return read(value)
        except UsageError as error:
            self.fault(str(error), error.hint, key)
        except (ValueError, TypeError, RecursionError):
            self.fault(f"{key}: {_spelt(value)} is {form}", self._advice(key, value, known), key)
        return None

    def _advice(self, key: str, value: Any, known: Collection[str]) -> str:
        """Say how a value of *key* is written, or which of the *known* ones it is nearly."""
        if not known:
            return f"write {key} = {EXAMPLES[key]}"
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text not in known:
                for near in self.file.near(text, known):
                    return f"did you mean {near}?"
        return f"choose from: {', '.join(known)}"

    def need(self, key: str, read: Callable[[Any], T], form: str, otherwise: T) -> T:
        """Return the value of *key*, which has to be there; *otherwise* where it is none."""
        found = self.get(key, read, form)
        if self.lacks(key):
            self.fault(f"it has no {key}", f"add {key} = {EXAMPLES[key]}")
        return otherwise if found is None else found


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _spelt(value: Any) -> str:
    """Spell a value as far as that is possible, and helps."""
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        return _short(repr(value))
    except (ValueError, RecursionError):
        return "the value"

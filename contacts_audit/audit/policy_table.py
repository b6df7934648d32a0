"""Read the tables of a policy file, and collect each mistake with its line and a hint."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts_audit.audit.excerpt import MAX_LENGTH, excerpt
from contacts_audit.audit.policy_keys import KEYS, SETTING_KEYS, VALUES
from contacts_audit.core import toml_lines
from contacts_audit.core.errors import UsageError

MAX_GUESSES = 1000  # searches for a similar key, in one file


@dataclass(slots=True)
class PolicySource:
    """A policy file: its *name*, the line of each key, and its mistakes with their lines."""

    name: str
    lines: Mapping[toml_lines.Place, int]
    faults: list[tuple[int, UsageError]] = field(default_factory=list)
    guesses: int = MAX_GUESSES

    def nearest(self, text: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
        """Return the one of *known* that is most similar to *text*, or nothing."""
        self.guesses -= 1
        if self.guesses < 0:
            return []
        spelled = {one.casefold(): one for one in known}
        short = text[:MAX_LENGTH].casefold()
        return [spelled[one] for one in difflib.get_close_matches(short, spelled, 1, cutoff)]

    def top_place(self) -> str:
        """Return where a key of the top belongs, in words."""
        tables = {
            line: kind
            for (kind, _, key), line in self.lines.items()
            if kind in ("override", "waiver") and not key
        }
        return f"above the first [[{tables[min(tables)]}]]" if tables else "at the top"


class PolicyTable:
    """
    The *number*-th table of its *kind* in the file; the top of the file has neither.

    Each key that does not belong here is recorded as a mistake.
    """

    def __init__(
        self, file: PolicySource, content: Mapping[str, Any], kind: str = "", number: int = 0
    ) -> None:
        self.file = file
        self.content = content
        self.kind = kind
        self.number = number
        self.unknown_keys = [key for key in content if key not in KEYS[kind]]
        for key in self.unknown_keys:
            self.add_fault(f"{excerpt(key)} is not a known key", self._hint(key), key)

    def place(self, key: str = "") -> tuple[int, str]:
        """Return the line of *key*, or of the table (0 if unknown), and the place in words."""
        lines = self.file.lines
        places = ((self.kind, self.number, key), (self.kind, self.number, ""), ("", 0, self.kind))
        line = next((lines[place] for place in places if place in lines), 0)
        words = [self.file.name, *([f"line {line}"] if line else [])]
        return line, ", ".join([*words, *([f"{self.kind} {self.number}"] if self.kind else [])])

    def add_fault(self, message: str, hint: str, key: str = "") -> None:
        """Record a mistake in *key*, or in the whole table."""
        line, place = self.place(key)
        self.file.faults.append((line, UsageError(f"{place}: {message}", hint)))

    def lacks_all(self, *keys: str) -> bool:
        """Return whether none of *keys* is here, not even misspelled."""
        if any(key in self.content for key in keys):
            return False
        here = KEYS[self.kind]
        meant = {near for key in self.unknown_keys for near in self.file.nearest(key, here)}
        return meant.isdisjoint(keys)

    def tables(self, key: str) -> "Iterator[PolicyTable]":
        """Yield the tables of the array *key*."""
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.add_fault(f"{key} is not an array of tables", f"write [[{key}]]", key)
            return
        for at, one in enumerate(found, start=1):
            yield PolicyTable(self.file, one, key, at)

    def optional(self, key: str) -> Any:
        """Return the value of *key*, None if it is absent or malformed."""
        if key not in self.content:
            return None
        value = self.content[key]
        try:
            return VALUES[key].parse(value)
        except UsageError as error:
            self.add_fault(str(error), error.hint, key)
        except (ValueError, TypeError, RecursionError):
            message = f"{key}: {excerpt(value)} is not {VALUES[key].kind}"
            self.add_fault(message, self._advice(key, value), key)
        return None

    def required(self, key: str) -> Any:
        """Return the value of *key*, None if it is malformed or absent, which is a mistake."""
        found = self.optional(key)
        if self.lacks_all(key):
            self.add_fault(f"{key} is missing", f"add {key} = {VALUES[key].example}")
        return found

    def _advice(self, key: str, value: Any) -> str:
        """Return how to write a value of *key*, or the choice that *value* is similar to."""
        choices = VALUES[key].choices
        if not choices:
            return f"write {key} = {VALUES[key].example}"
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text not in choices:
                for near in self.file.nearest(text, choices):
                    return f"did you mean {near}?"
        return f"choose from: {', '.join(choices)}"

    def _hint(self, key: str) -> str:
        """Return which key the unknown *key* may be, and where that one belongs."""
        near, here = self.file.nearest, KEYS[self.kind]
        anywhere = {each for keys in KEYS.values() for each in keys}
        if key in anywhere:
            similar = "".join(f"did you mean {one}?  " for one in near(key, here, 0.8))
            return similar + self._home_of(key)
        for found in near(key, here) or near(key, anywhere) or near(key, here, 0.0):
            elsewhere = "" if found in here else f"  {self._home_of(found)}"
            return f"did you mean {found}?{elsewhere}"
        return "see docs/policy.md"

    def _home_of(self, key: str) -> str:
        """Return where the known *key* belongs, in words."""
        if key in ("override", "waiver"):
            return f"write [[{key}]] for it"
        if key in SETTING_KEYS:
            also = ", or in an [[override]]" if self.kind == "waiver" else ""
            return f"{key} belongs {self.file.top_place()}{also}"
        kinds = [f"{'an' if kind == 'override' else 'a'} [[{kind}]]" for kind in KEYS if kind]
        return f"{key} belongs in {' or '.join(kinds if key in KEYS['override'] else kinds[1:])}"

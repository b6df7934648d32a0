"""
Reads the policy file (TOML): checks, overrides and waivers.

https://toml.io/en/v1.0.0
"""

import difflib
import functools
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeVar

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.policy import Override, Policy, Settings
from contacts_audit.audit.scope import group_id, selector
from contacts_audit.azure.contacts.read import is_address
from contacts_audit.core import toml_lines
from contacts_audit.core.errors import FaultsError, UsageError
from contacts_audit.core.model import Check, Criteria, Profile, Waiver

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
MOST_DOTS = 100  # of a key, or anything else between commas
MOST = 1024
MOST_GUESSES = 1000  # at what was meant, in one file


def read(text: bytes, name: str, options: Settings, day: date) -> Policy:
    """
    Return the policy in the file *name*, which *options* go before, on *day*.

    Raises:
        UsageError: it is no TOML, or has unknown keys or values that are none: all are told, each
            with its place.
    """
    try:
        spelt = text.decode("utf-8-sig")
        _check_dots(spelt)
        document = tomllib.loads(spelt)
    except (ValueError, RecursionError) as error:
        told = f"{name}: it is not TOML: {_short(str(error))}"
        raise UsageError(told, "see https://toml.io") from error
    file = _File(name, toml_lines.lines(spelt.replace("\r\n", "\n")))
    top = _Table(file, document)
    top.check()
    settings = _settings(top)
    overrides = tuple(_override(table) for table in top.tables("override"))
    waivers = tuple(_waiver(table) for table in top.tables("waiver"))
    policy = Policy(options, settings, overrides, waivers, day=day)
    faults = [fault for _, fault in sorted(file.faults, key=lambda one: one[0])]
    if faults or (faults := [*_without_value(policy, name)]):
        raise FaultsError(faults)
    return policy


def _without_value(policy: Policy, name: str) -> Iterator[UsageError]:
    """Yield where a check lacks its value, whatever Azure's tree of groups is."""
    tried: list[tuple[str, Callable[[], Criteria]]] = [(name, lambda: policy.criteria)]
    tried += [(one.place, functools.partial(policy.foreseen, one)) for one in policy.overrides]
    for place, judged in tried:
        try:
            judged()
        except UsageError as error:
            yield UsageError(f"{place}: {error}", error.hint)


def _check_dots(text: str) -> None:
    """
    Check that no key has very many parts: tomllib takes the square of their number.

    Raises:
        ValueError: one has.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if any(piece.count(".") > MOST_DOTS for piece in re.split("[=,@]", line)):
            raise ValueError(f"line {number}: more than {MOST_DOTS} dots")


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


def _settings(table: _Table) -> Settings:
    return Settings(
        table.get("profile", Profile, "no profile", tuple(Profile)),
        table.get("checks", _each(Check), "no list of checks", tuple(Check)),
        table.get("required_emails", _each(_address), "no list of addresses"),
        table.get("allowed_domains", _each(domain), "no list of domains"),
        table.get("minimum_emails", _count, f"no number from 1 to {MOST}"),
        table.get("attack_path_level", _level, "no level", RISKS),
    )


def _whom(table: _Table) -> tuple[str | None, str | None]:
    """Return the subscription or the management group that *table* is of: one of them."""
    if table.lacks(*WHOM) or all(key in table.content for key in WHOM):
        table.fault(
            "it has to be of a subscription or of a management group",
            f"give one of {' and '.join(WHOM)}",
        )
    return (
        table.get("subscription", _subscription, "no id or name"),
        table.get("management_group", _group, "no id of a management group"),
    )


def _override(table: _Table) -> Override:
    table.check()
    override = Override(_settings(table), *_whom(table), place=table.place()[1])
    if not table.strange and table.lacks(*SETTINGS):
        table.fault("it overrides nothing", f"give one of {', '.join(SETTINGS)}")
    return override


def _waiver(table: _Table) -> Waiver:
    table.check()
    subscription, group = _whom(table)
    return Waiver(
        subscription,
        table.need("reason", _text, "no text", ""),
        table.need("owner", _text, "no text", ""),
        table.need("expires", _day, "no date (2026-12-31, without quotes)", date.min),
        table.get("check", Check, "no check", tuple(Check)),
        group,
        table.place()[1],
    )


def _each(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def several(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise TypeError("no list")
        return tuple(map(read, value))

    return several


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError("no text")
    return value


def _subscription(value: Any) -> str:
    return selector(_text(value), "subscription").text


def _group(value: Any) -> str:
    return group_id(_text(value), "management_group")


def _address(value: Any) -> str:
    if not is_address(_text(value)):
        raise ValueError("no address")
    return str(value)


def domain(value: Any) -> str:
    """
    Return *value* where it is a domain.

    Raises:
        ValueError: it is none.
    """
    if not is_address(f"somebody@{_text(value)}"):
        raise ValueError("no domain")
    return str(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise ValueError("no count")
    return value


def _level(value: Any) -> str:
    if value not in RISKS:
        raise ValueError("no level")
    return str(value)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("no date")
    return value


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

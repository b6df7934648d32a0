"""
The TOML that chooses checks, makes exceptions, and waives.

https://toml.io/en/v1.0.0
"""

import difflib
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, TypeVar

from contacts_audit.azure.contacts import is_address
from contacts_audit.errors import UsageError
from contacts_audit.model import Check, Profile, Waiver
from contacts_audit.policy import RISKS, Override, Policy, Settings
from contacts_audit.scope import group_id

T = TypeVar("T")
SETTINGS = (
    "profile",
    "checks",
    "required_emails",
    "allowed_domains",
    "minimum_emails",
    "attack_path_level",
)
LONGEST = 100
MOST = 1024
WAIVER = ("subscription", "check", "reason", "owner", "expires")


def read(text: bytes, name: str, options: Settings, day: date) -> Policy:
    """
    Return the policy in the file *name*, which *options* go before, on *day*.

    Raises:
        UsageError: it is no TOML, has an unknown key, or a value that is none; the place is named.
    """
    try:
        document = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: {_short(str(error))}", "see https://toml.io") from error
    top = _Table(document, name)
    top.check((*SETTINGS, "override", "waiver"))
    policy = Policy(
        options,
        _settings(top),
        tuple(_override(table) for table in top.tables("override")),
        tuple(_waiver(table) for table in top.tables("waiver")),
        day=day,
    )
    groups = [one.settings for one in policy.overrides if one.management_group is not None]
    _check_values(name, policy, Settings())
    for at, one in enumerate(policy.overrides, start=1):
        for below in (Settings(), *(groups if one.subscription is not None else ())):
            _check_values(f"{name}, override {at}", policy, one.settings.over(below))
    return policy


def _check_values(place: str, policy: Policy, settings: Settings) -> None:
    """Check that no check would lack its value where *settings* count."""
    try:
        _ = policy.options.over(settings.over(policy.top)).criteria
    except UsageError as error:
        raise UsageError(f"{place}: {error}", error.hint) from error


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


class _Table:
    """A table of the file, and where it is."""

    def __init__(self, content: Mapping[str, Any], place: str) -> None:
        self.content = content
        self.place = place

    def check(self, known: Collection[str]) -> None:
        """Refuse a key that is not *known*, and name the nearest one."""
        for key in self.content:
            if key not in known:
                near = difflib.get_close_matches(key[:LONGEST], known, n=1, cutoff=0.0)[0]
                raise UsageError(f"{self.place}: {_spelt(key)} is no key", f"did you mean {near}?")

    def tables(self, key: str) -> list["_Table"]:
        """Return the tables of an array of them."""
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise UsageError(f"{self.place}: {key} is no array of tables", f"write [[{key}]]")
        return [_Table(one, f"{self.place}, {key} {at}") for at, one in enumerate(found, start=1)]

    def get(self, key: str, read: Callable[[Any], T], form: str) -> T | None:
        """Return the value of *key* as *read* takes it, None where there is none."""
        if key not in self.content:
            return None
        value = self.content[key]
        try:
            return read(value)
        except (ValueError, TypeError, RecursionError) as error:
            told = f"{self.place}: {key}: {_spelt(value)} is {form}"
            raise UsageError(told, "see --help") from error

    def need(self, key: str, read: Callable[[Any], T], form: str) -> T:
        """Return the value of *key*, which has to be there."""
        found = self.get(key, read, form)
        if found is None:
            raise UsageError(f"{self.place}: it has no {key}", f"add {key} = ...")
        return found


def _settings(table: _Table) -> Settings:
    return Settings(
        table.get("profile", Profile, f"no profile ({', '.join(Profile)})"),
        table.get("checks", _each(Check), f"no list of checks ({', '.join(Check)})"),
        table.get("required_emails", _each(_address), "no list of addresses"),
        table.get("allowed_domains", _each(domain), "no list of domains"),
        table.get("minimum_emails", _count, f"no number from 1 to {MOST}"),
        table.get("attack_path_level", _level, f"no level ({', '.join(RISKS)})"),
    )


def _override(table: _Table) -> Override:
    table.check((*SETTINGS, "subscription", "management_group"))
    override = Override(
        _settings(table),
        table.get("subscription", _text, "no id or name"),
        table.get("management_group", _group, "no id of a management group"),
    )
    if (override.subscription is None) == (override.management_group is None):
        raise UsageError(
            f"{table.place}: it has to be of a subscription or of a management group",
            "give one of subscription and management_group",
        )
    if override.settings == Settings():
        raise UsageError(f"{table.place}: it overrides nothing", f"give one of {SETTINGS}")
    return override


def _waiver(table: _Table) -> Waiver:
    table.check(WAIVER)
    waiver = Waiver(
        table.need("subscription", _text, "no id or name"),
        table.need("reason", _text, "no text"),
        table.need("owner", _text, "no text"),
        table.need("expires", _day, "no date (2026-12-31, without quotes)"),
    )
    return replace(waiver, check=table.get("check", Check, f"no check ({', '.join(Check)})"))


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


def _group(value: Any) -> str:
    try:
        return group_id(_text(value))
    except UsageError as error:
        raise ValueError(str(error)) from error


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

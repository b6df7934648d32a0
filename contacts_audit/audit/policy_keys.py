"""The keys of a policy file: where each belongs, and what its value is."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.profiles import Settings
from contacts_audit.audit.selectors import parse_group_id, parse_selector
from contacts_audit.core.mailbox import is_address, is_domain
from contacts_audit.core.model import Check, Profile

SETTING_KEYS = Settings._fields
TARGET_KEYS = ("subscription", "management_group")
WAIVER_KEYS = (*TARGET_KEYS, "check", "reason", "owner", "expires")
KEYS: Mapping[str, tuple[str, ...]] = {  # of the top, and of each array of tables
    "": (*SETTING_KEYS, "override", "waiver"),
    "override": (*TARGET_KEYS, *SETTING_KEYS),
    "waiver": WAIVER_KEYS,
}
MAX_COUNT = 1024
Parse = Callable[[Any], Any]
"""Returns the value, or raises ValueError, TypeError or UsageError if it is malformed."""


class Value(NamedTuple):
    """What the value of a key is, with an *example* in TOML, or the *choices* for it."""

    kind: str
    parse: Parse
    example: str = ""
    choices: tuple[str, ...] = ()


def _where(holds: Callable[[Any], object]) -> Parse:
    """Return what takes a value as it is if it *holds*."""

    def parse(value: Any) -> Any:
        if not holds(value):
            raise ValueError("it does not hold")
        return value

    return parse


def _each(parse: Parse) -> Parse:
    """Return what parses a list, each item by *parse*."""
    return lambda value: tuple(map(parse, _list(value)))


_list = _where(lambda value: isinstance(value, list))
_text = _where(lambda value: isinstance(value, str) and value.strip())
_address = _where(lambda value: is_address(_text(value)))
_domain = _where(lambda value: is_domain(_text(value)))
_count = _where(lambda value: type(value) is int and 1 <= value <= MAX_COUNT)
_switch = _where(lambda value: isinstance(value, bool))
_day = _where(lambda value: type(value) is date)  # to Python, a date with a time is a date, too
VALUES: Mapping[str, Value] = {
    "profile": Value("a profile", Profile, choices=tuple(Profile)),
    "checks": Value("a list of checks", _each(Check), choices=tuple(Check)),
    "required_emails": Value("a list of email addresses", _each(_address), '["soc@example.com"]'),
    "allowed_domains": Value("a list of domains", _each(_domain), '["example.com"]'),
    "minimum_emails": Value(f"a number from 1 to {MAX_COUNT}", _count, "2"),
    "attack_path_level": Value("a level", _where(RISKS.__contains__), choices=RISKS),
    "deliverable": Value("true or false", _switch, "true"),
    "subscription": Value(
        "an id or a name",
        lambda value: parse_selector(_text(value), "subscription").text,
        '"Production"',
    ),
    "management_group": Value(
        "the id of a management group",
        lambda value: parse_group_id(_text(value), "management_group"),
        '"sandboxes"',
    ),
    "check": Value("a check", Check, choices=tuple(Check)),
    "reason": Value("a string", _text, '"closed at the end of the year"'),
    "owner": Value("a string", _text, '"platform team"'),
    "expires": Value("a date (2026-12-31, without quotes)", _day, "2026-12-31"),
}

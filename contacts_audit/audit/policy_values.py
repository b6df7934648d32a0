"""
Parse single values of a policy file.

Each function returns the value, or raises ValueError, TypeError or UsageError if it is malformed.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.selectors import parse_group_id, parse_selector
from contacts_audit.core.mailbox import is_address

T = TypeVar("T")
MAX_COUNT = 1024


def list_of(parse: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """Return a function that parses a list, each item by *parse*."""

    def parse_all(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise TypeError("not a list")
        return tuple(map(parse, value))

    return parse_all


def text(value: Any) -> str:
    """Return *value*, a string that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError("not a string")
    return value


def subscription(value: Any) -> str:
    """Return the subscription id in lower case, or the name, that *value* is."""
    return parse_selector(text(value), "subscription").text


def management_group(value: Any) -> str:
    """Return the management group id that *value* is, alone or as a resource id."""
    return parse_group_id(text(value), "management_group")


def address(value: Any) -> str:
    """Return *value*, a well-formed email address."""
    if not is_address(text(value)):
        raise ValueError("not an address")
    return str(value)


def domain(value: Any) -> str:
    """Return *value*, the domain of a well-formed email address."""
    if not is_address(f"somebody@{text(value)}"):
        raise ValueError("not a domain")
    return str(value)


def count(value: Any) -> int:
    """Return *value*, a whole number from 1 to MAX_COUNT."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_COUNT:
        raise ValueError("not a count")
    return value


def level(value: Any) -> str:
    """Return *value*, one of RISKS."""
    if value not in RISKS:
        raise ValueError("not a level")
    return str(value)


def switch(value: Any) -> bool:
    """Return *value*, true or false."""
    if not isinstance(value, bool):
        raise TypeError("not true or false")
    return value


def day(value: Any) -> date:
    """Return *value*, a TOML date without a time."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("not a date")
    return value

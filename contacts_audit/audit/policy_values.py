"""Checks single values of a policy file: each function returns its value or raises. Pure."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from contacts_audit.audit.checks import RISKS
from contacts_audit.audit.selectors import group_id, selector
from contacts_audit.azure.contacts.read import is_address

T = TypeVar("T")
MOST = 1024


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

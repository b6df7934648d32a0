"""Shorten a value of a file for an error message. Pure."""

from datetime import date, time
from itertools import islice
from typing import Any

MAX_LENGTH = 100  # characters


def excerpt(value: Any) -> str:
    """Return *value* as Python prints it, shortened; a date or time as TOML has it."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str | list):
        value = value[:MAX_LENGTH]
    elif isinstance(value, dict):
        value = dict(islice(value.items(), MAX_LENGTH))
    try:
        return shortened(repr(value))
    except (ValueError, RecursionError):  # a number with thousands of digits, or deep nesting
        return "a value that cannot be shown"


def shortened(text: str) -> str:
    """Return *text*, or its beginning and "..." if it is long."""
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}..."

"""Reads untrusted JSON: accepts only what every JSON parser reads the same way."""

import json
import math
from typing import Any

MOST_VALUES = 10_000_000  # a report of 200,000 subscriptions has fewer


def parsed(text: bytes) -> Any:
    """
    Return the value of the JSON *text*, in UTF-8 with or without a byte order mark.

    Raises:
        ValueError: it is not JSON; a key is there twice; a number is NaN or does not fit; it is
            nested too deeply, or has more than MOST_VALUES values.
    """
    if not text.strip():
        raise ValueError("it is empty")
    if text.count(b",") > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES} values")
    try:
        return json.loads(
            text.decode("utf-8-sig"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if error.msg.startswith("Extra data"):
            raise ValueError(
                f"it is not one JSON value alone (another begins at {where})"
            ) from error
        raise ValueError(f"it is not JSON ({where})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate keys: parsers differ in which of two values they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(spelt: str) -> float:
    number = float(spelt)
    if not math.isfinite(number):
        raise ValueError(f"{spelt[:20]} is a number that does not fit")
    return number

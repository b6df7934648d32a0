"""The shape of a JSON report: which keys it has, and of which type each value is."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

SHOWN = 40  # of a value that is wrong
Shape = type | list[Any] | tuple[Any, ...] | dict[str, Any]
MAYBE = (str, None)
_CONTACT: Shape = {
    "name": str,
    "api_version": str,
    "emails": [str],
    "enabled": bool,
    "phone": MAYBE,
    "alert_severity": MAYBE,
    "attack_path_risk": MAYBE,
    "roles": [str],
}
_ERROR: Shape = {
    "reason": str,
    "status": (int, None),
    "code": MAYBE,
    "message": str,
    "request_id": MAYBE,
    "hint": str,
}
_ROW: Shape = {
    "id": str,
    "name": MAYBE,
    "tenant_id": MAYBE,
    "state": MAYBE,
    "verdict": str,
    "portal_url": MAYBE,
    "emails": [str],
    "contacts": [_CONTACT],
    "findings": [{"check": str, "message": str, "api_version": str}],
    "decided_by": MAYBE,
    "error": (_ERROR, None),
    "waiver": ({"reason": str, "owner": str, "expires": str, "check": MAYBE}, None),
}
_COUNTS = ("in_scope", "read", "compliant", "non_compliant", "unreadable", "waived", "skipped")
_REPORT: Shape = {
    "schema": int,
    "tool": {"name": str, "version": str},
    "started": str,
    "finished": str,
    "cloud": str,
    "tenants": [str],
    "profile": MAYBE,
    "checks": [str],
    "shard": MAYBE,
    "summary": dict.fromkeys(_COUNTS, int),
    "exit_code": int,
    "subscriptions": [_ROW],
}
_IDENTITY: Shape = {
    "auth": str,
    "credential": str,
    **dict.fromkeys(("user", "application_id", "object_id", "tenant_id"), MAYBE),
}
_LATER: Mapping[str, Shape] = {  # keys that older reports lack
    "run_id": MAYBE,
    "recorded": MAYBE,
    "identities": [_IDENTITY],
}
_NAMES: Mapping[Any, str] = {
    str: "a text", int: "a whole number", bool: "true or false", None: "null"
}  # fmt: skip


def _check(value: Any, shape: Any, place: str) -> None:
    """Check that *value*, at *place* in a report, is of *shape*."""
    match shape:
        case dict():
            if not isinstance(value, dict):
                raise ValueError(f"{place or 'it'} is no object: {_shown(value)}")  # noqa: TRY004
            for key, inner in shape.items():
                if key not in value:
                    raise ValueError(f"{place or 'it'} has no {key}")
                _check(value[key], inner, f"{place}.{key}" if place else key)
        case [inner]:
            if not isinstance(value, list):
                raise ValueError(f"{place} is no list: {_shown(value)}")  # noqa: TRY004
            for one in value:
                _check(one, inner, place)
        case (inner, None):
            if value is not None:
                _check(value, inner, place)
        case _:
            if type(value) is not shape:  # a bool is an int of Python's, and none of JSON's
                raise ValueError(f"{place} is not {_NAMES[shape]}: {_shown(value)}")


def _shown(value: Any) -> str:
    """Spell *value*, or the beginning of it; a number may have more digits than can be spelt."""
    if isinstance(value, str | list):
        value = value[:SHOWN]
    elif isinstance(value, dict):
        value = dict(islice(value.items(), 3))
    try:
        spelt = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return spelt if len(spelt) <= SHOWN else f"{spelt[:SHOWN]}..."

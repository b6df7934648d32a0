"""The keys of a JSON report and the type of each value, and the check that a report has them."""

from collections.abc import Mapping
from typing import Any

from contacts_audit.audit.excerpt import excerpt

Shape = type | list[Any] | tuple[Any, ...] | dict[str, Any]
_MAYBE_TEXT = (str, None)
_CONTACT: Shape = {
    "name": str,
    "api_version": str,
    "emails": [str],
    "enabled": bool,
    "phone": _MAYBE_TEXT,
    "alert_severity": _MAYBE_TEXT,
    "attack_path_risk": _MAYBE_TEXT,
    "roles": [str],
}
_ERROR: Shape = {
    "reason": str,
    "status": (int, None),
    "code": _MAYBE_TEXT,
    "message": str,
    "request_id": _MAYBE_TEXT,
    "hint": str,
}
_ROW: Shape = {
    "id": str,
    "name": _MAYBE_TEXT,
    "tenant_id": _MAYBE_TEXT,
    "state": _MAYBE_TEXT,
    "verdict": str,
    "portal_url": _MAYBE_TEXT,
    "emails": [str],
    "contacts": [_CONTACT],
    "findings": [{"check": str, "message": str, "api_version": str}],
    "decided_by": _MAYBE_TEXT,
    "error": (_ERROR, None),
    "waiver": ({"reason": str, "owner": str, "expires": str, "check": _MAYBE_TEXT}, None),
}
_COUNTS = ("in_scope", "read", "compliant", "non_compliant", "unreadable", "waived", "skipped")
REPORT: Shape = {
    "schema": int,
    "tool": {"name": str, "version": str},
    "started": str,
    "finished": str,
    "cloud": str,
    "tenants": [str],
    "profile": _MAYBE_TEXT,
    "checks": [str],
    "shard": _MAYBE_TEXT,
    "summary": dict.fromkeys(_COUNTS, int),
    "exit_code": int,
    "subscriptions": [_ROW],
}
_IDENTITY: Shape = {
    "auth": str,
    "credential": str,
    **dict.fromkeys(("user", "application_id", "object_id", "tenant_id"), _MAYBE_TEXT),
}
LATER_KEYS: Mapping[str, Shape] = {  # keys that older reports lack
    "run_id": _MAYBE_TEXT,
    "recorded": _MAYBE_TEXT,
    "identities": [_IDENTITY],
}
_TYPE_NAMES: Mapping[Any, str] = {
    str: "a string", int: "a whole number", bool: "true or false", None: "null"
}  # fmt: skip


def check_shape(value: Any, shape: Any, place: str) -> None:
    """
    Check that *value*, at *place* in a report, has *shape*.

    A dict is an object with at least these keys, a list an array of one shape, `(shape, None)` may
    be null.

    Raises:
        ValueError: it has another shape; the message names the place.
    """
    match shape:
        case dict():
            if not isinstance(value, dict):
                raise ValueError(f"{place or 'it'} is not an object: {excerpt(value)}")  # noqa: TRY004
            for key, inner in shape.items():
                if key not in value:
                    raise ValueError(f"{place or 'it'} has no {key}")
                check_shape(value[key], inner, f"{place}.{key}" if place else key)
        case [inner]:
            if not isinstance(value, list):
                raise ValueError(f"{place} is not a list: {excerpt(value)}")  # noqa: TRY004
            for one in value:
                check_shape(one, inner, place)
        case (inner, None):
            if value is not None:
                check_shape(value, inner, place)
        case _:
            if type(value) is not shape:  # to Python, a bool is an int
                raise ValueError(f"{place} is not {_TYPE_NAMES[shape]}: {excerpt(value)}")

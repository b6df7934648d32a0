"""Read the JSON report of an earlier run, strictly: anybody may have written it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from contacts_audit.audit.excerpt import excerpt
from contacts_audit.azure.kinds import GUID
from contacts_audit.core import strict_json
from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.model import Verdict, exit_code

SCHEMA = 1
HINT = "give a file that 'audit -o json' or '--report FILE.json' wrote"
KINDS: Mapping[str, str] = {  # other documents that this program writes
    "plan": "a plan",
    "backup": "a backup",
    "result": "the result of an apply or a restore",
    "diff": "a comparison",
    "explanation": "an explanation",
}
FIRST_YEAR, LAST_YEAR = 2000, 2999  # that a report may be from
Row = Mapping[str, Any]
Shape = type | list[Any] | tuple[Any, ...] | dict[str, Any]
"""An object with at least these keys, a list of one shape, `(shape, None)` for null, or a type."""

MAYBE_TEXT = (str, None)
CONTACT: dict[str, Shape] = {
    "name": str,
    "api_version": str,
    "emails": [str],
    "enabled": bool,
    "phone": MAYBE_TEXT,
    "alert_severity": MAYBE_TEXT,
    "attack_path_risk": MAYBE_TEXT,
    "roles": [str],
}
ERROR: dict[str, Shape] = {
    "reason": str,
    "status": (int, None),
    "code": MAYBE_TEXT,
    "message": str,
    "request_id": MAYBE_TEXT,
    "hint": str,
}
ROW: Shape = {
    "id": str,
    "name": MAYBE_TEXT,
    "tenant_id": MAYBE_TEXT,
    "state": MAYBE_TEXT,
    "verdict": str,
    "portal_url": MAYBE_TEXT,
    "emails": [str],
    "contacts": [CONTACT],
    "findings": [{"check": str, "message": str, "api_version": str}],
    "decided_by": MAYBE_TEXT,
    "error": (ERROR, None),
    "waiver": ({"reason": str, "owner": str, "expires": str, "check": MAYBE_TEXT}, None),
}
COUNTS = ("in_scope", "read", "compliant", "non_compliant", "unreadable", "waived", "skipped")
REPORT: Shape = {
    "schema": int,
    "tool": {"name": str, "version": str},
    "started": str,
    "finished": str,
    "cloud": str,
    "tenants": [str],
    "profile": MAYBE_TEXT,
    "checks": [str],
    "shard": MAYBE_TEXT,
    "summary": dict.fromkeys(COUNTS, int),
    "exit_code": int,
    "subscriptions": [ROW],
}
IDENTITY: dict[str, Shape] = {
    "auth": str,
    "credential": str,
    **dict.fromkeys(("user", "application_id", "object_id", "tenant_id"), MAYBE_TEXT),
}
LATER_KEYS: Mapping[str, Shape] = {  # keys that older reports lack
    "run_id": MAYBE_TEXT,
    "recorded": MAYBE_TEXT,
    "identities": [IDENTITY],
}
TYPE_NAMES = {str: "a string", int: "a whole number", bool: "true or false"}


def read(
    text: bytes, name: str, partial: type[ContactsAuditError] = UsageError
) -> Mapping[str, Any]:
    """
    Return the JSON report in the file *name*: it has all keys, each with a value of its type.

    Raises:
        UsageError: it is not a report of this program, or it is damaged.
        partial: rows are missing from it.
    """
    try:
        report = _validated(strict_json.parsed(text))
    except (ValueError, AttributeError) as error:
        raise _not_a_report(name, error) from error
    if report.get("only") or "disappeared" in report:
        option = "--only" if report.get("only") else "--only-changes"
        raise partial(f"{name} is not whole: {option} left rows out", "name one of --report PATH")
    counted, rows = report["summary"]["in_scope"], len(report["subscriptions"])
    if counted != rows:
        raise partial(
            f"{name} counts {counted} subscriptions but has {rows}",
            "name a whole report, as --report PATH writes it",
        )
    return report


def check_counts(report: Mapping[str, Any], name: str) -> None:
    """
    Check that *report* has each subscription once, and that its counts match its rows.

    Raises:
        UsageError: it does not.
    """
    rows: Sequence[Row] = report["subscriptions"]
    ids = Counter(row["id"] for row in rows)
    verdicts = Counter(Verdict(row["verdict"]) for row in rows)
    counts = {each.replace("-", "_"): verdicts[each] for each in Verdict}
    counts["read"] = counts["compliant"] + counts["non_compliant"] + counts["waived"]
    counts["in_scope"] = len(rows)
    for key, number in counts.items():
        if (counted := report["summary"][key]) != number:
            raise _not_a_report(name, f"it counts {excerpt(counted)} as {key}, but has {number}")
    if len(ids) < len(rows):
        raise _not_a_report(name, f"{ids.most_common(1)[0][0]} appears twice")
    if report["exit_code"] != exit_code(verdicts):
        raise _not_a_report(name, f"its exit code is not {excerpt(report['exit_code'])}")


def parse_time(text: str) -> datetime:
    """
    Return the time *text* (ISO 8601), in UTC.

    Raises:
        ValueError: it is not a time, has no time zone, or a year that no report has.
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError(f"{excerpt(text)} has no time zone")
        found = found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{excerpt(text)} is not a time") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{excerpt(text)} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return found


def _not_a_report(name: str, why: object) -> UsageError:
    return UsageError(f"{name} is not a contacts-audit report: {why}", HINT)


def _validated(report: Any) -> Mapping[str, Any]:
    """Return *report* with all keys, each of its type; raise ValueError if it is malformed."""
    match report:
        case {"tool": {"name": "contacts-audit"}}:
            pass
        case _:
            raise ValueError("another program wrote it")
    if "kind" in report:
        raise ValueError(f"it is {KINDS.get(str(report['kind']), 'something else')}")
    if type(report.get("schema")) is not int or report["schema"] != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    _check_shape(report, REPORT, "")
    for key, shape in LATER_KEYS.items():
        _check_shape(report.setdefault(key, [] if isinstance(shape, list) else None), shape, key)
    if report["recorded"] is not None:
        parse_time(report["recorded"])
    if parse_time(report["started"]) > parse_time(report["finished"]):
        raise ValueError("it was finished before it was started")
    for row in report["subscriptions"]:
        _check_row(row)
    return dict(report)


def _check_shape(value: Any, shape: Any, place: str) -> None:
    """Check that *value*, at *place* in a report, has *shape*; raise ValueError if not."""
    match shape:
        case dict():
            if not isinstance(value, dict):
                raise ValueError(f"{place or 'it'} is not an object: {excerpt(value)}")  # noqa: TRY004
            for key, inner in shape.items():
                if key not in value:
                    raise ValueError(f"{place or 'it'} has no {key}")
                _check_shape(value[key], inner, f"{place}.{key}" if place else key)
        case [inner]:
            if not isinstance(value, list):
                raise ValueError(f"{place} is not a list: {excerpt(value)}")  # noqa: TRY004
            for one in value:
                _check_shape(one, inner, place)
        case (inner, None):
            if value is not None:
                _check_shape(value, inner, place)
        case _:
            if type(value) is not shape:  # to Python, a bool is an int
                raise ValueError(f"{place} is not {TYPE_NAMES[shape]}: {excerpt(value)}")


def _check_row(row: Row) -> None:
    """Check what the types of the values in *row* do not tell."""
    if not GUID.fullmatch(row["id"]) or row["id"] != row["id"].lower():
        raise ValueError(f"{excerpt(row['id'])} is not a subscription id in lower case")
    verdict = Verdict(row["verdict"])
    if (verdict is Verdict.UNREADABLE) is (row["error"] is None):
        raise ValueError(f"{row['id']} is {verdict}, which its error contradicts")
    status = None if row["error"] is None else row["error"]["status"]
    if status is not None and not 0 <= status <= 999:
        raise ValueError(f"{excerpt(status)} is not an HTTP status")

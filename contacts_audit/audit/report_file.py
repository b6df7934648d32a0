"""Reads the JSON report of an earlier run, strictly: it may come from a stranger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from contacts_audit.audit.report_shape import _LATER, _REPORT, _check, _shown
from contacts_audit.azure.kinds import GUID
from contacts_audit.core import strict_json
from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.model import Verdict, exit_code

SCHEMA = 1
HINT = "name one that 'audit -o json' printed"
KINDS: Mapping[str, str] = {  # which the program writes, too, and which are no reports
    "plan": "a plan",
    "backup": "a backup",
    "result": "the result of an apply or a restore",
    "diff": "a comparison",
    "explanation": "an explanation",
}
FIRST, LAST = 2000, 2999  # the years that a report may be of
Row = Mapping[str, Any]


def read(
    text: bytes, name: str, partial: type[ContactsAuditError] = UsageError
) -> Mapping[str, Any]:
    """
    Return the JSON report in the file *name*: all keys are there, and each is of its type.

    Raises:
        UsageError: it is none of ours, or damaged.
        partial: it holds not as many subscriptions as it counts.
    """
    try:
        report = _checked(strict_json.parsed(text))
    except (ValueError, AttributeError) as error:
        raise UsageError(f"{name} is not a contacts-audit report: {error}", HINT) from error
    if report.get("only") or "disappeared" in report:
        option = "--only" if report.get("only") else "--only-changes"
        raise partial(f"{name} is not whole: {option} left rows out", "name one of --report PATH")
    counted, rows = report["summary"]["in_scope"], len(report["subscriptions"])
    if counted != rows:
        raise partial(
            f"{name} counts {counted} subscriptions and holds {rows}",
            "name a whole report, as --report PATH writes it",
        )
    return report


def _checked(report: Any) -> Mapping[str, Any]:
    """Return *report* with all keys, each of its type; an error of Python's tells why not."""
    match report:
        case {"tool": {"name": "contacts-audit"}}:
            pass
        case _:
            raise ValueError("another program wrote it")
    if "kind" in report:
        raise ValueError(f"it is {KINDS.get(str(report['kind']), 'something else')}")
    if type(report.get("schema")) is not int or report["schema"] != SCHEMA:
        raise ValueError("it is of another schema")
    _check(report, _REPORT, "")
    for key, shape in _LATER.items():
        _check(report.setdefault(key, [] if isinstance(shape, list) else None), shape, key)
    if moment(report["started"]) > moment(report["finished"]):
        raise ValueError("it was finished before it was started")
    for row in report["subscriptions"]:
        _check_row(row)
    return dict(report)


def check_counts(report: Mapping[str, Any], name: str) -> None:
    """
    Check that each subscription of *report* is there once, and that its counts are of its rows.

    Raises:
        UsageError: they are not.
    """
    rows: Sequence[Row] = report["subscriptions"]
    ids = Counter(row["id"] for row in rows)
    verdicts = Counter(Verdict(row["verdict"]) for row in rows)
    known = {each.replace("-", "_"): verdicts[each] for each in Verdict}
    known["read"] = known["compliant"] + known["non_compliant"] + known["waived"]
    known["in_scope"] = len(rows)
    for key, number in known.items():
        if report["summary"][key] != number:
            told = f"it counts {_shown(report['summary'][key])} as {key}, and holds {number}"
            raise UsageError(f"{name} is not a contacts-audit report: {told}", HINT)
    if len(ids) < len(rows):
        told = f"{ids.most_common(1)[0][0]} is there twice"
        raise UsageError(f"{name} is not a contacts-audit report: {told}", HINT)
    if report["exit_code"] != exit_code(verdicts):
        told = f"its exit code is not {_shown(report['exit_code'])}"
        raise UsageError(f"{name} is not a contacts-audit report: {told}", HINT)


def moment(text: str) -> datetime:
    """
    Return the moment that *text* names, in UTC.

    Raises:
        ValueError: it names none, is of no time zone, or of a year that no report is of.
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError(f"{_shown(text)} is of no time zone")
        found = found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{_shown(text)} is no time") from error
    if not FIRST <= found.year <= LAST:
        raise ValueError(f"{_shown(text)} is of no year that a report is of")
    return found


def _check_row(row: Row) -> None:
    """Check what the type of a value does not tell."""
    if not GUID.fullmatch(row["id"]) or row["id"] != row["id"].lower():
        raise ValueError(f"{_shown(row['id'])} is no id")
    verdict = Verdict(row["verdict"])
    if (verdict is Verdict.UNREADABLE) is (row["error"] is None):
        raise ValueError(f"{row['id']} is {verdict}, and its error tells otherwise")
    status = None if row["error"] is None else row["error"]["status"]
    if status is not None and not 0 <= status <= 999:
        raise ValueError(f"{_shown(status)} is no status")

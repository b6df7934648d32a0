"""
Renders the report as JSON, schema 1.

`schema.json` in this folder describes it; within schema 1 keys are only added.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from contacts_audit import __version__
from contacts_audit.core.model import (
    Audited,
    Identity,
    Outcome,
    Report,
    Run,
    Unread,
    Verdict,
    exit_code,
)
from contacts_audit.core.sanitize import sanitized_json
from contacts_audit.report import wording

SCHEMA = 1
CONTACT = "name api_version emails enabled phone alert_severity attack_path_risk roles"
FINDING = "check message api_version"
FAULT = "reason status code message request_id hint"
WAIVER = "reason owner expires check"


def render(report: Report) -> Iterator[str]:
    """Yield the report as one indented JSON object, row by row."""
    yield dump(summary(report), indent=2).removesuffix("\n}")
    yield from _array("subscriptions", (row_of(report, outcome) for outcome in report.outcomes))
    if report.gone is not None:
        yield from _array(wording.DISAPPEARED, gone_rows(report))
    yield "\n}\n"


def _array(key: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield *items* as the next key of an object; no JSON string contains a newline."""
    yield f',\n  "{key}": ['
    before = ""
    for item in items:
        yield before + f"\n{dump(item, indent=2)}".replace("\n", "\n    ")
        before = ","
    yield "\n  ]" if before else "]"


def dump(value: Any, indent: int | None = None) -> str:
    """Return *value* as JSON text; characters that could harm a terminal are escaped."""
    return sanitized_json(json.dumps(value, ensure_ascii=False, indent=indent))


def document(kind: str, **values: Any) -> str:
    """Return a document of this *kind* as indented JSON text: its head, then *values*."""
    tool = {"name": "contacts-audit", "version": __version__}
    return dump({"schema": SCHEMA, "kind": kind, "tool": tool, **values}, indent=2) + "\n"


def summary(report: Report) -> dict[str, Any]:
    """Return all keys of the report except the rows."""
    run, verdicts = report.run, report.verdicts
    judged = (Verdict.COMPLIANT, Verdict.NON_COMPLIANT, Verdict.WAIVED)
    return {
        "schema": SCHEMA,
        "tool": {"name": "contacts-audit", "version": run.version},
        "started": time_of(run.started),
        "finished": time_of(report.finished),
        "recorded": time_of(run.recorded),
        "cloud": run.cloud,
        "tenants": list(run.tenants),
        "identities": [identity(one) for one in run.identities],
        "profile": run.profile,
        "checks": list(run.checks),
        "shard": run.shard,
        "run_id": run.run_id,
        "rule": {"id": "SecurityCenter-016", "risk": "Medium"},
        "summary": {
            "in_scope": verdicts.total(),
            "read": sum(verdicts[verdict] for verdict in judged),
            "compliant": verdicts[Verdict.COMPLIANT],
            "non_compliant": verdicts[Verdict.NON_COMPLIANT],
            "unreadable": verdicts[Verdict.UNREADABLE],
            "waived": verdicts[Verdict.WAIVED],
            "skipped": verdicts[Verdict.SKIPPED],
        },
        "exit_code": int(exit_code(verdicts)),
        "only": list(report.only) or None,
    }


def identity(identity: Identity) -> dict[str, Any]:
    """Return who signed in to one tenant."""
    return _fields(identity, "auth credential user application_id object_id tenant_id")


def row_of(report: Report, outcome: Outcome) -> dict[str, Any]:
    """Return the row of one subscription; in a report of changes also what it was."""
    found = row(outcome, report.run)
    if report.was is not None:
        found["was"] = wording.was(report, outcome.subscription.id)
    return found


def row(outcome: Outcome, run: Run) -> dict[str, Any]:
    """Return the row of one subscription; all keys are always present."""
    row: dict[str, Any] = {
        **_fields(outcome.subscription, "id name tenant_id state"),
        "verdict": outcome.verdict,
        "portal_url": run.portal_url,
        "emails": [],
        "contacts": [],
        "findings": [],
        "checks": [],
        "decided_by": None,
        "error": None,
        "waiver": None,
    }
    if isinstance(outcome, Audited | Unread):
        row["contacts"] = [_fields(contact, CONTACT) for contact in outcome.contacts]
    match outcome:
        case Audited():
            row["emails"] = list(outcome.emails)
            row["findings"] = [_fields(one, FINDING) for one in outcome.findings]
            row["checks"] = list(outcome.checks or run.checks)
            row["decided_by"] = outcome.decided_by
            if (waiver := outcome.waiver) is not None:
                expires = waiver.expires.isoformat()
                row["waiver"] = {**_fields(waiver, WAIVER), "expires": expires}
        case Unread():
            row["error"] = _fields(outcome.fault, FAULT)
    return row


def gone_rows(report: Report) -> Iterator[dict[str, Any]]:
    """Yield the row of each subscription that disappeared; its verdict is that of the baseline."""
    for row in report.gone or ():
        yield {key: row[key] for key in ("id", "name", "verdict")}


def _fields(value: Any, names: str) -> dict[str, Any]:
    """Return the attributes *names* of *value*, separated by blanks; a tuple as a list."""
    found = ((name, getattr(value, name)) for name in names.split())
    return {name: list(one) if isinstance(one, tuple) else one for name, one in found}


def time_of(moment: datetime | None) -> str | None:
    """Return *moment* as ISO 8601 in UTC, to the second; None for None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

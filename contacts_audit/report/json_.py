"""
The report as JSON, schema 1, written key by key.

`schema.json` beside this file describes it; within schema 1 keys are only added.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from contacts_audit.core.model import (
    Audited,
    Contact,
    Fault,
    Finding,
    Identity,
    Outcome,
    Report,
    Run,
    Skipped,
    Unread,
    Verdict,
    Waiver,
    exit_code,
)
from contacts_audit.core.sanitize import sanitized_json
from contacts_audit.report.disappeared import DISAPPEARED, Gone, gone, was

SCHEMA = 1


def render(report: Report) -> Iterator[str]:
    """Yield the report as one indented JSON object, a row at a time."""
    closing = summary(report.run, report.finished, report.verdicts, report.only)
    yield dump(closing, indent=2).removesuffix("\n}")
    yield from _array("subscriptions", (row_of(report, outcome) for outcome in report.outcomes))
    if report.gone is not None:
        yield from _array(DISAPPEARED, map(gone_row, gone(report)))
    yield "\n}\n"


def _array(key: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield *items* as the next key of an object; no string of JSON has a line end in it."""
    yield f',\n  "{key}": ['
    before = ""
    for item in items:
        yield before + f"\n{dump(item, indent=2)}".replace("\n", "\n    ")
        before = ","
    yield "\n  ]" if before else "]"


def dump(value: Any, indent: int | None = None) -> str:
    """Spell *value* as JSON in UTF-8, with what could do harm on a screen escaped."""
    return sanitized_json(json.dumps(value, ensure_ascii=False, indent=indent))


def summary(
    run: Run, finished: datetime, verdicts: Counter[Verdict], only: Sequence[Verdict] = ()
) -> dict[str, Any]:
    """Return all keys of the report but the rows, which are of the verdicts *only*, if any."""
    judged = (Verdict.COMPLIANT, Verdict.NON_COMPLIANT, Verdict.WAIVED)
    return {
        "schema": SCHEMA,
        "tool": {"name": "contacts-audit", "version": run.version},
        "started": _time(run.started),
        "finished": _time(finished),
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
        "only": list(only) or None,
    }


def identity(identity: Identity) -> dict[str, Any]:
    """Return who signed in to one tenant."""
    return {
        "auth": identity.auth,
        "credential": identity.credential,
        "user": identity.user,
        "application_id": identity.application_id,
        "object_id": identity.object_id,
        "tenant_id": identity.tenant_id,
    }


def row_of(report: Report, outcome: Outcome) -> dict[str, Any]:
    """Return one subscription, with what it was where only changes are shown."""
    said = row(outcome, report.run)
    return said if report.was is None else {**said, "was": was(report, outcome.subscription.id)}


def row(outcome: Outcome, run: Run) -> dict[str, Any]:
    """Return one subscription; all keys are always there."""
    subscription = outcome.subscription
    said: dict[str, Any] = {
        "id": subscription.id,
        "name": subscription.name,
        "tenant_id": subscription.tenant_id,
        "state": subscription.state,
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
    match outcome:
        case Audited():
            said["emails"] = list(outcome.emails)
            said["contacts"] = [_contact(contact) for contact in outcome.contacts]
            said["findings"] = [_finding(finding) for finding in outcome.findings]
            said["checks"] = list(outcome.checks or run.checks)
            said["decided_by"] = outcome.decided_by
            said["waiver"] = None if outcome.waiver is None else _waiver(outcome.waiver)
        case Unread():
            said["contacts"] = [_contact(contact) for contact in outcome.contacts]
            said["error"] = _error(outcome.fault)
        case Skipped():
            pass
    return said


def gone_row(one: Gone) -> dict[str, Any]:
    """Return what is told of a subscription that disappeared; the verdict is its last one."""
    return {"id": one.subscription.id, "name": one.subscription.name, "verdict": one.was}


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "api_version": contact.api_version,
        "emails": list(contact.emails),
        "enabled": contact.enabled,
        "phone": contact.phone,
        "alert_severity": contact.alert_severity,
        "attack_path_risk": contact.attack_path_risk,
        "roles": list(contact.roles),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "message": finding.message,
        "api_version": finding.api_version,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
        "check": waiver.check,
    }


def _error(fault: Fault) -> dict[str, Any]:
    return {
        "reason": fault.reason,
        "status": fault.status,
        "code": fault.code,
        "message": fault.message,
        "request_id": fault.request_id,
        "hint": fault.hint,
    }


def time_of(moment: datetime | None) -> str | None:
    """Return how a report spells *moment*, if there is one."""
    return None if moment is None else _time(moment)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

"""
The report as JSON, schema 1: written out key by key, so that no name of ours is the user's.

`schema.json` beside this file describes it; within schema 1 keys are only added.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from contacts_audit.inert import inert_json
from contacts_audit.model import (
    Audited,
    Contact,
    Fault,
    Finding,
    Outcome,
    Report,
    Run,
    Skipped,
    Unread,
    Verdict,
    Waiver,
    exit_code,
)

SCHEMA = 1


def render(report: Report) -> Iterator[str]:
    """Yield the report as one indented JSON object."""
    closing = summary(report.run, report.finished, report.verdicts)
    rows = [row(outcome, report.run) for outcome in report.outcomes]
    gone = {} if report.gone is None else {"disappeared": [_gone(one) for one in report.gone]}
    yield dump({**closing, "subscriptions": rows, **gone}, indent=2) + "\n"


def dump(value: Any, indent: int | None = None) -> str:
    """Spell *value* as JSON in UTF-8, with what could do harm on a screen escaped."""
    return inert_json(json.dumps(value, ensure_ascii=False, indent=indent))


def summary(run: Run, finished: datetime, verdicts: Counter[Verdict]) -> dict[str, Any]:
    """Return all keys of the report but the rows."""
    judged = (Verdict.COMPLIANT, Verdict.NON_COMPLIANT, Verdict.WAIVED)
    return {
        "schema": SCHEMA,
        "tool": {"name": "contacts-audit", "version": run.version},
        "started": _time(run.started),
        "finished": _time(finished),
        "cloud": run.cloud,
        "tenants": list(run.tenants),
        "profile": run.profile,
        "checks": list(run.checks),
        "shard": run.shard,
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
    }


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


def _gone(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "name", "verdict")}


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


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

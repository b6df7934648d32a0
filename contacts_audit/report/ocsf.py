"""
Renders the report as OCSF Compliance Findings: one for each subscription and check.

`compliance.status_id` is the result of the check: 1 Pass, 3 Fail, or 2 Warning if the subscription
could not be read.  It is 99 Other with the name Skipped for a subscription that is not audited, and
with the name Disappeared for one of the baseline that is no longer in scope.  No event has the
activity Close, as nobody knows whether a finding was fixed.  `status_id` of the event is 1 New, or
3 Suppressed for a failure that is waived.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from contacts_audit.audit.profiles import CIS_CHECKS
from contacts_audit.core.model import Audited, Check, Report, Run, Skipped, Subscription, Unread
from contacts_audit.report import fix_command, json_, wording

SELF = "contacts-audit"
VERSION = "1.5.0"
RESOURCE_TYPE = "Microsoft.Resources/subscriptions"
COMMON = {
    "activity_id": 1,
    "activity_name": "Create",
    "category_uid": 2,
    "category_name": "Findings",
    "class_uid": 2003,
    "class_name": "Compliance Finding",
    "type_uid": 200301,
    "type_name": "Compliance Finding: Create",
}
CIS = "CIS Microsoft Azure Foundations Benchmark"
TITLES: Mapping[Check, str] = {
    Check.CONTACT_EMAIL: "A security contact's email address is configured",
    Check.ALERT_NOTIFICATIONS: "Mail goes out for high-severity alerts",
    Check.OWNER_NOTIFIED: "The role Owner is notified",
    Check.ATTACK_PATHS: "Mail goes out for attack paths",
    Check.REACHABLE: "An alert would reach someone",
    Check.REQUIRED_EMAIL: "The required addresses are configured",
    Check.ALLOWED_DOMAIN: "All addresses are of an allowed domain",
    Check.MINIMUM_EMAILS: "Enough addresses are configured",
    Check.DELIVERABLE: "The domain of every address takes mail",
}
STANDARDS: Mapping[Check, Mapping[str, list[str]]] = {
    **{check: {"standards": [CIS]} for check in CIS_CHECKS},
    Check.CONTACT_EMAIL: {
        "standards": [CIS, "SecurityCenter-016"],
        "requirements": ["3.1.13 (v3)", "9.1.13 (v4)", "8.1.13 (v5, v6)"],
    },
}


class _Judged(NamedTuple):
    """The result of one check: its status as OCSF has it, and our code and detail."""

    check: Check
    status_id: int
    status: str
    code: str
    detail: str
    fix: str | None = None
    terms: str | None = None


def render(report: Report) -> Iterator[str]:
    """Yield a JSON array with one finding per line."""
    before = "[\n"
    for row in wording.all_rows(report):
        for judged in _judged(row, report.run):
            yield before + json_.dump(_finding(row.subscription, judged, report))
            before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _judged(outcome: wording.Row, run: Run) -> Iterator[_Judged]:
    match outcome:
        case Audited():
            found = {finding.check: finding.message for finding in outcome.findings}
            fix = fix_command.command(outcome, run) or "see 'contacts-audit plan'"
            for check in outcome.checks or run.checks:
                if check in found:
                    terms = None if outcome.waiver is None else outcome.waiver.terms
                    yield _Judged(check, 3, "Fail", outcome.verdict, found[check], fix, terms)
                else:
                    yield _Judged(check, 1, "Pass", "compliant", TITLES[check])
        case Unread(fault=fault):
            command = fix_command.command(outcome, run)
            fix = fault.hint if command is None else f"{fault.hint}: {command}"
            for check in run.checks:
                yield _Judged(check, 2, "Warning", fault.reason, fault.detail, fix)
        case Skipped() | wording.Gone():
            status = outcome.verdict.capitalize()
            for check in run.checks:
                yield _Judged(check, 99, status, outcome.verdict, wording.message(outcome))


def _finding(found: Subscription, judged: _Judged, report: Report) -> dict[str, Any]:
    run, terms, title = report.run, judged.terms, TITLES[judged.check]
    name, tenant = found.name or found.id, found.tenant_id
    moment = int(report.as_of.timestamp() * 1000)
    grave = judged.status_id in (2, 3)  # an unreadable subscription may fail, too
    status = {"status_id": judged.status_id, "status": judged.status}
    resource = {"uid": f"/subscriptions/{found.id}", "name": name}
    return COMMON | _known(
        time=moment,
        message=judged.detail,
        severity_id=3 if grave else 1,
        severity="Medium" if grave else "Informational",
        status_id=1 if terms is None else 3,
        status="New" if terms is None else "Suppressed",
        status_code=judged.code,
        status_detail=judged.detail,
        metadata=_known(
            version=VERSION,
            profiles=["cloud"],
            product={"name": SELF, "vendor_name": SELF, "version": run.version},
            event_code=judged.check,
            tenant_uid=tenant,
        ),
        finding_info=_known(
            uid=f"{SELF}/{judged.check}/{found.id}",
            title=title,
            created_time=moment,
            src_url=run.portal_url,
        ),
        compliance={
            **STANDARDS.get(judged.check, {}),
            "control": title,
            **status,
            "checks": [{"uid": judged.check, "name": title, **status}],
        },
        resources=[{**resource, "type": RESOURCE_TYPE, "cloud_partition": run.cloud}],
        cloud=_known(
            provider="Azure",
            account={"uid": found.id, "name": name, "type": "Azure Subscription", "type_id": 13},
            org=None if tenant is None else {"uid": tenant},
        ),
        comment=terms,
        remediation=None if judged.fix is None else {"desc": judged.fix},
    )


def _known(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

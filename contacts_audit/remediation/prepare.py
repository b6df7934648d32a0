"""Reads a subscription before anything is written, and returns its plan row, or Task, or Result."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from contacts_audit.audit.auditor import Auditor
from contacts_audit.audit.unread import fault, unasked
from contacts_audit.azure.contacts.equality import is_unchanged
from contacts_audit.azure.contacts.records import Snapshot, as_answer
from contacts_audit.core.errors import AuthError, AzureError
from contacts_audit.core.model import (
    Audited,
    Change,
    Criteria,
    Outcome,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
)
from contacts_audit.remediation.fixes import with_fixes
from contacts_audit.remediation.past_runs import PastRuns
from contacts_audit.remediation.plan import COMPLIES, Intent, PlanRow, row_for
from contacts_audit.remediation.plan_file import Plan
from contacts_audit.remediation.restore import restore_task
from contacts_audit.remediation.results import LOOK, Result, Status
from contacts_audit.remediation.snapshot import SnapshotReader
from contacts_audit.remediation.tasks import Item, change_task

OVERWRITE = f"it stays as it is: {LOOK}, or add --overwrite to restore it anyway"


def plan(
    reader: SnapshotReader,
    subscription: Subscription,
    change: Change,
    version: str | None,
    outcome: Outcome | None,
    *,
    failing_only: bool,
    derive: bool,
) -> PlanRow:
    """
    Return the row for *change* at *version*; *outcome* is that of the audit, None if not asked.

    What is waived is left alone, and with *failing_only* what is compliant.  With *derive*, what
    the failing checks need is changed, too.
    """
    if isinstance(outcome, Unread):
        return unreadable_row(outcome)
    seen = _read(reader, subscription)
    if isinstance(seen, PlanRow):
        return seen
    match outcome:
        case Audited(waiver=Waiver(terms=terms, expires=day)):
            intent = Intent.WAIVED
            return PlanRow(subscription, intent, seen, message=terms, left_alone=True, until=day)
        case Audited(verdict=Verdict.COMPLIANT) if failing_only:
            return PlanRow(subscription, Intent.NOTHING, seen, left_alone=True)
        case Audited() if derive:
            own, lacking = with_fixes(change, outcome)
            return row_for(subscription, seen, change, version, own=own, lacking=lacking)
    return row_for(subscription, seen, change, version)


def _read(
    reader: SnapshotReader, subscription: Subscription, then: Snapshot | None = None
) -> Snapshot | PlanRow:
    """Read *subscription*, at the API versions of *then* unless that is None."""
    match unasked(subscription):
        case Skipped():
            return PlanRow(subscription, Intent.SKIPPED, message=subscription.state_message)
        case Unread() as outcome:
            return unreadable_row(outcome)
    try:
        return reader.read(subscription, None if then is None else then.versions)
    except (AzureError, AuthError) as error:
        return unreadable_row(Unread(subscription, fault(error, subscription)))


def with_verdict(row: PlanRow, auditor: Auditor, criteria: Criteria) -> PlanRow:
    """Return *row* with its *criteria*, and what they say of a row that needs no change."""
    said = None
    if row.intent is Intent.NOTHING and row.seen is not None:
        answers = {version: as_answer(row.seen.at(version)) for version in row.seen.versions}
        said = _verdict(auditor.audit_again(row.subscription, answers))
    return replace(row, criteria=criteria, said=said)


def _verdict(outcome: Audited | Unread) -> str:
    match outcome:
        case Unread(fault=why):
            return f"could not be judged: {why.detail}"
        case Audited(findings=()):
            return f"{COMPLIES} {', '.join(outcome.checks)}"
    found = "; ".join(f"{one.check}: {one.message}" for one in outcome.findings)
    return f"still fails {found}"


def unreadable_row(outcome: Unread) -> PlanRow:
    """Return the row of a subscription that could not be read."""
    return PlanRow(outcome.subscription, Intent.UNREADABLE, fault=outcome.fault)


def item_for(row: PlanRow, made: Plan) -> Item:
    """Return the task or the result of a *row* of the plan *made*, which is up to date."""
    if row.intent is Intent.CHANGE and row.seen is not None and row.api_version is not None:
        change = row.change or made.change
        return change_task(row.subscription, row.seen, change, row.api_version, row.detail)
    return result_of(row)


def result_of(row: PlanRow) -> Result:
    """Return the result of a *row* that nothing is written to."""
    if row.fault is not None:
        return Result(row.subscription, Status.UNREADABLE, row.fault.line, row.fault.hint)
    status = Status.ALREADY if row.intent is Intent.NOTHING else Status(row.intent)
    return Result(row.subscription, status, row.detail)


def review_row(
    reader: SnapshotReader,
    row: PlanRow,
    made: Plan,
    here: Mapping[str, Subscription],
    today: date,
) -> Item:
    """
    Read a *row* of the saved plan *made* again, and return its task or its result.

    Only a change that the plan shows is made, and only if nothing changed since.  *here* are the
    subscriptions that are visible now, by id; *today* decides whether a waiver has ended.
    """
    subscription = _found(row.subscription, here)
    now = _read(reader, subscription, row.seen)
    if isinstance(now, PlanRow):
        return result_of(now)
    unchanged = row.seen is not None and is_unchanged(row.seen, now)
    if row.left_alone and unchanged:
        if row.until is not None and row.until < today:
            message = f"its waiver ended on {row.until}"
            return Result(subscription, Status.CONFLICT, message)
        return item_for(replace(row, subscription=subscription), made)
    version, own = row.api_version or made.version, row.change
    anew = row_for(subscription, now, made.change, version, own=own, lacking=row.lacking)
    if anew.intent is Intent.NOTHING:
        return Result(subscription, Status.ALREADY)
    if unchanged or (row.seen is None and anew.intent is Intent.REFUSED):
        return item_for(anew, made)
    then = "it changed since" if row.seen is not None else "it was not read when"
    return Result(subscription, Status.CONFLICT, f"{then} the plan was made")


def compare_backup(
    reader: SnapshotReader,
    subscription: Subscription,
    wanted: Snapshot,
    here: Mapping[str, Subscription],
    past_runs: PastRuns,
    *,
    recreate: bool = False,
    overwrite: bool = False,
) -> Item:
    """
    Return the task that restores *wanted* to *subscription*, or its result.

    What the runs of *past_runs* did not leave is somebody else's, and stays unless *overwrite* is
    true.  *here* are the subscriptions that are visible now, by id.
    """
    found = _found(subscription, here)
    now = _read(reader, found, wanted)
    if isinstance(now, PlanRow):
        return result_of(now)
    task = restore_task(found, now, wanted, recreate=recreate)
    if not task.expected_steps:
        return Result(found, Status.ALREADY)
    change = past_runs.foreign_change(found.id, now)
    if change is None or overwrite:
        return replace(task, overwrites=change)
    return Result(found, Status.CONFLICT, change, OVERWRITE)


def _found(subscription: Subscription, here: Mapping[str, Subscription]) -> Subscription:
    return here.get(subscription.id) or subscription._replace(visible=False)

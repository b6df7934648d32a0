"""Reads a subscription before anything is written, and returns its plan row, or Task, or Result."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from contacts_audit.audit.auditor import Auditor, broken, fault, out_of_time, unasked
from contacts_audit.azure.contacts.equality import is_unchanged
from contacts_audit.azure.contacts.records import Snapshot, as_answer
from contacts_audit.core.errors import AuthError, AzureError
from contacts_audit.core.model import (
    Audited,
    Change,
    Criteria,
    Fault,
    Outcome,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
)
from contacts_audit.remediation.fixes import with_fixes
from contacts_audit.remediation.past_runs import PastRuns
from contacts_audit.remediation.plan import (
    COMPLIES,
    Intent,
    Judgment,
    LeftAlone,
    PlanRow,
    row_for,
    row_for_findings,
)
from contacts_audit.remediation.plan_file import Plan
from contacts_audit.remediation.restore import restore_task
from contacts_audit.remediation.results import LOOK, Result, Status
from contacts_audit.remediation.snapshot import SnapshotReader
from contacts_audit.remediation.tasks import Item, change_task

OVERWRITE = f"it stays as it is: {LOOK}, or add --overwrite to restore it anyway"


def left_alone(
    outcome: Outcome, reader: SnapshotReader, subscription: Subscription, *, failing_only: bool
) -> PlanRow | None:
    """Return the row of a subscription that is waived, or compliant if *failing_only* is given."""
    why: str | None = None
    match outcome:
        case Unread():
            return unreadable_row(outcome)
        case Audited(waiver=Waiver() as waiver):
            why = waiver.terms
            intent, left = Intent.WAIVED, LeftAlone(waiver.expires)
        case Audited(verdict=Verdict.COMPLIANT) if failing_only:
            intent, left = Intent.NOTHING, LeftAlone()
        case _:
            return None
    row = _row_or_snapshot(reader, subscription)
    if isinstance(row, PlanRow):
        return row
    return PlanRow(subscription, intent, row, message=why, left_alone=left)


def plan(
    reader: SnapshotReader,
    subscription: Subscription,
    change: Change,
    version: str | None,
    failing: Audited | None = None,
) -> PlanRow:
    """Return the row for *change*, and for the findings of *failing* unless that is None."""
    seen = _row_or_snapshot(reader, subscription)
    if isinstance(seen, PlanRow):
        return seen
    if failing is None:
        return row_for(subscription, seen, change, version)
    own, lacking = with_fixes(change, failing)
    return row_for_findings(subscription, seen, own, lacking, version)


def _row_or_snapshot(reader: SnapshotReader, subscription: Subscription) -> PlanRow | Snapshot:
    match _read(reader, subscription):
        case Skipped():
            why = subscription.state_message
            return PlanRow(subscription, Intent.SKIPPED, message=why)
        case Unread() as outcome:
            return unreadable_row(outcome)
        case Snapshot() as seen:
            return seen


def _read(
    reader: SnapshotReader, subscription: Subscription, then: Snapshot | None = None
) -> Snapshot | Skipped | Unread:
    """Read *subscription*, at the API versions of *then* unless that is None."""
    outcome = unasked(subscription)
    if isinstance(outcome, Skipped | Unread):
        return outcome
    try:
        if then is None:
            return reader.read(subscription)
        return reader.at_all(subscription, then.versions)
    except (AzureError, AuthError) as error:
        return Unread(subscription, fault(error, subscription))


def with_verdict(row: PlanRow, auditor: Auditor, criteria: Criteria) -> PlanRow:
    """Return *row* with its *criteria*, and what they say of a row that needs no change."""
    said = None
    if row.intent is Intent.NOTHING and row.seen is not None:
        answers = {version: as_answer(row.seen.at(version)) for version in row.seen.versions}
        said = verdict_text(auditor.audit_again(row.subscription, answers))
    return replace(row, judged=Judgment(criteria, said))


def verdict_text(outcome: Outcome) -> str:
    """Return in words what the checks of *outcome* say."""
    match outcome:
        case Audited(findings=(_, *_) as findings):
            found = "; ".join(f"{one.check}: {one.message}" for one in findings)
            return f"still fails {found}"
        case Audited(checks=checks):
            return f"{COMPLIES} {', '.join(checks)}"
        case Unread(fault=found):
            return f"could not be judged: {found.detail}"
    return "was not judged"


def unreadable_row(outcome: Unread) -> PlanRow:
    """Return the row of a subscription that could not be read."""
    return PlanRow(outcome.subscription, Intent.UNREADABLE, fault=outcome.fault)


def item_for(row: PlanRow, made: Plan) -> Item:
    """Return the task or the result of a *row* of the plan *made*, which is up to date."""
    if row.intent is Intent.CHANGE and row.seen is not None and row.api_version is not None:
        change = row.change or made.change
        return change_task(row.subscription, row.seen, change, row.api_version, row.detail)
    if row.fault is not None:
        return _unreadable(row.subscription, row.fault)
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
    item = _now(reader, row.subscription, row.seen, here)
    if isinstance(item, Result):
        return item
    unchanged = row.seen is not None and is_unchanged(row.seen, item)
    subscription = here[row.subscription.id]
    if row.left_alone is not None and unchanged:
        if row.left_alone.until is not None and row.left_alone.until < today:
            message = f"its waiver ended on {row.left_alone.until}"
            return Result(subscription, Status.CONFLICT, message)
        return item_for(replace(row, subscription=subscription), made)
    version = row.api_version or made.version
    if row.change is None:
        anew = row_for(subscription, item, made.change, version)
    else:
        anew = row_for_findings(subscription, item, row.change, row.lacking, version)
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
    item = _now(reader, subscription, wanted, here)
    if isinstance(item, Result):
        return item
    found = here[subscription.id]
    task = restore_task(found, item, wanted, recreate=recreate)
    if not task.expected_steps:
        return Result(found, Status.ALREADY)
    change = past_runs.foreign_change(subscription.id, item)
    if change is None or overwrite:
        return replace(task, overwrites=change)
    return Result(found, Status.CONFLICT, change, OVERWRITE)


def timed_out(subscription: Subscription) -> Result:
    """Return the result of a *subscription* that was not read before the deadline."""
    return _unreadable(subscription, out_of_time(subscription).fault)


def failed(subscription: Subscription, error: Exception) -> Result:
    """Return the result of a *subscription* whose reading failed with an unexpected *error*."""
    return _unreadable(subscription, broken(subscription, error).fault)


def _now(
    reader: SnapshotReader,
    subscription: Subscription,
    then: Snapshot | None,
    here: Mapping[str, Subscription],
) -> Snapshot | Result:
    """Read *subscription* again, at the API versions of *then* unless that is None."""
    found = here.get(subscription.id) or replace(subscription, visible=False)
    match _read(reader, found, then):
        case Skipped():
            return Result(found, Status.SKIPPED, found.state_message)
        case Unread() as outcome:
            return _unreadable(found, outcome.fault)
        case Snapshot() as seen:
            return seen


def _unreadable(subscription: Subscription, found: Fault) -> Result:
    return Result(subscription, Status.UNREADABLE, found.line, found.hint)

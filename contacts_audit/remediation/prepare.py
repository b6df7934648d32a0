"""Decides for each subscription what to do, from its current state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from contacts_audit.audit.auditor import Auditor, broken, fault, out_of_time, unasked
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
from contacts_audit.remediation.backups import History
from contacts_audit.remediation.fixes import with_fixes
from contacts_audit.remediation.ledger import Plan
from contacts_audit.remediation.plan import (
    COMPLIES,
    Intent,
    Judgment,
    LeftAlone,
    PlanRow,
    row_for,
    row_for_findings,
)
from contacts_audit.remediation.snapshot import SnapshotReader
from contacts_audit.remediation.tasks import (
    LOOK,
    Item,
    Result,
    Status,
    change_task,
    is_unchanged,
    restore_task,
)

OVERWRITE = f"it stays as it is: {LOOK}, or add --overwrite to restore it all the same"


def left_alone(
    outcome: Outcome, reader: SnapshotReader, subscription: Subscription, *, failing_only: bool
) -> PlanRow | None:
    """Return the row of what is not to be touched: waived, or with *failing_only* compliant."""
    why: str | None = None
    match outcome:
        case Unread():
            return unreadable_row(outcome)
        case Audited(waiver=Waiver() as waiver):
            why = f"waived until {waiver.expires}: {waiver.reason}, {waiver.owner}"
            intent, left = Intent.WAIVED, LeftAlone(waiver.expires)
        case Audited(verdict=Verdict.COMPLIANT) if failing_only:
            intent, left = Intent.NOTHING, LeftAlone()
        case _:
            return None
    try:
        seen = reader.seen(subscription)
    except (AzureError, AuthError) as error:
        return PlanRow(subscription, Intent.UNREADABLE, fault=fault(error, subscription))
    return PlanRow(subscription, intent, seen, message=why, left_alone=left)


def plan(
    reader: SnapshotReader,
    subscription: Subscription,
    change: Change,
    version: str | None,
    failing: Audited | None = None,
) -> PlanRow:
    """Return what fulfils *wish*, and what the findings of *failing* need, if they are to count."""
    match unasked(subscription):
        case Skipped():
            why = subscription.state_message
            return PlanRow(subscription, Intent.SKIPPED, message=why)
        case Unread() as outcome:
            return unreadable_row(outcome)
    try:
        seen = reader.seen(subscription)
    except (AzureError, AuthError) as error:
        return PlanRow(subscription, Intent.UNREADABLE, fault=fault(error, subscription))
    if failing is None:
        return row_for(subscription, seen, change, version)
    own, lacking = with_fixes(change, failing)
    return row_for_findings(subscription, seen, own, lacking, version)


def with_verdict(row: PlanRow, auditor: Auditor, criteria: Criteria) -> PlanRow:
    """Return *row* with what its checks say where nothing is to be done, by what was seen."""
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
    """Return what a plan that was made just now says of a subscription."""
    if row.intent is Intent.CHANGE and row.seen is not None and row.api_version is not None:
        change = row.change or made.change
        return change_task(row.subscription, row.seen, change, row.api_version, row.detail)
    status = {
        Intent.NOTHING: Status.ALREADY,
        Intent.REFUSED: Status.REFUSED,
        Intent.SKIPPED: Status.SKIPPED,
        Intent.WAIVED: Status.WAIVED,
    }.get(row.intent, Status.UNREADABLE)
    if row.fault is not None:
        return _unreadable(row.subscription, row.fault)
    return Result(row.subscription, status, row.detail)


def review_row(
    reader: SnapshotReader,
    row: PlanRow,
    made: Plan,
    here: Mapping[str, Subscription],
    today: date,
) -> Item:
    """
    Return what is to be done about a *row* of a saved plan, of whatever kind, from what stands now.

    Only a change that the plan shows is made, and only where nothing has changed since; *here* are
    the subscriptions that are visible now, and say their states.
    """
    item = _now(reader, row.subscription, row.seen, here)
    if isinstance(item, Result):
        return item
    unchanged = row.seen is not None and is_unchanged(row.seen, item)
    subscription = here[row.subscription.id]
    if row.left_alone is not None and unchanged:
        if row.left_alone.until is not None and row.left_alone.until < today:
            message = f"its waiver ended on {row.left_alone.until}: plan anew"
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
    return Result(subscription, Status.CONFLICT, f"{then} the plan was made: plan anew")


def compare_backup(
    reader: SnapshotReader,
    subscription: Subscription,
    wanted: Snapshot,
    here: Mapping[str, Subscription],
    after: History,
    *,
    recreate: bool = False,
    overwrite: bool = False,
) -> Item:
    """
    Return how *subscription* comes to show what was *wanted*.

    What is not known to be left by the runs *after* the backup stays, unless *overwrite* is meant.
    """
    item = _now(reader, subscription, wanted, here)
    if isinstance(item, Result):
        return item
    found = here[subscription.id]
    task = restore_task(found, item, wanted, recreate=recreate)
    if not task.expected_steps:
        return Result(found, Status.ALREADY)
    change = after.change(subscription.id, item)
    if change is None or overwrite:
        return replace(task, overwrites=change)
    return Result(found, Status.CONFLICT, change, OVERWRITE)


def timed_out(subscription: Subscription) -> Result:
    """Return the result of a *subscription* that the run's deadline left unread."""
    return _unreadable(subscription, out_of_time(subscription).fault)


def failed(subscription: Subscription, error: Exception) -> Result:
    """Return the result of a *subscription* whose reading met an unforeseen *error*."""
    return _unreadable(subscription, broken(subscription, error).fault)


def _now(
    reader: SnapshotReader,
    subscription: Subscription,
    then: Snapshot | None,
    here: Mapping[str, Subscription],
) -> Snapshot | Result:
    """Read *subscription* again, at the api-versions of *then*, if there are any."""
    found = here.get(subscription.id) or replace(subscription, visible=False)
    outcome = unasked(found)
    if isinstance(outcome, Skipped):
        return Result(found, Status.SKIPPED, found.state_message)
    if isinstance(outcome, Unread):
        return _unreadable(found, outcome.fault)
    try:
        if then is None:
            return reader.seen(found)
        return reader.at_all(found, then.versions)
    except (AzureError, AuthError) as error:
        return _unreadable(found, fault(error, found))


def _unreadable(subscription: Subscription, found: Fault) -> Result:
    message = found.line
    return Result(subscription, Status.UNREADABLE, message, found.hint)

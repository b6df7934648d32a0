"""What is to be done about each subscription, from what stands there now."""

from collections.abc import Mapping

from contacts_audit.audit import Auditor, fault, unasked
from contacts_audit.azure.records import Seen
from contacts_audit.errors import AuthError, AzureError
from contacts_audit.ledger import Plan
from contacts_audit.model import (
    Audited,
    Fault,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
    Wish,
)
from contacts_audit.planning import Intent, Planned, planned
from contacts_audit.remediate import Result, Status, Task, as_it_was, to_backup, to_wish
from contacts_audit.survey import Surveyor

Item = Task | Result
"""A subscription that is to be written to, or what is to be said of it without that."""


def left_alone(
    auditor: Auditor, subscription: Subscription, *, failing_only: bool
) -> Planned | None:
    """Return the row of what is not to be touched: waived, or with *failing_only* compliant."""
    if unasked(subscription) is not None:
        return None
    match auditor.audit(subscription):
        case Unread() as outcome:
            return unread(outcome)
        case Audited(waiver=Waiver() as waiver):
            why = f"waived until {waiver.expires}: {waiver.reason}, {waiver.owner}"
            return Planned(subscription, Intent.WAIVED, message=why)
        case Audited(verdict=Verdict.COMPLIANT) if failing_only:
            return Planned(subscription, Intent.NOTHING, message="it complies")
    return None


def plan(
    surveyor: Surveyor, subscription: Subscription, wish: Wish, version: str | None
) -> Planned:
    """Return what fulfils *wish*."""
    match unasked(subscription):
        case Skipped():
            why = f"its state is {subscription.state}"
            return Planned(subscription, Intent.SKIPPED, message=why)
        case Unread() as outcome:
            return unread(outcome)
    try:
        return planned(subscription, surveyor.seen(subscription), wish, version)
    except (AzureError, AuthError) as error:
        return Planned(subscription, Intent.UNREADABLE, fault=fault(error, subscription))


def unread(outcome: Unread) -> Planned:
    """Return the row of a subscription that could not be read."""
    return Planned(outcome.subscription, Intent.UNREADABLE, fault=outcome.fault)


def foreseen(row: Planned, made: Plan) -> Item:
    """Return what a plan that was made just now says of a subscription."""
    if row.intent is Intent.CHANGE and row.seen is not None and row.api_version is not None:
        return to_wish(row.subscription, row.seen, made.wish, row.api_version)
    status = {
        Intent.NOTHING: Status.ALREADY,
        Intent.REFUSED: Status.REFUSED,
        Intent.SKIPPED: Status.SKIPPED,
        Intent.WAIVED: Status.WAIVED,
    }.get(row.intent, Status.UNREADABLE)
    message = row.message if row.fault is None else f"{row.fault.reason}: {row.fault.told}"
    return Result(row.subscription, status, message)


def review(surveyor: Surveyor, row: Planned, made: Plan, here: Mapping[str, Subscription]) -> Item:
    """Return what is to be done about a *row* of a saved plan: nothing, if it has changed since."""
    if row.intent not in (Intent.CHANGE, Intent.NOTHING) or row.seen is None:
        return foreseen(row, made)
    item = _now(surveyor, row.subscription, row.seen, here)
    if isinstance(item, Result):
        return item
    anew = planned(row.subscription, item, made.wish, row.api_version)
    if anew.intent is Intent.NOTHING:
        return Result(row.subscription, Status.ALREADY)
    if row.intent is Intent.NOTHING or not as_it_was(row.seen, item):
        message = "it changed since the plan was made: plan anew"
        return Result(row.subscription, Status.CONFLICT, message)
    return foreseen(row, made)


def compare(
    surveyor: Surveyor, subscription: Subscription, wanted: Seen, here: Mapping[str, Subscription]
) -> Item:
    """Return how *subscription* comes to show what was *wanted*."""
    item = _now(surveyor, subscription, wanted, here)
    if isinstance(item, Result):
        return item
    task = to_backup(subscription, item, wanted)
    if any(task.steps(version, item) for version in task.versions):
        return task
    return Result(subscription, Status.ALREADY)


def _now(
    surveyor: Surveyor,
    subscription: Subscription,
    then: Seen,
    here: Mapping[str, Subscription],
) -> Seen | Result:
    """Read *subscription* again, at the api-versions of *then*."""
    outcome = unasked(here.get(subscription.id) or Subscription(subscription.id, visible=False))
    if isinstance(outcome, Skipped):
        state = outcome.subscription.state
        return Result(subscription, Status.SKIPPED, f"its state is {state}")
    if isinstance(outcome, Unread):
        return Result(subscription, Status.UNREADABLE, _said(outcome.fault))
    try:
        return surveyor.at_all(subscription, then.versions)
    except (AzureError, AuthError) as error:
        return Result(subscription, Status.UNREADABLE, _said(fault(error, subscription)))


def _said(found: Fault) -> str:
    return f"{found.reason}: {found.told}"

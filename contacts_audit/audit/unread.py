"""The outcomes of subscriptions that nothing is asked of, or that could not be read."""

import logging
import traceback
from types import TracebackType

from contacts_audit.core.errors import HINTS, AuthError, AzureError, Reason
from contacts_audit.core.model import Fault, Skipped, Subscription, Unread

SKIPPED_STATES = frozenset({"disabled", "deleted"})
log = logging.getLogger(__name__)


def fault(error: AzureError | AuthError, subscription: Subscription) -> Fault:
    """Return the facts of *error*, and a hint that may be copied."""
    found = Fault.of(error)
    return found._replace(hint=found.hint.replace("SUBSCRIPTION_ID", subscription.id))


def unasked(subscription: Subscription) -> Skipped | Unread | None:
    """Return the outcome of a *subscription* that nothing is asked of, None for all others."""
    if not subscription.visible:
        return _unread(subscription, Reason.NOT_VISIBLE, "it is not visible to this identity")
    if (subscription.state or "").casefold() in SKIPPED_STATES:
        return Skipped(subscription)
    return None


def broken(subscription: Subscription, error: Exception) -> Unread:
    """Return the outcome of a *subscription* at which we stumbled: this one alone is lost."""
    trace = error.__traceback__
    for line in "".join(traceback.format_tb(trace)).splitlines():
        log.debug("%s: %s", subscription.label, line)
    message = f"unexpected {type(error).__name__} at {_place(trace)}"  # its text may hold a secret
    return _unread(subscription, Reason.INTERNAL, message)


def _place(trace: TracebackType | None) -> str:
    """Return the file and line, the last of ours, where an error came from."""
    package = __name__.partition(".")[0]
    place = "an unknown place"
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] == package:
            place = f"{name.replace('.', '/')}.py:{line}"
    return place


def out_of_time(subscription: Subscription) -> Unread:
    """Return the outcome of a *subscription* that the run's deadline left unread."""
    return _unread(subscription, Reason.DEADLINE, "the run's deadline passed")


def _unread(subscription: Subscription, reason: Reason, message: str) -> Unread:
    return Unread(subscription, Fault(reason, message, HINTS[reason]))

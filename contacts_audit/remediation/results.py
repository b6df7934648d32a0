"""The result of each subscription: status, message, next step; and the exit code of a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contacts_audit.core.errors import ExitCode
from contacts_audit.core.model import Subscription


class Status(StrEnum):
    """The result of a subscription, as `-o json` prints it."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    NOT_SENT = "not-sent"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    WAIVED = "waived"


GOOD = frozenset({Status.DONE, Status.ALREADY, Status.SKIPPED, Status.WAIVED})
LOOK = "look at it by 'contacts-audit explain SUBSCRIPTION_ID'"
NEXT = {
    Status.FAILED: "nothing was changed: run the same command again later",
    Status.NOT_SENT: "nothing was tried: run the same command again",
    Status.CONFLICT: f"it stays as it is: {LOOK}, then make a new plan",
    Status.UNCONFIRMED: f"{LOOK}; the backup holds what was there before",
    Status.UNKNOWN: f"{LOOK}, or run the same command again: it reads first",
    Status.REFUSED: "read the message, then run the same command again",
    Status.UNREADABLE: "nothing was tried: run 'contacts-audit explain SUBSCRIPTION_ID'",
}


@dataclass(frozen=True, slots=True)
class Result:
    """
    The *status* of a *subscription*, why, and what to do next.

    *deleted* are the contacts that were deleted, each as "NAME at API-VERSION".
    """

    subscription: Subscription
    status: Status
    message: str | None = None
    hint: str | None = None
    deleted: tuple[str, ...] = ()

    @property
    def next_step(self) -> str | None:
        """What to do next; None for a status that needs nothing."""
        hint = self.hint or NEXT.get(self.status)
        return hint and hint.replace("SUBSCRIPTION_ID", self.subscription.id)


def exit_code(results: Iterable[Result]) -> ExitCode:
    """Return the exit code of a run: a change that was not done outranks an unreadable row."""
    statuses = {result.status for result in results}
    if statuses - GOOD - {Status.UNREADABLE}:
        return ExitCode.NOT_DONE
    return ExitCode.INCOMPLETE if Status.UNREADABLE in statuses else ExitCode.CLEAN

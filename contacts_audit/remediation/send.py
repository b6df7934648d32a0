"""Sends one write, and reads the contact before it sends the write again."""

import threading
import time
from dataclasses import dataclass

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.retry import ATTEMPTS, Budget, backoff
from contacts_audit.azure.contacts import steps
from contacts_audit.azure.contacts.equality import others_are_unchanged
from contacts_audit.azure.contacts.records import Snapshot, canonical, is_absence, named
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import AuthError, AzureError, NotSentError, Reason
from contacts_audit.core.model import Fault, Subscription
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.results import Result, Status
from contacts_audit.remediation.snapshot import SnapshotReader

ENDED = "the run was told to end"
THROTTLING = frozenset({429, 503})
RENEWALS = 2  # of the token: it may have expired, and then lack claims
ACTIONS = {"PUT": "write", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Target:
    """
    One *step* to send at *version* of a *subscription* that was read as *then*.

    Only before the *first* step of a task can no write of ours have changed other contacts.
    """

    subscription: Subscription
    version: str
    step: Step
    then: Snapshot
    first: bool

    @property
    def method(self) -> str:
        """PUT, or DELETE for a step that deletes the contact."""
        return "DELETE" if self.step.after is None else "PUT"


@dataclass(slots=True)
class Tries:
    """Counts failed attempts: each kind of failure allows a number of retries."""

    throttled: int = 0
    lost: int = 0
    rejected: int = 0

    def wait_after(self, error: AzureError) -> float | None:
        """Return the seconds to wait before a retry after *error*, None if there is no retry."""
        if error.status in THROTTLING:
            self.throttled += error.retry_after is None
            wait = error.retry_after or backoff(max(1, self.throttled))
            return wait if self.throttled < ATTEMPTS else None
        if error.status == 401:
            self.rejected += 1
            return 0 if self.rejected <= RENEWALS else None
        self.lost += 1
        return (error.retry_after or 0) if is_lost(error) and self.lost == 1 else None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends writes, and notes each in the *journal*; *stop* asks it to begin nothing new."""

    reader: SnapshotReader
    journal: Journal
    stop: threading.Event

    def write(self, target: Target) -> Result | None:
        """
        Send *target*; return a result if it was not done, None if it may be done.

        After any answer but success, read the contact before anything is sent again.  If it is as
        requested, the write is done.  If it is as before, it may be sent again.  Anything else is
        a change by somebody else, and stays.

        Raises:
            OutputError: the journal cannot be written.
        """
        subscription, tries = target.subscription, Tries()
        budget = self.reader.client(subscription).limits.until()
        before: AzureError | None = None
        while True:  # the budget and the counted retries end it
            try:
                error = self._sent(target, budget)
            except AuthError as no_token:  # every attempt so far was rejected
                self.journal.note(subscription, Status.NOT_SENT, **_facts(target))
                return Result(subscription, Status.FAILED, f"it was not written: {no_token}")
            if error is None or (target.step.after is None and is_absence(error)):
                return None
            end = refusal(subscription, error, target.method)
            if end is not None and before is None:
                return end
            if before is not None and isinstance(error, NotSentError):
                error = before  # it says where the time went
            before = error
            again, said = self._waited(error, budget, None if end else tries)
            try:
                found = self._found(target)
            except (AzureError, AuthError) as unread:
                self.journal.note(subscription, Status.UNKNOWN)
                message = f"{said}; it could not be read back: {Fault.of(unread).detail}"
                return Result(subscription, Status.UNKNOWN, message)
            if found is Status.DONE:
                return None
            if end is not None:
                return end
            if found is Status.CONFLICT:
                return Result(subscription, found, f"{said}; it was changed by somebody else")
            if not again or self.stop.is_set():
                return Result(subscription, found, f"{said}; it was not changed")

    def _sent(self, target: Target, budget: Budget) -> AzureError | None:
        """Write the journal, then send *target* once; return the error if that is the answer."""
        subscription, step, facts = target.subscription, target.step, _facts(target)
        client = self.reader.client(subscription)
        url = protocol.contact_url(client.endpoint, subscription.id, step.contact, target.version)
        body = None
        if step.after is not None:
            body = canonical(steps.body(subscription.id, target.version, step)).encode()
        note = self.journal.note
        note(subscription, "wanted", **facts, before=step.before, after=step.after)
        note(subscription, "sent", **facts, method=target.method)
        try:
            answer = client.write(target.method, url, body, budget)
        except AzureError as error:
            note(subscription, "answered", **facts, status=error.status, reason=error.reason)
            return error
        request_id = answer.request_id
        note(subscription, "answered", **facts, status=answer.status, request_id=request_id)
        return None

    def _waited(self, error: AzureError, budget: Budget, tries: Tries | None) -> tuple[bool, str]:
        """Wait as *error* asks; return whether *tries* allow to send again, and the message."""
        wait, said = None if tries is None else tries.wait_after(error), Fault.of(error).detail
        if wait is None:
            return False, said
        if time.monotonic() + wait >= budget.until:
            if error.retry_after:
                said += f" (it asked to wait {wait:g} s, more than is left)"
            return False, said
        if wait and self.stop.wait(wait):
            return False, f"{said}; {ENDED} before it was taken"
        return True, said

    def _found(self, target: Target) -> Status:
        """Read again, and return whether it is done, failed, or conflicts with another change."""
        step, then = target.step, target.then
        seen = self.reader.at_once(target.subscription, then.versions)
        now = named(seen.at(target.version), step.contact)
        if step.is_done(now):
            return Status.DONE
        if not step.is_untouched(now):
            return Status.DONE if step.is_done_except_phone(now) else Status.CONFLICT
        same = others_are_unchanged(then, seen, step.contact, loosely=not target.first)
        return Status.FAILED if same else Status.CONFLICT


def is_lost(error: AzureError) -> bool:
    """Return whether Azure may have carried out a write that ended in *error*."""
    return error.status is None or error.status == 408 or error.status >= 500


def refusal(subscription: Subscription, error: AzureError, method: str) -> Result | None:
    """Return the result of a write that Azure refused, None if *error* is not a refusal."""
    told = Fault.of(error).detail
    code = (error.code or "").casefold().replace(" ", "")
    if error.status in (409, 412) and error.reason is Reason.REFUSED:
        held = "readonly" in code or code == "scopelocked"  # a lock, and no change by somebody else
        return Result(subscription, Status.REFUSED if held else Status.CONFLICT, told)
    if error.status is None or not 400 <= error.status < 500:
        return None
    if error.status in (408, 429) or (error.status == 401 and error.retryable):
        return None
    if error.reason is not Reason.FORBIDDEN:
        return Result(subscription, Status.REFUSED, told, error.hint)
    if any(word in code for word in ("policy", "readonly", "deny")):  # no role helps
        return Result(subscription, Status.REFUSED, told)
    action = f"Microsoft.Security/securityContacts/{ACTIONS[method]}"
    grant = f"grant the identity the role Security Admin on the subscription (action {action})"
    return Result(subscription, Status.REFUSED, f"{told} -- {grant}")


def _facts(target: Target) -> dict[str, str]:
    return {"api_version": target.version, "contact": target.step.contact}

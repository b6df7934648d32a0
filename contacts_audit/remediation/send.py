"""Sends one write, and reads the contact before it sends it again."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.arm.retry import ATTEMPTS, Budget, backoff
from contacts_audit.azure.arm.transport import NO_TIME
from contacts_audit.azure.contacts import steps
from contacts_audit.azure.contacts.records import Seen, absence, canonical, named
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.model import Fault, Subscription
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.snapshot import Surveyor
from contacts_audit.remediation.tasks import Result, Status, others_as_they_were

ENDED = "the run was told to end"
THROTTLING = frozenset({429, 503})
RENEWALS = 2  # of the token: one that expired, one that lacked claims
ACTIONS = {"PUT": "write", "DELETE": "delete"}


class Found(Enum):
    """What a look at a contact shows after its write went wrong."""

    AS_WISHED = auto()
    AS_BEFORE = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """
    One *step* at *version* of a *subscription*, to be sent where *then* still stands.

    It is not the *first* where others of ours may have changed what stands.
    """

    subscription: Subscription
    version: str
    step: Step
    then: Seen
    first: bool

    @property
    def method(self) -> str:
        """PUT, or DELETE where nothing is to be left."""
        return "DELETE" if self.step.after is None else "PUT"


@dataclass(slots=True)
class Tries:
    """How often what went wrong: each kind allows so many further tries."""

    throttled: int = 0
    lost: int = 0
    rejected: int = 0

    def wait_after(self, error: AzureError) -> float | None:
        """Return the seconds to wait after *error*, None where there is no further try."""
        if error.status in THROTTLING:
            self.throttled += error.retry_after is None
            wait = error.retry_after or backoff(max(1, self.throttled))
            return wait if self.throttled < ATTEMPTS else None
        if error.status == 401:
            self.rejected += 1
            return 0 if self.rejected <= RENEWALS else None
        self.lost += 1
        return (error.retry_after or 0) if is_lost(error) and self.lost == 1 else None


class Sender:
    """Sends writes; *asked* says that nothing new is to begin."""

    def __init__(
        self,
        client: Callable[[Subscription], Client],
        surveyor: Surveyor,
        journal: Journal,
        asked: threading.Event,
    ) -> None:
        self._client = client
        self._surveyor = surveyor
        self._journal = journal
        self._asked = asked

    def write(self, target: Target) -> Result | None:
        """
        Send *target*; return the result if that is the end of it, None where it may be done.

        Whatever comes in place of success, the contact is read before anything is sent again: as
        wished is done, as before may be sent again, anything else is somebody else's, and stays.

        Raises:
            OutputError: the journal cannot be written.
        """
        subscription, tries = target.subscription, Tries()
        budget = self._client(subscription).limits.until()
        before: AzureError | None = None
        for count in itertools.count(1):  # ends by its budget, and by the tries that an error has
            try:
                error = self._sent(target, budget)
            except AuthError as unsigned:  # what was sent before that was turned away
                self._journal.note(subscription, Status.NOT_SENT, **_facts(target))
                return Result(subscription, Status.FAILED, f"it was not written: {unsigned}")
            if error is None or (target.step.after is None and absence(error)):
                return None
            end = refusal(subscription, error, target.method)
            if end is not None and count == 1:
                return end
            if before is not None and is_unsent(error):
                error = before  # it says what all the time went into
            before = error
            again, said = (False, told(error)) if end else self._waited(error, budget, tries)
            try:
                found = self._found(target)
            except (AzureError, AuthError) as unread:
                self._journal.note(subscription, Status.UNKNOWN)
                message = f"{said}; it could not be read back: {told(unread)}"
                return Result(subscription, Status.UNKNOWN, message)
            if found is Found.AS_WISHED:
                return None
            if end is not None:
                return end
            if found is Found.CHANGED:
                message = f"{said}; it was changed by somebody else"
                return Result(subscription, Status.CONFLICT, message)
            if not again or self._asked.is_set():
                return Result(subscription, Status.FAILED, f"{said}; it was not changed")
        raise AssertionError("itertools.count ended")

    def _sent(self, target: Target, budget: Budget) -> AzureError | None:
        """Send it once, the journal ahead of it; return the error, if that is the answer."""
        subscription, step, facts = target.subscription, target.step, _facts(target)
        client = self._client(subscription)
        url = protocol.contact_url(client.endpoint, subscription.id, step.contact, target.version)
        body = None
        if step.after is not None:
            body = canonical(steps.body(subscription.id, target.version, step)).encode()
        note = self._journal.note
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

    def _waited(self, error: AzureError, budget: Budget, tries: Tries) -> tuple[bool, str]:
        """Wait as *error* asks, and return whether it may be sent again, and what is to be said."""
        wait, said = tries.wait_after(error), told(error)
        if wait is None:
            return False, said
        if time.monotonic() + wait >= budget.until:
            asked = (
                f" (it asked to wait {wait:g} s, more than is left)" if error.retry_after else ""
            )
            return False, said + asked
        if wait and self._asked.wait(wait):
            return False, f"{said}; {ENDED} before it was taken"
        return True, said

    def _found(self, target: Target) -> Found:
        """
        Look at the contact, and at what stands beside it.

        Raises:
            AzureError: it cannot be read.
            AuthError: no token is to be had.
        """
        step, then = target.step, target.then
        seen = self._surveyor.at_once(target.subscription, then.versions)
        now = named(seen.at(target.version), step.contact)
        if step.is_done(now):
            return Found.AS_WISHED
        if not step.is_untouched(now):
            return Found.AS_WISHED if step.is_done_but_for_phone(now) else Found.CHANGED
        same = others_as_they_were(then, seen, step.contact, loosely=not target.first)
        return Found.AS_BEFORE if same else Found.CHANGED


def told(error: AzureError | AuthError) -> str:
    """Return what an error says, with what Azure support asks for."""
    return Fault.of(error).told if isinstance(error, AzureError) else str(error)


def is_unsent(error: AzureError) -> bool:
    """Return whether a write was not even sent, as no time was left."""
    return error.reason is Reason.TIMEOUT and error.status is None and str(error) == NO_TIME


def is_lost(error: AzureError) -> bool:
    """Return whether a write may have been carried out although no good answer came."""
    if error.status is None:
        return True
    return error.status == 408 or error.status >= 500


def refusal(subscription: Subscription, error: AzureError, method: str) -> Result | None:
    """Return the result of a write that Azure refused, None where *error* is no refusal."""
    code = (error.code or "").casefold().replace(" ", "")
    if error.status in (409, 412) and error.reason is Reason.REFUSED:
        held = "readonly" in code or code == "scopelocked"  # nobody else's change, and it stays
        return Result(subscription, Status.REFUSED if held else Status.CONFLICT, told(error))
    if error.status is None or not 400 <= error.status < 500:
        return None
    if error.status in (408, 429) or (error.status == 401 and error.retryable):
        return None
    if error.reason is not Reason.FORBIDDEN:
        return Result(subscription, Status.REFUSED, told(error), error.hint)
    if any(word in code for word in ("policy", "readonly", "deny")):  # no role would help
        return Result(subscription, Status.REFUSED, told(error))
    action = f"Microsoft.Security/securityContacts/{ACTIONS[method]}"
    grant = f"grant the identity the role Security Admin on the subscription (action {action})"
    return Result(subscription, Status.REFUSED, f"{told(error)} -- {grant}")


def _facts(target: Target) -> dict[str, str]:
    return {"api_version": target.version, "contact": target.step.contact}

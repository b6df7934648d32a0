"""Applies and restores: one subscription at a time, journalled, and believed when read back."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contacts_audit.azure import arm, drafts
from contacts_audit.azure.client import Client
from contacts_audit.azure.contacts import addresses
from contacts_audit.azure.drafts import RefusedError, Step
from contacts_audit.azure.records import Json, Record, Seen, canonical, in_sequence, named, same
from contacts_audit.ending import Stopped
from contacts_audit.errors import AuthError, AzureError, ExitCode, Reason
from contacts_audit.ledger import Journal
from contacts_audit.mailbox import key
from contacts_audit.model import Fault, Subscription, Wish
from contacts_audit.survey import Surveyor
from contacts_audit.workers import apart

PAUSES = (0.0, 1.0, 2.0, 4.0)  # seconds before each reading back
FAILURES = 3
FOREVER = 1e6
ENDED = "the run was told to end"


class Status(StrEnum):
    """What became of a subscription."""

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


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a *subscription*, and why."""

    subscription: Subscription
    status: Status
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """
    What is to be done about a *subscription* that showed *before*.

    *steps* tells what to write at each of *versions*, in that order, given what stands now; it may
    raise `RefusedError`.  *missing* tells what the steps that were sent did not bring about.
    """

    subscription: Subscription
    before: Seen
    versions: tuple[str, ...]
    steps: Callable[[str, Seen], Sequence[Step]]
    missing: Callable[[Sequence[tuple[str, Step]], Seen], str | None]


def to_wish(subscription: Subscription, before: Seen, wish: Wish, version: str) -> Task:
    """Return how *wish* is made true at *version*."""
    return Task(
        subscription,
        before,
        (version,),
        lambda version, seen: drafts.draft(seen, wish, version).steps,
        lambda sent, seen: _unwritten(sent, seen) or _lost(before, seen, wish),
    )


def to_backup(subscription: Subscription, before: Seen, wanted: Seen) -> Task:
    """Return how *subscription* comes to show what was *wanted* again, the newest first."""
    return Task(
        subscription,
        before,
        tuple(sorted(wanted.versions, reverse=True)),
        lambda version, seen: _back(seen.at(version), wanted.at(version)),
        lambda sent, seen: next(
            (
                f"{version} does not show what the backup holds"
                for version in wanted.versions
                if _back(seen.at(version), wanted.at(version))
            ),
            None,
        ),
    )


def exit_code(results: Iterable[Result]) -> ExitCode:
    """Return the code of a run with these *results*."""
    statuses = {result.status for result in results}
    if statuses - GOOD - {Status.UNREADABLE}:
        return ExitCode.NOT_DONE
    return ExitCode.INCOMPLETE if Status.UNREADABLE in statuses else ExitCode.CLEAN


class Remedy:
    """Writes, one subscription after the other; *asked* says that nothing new is to begin."""

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

    def run(self, items: Iterable[Task | Result]) -> Iterator[Result]:
        """
        Yield what becomes of each of *items*, in order; after three failures in a row no more.

        Raises:
            OutputError: the journal cannot be written.
            Stopped: a second signal came; the journal says of what the outcome is unknown.
        """
        failures = 0
        for task in items:
            if isinstance(task, Result):
                yield task
            elif failures == FAILURES:
                reason = f"{FAILURES} subscriptions in a row had failed"
                yield Result(task.subscription, Status.NOT_SENT, reason)
            elif self._asked.is_set():
                yield Result(task.subscription, Status.NOT_SENT, ENDED)
            else:
                result = self._apart(task)
                failures = 0 if result.status in GOOD else failures + 1
                yield result

    def _apart(self, task: Task) -> Result:
        try:
            return apart(lambda: self._done(task), deadline=time.monotonic() + FOREVER)
        except Stopped:
            self._journal.note(task.subscription, Status.UNKNOWN)
            raise

    def _done(self, task: Task) -> Result:
        """Read, compare, write, read back."""
        sent: list[tuple[str, Step]] = []
        fault = self._fault(task, sent)
        if not sent:
            return fault or Result(task.subscription, Status.ALREADY)
        if fault is None:
            return self._confirmed(task, sent)
        message = f"after {len(sent)} of its writes: {fault.message}"
        untouched = fault.status in {Status.FAILED, Status.NOT_SENT}  # which it no longer is
        status = Status.UNCONFIRMED if untouched else fault.status
        return Result(task.subscription, status, message)

    def _fault(self, task: Task, sent: list[tuple[str, Step]]) -> Result | None:
        """Take the steps of *task* and add them to *sent*; return what kept one from being done."""
        subscription = task.subscription
        try:
            now = self._surveyor.at_all(subscription, task.before.versions)
            for version in task.versions:
                if sent:  # what was written at one version may show at another
                    fresh = self._surveyor.at(subscription, version)
                    now = Seen({**now.versions, version: fresh})
                steps = task.steps(version, now)
                if steps and not sent and not as_it_was(task.before, now):
                    return Result(
                        subscription, Status.CONFLICT, "it changed since it was read: plan anew"
                    )
                for step in steps:
                    if self._asked.is_set():
                        return Result(subscription, Status.NOT_SENT, ENDED)
                    if (fault := self._write(subscription, version, step)) is not None:
                        return fault
                    sent.append((version, step))
        except RefusedError as error:
            return Result(subscription, Status.REFUSED, f"{error} -- {error.hint}")
        except (AzureError, AuthError) as error:
            message = f"it could not be read, so it was not written: {_told(error)}"
            return Result(subscription, Status.FAILED, message)
        return None

    def _write(
        self, subscription: Subscription, version: str, step: Step, *, again: bool = True
    ) -> Result | None:
        """Send *step*; return the result if that is the end of it, None where it may be done."""
        client = self._client(subscription)
        url = arm.contact_url(client.endpoint, subscription.id, step.contact, version)
        method, body = "DELETE", None
        if step.after is not None:
            method = "PUT"
            body = canonical(drafts.body(subscription.id, version, step)).encode()
        facts = {"api_version": version, "contact": step.contact}
        self._journal.note(subscription, "wanted", **facts, before=step.before, after=step.after)
        self._journal.note(subscription, "sent", **facts, method=method)
        try:
            answer = client.write(method, url, body, client.limits.until(), self._wait)
        except AuthError as error:  # what was sent before that was turned away
            self._journal.note(subscription, Status.NOT_SENT, **facts)
            return Result(subscription, Status.FAILED, f"it was not written: {error}")
        except AzureError as error:
            self._journal.note(
                subscription, "answered", **facts, status=error.status, reason=error.reason
            )
            if not _is_lost(error):
                return Result(subscription, _refusal(error), _told(error))
            return self._after_loss(subscription, version, step, error, again=again)
        self._journal.note(
            subscription, "answered", **facts, status=answer.status, request_id=answer.request_id
        )
        return None

    def _wait(self, seconds: float) -> None:
        """Wait until the service takes the write, unless the run is told to end meanwhile."""
        if self._asked.wait(seconds):
            raise AzureError(Reason.THROTTLED, f"{ENDED} before it was taken", status=429)

    def _after_loss(
        self,
        subscription: Subscription,
        version: str,
        step: Step,
        error: AzureError,
        *,
        again: bool,
    ) -> Result | None:
        """Nobody knows whether *step* was carried out: look, and only then try once more."""
        try:
            now = named(self._surveyor.at(subscription, version), step.contact)
        except (AzureError, AuthError) as unread:
            self._journal.note(subscription, Status.UNKNOWN)
            message = f"{_told(error)}; it could not be read back: {_told(unread)}"
            return Result(subscription, Status.UNKNOWN, message)
        if _holds(step.after, now):
            return None
        if not same(now, step.before):
            return Result(
                subscription, Status.CONFLICT, f"{_told(error)}; it was changed by somebody else"
            )
        if again and not self._asked.is_set():
            return self._write(subscription, version, step, again=False)
        return Result(subscription, Status.FAILED, f"{_told(error)}; it was not changed")

    def _confirmed(self, task: Task, sent: Sequence[tuple[str, Step]]) -> Result:
        """Read back, patiently: only what both api-versions show is done."""
        missing: str | None = None
        for pause in PAUSES:
            if pause and self._asked.wait(pause):
                break
            try:
                missing = task.missing(
                    sent, self._surveyor.at_all(task.subscription, task.before.versions)
                )
            except (AzureError, AuthError) as error:
                missing = f"it could not be read back: {_told(error)}"
            self._journal.note(task.subscription, "read back", missing=missing)
            if missing is None:
                return Result(task.subscription, Status.DONE)
        return Result(task.subscription, Status.UNCONFIRMED, missing)


def _told(error: AzureError | AuthError) -> str:
    return Fault.of(error).told if isinstance(error, AzureError) else str(error)


def _is_lost(error: AzureError) -> bool:
    """Say whether a write may have been carried out although no good answer came."""
    if error.status is None:
        return True
    return error.status == 408 or (error.status >= 500 and error.status != 503)


def _refusal(error: AzureError) -> Status:
    if error.status in (409, 412) and error.reason is Reason.REFUSED:
        code = (error.code or "").casefold().replace(" ", "")
        held = "readonly" in code or code == "scopelocked"  # nobody else's change, and it stays
        return Status.REFUSED if held else Status.CONFLICT
    client_s = error.status is not None and 400 <= error.status < 500 and error.status != 429
    return Status.REFUSED if client_s else Status.FAILED


def as_it_was(then: Seen, now: Seen) -> bool:
    """Say whether *now* shows what was seen *then*, at each api-version; etags aside."""
    return all(
        same(_by_name(then.at(version)), _by_name(now.at(version))) for version in then.versions
    )


def _by_name(records: Sequence[Record]) -> Json:
    return {record.name: record.properties for record in records}


def _back(now: Sequence[Record], wanted: Sequence[Record]) -> list[Step]:
    """Return what makes *now* what was *wanted*; deletions last, from the highest down."""
    standing, goal = _by_name(now), _by_name(wanted)
    steps = [
        Step(one.name, standing.get(one.name), one.properties)
        for one in sorted(wanted, key=in_sequence)
        if one.name not in standing or not same(standing[one.name], one.properties)
    ]
    surplus = [one for one in sorted(now, key=in_sequence, reverse=True) if one.name not in goal]
    return steps + [Step(one.name, one.properties, None) for one in surplus]


def _unwritten(sent: Sequence[tuple[str, Step]], seen: Seen) -> str | None:
    """Name a field that was sent and does not read back."""
    for version, step in sent:
        now = named(seen.at(version), step.contact)
        if not _holds(step.after, now):
            if step.after is None or now is None:
                return f"contact {step.contact!r} is {'still' if now else 'not'} there"
            fields = [field for field, value in step.after.items() if not _reads(field, value, now)]
            return f"{', '.join(fields)} of contact {step.contact!r} did not read back as sent"
    return None


def _holds(wanted: Json | None, now: Json | None) -> bool:
    """Say whether each field of *wanted* reads back in *now*."""
    if wanted is None or now is None:
        return wanted is now
    return all(_reads(field, value, now) for field, value in wanted.items())


def _reads(field: str, value: Any, now: Json) -> bool:
    if field in {"email", "emails"} and isinstance(value, str):
        back = now.get(field)
        return isinstance(back, str) and _folded(value) == _folded(back)
    if value in ("", None) and now.get(field) in ("", None):
        return True  # a field that is unset comes back empty, or not at all
    return field in now and _fits(value, now[field])


def _fits(value: Any, back: Any) -> bool:
    """Say whether *back* is *value*, lists in any order, objects with more fields."""
    match value, back:
        case dict(), dict():
            return all(key in back and _fits(item, back[key]) for key, item in value.items())
        case list(), list():
            left = list(back)
            for item in value:
                found = next((at for at, other in enumerate(left) if _fits(item, other)), None)
                if found is None:
                    return False
                del left[found]
            return not left
    return same(value, back)


def _folded(text: str) -> set[str]:
    return set(map(key, addresses(text)))


def _lost(before: Seen, now: Seen, wish: Wish) -> str | None:
    """Name the addresses that were visible and are no more, though nobody wished that."""
    kept = _visible(before) - set(map(key, wish.remove_emails))
    if wish.replace:
        kept &= set(map(key, wish.emails))
    lost = kept - _visible(now)
    return f"no longer visible at any api-version: {', '.join(sorted(lost))}" if lost else None


def _visible(seen: Seen) -> set[str]:
    texts = (
        record.properties.get(field)
        for records in seen.versions.values()
        for record in records
        for field in ("email", "emails")
    )
    return {one for text in texts if isinstance(text, str) for one in _folded(text)}

"""Applies and restores: one subscription at a time, journaled and read back."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from contacts_audit.audit.auditor import broken
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.contacts.records import Seen
from contacts_audit.azure.contacts.steps import RefusedError, Step
from contacts_audit.core.errors import AuthError, AzureError, ContactsAuditError
from contacts_audit.core.model import Subscription
from contacts_audit.core.shutdown import Stopped
from contacts_audit.core.workers import apart
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.ledger import versions_json
from contacts_audit.remediation.send import ENDED, Sender, Target, told
from contacts_audit.remediation.snapshot import Surveyor
from contacts_audit.remediation.tasks import (
    GOOD,
    Item,
    Result,
    Status,
    Task,
    applied,
    as_it_was,
    deleted,
)

PAUSES = (0.0, 1.0, 2.0, 4.0)  # seconds before each reading back
FAILURES = 3
FOREVER = 1e6
KEPT_PHONE = (
    "Azure keeps a telephone number that is sent empty: 'contacts-audit restore BACKUP "
    "--recreate' deletes the contact and writes it anew"
)


class Remedy:
    """Writes, one subscription after the other; *asked* says that nothing new is to begin."""

    def __init__(
        self,
        client: Callable[[Subscription], Client],
        surveyor: Surveyor,
        journal: Journal,
        asked: threading.Event,
    ) -> None:
        self._surveyor = surveyor
        self._journal = journal
        self._sender = Sender(client, surveyor, journal, asked)
        self._asked = asked

    def run(self, items: Iterable[Item]) -> Iterator[Result]:
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
        except ContactsAuditError:
            raise
        except Exception as error:  # noqa: BLE001 - one slip costs one row, also after a write
            self._journal.note(task.subscription, Status.UNKNOWN)
            found = broken(task.subscription, error).fault
            return Result(task.subscription, Status.UNKNOWN, found.told, found.hint)

    def _done(self, task: Task) -> Result:
        """Read, compare, write, read back."""
        sent: list[tuple[str, Step]] = []
        fault = self._fault(task, sent)
        if not sent:
            return fault or Result(task.subscription, Status.ALREADY)
        if fault is None:
            return self._confirmed(task, sent)
        gone = f" (deleted: {', '.join(deleted(sent))})" if deleted(sent) else ""
        message = f"after {len(sent)} of its writes{gone}: {fault.message}"
        untouched = fault.status in {Status.FAILED, Status.NOT_SENT}  # which it no longer is
        status = Status.UNCONFIRMED if untouched else fault.status
        return Result(task.subscription, status, message, fault.hint)

    def _fault(self, task: Task, sent: list[tuple[str, Step]]) -> Result | None:
        """Take the steps of *task* and add them to *sent*; return what kept one from being done."""
        subscription = task.subscription
        try:
            now = self._surveyor.at_once(subscription, task.before.versions)
            for version in task.versions:
                if sent:  # what was written at one version may show at another
                    fresh = self._surveyor.at(subscription, version)
                    now = Seen({version: fresh})
                steps = task.steps(version, now)
                if steps and not sent and not as_it_was(task.before, now):
                    return Result(
                        subscription, Status.CONFLICT, "it changed since it was read: plan anew"
                    )
                for step in steps:
                    if self._asked.is_set() and not _writes_anew(step, sent):
                        return Result(subscription, Status.NOT_SENT, ENDED)
                    target = Target(subscription, version, step, now, first=not sent)
                    if (fault := self._sender.write(target)) is not None:
                        return fault
                    sent.append((version, step))
                    now = Seen({version: applied(now.at(version), step)})
        except RefusedError as error:
            return Result(subscription, Status.REFUSED, f"{error} -- {error.hint}")
        except (AzureError, AuthError) as error:
            message = f"it could not be read, so it was not written: {told(error)}"
            return Result(subscription, Status.FAILED, message)
        return None

    def _confirmed(self, task: Task, sent: Sequence[tuple[str, Step]]) -> Result:
        """Read back, patiently: only what both api-versions show is done."""
        missing: str | None = None
        for pause in PAUSES:
            if pause and self._asked.wait(pause):
                break
            left = None
            try:
                seen = self._surveyor.at_once(task.subscription, task.before.versions)
                missing, left = task.missing(sent, seen), versions_json(seen)
            except (AzureError, AuthError) as error:
                missing = f"it could not be read back: {told(error)}"
            self._journal.note(task.subscription, "read back", missing=missing, left=left)
            if missing is None:
                gone = tuple(deleted(sent))
                deletions = f"deleted: {', '.join(gone)}" if gone else None
                message = "; ".join(filter(None, (deletions, task.remark))) or None
                return Result(task.subscription, Status.DONE, message, deleted=gone)
        emptied = any(step.after and step.after.get("phone") == "" for _, step in sent)
        hint = KEPT_PHONE if emptied and "phone" in (missing or "") else None
        return Result(task.subscription, Status.UNCONFIRMED, missing, hint)


def _writes_anew(step: Step, sent: Sequence[tuple[str, Step]]) -> bool:
    """Return whether *step* writes what was just deleted for it: no signal comes between them."""
    last = sent[-1][1] if sent else step
    return last.after is None and step.after is not None and last.contact == step.contact

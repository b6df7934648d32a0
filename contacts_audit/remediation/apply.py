"""Applies and restores: one subscription at a time, journaled, verified by reading back."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from contacts_audit.audit.unread import broken
from contacts_audit.azure.contacts.equality import is_unchanged
from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.azure.contacts.steps import RefusedError, Step, applied
from contacts_audit.core.errors import AuthError, AzureError, ContactsAuditError, OutputError
from contacts_audit.core.model import Fault
from contacts_audit.core.shutdown import Stopped
from contacts_audit.core.workers import in_thread
from contacts_audit.remediation.file_format import snapshot_json
from contacts_audit.remediation.results import GOOD, Result, Status
from contacts_audit.remediation.send import ENDED, Sender, Target
from contacts_audit.remediation.tasks import Item, Task, deleted

PAUSES = (0.0, 1.0, 2.0, 4.0)  # seconds before each attempt to read back
FAILURES = 3  # in a row: after them nothing more is sent
KEPT_PHONE = (
    "Azure keeps a telephone number when an empty one is sent: 'contacts-audit restore BACKUP "
    "--recreate' deletes the contact and writes it again"
)


def apply_all(sender: Sender, items: Iterable[Item]) -> Iterator[Result]:
    """
    Yield the result of each of *items*, in order; send nothing after three failures in a row.

    Raises:
        OutputError: the journal cannot be written.
        Stopped: a second signal came; the journal names the subscription in flight as unknown.
    """
    failures = 0
    for task in items:
        if isinstance(task, Result):
            yield task
        elif failures == FAILURES:
            reason = f"{FAILURES} subscriptions in a row had failed"
            yield Result(task.subscription, Status.NOT_SENT, reason)
        elif sender.stop.is_set():
            yield Result(task.subscription, Status.NOT_SENT, ENDED)
        else:
            result = _in_thread(sender, task)
            failures = 0 if result.status in GOOD else failures + 1
            is_conflict = result.status is Status.CONFLICT
            yield replace(result, hint=task.if_changed) if is_conflict else result


def collected(
    coming: Iterator[Result], items: Sequence[Item]
) -> tuple[list[Result], OutputError | Stopped | None]:
    """Return a result for each of *items*, and what broke in: a lost journal, a second signal."""
    results: list[Result] = []
    try:
        results.extend(coming)
    except (OutputError, Stopped) as error:
        why = "a second signal ended the run" if isinstance(error, Stopped) else str(error)
        rest = items[len(results) :]
        for item in rest:
            if isinstance(item, Result):
                results.append(item)
            else:
                status = Status.UNKNOWN if item is rest[0] else Status.NOT_SENT
                results.append(Result(item.subscription, status, why))
        return results, error
    return results, None


def _in_thread(sender: Sender, task: Task) -> Result:
    try:
        return in_thread(lambda: _done(sender, task), deadline=math.inf)
    except Stopped:
        sender.journal.note(task.subscription, Status.UNKNOWN)
        raise
    except ContactsAuditError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug costs one row, also after a write
        sender.journal.note(task.subscription, Status.UNKNOWN)
        found = broken(task.subscription, error).fault
        return Result(task.subscription, Status.UNKNOWN, found.detail, found.hint)


def _done(sender: Sender, task: Task) -> Result:
    """Read, compare, write and read back one subscription."""
    sent: list[tuple[str, Step]] = []
    fault = _fault(sender, task, sent)
    if not sent:
        return fault or Result(task.subscription, Status.ALREADY)
    if fault is None:
        return _confirmed(sender, task, sent)
    gone = f" (deleted: {', '.join(deleted(sent))})" if deleted(sent) else ""
    message = f"after {len(sent)} of its writes{gone}: {fault.message}"
    untouched = fault.status in {Status.FAILED, Status.NOT_SENT}  # it no longer is
    status = Status.UNCONFIRMED if untouched else fault.status
    return Result(task.subscription, status, message, fault.hint)


def _fault(sender: Sender, task: Task, sent: list[tuple[str, Step]]) -> Result | None:
    """Take the steps of *task*, and add them to *sent*; return a result if one was not done."""
    subscription = task.subscription
    try:
        now = sender.reader.at_once(subscription, task.before.versions)
        for version in task.versions:
            if sent:  # a write at one API version may show at another
                fresh = sender.reader.at(subscription, version)
                now = Snapshot({version: fresh})
            steps = task.steps(version, now)
            if steps and not sent and not is_unchanged(task.before, now):
                return Result(subscription, Status.CONFLICT, "it changed since it was read")
            for step in steps:
                if sender.stop.is_set() and not _writes_anew(step, sent):
                    return Result(subscription, Status.NOT_SENT, ENDED)
                target = Target(subscription, version, step, now, first=not sent)
                if (fault := sender.write(target)) is not None:
                    return fault
                sent.append((version, step))
                now = Snapshot({version: applied(now.at(version), step)})
    except RefusedError as error:
        return Result(subscription, Status.REFUSED, error.line)
    except (AzureError, AuthError) as error:
        message = f"it could not be read, so it was not written: {Fault.of(error).detail}"
        return Result(subscription, Status.FAILED, message)
    return None


def _confirmed(sender: Sender, task: Task, sent: Sequence[tuple[str, Step]]) -> Result:
    """Read back until nothing is missing at any API version, or the pauses are used up."""
    missing: str | None = None
    for pause in PAUSES:
        if pause and sender.stop.wait(pause):
            break
        left = None
        try:
            seen = sender.reader.at_once(task.subscription, task.before.versions)
            missing, left = task.missing(sent, seen), snapshot_json(seen)
        except (AzureError, AuthError) as error:
            missing = f"it could not be read back: {Fault.of(error).detail}"
        sender.journal.note(task.subscription, "read back", missing=missing, left=left)
        if missing is None:
            gone = tuple(deleted(sent))
            deletions = f"deleted: {', '.join(gone)}" if gone else None
            message = "; ".join(filter(None, (deletions, task.remark))) or None
            return Result(task.subscription, Status.DONE, message, deleted=gone)
    emptied = any(step.after and step.after.get("phone") == "" for _, step in sent)
    hint = KEPT_PHONE if emptied and "phone" in (missing or "") else None
    return Result(task.subscription, Status.UNCONFIRMED, missing, hint)


def _writes_anew(step: Step, sent: Sequence[tuple[str, Step]]) -> bool:
    """Return whether *step* writes again what was just deleted: no signal comes in between."""
    last = sent[-1][1] if sent else step
    return last.after is None and step.after is not None and last.contact == step.contact

"""Fans out over subscriptions and yields one outcome for each, in order, as it becomes ready."""

import itertools
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from contacts_audit import policy
from contacts_audit.azure import arm, contacts
from contacts_audit.azure.client import Client
from contacts_audit.azure.versions import Versions
from contacts_audit.errors import (
    HINTS,
    AuthError,
    AzureError,
    ContactsAuditError,
    Reason,
    VersionRefusedError,
)
from contacts_audit.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Outcome,
    Reading,
    Skipped,
    Subscription,
    Unread,
)

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4096  # so far the quick ones may run ahead of a slow one
SKIPPED_STATES = frozenset({"disabled", "deleted"})
log = logging.getLogger(__name__)


class Auditor:
    """Audits subscriptions by *checks*, each through the client that *client* says."""

    def __init__(self, client: Callable[[Subscription], Client], checks: Sequence[Check]) -> None:
        self._client = client
        self._checks = checks
        self._versions = Versions()

    def audit(self, subscription: Subscription) -> Outcome:
        """Return the outcome for *subscription*: a failure of Azure's is one, too."""
        seen: list[Reading] = []
        try:
            self._read(subscription, seen)
        except (AzureError, AuthError) as error:
            shown = tuple(contact for reading in seen for contact in reading.contacts)
            return Unread(subscription, fault(error), shown)
        return self._judged(subscription, seen)

    def _read(self, subscription: Subscription, seen: list[Reading]) -> None:
        """Read on until an api-version shows an address, or a newer one than 2017 shows none."""
        client = self._client(subscription)
        until = client.limits.until()
        for version in (arm.V2017, arm.V2023, arm.V2020):
            if not self._versions.offered(version):
                continue
            try:
                found = tuple(_contacts(client, subscription, version, until))
            except VersionRefusedError:
                self._versions.refused(version, subscription.id)
                continue
            self._versions.answered(version)
            seen.append(Reading(version, found))
            if version != arm.V2017 or policy.shows_address(found):
                return
        if not seen:
            raise AzureError(
                Reason.VERSION_UNAVAILABLE, "no api-version of securityContacts is offered here"
            )

    def _judged(self, subscription: Subscription, seen: Sequence[Reading]) -> Audited:
        """No fail on one version's word: 2017 decides alone only where no newer one is offered."""
        deciding = seen[-1]
        alone = deciding.api_version == arm.V2017
        remark = f"; {arm.V2017} alone decided, no newer api-version is offered" if alone else ""
        return Audited(
            subscription,
            contacts=tuple(contact for reading in seen for contact in reading.contacts),
            emails=policy.distinct(deciding.contacts),
            findings=policy.judge(self._checks, deciding, remark),
            decided_by=deciding.api_version,
        )


def _contacts(
    client: Client, subscription: Subscription, version: str, until: float
) -> Iterator[Contact]:
    url = arm.contacts_url(client.endpoint, subscription.id, version)
    for answer in client.pages(url, most=contacts.MOST_PAGES, until=until):
        yield from contacts.contacts(
            answer,
            version,
            lambda kind: log.info("%s: left out an item of type %s", subscription.label, kind),
        )


def fault(error: AzureError | AuthError) -> Fault:
    """Return the facts of *error*, whichever side failed."""
    if isinstance(error, AzureError):
        return Fault.of(error)
    return Fault(Reason.SIGN_IN_FAILED, str(error), error.hint or HINTS[Reason.SIGN_IN_FAILED])


def unasked(subscription: Subscription) -> Outcome | None:
    """Return the outcome of a *subscription* that nothing is asked of, None for all others."""
    if not subscription.visible:
        reason = Reason.NOT_VISIBLE
        return Unread(
            subscription, Fault(reason, "it is not visible to this identity", HINTS[reason])
        )
    if (subscription.state or "").casefold() in SKIPPED_STATES:
        return Skipped(subscription)
    return None


def out_of_time(subscription: Subscription) -> Unread:
    """Return the outcome of a *subscription* that the run's deadline left unread."""
    reason = Reason.DEADLINE
    return Unread(subscription, Fault(reason, "the run's deadline passed", HINTS[reason]))


def in_order(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int,
    deadline: float,
    late: Callable[[T], R],
) -> Iterator[R]:
    """
    Yield *work* of each of *items* in their order, done by *workers* threads a little ahead.

    What is not done at *deadline*, a `time.monotonic()`, is yielded as *late*.  The threads are
    daemons: one that hangs keeps nobody.

    Raises:
        BaseException: what *work* raised.
    """
    tasks: queue.SimpleQueue[tuple[T, queue.SimpleQueue[Any]]] = queue.SimpleQueue()
    waiting: deque[tuple[T, queue.SimpleQueue[Any]]] = deque()
    coming = iter(items)
    started = 0
    while True:
        for item in itertools.islice(coming, AHEAD - len(waiting)):
            waiting.append((item, queue.SimpleQueue()))
            tasks.put(waiting[-1])
            if started < workers:
                started += 1
                threading.Thread(target=_work, args=(work, tasks), daemon=True).start()
        if not waiting:
            break
        item, result = waiting.popleft()
        try:
            done, value = result.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            yield late(item)
            continue
        if not done:
            raise value
        yield value


def _work(
    work: Callable[[T], R], tasks: "queue.SimpleQueue[tuple[T, queue.SimpleQueue[Any]]]"
) -> None:
    while True:
        item, result = tasks.get()
        try:
            result.put((True, work(item)))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            result.put((False, error))


def apart(work: Callable[[], R], *, deadline: float) -> R:
    """
    Return what *work* returns, done on a thread, so that a signal is heard whatever it waits for.

    Raises:
        ContactsAuditError: *deadline*, a `time.monotonic()`, passed.
        BaseException: what *work* raised.
    """
    return next(in_order(lambda _: work(), [None], workers=1, deadline=deadline, late=_too_late))


def _too_late(_: object) -> NoReturn:
    raise ContactsAuditError(
        "the run's deadline passed before anything was read", HINTS[Reason.DEADLINE]
    )

"""Work on threads: of many items in their order, or of one apart from the main thread."""

import contextlib
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from contacts_audit.errors import HINTS, ContactsAuditError, Reason

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4096  # so far the quick ones may run ahead of a slow one
MOMENT = 0.1  # seconds after which a signal is heard at the latest


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
    daemons: one that hangs keeps nobody.  The others end with the last item.

    Raises:
        BaseException: what *work* raised.
    """
    tasks: queue.SimpleQueue[tuple[T, queue.SimpleQueue[Any]] | None] = queue.SimpleQueue()
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
            for _ in range(started):
                tasks.put(None)
            break
        item, result = waiting.popleft()
        try:
            done, value = _awaited(result, deadline)
        except queue.Empty:
            yield late(item)
            continue
        if not done:
            raise value
        yield value


def _awaited(result: "queue.SimpleQueue[Any]", deadline: float) -> Any:
    """
    Return what *result* gets until *deadline*, waiting for a moment at a time.

    Where the kernel gives a signal to one of our threads, no wait of the main thread is cut short:
    its handler runs at the next look.

    Raises:
        queue.Empty: *deadline* passed.
    """
    while (left := deadline - time.monotonic()) > MOMENT:
        with contextlib.suppress(queue.Empty):
            return result.get(timeout=MOMENT)
    return result.get(timeout=max(0.0, left))


def _work(
    work: Callable[[T], R], tasks: "queue.SimpleQueue[tuple[T, queue.SimpleQueue[Any]] | None]"
) -> None:
    while (task := tasks.get()) is not None:
        item, result = task
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
    (done,) = in_order(lambda _: work(), [None], workers=1, deadline=deadline, late=_too_late)
    return done


def _too_late(_: object) -> NoReturn:
    raise ContactsAuditError(
        "the run's deadline passed before anything was read", HINTS[Reason.DEADLINE]
    )

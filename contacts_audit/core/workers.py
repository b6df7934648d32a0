"""Runs work on threads: many items in order, or one beside the main thread."""

import contextlib
import functools
import itertools
import logging
import math
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

from contacts_audit.core.errors import ContactsAuditError

T = TypeVar("T")
R = TypeVar("R")
Result = queue.SimpleQueue[Any]
Task = tuple[T, Result]
AHEAD = 4096  # so far the quick ones may run ahead of a slow one
MOMENT = 0.1  # seconds after which a signal is heard at the latest
log = logging.getLogger(__name__)


def in_order(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int | Callable[[], int],
    deadline: float,
    timed_out: Callable[[T], R],
    broken: Callable[[T, Exception], R] | None = None,
) -> Iterator[R]:
    """
    Yield *work* of each of *items* in their order, done by *workers* threads a little ahead.

    *workers* is a number, or returns how many there may be at the moment: after each item, a thread
    is started where there may be more, and ends where there are too many.

    What is not done at *deadline*, a `time.monotonic()`, is yielded as *timed_out*; where *work*
    raises what nobody foresaw, as *broken*.  The threads are daemons: one that hangs keeps nobody.
    The others end with the last item.  Where the system starts fewer threads, it takes longer;
    where it starts none, this thread works.

    Raises:
        BaseException: what *work* raised, but for what *broken* takes.
    """
    crew: _Crew[T, R] = _Crew(work, workers if callable(workers) else lambda: workers, broken)
    waiting: deque[Task[T]] = deque()
    coming = iter(items)
    while True:
        waiting.extend(map(crew.give, itertools.islice(coming, AHEAD - len(waiting))))
        if not waiting:
            crew.dismiss()
            break
        item, result = waiting.popleft()
        if not crew.size and time.monotonic() < deadline:
            crew.do_next()
        try:
            done, value = _awaited(result, deadline)
        except queue.Empty:
            yield timed_out(item)
            continue
        if not done:
            raise value
        yield value


@dataclass(slots=True)
class _Crew(Generic[T, R]):
    """Threads that do *work*: as many as there *may* be, or as the system starts."""

    work: Callable[[T], R]
    may: Callable[[], int]
    broken: Callable[[T, Exception], R] | None
    size: int = 0
    most: int = sys.maxsize  # that the system starts
    tasks: queue.SimpleQueue[Task[T] | None] = field(default_factory=queue.SimpleQueue)
    changing: threading.Lock = field(default_factory=threading.Lock)

    def give(self, item: T) -> Task[T]:
        """Let somebody do *item*."""
        task: Task[T] = (item, queue.SimpleQueue())
        self.tasks.put(task)
        self._add()
        return task

    def _add(self) -> None:
        """Start a thread, where there is something to do and there may be one more."""
        with self.changing:
            if self.size < min(self.may(), self.most) and not self.tasks.empty():
                if started(self._do_all):
                    self.size += 1
                else:
                    self.most = self.size

    def _is_surplus(self) -> bool:
        """Say whether there are too many threads, and count one less."""
        with self.changing:
            surplus = self.size > self.may()
            self.size -= surplus
            return surplus

    def dismiss(self) -> None:
        """Let the threads end, once nothing is left to do."""
        with self.changing:
            self.most = 0
            for _ in range(self.size):
                self.tasks.put(None)

    def do_next(self) -> bool:
        """Do what was given first of all that nobody has begun; return whether there was any."""
        if (task := self.tasks.get()) is None:
            return False
        item, result = task
        try:
            result.put((True, self._done(item)))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            result.put((False, error))
        return True

    def _done(self, item: T) -> R:
        try:
            return self.work(item)
        except ContactsAuditError:
            raise
        except Exception as error:
            if self.broken is None:
                raise
            return self.broken(item, error)

    def _do_all(self) -> None:
        while self.do_next() and not self._is_surplus():
            self._add()


def _awaited(result: Result, deadline: float) -> Any:
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


def in_thread(work: Callable[[], R], *, deadline: float) -> R:
    """
    Return what *work* returns, done on a thread, so that a signal is heard whatever it waits for.

    Raises:
        ContactsAuditError: *deadline*, a `time.monotonic()`, passed.
        BaseException: what *work* raised.
    """
    (done,) = in_order(
        lambda _: work(), [None], workers=1, deadline=deadline, timed_out=_deadline_passed
    )
    return done


def _deadline_passed(_: object) -> NoReturn:
    raise ContactsAuditError(
        "the run's deadline passed before anything was read", "raise --deadline"
    )


def ahead(items: Iterator[T]) -> Iterator[T]:
    """
    Yield each of *items* while a thread gets the next one.

    Raises:
        BaseException: what getting one raised, when it is its turn.
    """
    end = object()
    crew: _Crew[None, Any] = _Crew(lambda _: next(items, end), lambda: 1, None)
    item: Any = next(items, end)
    try:
        while item is not end:
            _, result = crew.give(None)
            yield item
            if not crew.size:
                crew.do_next()
            done, item = _awaited(result, math.inf)
            if not done:
                raise item
    finally:
        crew.dismiss()


def started(work: Callable[[], None]) -> bool:
    """Start a daemon thread that does *work*; return False where the system starts no more."""
    try:
        threading.Thread(target=work, daemon=True).start()
    except (RuntimeError, MemoryError):  # "can't start new thread": pids.max, TasksMax, memory
        _tell_once()
        return False
    return True


@functools.cache
def _tell_once() -> None:
    log.info("the system starts no more threads (processes, memory): the run goes on with fewer")

"""
Finds how many requests may be under way: more as long as answers come as fast as with a few.

It begins with a few.  Each answer that was as fast as usual allows one more, so that they double
with each round trip.  Where rounds of answers are slow twice in a row, or much is refused or lost,
there may be fewer, and then more again with care.  When there are as few as at first, it learns
anew how long an answer usually takes.  Where the answers tell what the tenant has left, no more
are under way than that, but for the few.

A round's lower quartile stands for it: neither slow subscriptions, nor the handshakes of new
connections, nor a service that is slow now and then makes it slow.  After slow start and Vegas:
https://www.rfc-editor.org/rfc/rfc5681#section-3.1
https://en.wikipedia.org/wiki/TCP_Vegas
"""

import bisect
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST = 16
MOST = 256  # measured: more are slower, as each connection costs a handshake
CALM = 1.5  # times what is usual: an answer that allows one more
SLOW = 2.0  # times what is usual: too much is under way
PERSISTENT = 2  # slow rounds one after the other, which are no noise
ENOUGH = 8  # of a round refused or lost, and
MANY = 0.1  # of it: hardly by single subscriptions
BUSY = 0.8  # of a round that our own processor works: it could not do more
CAREFUL = 0.25  # what an answer adds once there were too many


@dataclass(slots=True)
class _Round:
    """As many answers, from *begun* on, as there may be requests under way."""

    size: int
    begun: float
    ours: float  # seconds of our processor until it began
    number: int = 0
    failed: int = 0
    under_way: float = 0.0  # seconds of all its requests together
    times: list[float] = field(default_factory=list)  # in ascending order

    @property
    def quartile(self) -> float:
        """The seconds in which a quarter of a whole round was answered, at most; so far endless."""
        return self.times[self.size // 4] if 4 * len(self.times) > self.size else math.inf


class Concurrency:
    """
    How many requests may be under way, at *first* and at *most*; where both are one, it stays.

    Safe for all threads.  Moments are those of *clock*, in seconds.
    """

    def __init__(
        self,
        first: int = FIRST,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
        ours: Callable[[], float] = time.process_time,
    ) -> None:
        self._first = first
        self.most = most
        self._clock = clock
        self._ours = ours
        self._lock = threading.Lock()
        self._limit = float(first)
        self._left = math.inf
        self._step = 1.0  # what an answer adds
        self._of_use = True  # to have more under way
        self._busy = 0  # rounds one after the other
        self._usual = math.inf  # seconds of an answer while few are under way
        self._slow = 0  # rounds one after the other
        self._since = -math.inf  # what was sent before belongs to a larger number
        self._round: _Round | None = None

    def limit(self) -> int:
        """Return how many may be under way now."""
        return max(self._first, int(min(self._limit, self._left)))

    def answered(self, sent: float, *, usual: bool = True, left: float = math.inf) -> None:
        """
        Learn from the answer to what was *sent*; unless *usual*, its time tells nothing.

        No more may be under way than the tenant has *left*, or than at first.
        """
        self._left = left
        self._learn(sent, usual=usual, failed=False)

    def failed(self, sent: float) -> None:
        """Learn that what was *sent* was refused (429, 503) or lost."""
        self._learn(sent, usual=False, failed=True)

    def _learn(self, sent: float, *, usual: bool, failed: bool) -> None:
        if self._first == self.most:
            return
        with self._lock:
            if sent < self._since:
                return
            now = self._clock()
            took = now - sent
            one = self._round = self._round or _Round(self._first, sent, self._ours())
            one.number += 1
            one.failed += failed
            one.under_way += took
            if usual:
                bisect.insort(one.times, took)
                self._usual = min(self._usual, one.quartile)
            if self._of_use and not failed and took <= CALM * self._usual:
                self._limit = min(self._limit + self._step, self.most)
            if one.number >= one.size:
                self._judge(one, now, self._ours())

    def _judge(self, one: _Round, now: float, ours: float) -> None:
        """Decide what follows from a whole round, and begin another one."""
        lasted = now - one.begun
        busy = ours - one.ours > BUSY * lasted
        self._busy = self._busy + 1 if busy else 0
        self._of_use = self._busy < PERSISTENT and one.under_way > one.size / 2 * lasted
        if one.size == self._first and one.quartile < math.inf:
            self._usual = one.quartile
        patience = SLOW if self._busy < PERSISTENT else CALM
        slow = patience * self._usual < one.quartile < math.inf
        self._slow = self._slow + 1 if slow else 0
        if one.failed > max(ENOUGH, MANY * one.number):
            self._shrink(0.5, now)
        elif self._slow == PERSISTENT:
            self._shrink(max(0.5, self._usual / one.quartile), now)
        self._round = _Round(int(self._limit), now, ours)

    def _shrink(self, share: float, now: float) -> None:
        self._limit = max(self._first, self._limit * share)
        self._step = 1.0 if self._limit == self._first else CAREFUL
        self._slow, self._since = 0, now

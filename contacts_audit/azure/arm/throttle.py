"""
Limits the request rate of all workers, and slows down when Azure throttles (429).

Resource Manager keeps a bucket for each subscription and principal, and one for each tenant: what
one subscription is refused, or says to have left, concerns that one alone, and its own retry waits.
Only where one request after the other is refused does something larger than a subscription throttle
us; then all slow down together, to what the bucket takes, and try again and again to go faster.
Where that does not help, it was chance, and nobody waits any more.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

import threading
import time
from collections.abc import Callable, Mapping

from contacts_audit.core.errors import AzureError, Reason

ENOUGH = 4  # refusals one after the other, and
MOST = 0.75  # of what is asked meanwhile, as refusals are quicker than answers: hardly by chance
IN_VAIN = 4  # refusals although we are slower than what was served: by buckets of their own
MOMENT = 0.003  # seconds, for the answers that are there already to be heard
REFILL = 25.0  # requests a second, that the documented buckets take for long
LOW = 25  # requests left to the tenant, from which on they are only what is refilled
DIGITS = 10  # of a header, from which on its number is not looked at
REMAINING = "x-ms-ratelimit-remaining-tenant-reads"
SLOWEST = 1.0  # requests a second, to hear of it when more are let pass again
LONG_ENOUGH = 1.0  # seconds that tell how fast a bucket fills
PATIENCE = 7.0  # seconds without a refusal, after which we go faster than the bucket took
UNLIMITED = 1000.0  # requests a second are more than we ever send


class Pace:
    """Gives turns to all threads: at once, until there is a *rate* to keep, in turns a second."""

    def __init__(
        self,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._rate: float | None = None
        self._measured = False  # not guessed
        self._since = 0.0  # the last refusal: the bucket was empty then
        self._served = 0  # requests that were sent since then, what the bucket was filled with
        self._latest = 0.0  # when the latest of them was sent
        self._vain = 0  # refusals at a rate that a bucket for all had taken
        self._doubt: float | None = None  # when the first of a row of refusals was sent
        self._row = 0  # how long it is
        self._asked = 0  # how many were sent meanwhile
        self._next = 0.0

    def enter(self, until: float) -> float:
        """
        Wait for a turn, and return its moment.

        Raises:
            AzureError: none comes before *until*.
        """
        if self._rate is None:
            if self._doubt is None:
                return self._clock()
            self._pause(MOMENT)
        now = self._clock()
        while (turn := self.turn(now, until))[0] > now:
            self._pause(turn[0] - now)
            if self.stands(turn):
                return turn[0]
            now = self._clock()
        return now

    def stands(self, turn: tuple[float, float]) -> bool:
        """Say whether nothing was refused since *turn* was given; else another one is to be had."""
        return turn[1] == self._since

    def turn(self, now: float, until: float) -> tuple[float, float]:
        """
        Return the moment of the next turn, and of the last refusal.

        Raises:
            AzureError: it is not before *until*.
        """
        with self._lock:
            self._asked += 1
            turn = max(now, self._next)
            rate = self._rate_at(turn)
            if rate is None:
                return now, self._since
            if turn >= until:
                raise AzureError(
                    Reason.THROTTLED, f"Azure lets {rate:.0f} requests a second pass, too few"
                )
            self._next = turn + 1 / rate
            return turn, self._since

    def answered(self, sent: float, headers: Mapping[str, str]) -> None:
        """Learn from an answer that was no refusal, to a request that had its turn at *sent*."""
        left = headers.get(REMAINING, "")
        with self._lock:
            if sent > self._since:
                self._served += 1
                self._latest = max(self._latest, sent)
            if self._doubt is not None and sent > self._doubt:
                self._doubt = None
            if self._rate is None and len(left) < DIGITS and left.isdecimal() and int(left) <= LOW:
                self._slow_down(self._clock(), REFILL)

    def refused(self, sent: float) -> None:
        """Learn from the refusal of a request that had its turn at *sent*."""
        now = self._clock()
        with self._lock:
            slow = self._rate is not None
            if slow and sent - self._since < LONG_ENOUGH:
                return  # it was on its way
            if slow and sent - self._since >= PATIENCE:  # we went faster than the bucket took
                self._slow_down(now, self._filled(), vain=self._vain)
                return
            if self._doubt is None:
                self._doubt, self._row, self._asked = sent, 0, 0
            self._row += 1
            self._vain += slow
            in_vain = self._vain >= IN_VAIN
            all_are = self._row >= max(ENOUGH, MOST * self._asked)
            if all_are or (in_vain and not self._measured):
                self._slow_down(now, self._filled())
            elif in_vain:
                self._rate, self._doubt, self._vain = None, None, 0

    def _filled(self) -> float:
        """How fast the bucket was filled, in requests a second; a guess at first."""
        if self._rate is None:
            return REFILL
        served = self._served and self._served / (self._latest - self._since)
        return max(served or self._rate / 2, SLOWEST)

    def _slow_down(self, now: float, rate: float, vain: int = 0) -> None:
        self._measured = self._rate is not None
        self._rate, self._since, self._doubt = rate, now, None
        self._served, self._vain, self._latest, self._next = 0, vain, now, now

    def _rate_at(self, moment: float) -> float | None:
        """A little less than what the bucket takes; after some seconds more, and ever faster."""
        if self._rate is None:
            return None
        rate = self._rate * (0.98 + 0.02 * ((moment - self._since) / PATIENCE) ** 3)
        if rate >= UNLIMITED:
            self._rate = None
        return self._rate and rate

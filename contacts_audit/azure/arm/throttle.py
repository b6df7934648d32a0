"""
Limits the request rate of all workers, and slows down when Azure throttles (429).

Resource Manager keeps a bucket for each subscription and principal, and one for each tenant. A 429
of a single subscription, or its remaining number of requests, concerns that subscription only: its
own retry waits. Only refusals in a row mean that something larger is throttled. Then all workers
slow down together, to the rate at which the bucket is refilled, and later try to go faster again.
If slowing down does not help, the refusals were a coincidence, and the limit is lifted.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

import math
import threading
import time
from collections.abc import Callable, Mapping

from contacts_audit.core.errors import AzureError, Reason

ROW = 4  # refusals in a row, and
SHARE = 0.75  # of the requests sent since the first of them, are hardly a coincidence
USELESS = 4  # refusals at a rate that the bucket accepted before: slowing down does not help
MOMENT = 0.003  # seconds to let answers in that have already arrived
REFILL = 25.0  # requests a second by which the documented buckets are refilled
LOW = 25  # remaining requests of the tenant, below which only the refill is used
DIGITS = 10  # longer numbers in a header are ignored
REMAINING = "x-ms-ratelimit-remaining-tenant-reads"
SLOWEST = 1.0  # requests a second, enough to notice when more are accepted again
LONG_ENOUGH = 1.0  # seconds in which the refill can be measured
CALM = 7.0  # seconds without a refusal, after which the rate exceeds the measured refill
UNLIMITED = 1000.0  # requests a second, more than are ever sent


def tenant_left(headers: Mapping[str, str]) -> float:
    """Return how many requests the tenant has left, as far as the answer with *headers* says."""
    left = headers.get(REMAINING, "")
    return int(left) if len(left) < DIGITS and left.isdecimal() else math.inf


class RateLimiter:
    """Gives turns to all threads: immediately, or at a rate while Azure throttles."""

    def __init__(
        self,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._rate: float | None = None  # turns a second; None: unlimited
        self._measured = False  # whether the rate is more than a guess
        self._since = 0.0  # when the bucket was last empty: at the last refusal
        self._served = 0  # requests accepted since then: what was refilled
        self._latest = 0.0  # when the last of them was sent
        self._useless = 0  # refusals at a rate that had been accepted
        self._row_since: float | None = None  # when the first refused request of a row was sent
        self._row = 0  # refusals in that row
        self._asked = 0  # requests sent since then
        self._next = 0.0  # the earliest next turn

    def wait_for_turn(self, until: float) -> float:
        """
        Wait for a turn, and return its moment.

        Raises:
            AzureError: none comes before *until*.
        """
        if self._rate is None:
            if self._row_since is None:
                return self._clock()
            self._pause(MOMENT)
        now = self._clock()
        while (turn := self.next_turn(now, until))[0] > now:
            self._pause(turn[0] - now)
            if self.is_valid(turn):
                return turn[0]
            now = self._clock()
        return now

    def is_valid(self, turn: tuple[float, float]) -> bool:
        """Say whether nothing was refused since *turn* was given; otherwise ask for another."""
        return turn[1] == self._since

    def next_turn(self, now: float, until: float) -> tuple[float, float]:
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

    def answered(self, sent: float, left: float = math.inf) -> None:
        """
        Learn from an answer other than 429 to a request whose turn was at *sent*.

        The tenant has so many requests *left*.
        """
        with self._lock:
            if sent > self._since:
                self._served += 1
                self._latest = max(self._latest, sent)
            if self._row_since is not None and sent > self._row_since:
                self._row_since = None
            if self._rate is None and left <= LOW:
                self._slow_down(self._clock(), REFILL)

    def refused(self, sent: float) -> None:
        """Learn from a 429 to a request whose turn was at *sent*."""
        now = self._clock()
        with self._lock:
            slow = self._rate is not None
            if slow and sent - self._since < LONG_ENOUGH:
                return  # it was sent before the rate was lowered
            if slow and sent - self._since >= CALM:  # the rate had grown too much
                self._slow_down(now, self._refill(), useless=self._useless)
                return
            if self._row_since is None:
                self._row_since, self._row, self._asked = sent, 0, 0
            self._row += 1
            self._useless += slow
            useless = self._useless >= USELESS
            all_are = self._row >= max(ROW, SHARE * self._asked)
            if all_are or (useless and not self._measured):
                self._slow_down(now, self._refill())
            elif useless:
                self._rate, self._row_since, self._useless = None, None, 0

    def _refill(self) -> float:
        """Return the requests a second that refill the bucket; a guess at first."""
        if self._rate is None:
            return REFILL
        served = self._served and self._served / (self._latest - self._since)
        return max(served or self._rate / 2, SLOWEST)

    def _slow_down(self, now: float, rate: float, useless: int = 0) -> None:
        self._measured = self._rate is not None
        self._rate, self._since, self._row_since = rate, now, None
        self._served, self._useless, self._latest, self._next = 0, useless, now, now

    def _rate_at(self, moment: float) -> float | None:
        """Return a rate slightly below the refill, which grows after some calm seconds."""
        if self._rate is None:
            return None
        rate = self._rate * (0.98 + 0.02 * ((moment - self._since) / CALM) ** 3)
        if rate >= UNLIMITED:
            self._rate = None
        return self._rate and rate

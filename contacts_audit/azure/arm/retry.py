"""
The retry policy, for Azure and for the token service.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

import contextlib
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from contacts_audit.core.errors import AzureError, Reason

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
ATTEMPTS = 10
LONGEST_BACKOFF = 30.0
LONGEST_HEADER = 1000  # characters of a number or date
JITTER = random.Random()  # not the one that everybody shares

T = TypeVar("T")


class Budget:
    """
    Time that runs out at *until*, a `time.monotonic()`, and at *latest* however much is spared.

    Only one thread may use it at a time.
    """

    def __init__(self, until: float, latest: float = math.inf) -> None:
        self.until = min(until, latest)
        self._latest = latest

    @classmethod
    def of(cls, until: "Budget | float") -> "Budget":
        """Return *until* as a budget."""
        return until if isinstance(until, Budget) else cls(until)

    @contextlib.contextmanager
    def spared(self) -> Iterator[None]:
        """Do not count the time of this block: a sign-in, or a wait for the turn to print."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.until = min(self.until + time.monotonic() - begun, self._latest)


def with_retries(
    attempt: Callable[[], T],
    *,
    until: Budget | float,
    pause: Callable[[float], None] = time.sleep,
    attempts: float = ATTEMPTS,
    again: Callable[[AzureError], bool] = lambda error: error.retryable,
    longest: float = LONGEST_BACKOFF,
) -> T:
    """
    Return what *attempt* returns, and retry if its error allows that.

    *until* is a `time.monotonic()`.  A wait that would end after it is not started: the error then
    names the wait that Azure asked for.  Without such a request there are *attempts* in all.
    *again* decides which errors are retried; *longest* is our longest own wait in seconds.

    Raises:
        AzureError: the last one.
    """
    before: AzureError | None = None
    budget, own = Budget.of(until), 0
    for count in itertools.count(1):  # ends by *until*, and by *attempts* where nobody asks to wait
        try:
            return attempt()
        except AzureError as error:
            if (
                before is not None
                and error.reason is Reason.TIMEOUT
                and time.monotonic() >= budget.until
            ):
                raise before from error  # the last try had hardly any time: it tells nothing new
            before = error
            asked = error.retry_after
            own = own + 1 if asked is None else own
            if not again(error) or own == attempts:
                raise
            wait = (
                backoff(own, longest) if asked is None else max(asked, min(1.0, 0.05 * (count - 1)))
            )
            if time.monotonic() + wait >= budget.until:
                if asked is not None and time.monotonic() + asked >= budget.until:
                    error.args = (f"{error} (it asked to wait {asked:g} s, more than is left)",)
                raise
        pause(wait)
    raise AssertionError("itertools.count ended")


def backoff(count: int, longest: float = LONGEST_BACKOFF) -> float:
    """Return the seconds to wait after *count* failures: doubling from half a second, jittered."""
    return float(min(longest, 2.0 ** (count - 2)) * JITTER.uniform(0.5, 1.0))


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """
    Return the seconds that an answer asks to wait, or None if it asks for nothing valid.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    for name, unit in (
        ("retry-after", 1.0),
        ("retry-after-ms", 0.001),
        ("x-ms-retry-after-ms", 0.001),
    ):
        if name in headers and (wait := _seconds(headers[name], unit)) is not None:
            return wait
    return None


def _seconds(value: str, unit: float) -> float | None:
    if len(value) > LONGEST_HEADER:
        return None
    value = value.strip()
    try:
        wait = float(value) * unit
        plain = value.isascii() and "_" not in value
        return wait if plain and math.isfinite(wait) and wait >= 0 else None
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())

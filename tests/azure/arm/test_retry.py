"""We ask again as often as makes sense, and never wait longer than is left."""

import math
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.arm.retry import (
    ATTEMPTS,
    LONGEST_BACKOFF,
    asked_wait,
    backoff,
    with_retries,
)
from contacts_audit.core.errors import AuthError, AzureError, Reason

HOUR = 3600.0


class Service:
    """Fails as often as it is told to, and keeps how long it was left in peace."""

    def __init__(self, error: Exception, failures: int = 1000) -> None:
        self.error = error
        self.failures = failures
        self.asked = 0
        self.pauses: list[float] = []

    def attempt(self) -> str:
        """Fail, or answer at last."""
        self.asked += 1
        if self.asked <= self.failures:
            raise self.error
        return "answer"

    def ask(self, seconds: float) -> str:
        """Ask with patience for *seconds*."""
        return with_retries(
            self.attempt, until=time.monotonic() + seconds, pause=self.pauses.append
        )


def throttled(wait: float | None = None) -> AzureError:
    """Return the error of a service that wants to be asked later."""
    return AzureError(Reason.THROTTLED, "too many requests", retryable=True, retry_after=wait)


def test_a_first_answer_is_enough() -> None:
    """Nobody is asked twice who has answered."""
    service = Service(throttled(), failures=0)

    answer = service.ask(HOUR)

    assert (answer, service.asked, service.pauses) == ("answer", 1, [])


def test_what_was_asked_for_is_waited() -> None:
    """A wait that the service names is kept to the letter, each time."""
    service = Service(throttled(7.5), failures=2)

    answer = service.ask(HOUR)

    assert (answer, service.asked, service.pauses) == ("answer", 3, [7.5, 7.5])


def test_a_wait_of_nothing_is_no_backoff() -> None:
    """Zero is an answer, not the lack of one."""
    service = Service(throttled(0.0), failures=1)

    service.ask(HOUR)

    assert service.pauses == [0.0]


def test_our_own_pauses_grow() -> None:
    """Where the service names none, each pause is about twice the last, up to a longest."""
    service = Service(throttled())

    with pytest.raises(AzureError):
        service.ask(HOUR)

    assert service.asked == ATTEMPTS
    assert len(service.pauses) == ATTEMPTS - 1
    for count, pause in enumerate(service.pauses, start=1):
        assert backoff(count) <= 2 * pause <= 4 * backoff(count)


@pytest.mark.parametrize(
    ("count", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (10, 30.0)]
)
def test_backoff_is_jittered(count: int, longest: float) -> None:
    """Two that failed together do not come back together."""
    waits = {backoff(count) for _ in range(200)}

    assert len(waits) > 1
    assert all(longest / 2 <= wait <= longest <= LONGEST_BACKOFF for wait in waits)


def test_what_cannot_help_is_not_repeated() -> None:
    """An error that asking again cannot mend is raised as it is."""
    refusal = AzureError(Reason.FORBIDDEN, "no", retry_after=1.0)
    service = Service(refusal)

    with pytest.raises(AzureError) as caught:
        service.ask(HOUR)

    assert (caught.value, str(caught.value), service.asked) == (refusal, "no", 1)


def test_other_errors_pass() -> None:
    """A sign-in that failed is none of our business."""
    service = Service(AuthError("no token"))

    with pytest.raises(AuthError):
        service.ask(HOUR)

    assert service.asked == 1


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    """What the service asked for is said, and the time that is left serves others."""
    service = Service(throttled(86400.0))

    with pytest.raises(
        AzureError, match=r"too many requests .*86400 s, more than is left"
    ) as caught:
        service.ask(10.0)

    assert (service.asked, service.pauses) == (1, [])
    assert caught.value.reason is Reason.THROTTLED


@pytest.mark.parametrize("seconds", [pytest.param(0.0, id="none"), pytest.param(-5.0, id="past")])
def test_one_attempt_is_always_made(seconds: float) -> None:
    """Without time for our own pause the error is the last word, with nothing added."""
    service = Service(throttled())

    with pytest.raises(AzureError) as caught:
        service.ask(seconds)

    assert (str(caught.value), service.asked) == ("too many requests", 1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({}, None, id="nothing asked"),
        pytest.param({"retry-after": "0"}, 0.0, id="zero"),
        pytest.param({"retry-after": " 17 "}, 17.0, id="seconds, with blanks"),
        pytest.param({"retry-after": "1.5"}, 1.5, id="a fraction"),
        pytest.param({"retry-after": "86400"}, 86400.0, id="a day"),
        pytest.param({"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"x-ms-retry-after-ms": "250"}, 0.25, id="Azure's milliseconds"),
        pytest.param({"retry-after": "2", "retry-after-ms": "9"}, 2.0, id="seconds go before"),
        pytest.param({"retry-after-ms": "1", "x-ms-retry-after-ms": "9"}, 0.001, id="then these"),
        pytest.param({"retry-after": "soon", "retry-after-ms": "8"}, 0.008, id="nonsense goes by"),
        pytest.param({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0, id="a past date"),
        pytest.param({"retry-after": "soon"}, None, id="a word"),
        pytest.param({"retry-after": ""}, None, id="empty"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param({"retry-after": "inf"}, None, id="for ever"),
        pytest.param({"retry-after": "1e309"}, None, id="overflow"),
        pytest.param({"retry-after": "1_0"}, None, id="an underscore"),
        pytest.param({"retry-after": "\u0665"}, None, id="digits of another script"),
        pytest.param({"retry-after": "5, 10"}, None, id="two headers in one"),
        pytest.param({"retry-after": "Wed, 99 Oct 2099 07:28:00 GMT"}, None, id="no such day"),
        pytest.param({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None, id="no such year"),
    ],
)
def test_what_an_answer_asks(headers: dict[str, str], wait: float | None) -> None:
    """Seconds, milliseconds, dates; and nonsense is as good as nothing."""
    assert asked_wait(headers) == wait


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("%a, %d %b %Y %H:%M:%S GMT", id="GMT"),
        pytest.param("%a, %d %b %Y %H:%M:%S -0000", id="without a zone"),
        pytest.param("%d %b %Y %H:%M:%S +0000", id="without a day"),
    ],
)
def test_a_date_is_waited_for(spelling: str) -> None:
    """A date says how long from now."""
    date = datetime.now(UTC) + timedelta(seconds=100)

    wait = asked_wait({"retry-after": date.strftime(spelling)})

    assert wait is not None
    assert 90 < wait <= 100


def test_a_date_of_another_zone_is_the_same_moment() -> None:
    """The zone of a date counts."""
    date = datetime.now(UTC).astimezone(None) + timedelta(hours=1)

    wait = asked_wait({"retry-after": format_datetime(date)})

    assert wait is not None
    assert HOUR - 10 < wait <= HOUR


@given(
    st.text()
    | st.from_regex(r"\A[-+]?[0-9_.]{0,9}(e[-+]?[0-9]{1,4})?\Z")
    | st.from_regex(
        r"\A([A-Z][a-z]{2}, )?[0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} .{0,6}\Z"
    ),
    st.sampled_from(["retry-after", "retry-after-ms", "x-ms-retry-after-ms"]),
)
def test_no_header_breaks_the_clock(text: str, name: str) -> None:
    """Whatever a header holds, a wait is a number of seconds from now on, or there is none."""
    wait = asked_wait({name: text})

    assert wait is None or (wait >= 0 and math.isfinite(wait))


def test_all_the_time_may_be_used_in_short_pauses() -> None:
    """Where it is known to pass with time, no number of attempts ends it, and no pause is long."""
    service = Service(AzureError(Reason.SERVER_ERROR, "starting", retryable=True), failures=50)

    answer = with_retries(
        service.attempt,
        until=time.monotonic() + HOUR,
        pause=service.pauses.append,
        attempts=math.inf,
        longest=5.0,
    )

    assert (answer, service.asked) == ("answer", 51)
    assert max(service.pauses) <= 5.0

"""How all workers slow down together, and speed up again; in time of our own."""

import heapq
import itertools
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from azure_double import AzureDouble, faults
from bench.answers import Bucket
from conftest import Run

from contacts_audit.azure.arm.throttle import MOMENT, REMAINING, ROW, RateLimiter, tenant_left
from contacts_audit.core.errors import AzureError, Reason

FOREVER = 1e9
A_SEND = 0.0005  # seconds that a request takes to be sent
AT_THE_GATE = 0.005  # seconds after which a request is refused
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


@dataclass
class Clock:
    """Time that passes when somebody waits."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let it pass."""
        self.pauses.append(seconds)
        self.now += seconds


class Service(Protocol):
    """What a request asks for its turn."""

    def take(self, now: float) -> bool:
        """Say whether the request is served."""


def simulated(
    limiter: RateLimiter,
    clock: Clock,
    bucket: Service,
    *,
    requests: int,
    workers: int,
    latency: float,
) -> tuple[float, int]:
    """Let *workers* send until all *requests* are served; return the seconds and the refusals."""
    order = itertools.count()
    events: list[tuple[float, int, str, tuple[float, float]]] = []

    def at(moment: float, what: str, turn: tuple[float, float] = (0.0, 0.0)) -> None:
        heapq.heappush(events, (moment, next(order), what, turn))

    begun = served = refused = 0
    free = 0.0  # when the one processor of the client is
    for _ in range(workers):
        at(0.0, "next")
    while served < requests:
        clock.now, _, what, turn = heapq.heappop(events)
        match what:
            case "next" if begun < requests:
                begun += 1
                at(clock.now, "ask")
            case "ask":
                turn = limiter.next_turn(clock.now, FOREVER)
                at(turn[0], "go", turn)
            case "go" if not limiter.is_valid(turn):
                at(clock.now, "ask")
            case "go":
                free = max(free, clock.now) + A_SEND
                at(free, "arrive", (clock.now, 0.0))
            case "arrive" if bucket.take(clock.now):
                at(clock.now + latency, "served", turn)
            case "arrive":
                at(clock.now + AT_THE_GATE, "refused", turn)
            case "served":
                served += 1
                limiter.answered(turn[0])
                at(clock.now, "next")
            case "refused":
                refused += 1
                limiter.refused(turn[0])
                at(clock.now + 1.0, "ask")  # as Retry-After says
    return clock.now, refused


@pytest.mark.parametrize(
    ("workers", "latency"), [(8, 0.02), (8, 0.1), (32, 0.1), (64, 0.1), (32, 0.5), (64, 0.5)]
)
def test_one_bucket_for_all_is_used_up_and_hardly_overdrawn(workers: int, latency: float) -> None:
    """250 at once, 25 a second: within 1.1 times the ideal, at most 2 % of requests refused."""
    clock = Clock()
    limiter = RateLimiter(clock.pause, clock)

    seconds, refused = simulated(
        limiter, clock, Bucket(250, 25, 250), requests=1000, workers=workers, latency=latency
    )

    assert seconds <= 1.1 * (1000 - 250) / 25
    assert refused <= 0.02 * (1000 + refused)


@pytest.mark.parametrize("refill", [5, 15, 20, 100])
def test_a_bucket_of_another_size_is_learned(refill: float) -> None:
    """What is documented is where it begins, not what it believes."""
    clock = Clock()
    limiter = RateLimiter(clock.pause, clock)

    seconds, refused = simulated(
        limiter, clock, Bucket(250, refill, 250), requests=4000, workers=32, latency=0.1
    )

    assert seconds <= 1.7 * (4000 - 250) / refill
    assert refused <= 0.05 * (4000 + refused)


class Chance:
    """Buckets of single subscriptions: one request in so many is refused, at any rate."""

    def __init__(self, one_in: int) -> None:
        self._dice = random.Random(7)
        self._one_in = one_in

    def take(self, now: float) -> bool:
        """Say whether the request is served."""
        return self._dice.randrange(self._one_in) > 0


@pytest.mark.parametrize("one_in", [100, 50, 20, 10])
def test_what_subscriptions_are_refused_slows_the_run_for_seconds_only(one_in: int) -> None:
    """Even where it began with four in a row; 25 a second would take two minutes and more."""
    clock = Clock()

    seconds, _ = simulated(
        slowed(clock), clock, Chance(one_in), requests=3000, workers=32, latency=0.1
    )

    assert seconds < 60


def slowed(clock: Clock) -> RateLimiter:
    """Return a limiter that all requests were refused."""
    limiter = RateLimiter(clock.pause, clock)
    for _ in range(ROW):
        limiter.refused(limiter.wait_for_turn(FOREVER))
    return limiter


def test_nobody_waits_unless_refused() -> None:
    """Turns come at once; what one subscription has left is not looked at."""
    clock = Clock()
    limiter = RateLimiter(clock.pause, clock)

    for _ in range(1000):
        sent = limiter.wait_for_turn(FOREVER)
        limiter.answered(sent, tenant_left({"x-ms-ratelimit-remaining-subscription-reads": "0"}))

    assert clock.pauses == []


def ask(limiter: RateLimiter, clock: Clock, *, requests: int, one_in: int, seconds: float) -> None:
    """Ask one after the other, each for some *seconds*; *one_in* so many is refused."""
    for number in range(requests):
        sent = limiter.wait_for_turn(FOREVER)
        clock.now += seconds
        if number % one_in:
            limiter.answered(sent)
        else:
            limiter.refused(sent)


def test_refusals_of_single_subscriptions_slow_nobody_down() -> None:
    """One in five is refused, by a bucket of its own: the other four have nothing to do with it."""
    clock = Clock()

    ask(RateLimiter(clock.pause, clock), clock, requests=1000, one_in=5, seconds=0.001)

    assert {*clock.pauses} == {MOMENT}


def test_where_slowing_down_does_not_help_nobody_waits() -> None:
    """One in ten is refused at any rate: the four in a row at first were chance."""
    clock = Clock()

    ask(slowed(clock), clock, requests=400, one_in=10, seconds=0.01)

    assert 3 < clock.now < 20
    assert {*clock.pauses[-20:]} == {MOMENT}


def test_a_wave_of_refusals_slows_all_down_once() -> None:
    """Those that were on their way already teach nothing new."""
    clock = Clock()
    limiter = RateLimiter(clock.pause, clock)
    on_their_way = [limiter.wait_for_turn(FOREVER) for _ in range(64)]
    for sent in on_their_way:
        limiter.refused(sent)

    clock.now += 2
    (first, _), (second, _) = (
        limiter.next_turn(clock.now, FOREVER),
        limiter.next_turn(clock.now, FOREVER),
    )

    assert second - first == pytest.approx(1 / 24.5, rel=0.01)


def test_it_speeds_up_again() -> None:
    """Where nothing is refused for some minutes, nobody waits any more."""
    clock = Clock()
    limiter = slowed(clock)

    while clock.now < 300:
        limiter.answered(limiter.wait_for_turn(FOREVER))
        clock.now += 0.01
    clock.pauses.clear()
    for _ in range(100):
        limiter.answered(limiter.wait_for_turn(FOREVER))

    assert clock.pauses == []


def test_where_all_is_refused_it_goes_on_asking() -> None:
    """Once a second at least, so that the end of an outage is heard of."""
    clock = Clock()
    limiter = slowed(clock)

    while clock.now < 60:
        limiter.refused(limiter.wait_for_turn(FOREVER))
    clock.pauses.clear()
    limiter.refused(limiter.wait_for_turn(FOREVER))
    limiter.refused(limiter.wait_for_turn(FOREVER))

    assert max(clock.pauses) == pytest.approx(1 / 0.98, rel=0.01)


def test_a_turn_that_comes_too_late_is_not_waited_for() -> None:
    """The budget of a subscription ends it at once, and takes no turn from the others."""
    clock = Clock()
    limiter = slowed(clock)
    limiter.next_turn(clock.now, FOREVER)

    with pytest.raises(AzureError) as raised:
        limiter.wait_for_turn(clock.now + 0.01)

    assert raised.value.reason is Reason.THROTTLED
    assert limiter.next_turn(clock.now, FOREVER)[0] == pytest.approx(clock.now + 1 / 24.5, rel=0.01)


@pytest.mark.parametrize(
    ("left", "waits"),
    [
        pytest.param("11999", False, id="plenty"),
        pytest.param("3", True, id="hardly any"),
        pytest.param("-1", False, id="no number of requests"),
        pytest.param("x", False, id="no number"),
    ],
)
def test_what_is_left_to_the_tenant_counts_for_all(left: str, waits: bool) -> None:
    """The list and the management groups have one bucket together."""
    clock = Clock()
    limiter = RateLimiter(clock.pause, clock)

    limiter.answered(limiter.wait_for_turn(FOREVER), tenant_left({REMAINING: left}))
    for _ in range(2):
        limiter.wait_for_turn(FOREVER)

    assert bool(clock.pauses) is waits


def test_throttled_subscriptions_are_all_read(azure: AzureDouble, run: Run) -> None:
    """Six in a row are refused once: the run slows down, and each has its verdict."""
    for number in range(12):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.throttle(0.05), times=6)

    ran = run("audit", "--workers", "4", "-o", "tsv")

    assert ran.code == 0
    assert len(ran.text.splitlines()) == 12


def test_a_signal_ends_a_run_that_waits_for_its_turn(
    azure: AzureDouble, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """The first of each worker is refused, so each waits for a turn; none takes one after it."""
    for number in range(400):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.throttle(0.05), times=16)
    process = start("audit", "--workers", "16")
    while sum("securityContacts" in asked.line for asked in azure.asked) < 20:
        time.sleep(0.01)

    process.terminate()
    process.communicate(timeout=60)
    asked = len(azure.asked)
    time.sleep(0.2)  # five turns

    assert process.returncode == 143
    assert len(azure.asked) == asked

"""How many requests are under way: in time of our own, against services of several kinds."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from bench.answers import Bucket

from contacts_audit.azure.arm.concurrency import FIRST, MOST, Concurrency
from contacts_audit.azure.arm.throttle import RateLimiter

if TYPE_CHECKING:
    import subprocess

    import conftest

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
LATENCY = 0.1  # seconds of an answer, where nothing else is said
AT_THE_GATE = 0.005  # seconds of a refusal
RETRY_AFTER = 1.0
FOREVER = 1e9
Service = Callable[[float, int], float | None]
"""Takes the moment and the number under way; the seconds of its answer, None for a refusal."""


@dataclass
class Run:
    """A run of *requests* against a *service*; a request takes the client some *processor* time."""

    service: Service
    requests: int = 3000
    processor: float = 0.0
    paced: bool = False
    left: Callable[[], float] = lambda: math.inf  # as the answers tell
    now: float = 0.0
    worked: float = 0.0
    refused: int = 0
    peak: int = 0
    limits: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.concurrency = Concurrency(clock=lambda: self.now, ours=lambda: self.worked)
        self._limiter = RateLimiter(lambda seconds: None, lambda: self.now)
        self._events: list[tuple[float, int, str, float, tuple[float, float], float]] = []
        self._order = itertools.count()
        self._free = 0.0  # when the client's one processor is
        self._under_way = self._workers = self._begun = 0

    def __call__(self) -> Run:
        """Run to the end."""
        served = 0
        while self._workers < self.concurrency.limit():
            self._begin()
        while served < self.requests:
            self.now, _, what, sent, turn, left = heapq.heappop(self._events)
            if what == "ask":
                self._ask(turn)
                continue
            self._under_way -= 1
            if what == "refused":
                self.refused += 1
                self.concurrency.failed(sent)
                self._limiter.refused(turn[0])
                self._ask_at(self.now + RETRY_AFTER)
            else:
                served += 1
                self.concurrency.answered(sent, left=left)
                self._limiter.answered(turn[0], left)
                self._next()
            self.limits.append((self.now, self.concurrency.limit()))
        return self

    def _next(self) -> None:
        """Do as the threads do: one ends, or goes on and may start another one."""
        self._workers -= 1
        for _ in range(2):
            if self._workers < self.concurrency.limit():
                self._begin()

    def _begin(self) -> None:
        if self._begun < self.requests:
            self._begun += 1
            self._workers += 1
            self._ask_at(self.now)

    def _ask_at(self, moment: float) -> None:
        turn = self._limiter.next_turn(self.now, FOREVER) if self.paced else (0.0, 0.0)
        self._push(max(moment, turn[0]), "ask", 0.0, turn)

    def _ask(self, turn: tuple[float, float]) -> None:
        if self.paced and not self._limiter.is_valid(turn):
            self._ask_at(self.now)
            return
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)
        self.worked += self.processor
        self._free = max(self._free, self.now) + self.processor
        took = self.service(self._free, self._under_way)
        what = "refused" if took is None else "answered"
        self._push(self._free + (AT_THE_GATE if took is None else took), what, self.now, turn)

    def _push(self, at: float, what: str, sent: float, turn: tuple[float, float]) -> None:
        heapq.heappush(self._events, (at, next(self._order), what, sent, turn, self.left()))

    def least_after(self, moment: float) -> int:
        """Return how few might be under way at some time after *moment*."""
        return min(limit for at, limit in self.limits if at > moment)


def steady(now: float, under_way: int) -> float:
    """Answer as fast as ever, whatever is under way."""
    return LATENCY


def queue(at_once: int) -> Service:
    """Return a service that works at so many *at_once*, and lets the others wait."""
    dice = random.Random(1)
    return lambda now, under_way: LATENCY * max(1, under_way / at_once) * dice.uniform(1, 1.1)


def test_it_doubles_with_each_round_trip() -> None:
    """16, 32, 64, 128, 256: that is known after four, and stays."""
    run = Run(steady)()

    assert [FIRST, MOST] == [16, 256]
    assert next(at for at, limit in run.limits if limit == MOST) == pytest.approx(4 * LATENCY)
    assert run.least_after(5 * LATENCY) == run.peak == MOST


@pytest.mark.parametrize("at_once", [10, 20, 50, 100])
def test_a_service_that_queues_is_used_up_and_not_flooded(at_once: int) -> None:
    """It works all the time, and soon no answer waits longer than two and a half times its time."""
    run = Run(queue(at_once))()

    ideal = run.requests * LATENCY / at_once
    assert run.now <= 1.15 * ideal
    assert run.peak <= max(3 * at_once, 3 * FIRST)
    assert run.limits[-1][1] <= max(2 * at_once, 2 * FIRST)
    assert run.limits[-1][1] >= at_once


@pytest.mark.parametrize("knee", [20, 50, 100])
def test_a_service_that_load_slows_down_is_not_driven_into_the_ground(knee: int) -> None:
    """It does most at its knee, and ever less beyond: 256 at once would take five times as long."""

    def thrashing(now: float, under_way: int) -> float:
        return LATENCY * (1 + (under_way / knee) ** 2)

    run = Run(thrashing)()

    best = run.requests * 2 * LATENCY / knee
    assert run.now <= 1.25 * best
    assert run.limits[-1][1] <= 2 * knee


@pytest.mark.parametrize("most", [40, 80, 160])
def test_a_service_that_refuses_more_at_once_is_heard(most: int) -> None:
    """There are fewer then, and more again with care."""
    run = Run(lambda now, under_way: LATENCY if under_way <= most else None)()

    assert run.refused <= 0.15 * run.requests
    assert run.now <= 3 * run.requests * LATENCY / most


def test_one_slow_subscription_slows_nobody() -> None:
    """Answers of it take a hundred times as long."""
    count = itertools.count()
    run = Run(lambda now, under_way: 100 * LATENCY if next(count) % 300 == 7 else LATENCY)()

    assert run.least_after(5 * LATENCY) == MOST


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(lambda dice, now: 10 if dice.random() < 0.2 else 1, id="a fifth is slow"),
        pytest.param(lambda dice, now: 5 if 1 < now < 1.3 else 1, id="a bad moment"),
        pytest.param(lambda dice, now: dice.lognormvariate(0, 0.5), id="all kinds of times"),
    ],
)
def test_noise_does_not_make_it_few(service: Callable[[random.Random, float], float]) -> None:
    """A round's quartile is as ever, or a round is slow for once."""
    dice = random.Random(5)
    run = Run(lambda now, under_way: LATENCY * service(dice, now), requests=6000)()

    assert run.least_after(1.0) >= MOST / 2
    assert run.limits[-1][1] == MOST


def test_where_answers_take_longer_from_now_on_that_is_learned() -> None:
    """With as few as at first they take as long: it was not for what was under way."""
    run = Run(lambda now, under_way: LATENCY if now < 1 else 4 * LATENCY, requests=9000)()

    assert run.least_after(1.0) == FIRST
    assert run.limits[-1][1] == MOST


def test_a_busy_client_has_no_more_under_way_than_it_can_serve() -> None:
    """Each request takes 0.4 ms of its processor: more threads would only wait for each other."""
    near = Run(lambda now, under_way: 0.0005, processor=0.0004)()
    far = Run(lambda now, under_way: 0.02, processor=0.0004)()

    assert near.peak <= 3 * FIRST
    assert near.limits[-1][1] <= 2 * FIRST
    assert FIRST < far.peak <= 3 * 0.02 / 0.0004
    assert far.now <= 1.1 * far.requests * 0.0004


def test_one_bucket_for_all_is_used_up_and_hardly_overdrawn() -> None:
    """250 at once, 25 a second: within 1.1 times the ideal, at most 2 % of requests refused."""
    bucket = Bucket(250, 25, 250)
    run = Run(
        lambda now, under_way: 0.001 if bucket.take(now) else None,
        requests=1000,
        processor=0.0004,
        paced=True,
    )()

    assert run.now <= 1.1 * (1000 - 250) / 25
    assert run.refused <= 0.02 * (1000 + run.refused)


@pytest.mark.parametrize("latency", [0.001, 0.02, 0.1, 0.5])
def test_a_bucket_that_tells_what_is_left_is_not_overdrawn(latency: float) -> None:
    """As Azure tells what a tenant has left: however many were under way before."""
    bucket = Bucket(250, 25, 250)
    run = Run(
        lambda now, under_way: latency if bucket.take(now) else None,
        requests=1000,
        processor=0.0004,
        paced=True,
        left=lambda: int(bucket.left),
    )()

    assert run.now <= 1.1 * (1000 - 250) / 25
    assert run.refused <= 0.01 * (1000 + run.refused)


def test_what_the_tenant_has_left_is_the_most() -> None:
    """By the last answer, but for as few as at first: some may wait for their subscription."""
    run = Run(steady)()
    limits = []
    for left in (1000, FIRST + 1, 0, math.inf):
        run.concurrency.answered(-math.inf, left=left)
        limits.append(run.concurrency.limit())

    assert limits == [MOST, FIRST + 1, FIRST, MOST]


def test_what_is_not_used_does_not_grow() -> None:
    """Ten a second, each in a tenth of one: there is one under way, and no use for more."""
    now = 0.0
    concurrency = Concurrency(clock=lambda: now, ours=lambda: 0.0)
    for _ in range(10 * FIRST):
        now += 0.1
        concurrency.answered(now - LATENCY)

    assert concurrency.limit() <= 2 * FIRST


def test_what_was_sent_before_there_were_fewer_tells_nothing() -> None:
    """All that is under way when a service begins to refuse makes fewer once, not three times."""
    now = 0.0
    concurrency = Concurrency(clock=lambda: now, ours=lambda: 0.0)
    while concurrency.limit() < MOST:
        now += LATENCY
        for _ in range(concurrency.limit()):
            concurrency.answered(now - LATENCY)
    for _ in range(MOST):
        concurrency.failed(now)

    assert concurrency.limit() == MOST // 2


def test_an_unusual_answer_tells_no_time() -> None:
    """A 403 comes at once: where a third of them do, the others are not slow."""
    now = 0.0
    concurrency = Concurrency(clock=lambda: now, ours=lambda: 0.0)
    for _ in range(12):
        now += LATENCY
        for number in range(concurrency.limit()):
            refused = number % 3 == 0
            concurrency.answered(now - (LATENCY / 50 if refused else LATENCY), usual=not refused)
    reached = concurrency.limit()
    for _ in range(8):
        now += LATENCY
        for _ in range(concurrency.limit()):
            concurrency.answered(now - LATENCY)

    assert (reached, concurrency.limit()) == (MOST, MOST)


def test_a_number_that_was_asked_for_stays() -> None:
    """Whatever comes of the requests."""
    concurrency = Concurrency(7, 7)
    for _ in range(100):
        concurrency.failed(0.0)
        concurrency.answered(0.0)

    assert concurrency.limit() == concurrency.most == 7


# The whole program


@dataclass
class Load:
    """A service that keeps how many requests were under way at most, each for some *seconds*."""

    seconds: float
    now: int = 0
    peak: int = 0

    async def __call__(self, exchange: Exchange) -> None:
        """Answer as usual, later."""
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        await as_usual(exchange)


@pytest.mark.parametrize(
    ("command", "column"),
    [
        pytest.param(["audit", "-o", "tsv"], 0, id="audit"),
        pytest.param(["plan", "--email", "b@contoso.com", "-o", "json"], None, id="plan"),
        pytest.param(["emails"], None, id="emails"),
    ],
)
def test_more_and_more_are_under_way(
    azure: AzureDouble, run: conftest.Run, command: list[str], column: int | None
) -> None:
    """Each subscription is there once, in the order of the list."""
    load = Load(0.2)
    for number in range(90):
        azure.add(f"S{number}", contacts_2017=[contact(number)])
    azure.fail("securityContacts", load, times=1000)

    ran = run(*command)

    assert FIRST < load.peak <= 90
    if column is not None:
        ids = [line.split("\t")[column] for line in ran.text.splitlines()]
        assert ids == [one.id for one in azure.subscriptions]
    else:
        places = [ran.text.index(f"s{number}@contoso.com") for number in range(90)]
        assert places == sorted(places)


def contact(number: int) -> dict[str, object]:
    """Return a contact with an address of its own."""
    return {"name": "default1", "properties": {"email": f"s{number}@contoso.com"}}


def test_a_number_of_workers_is_a_ceiling(azure: AzureDouble, run: conftest.Run) -> None:
    """However fast the answers come."""
    load = Load(0.02)
    for number in range(60):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("securityContacts", load, times=1000)

    assert run("audit", "--workers", "5").code == 0
    assert load.peak <= 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_that_has_grown(
    azure: AzureDouble,
    start: Callable[..., subprocess.Popen[bytes]],
    number: signal.Signals,
) -> None:
    """No thread that was started later sends anything after it."""
    load = Load(0.2)
    for index in range(2000):
        azure.add(f"S{index}", contacts_2017=GOOD)
    azure.fail("securityContacts", load, times=5000)
    process = start("audit", "-o", "jsonl")
    while load.peak <= FIRST:
        time.sleep(0.01)

    process.send_signal(number)
    process.communicate(timeout=60)
    time.sleep(0.3)  # what was on its way has arrived
    asked = len(azure.asked)
    time.sleep(0.3)

    assert process.returncode == 128 + number
    assert len(azure.asked) == asked < 2000


def test_the_deadline_ends_a_run_that_hangs(azure: AzureDouble, run: conftest.Run) -> None:
    """Whatever was under way: each row is there, and the run is incomplete."""
    for index in range(40):
        azure.add(f"S{index}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.hang(), times=1000)

    ran = run("audit", "-o", "tsv", "--deadline", "3")

    assert ran.code == 4
    assert [line.split("\t")[4] for line in ran.text.splitlines()] == ["unreadable"] * 40

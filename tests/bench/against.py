"""Two builds of the program in turn: what a change gains or costs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from tempfile import TemporaryDirectory

from bench.builds import Build
from bench.processes import Run, Served, server
from bench.table import Row, Runs, in_turn, ratio

COUNT = 2000


def reading(theirs: Build, ours: Build, times: int) -> list[Row]:
    """Return the rows about reading."""
    with server(subscriptions=COUNT, latency=0.1) as served:
        words = ("emails",)
        far = _both(lambda one: one.run(served.environment, *words), theirs, ours, times)
    with server(subscriptions=COUNT) as many, server(subscriptions=1) as single:
        near = _both(lambda one: _by_request(one, many, single), ours, theirs, times)
        alone = _both(lambda one: one.run(single.environment, "audit"), ours, theirs, times)
    return [
        ratio("2,000, 100 ms, default options: theirs / ours", 2.5, far, at_least=True),
        ratio("processor of a request, 0 ms, 8 workers", 0.5, near, lambda run: run.cpu),
        ratio("audit of one subscription, 0 ms", 0.85, alone),
    ]


def _by_request(one: Build, many: Served, single: Served) -> Run:
    """Return a run over 2,000 whose processor time is without that of its start."""
    whole = one.run(many.environment, "emails", "--workers", "8")
    start = one.run(single.environment, "emails", "--workers", "8")
    assert start.code == 0
    return replace(whole, cpu=whole.cpu - start.cpu)


def applying(theirs: Build, ours: Build, times: int) -> list[Row]:
    """Return the row about `apply`, which takes longest: writes go one by one."""
    number = itertools.count()
    with (
        server(subscriptions=200, latency=0.1, writes=True) as served,
        TemporaryDirectory() as state,
    ):

        def way(one: Build) -> Run:
            address = f"soc{next(number)}@contoso.com"
            words = ("apply", "--yes", "--replace", "--email", address, "--state-dir", state)
            return one.run(served.environment, *words)

        runs = _both(way, ours, theirs, times)
    return [ratio("apply to 200 subscriptions, 100 ms", 0.7, runs)]


def _both(way: Callable[[Build], Run], one: Build, other: Build, times: int) -> Runs:
    return in_turn({each.name: partial(way, each) for each in (one, other)}, times)

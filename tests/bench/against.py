"""Two builds of the program in turn: what a change gains or costs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from tempfile import TemporaryDirectory

from bench.builds import Build
from bench.processes import Run, Served, server
from bench.table import Row, Runs, in_turn, ratio

Way = Callable[[Build], Run]


def rows(ours: Build, theirs: Build, times: int) -> list[Row]:
    """Return the rows that need another build."""

    def both(way: Way) -> Runs:
        return in_turn({one.name: lambda one=one: way(one) for one in (ours, theirs)}, times)  # type: ignore[misc]

    with server(subscriptions=2000, latency=0.1) as served:
        far = both(lambda one: one.run(served.environment, "emails"))
    with server(subscriptions=2000) as many, server(subscriptions=1) as single:
        near = both(lambda one: _by_request(one, many, single))
        one = both(lambda one: one.run(single.environment, "audit"))
    with (
        server(subscriptions=200, latency=0.1, writes=True) as served,
        TemporaryDirectory() as state,
    ):
        number = itertools.count()
        applied = both(lambda one: _apply(one, served, f"soc{next(number)}@contoso.com", state))
    reverse = dict(reversed(far.items()))
    return [
        ratio("2,000, 100 ms, default options: theirs / ours", 2.5, reverse, at_least=True),
        ratio("processor of a request, 0 ms, 8 workers", 0.5, near, lambda run: run.cpu),
        ratio("audit of one subscription, 0 ms", 0.85, one),
        ratio("apply to 200 subscriptions, 100 ms", 0.7, applied),
    ]


def _by_request(one: Build, many: Served, single: Served) -> Run:
    """Return a run over 2,000 whose processor time is that of 1,999 requests, without the start."""
    whole = one.run(many.environment, "emails", "--workers", "8")
    start = one.run(single.environment, "emails", "--workers", "8")
    assert start.code == 0
    return replace(whole, cpu=whole.cpu - start.cpu)


def _apply(one: Build, served: Served, address: str, state: str) -> Run:
    words = ("apply", "--yes", "--replace", "--email", address, "--state-dir", state)
    return one.run(served.environment, *words)

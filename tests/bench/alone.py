"""What the program needs by itself: start, memory, growth, and the time under Azure's limit."""

from __future__ import annotations

import functools
import math
import os
import statistics
import sys
import time
from collections.abc import Mapping

from bench.builds import ROOT, Build
from bench.processes import Run, measured, server
from bench.table import Row, in_turn, median
from contacts_audit.azure.arm.throttle import RateLimiter, tenant_left

IMPORTS = "import requests, msal, jq, typer"
ONE = ("emails", "--replay", str(ROOT / "fixtures/contoso"), "-s")
ONE_ID = "04cc4789-2b1a-4511-b1ad-11d6557a25c0"


def start(ours: Build, times: int) -> list[Row]:
    """Return the rows about starting: whole processes that ask nothing of the network."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    python = functools.partial(measured, environment=environment)
    runs = in_turn(
        {
            "python -c pass": lambda: python([sys.executable, "-c", "pass"]),
            "four imports": lambda: python([sys.executable, "-c", IMPORTS]),
            "--version": lambda: ours.run(environment, "--version"),
            "--help": lambda: ours.run(environment, "--help"),
            "replay": lambda: ours.run(environment, *ONE, ONE_ID),
        },
        max(times, 11),
    )
    rows: list[Row] = []
    for name, rival, target in (
        ("--version", "python -c pass", 2.0),
        ("--help", "four imports", 1.15),
        ("replay", "four imports", 1.15),
    ):
        reached = median(runs[name]) / median(runs[rival])
        rows.append(Row(f"start: {name} / {rival}", target, reached, {} if rows else runs))
    return rows


def wide(ours: Build, times: int) -> list[Row]:
    """Return the rows about 10,000 subscriptions with the default options, far away."""
    rows = []
    for what, page_size in (("list in one page", 10_000), ("list in ten pages", 1000)):
        walls, ratios = [], []
        for _ in range(times):
            with server(subscriptions=10_000, latency=0.2, page_size=page_size) as served:
                walls.append(ours.run(served.environment, "emails"))
            ratios.append(walls[-1].wall / (10_000 * 0.2 / served.counts["most"]))
        what = f"10,000, 200 ms, default options, {what} / bound of the most at once"
        rows.append(Row(what, 1.15, statistics.median(ratios), {"ours": walls}, ratios))
    return rows


def growth(ours: Build, _times: int) -> list[Row]:
    """Return the rows about 1,000, 10,000 and 100,000 subscriptions."""
    runs: dict[str, list[Run]] = {}
    for count in (1000, 10_000, 100_000):
        with server(subscriptions=count) as served:
            for words in (("emails",), ("audit", "-o", "jsonl")):
                runs[f"{words[0]} of {count}"] = [ours.run(served.environment, *words)]
    few, many = (runs[f"emails of {count}"][0].wall for count in (10_000, 100_000))
    return [
        Row("100,000: MiB of emails", 75.0, runs["emails of 100000"][0].peak, runs),
        Row("100,000: MiB of audit -o jsonl", 75.0, runs["audit of 100000"][0].peak),
        Row("growth: wall by subscription, 100,000 / 10,000", 1.1, many / few / 10),
    ]


def throttled(ours: Build, _times: int) -> list[Row]:
    """Return the rows about a bucket of 250, refilled by 25 a second, that all requests share."""
    rows = []
    for workers, latency, times, told in (
        ("8", 0.0, 1, False),
        ("16", 0.0, 1, False),
        ("32", 0.0, 3, False),
        ("", 0.0, 3, False),
        ("", 0.1, 1, False),
        ("", 0.1, 3, True),
    ):
        runs, refused = [], []
        for _ in range(times):
            options = {"told": True} if told else {}
            with server(subscriptions=1000, latency=latency, bucket=(250, 25), **options) as served:
                width = ("--workers", workers) if workers else ()
                runs.append(ours.run(served.environment, "emails", *width))
            refused.append(_percent(served.counts, "refused"))
        ideal = (served.counts["asked"] - served.counts["refused"] - 250) / 25
        name = f"throttled, {workers or 'default'} workers, {1000 * latency:.0f} ms"
        name += ", which tells what is left" if told else ""
        rows += [
            Row(f"{name}: wall / ideal of the bucket", 1.1, median(runs) / ideal, {name: runs}),
            Row(f"{name}: % refused", 2.0, statistics.median(refused)),
        ]
    return rows


def slowing(ours: Build, times: int) -> list[Row]:
    """Return the rows about a service that takes longer, and serves fewer, the more it is asked."""
    knee, count, latency = 32, 2000, 0.1
    runs: dict[str, list[Run]] = {"default": [], "--workers 256": []}
    most = []
    for width in [()] * times + [("--workers", "256")]:
        with server(subscriptions=count, latency=latency, knee=knee) as served:
            runs[" ".join(width) or "default"].append(
                ours.run(served.environment, "emails", *width)
            )
        most.append(served.counts["most"])
    best = count * 2 * latency / knee
    return [
        Row(
            "serves most at 32 at once: wall / the best", 1.5, median(runs["default"]) / best, runs
        ),
        Row("serves most at 32 at once: most at once", 2.0 * knee, statistics.median(most[:-1])),
    ]


def _percent(counts: Mapping[str, int], what: str) -> float:
    return 100 * counts[what] / counts["asked"]


def limiter(ours: Build, _times: int) -> list[Row]:
    """Return the row about what the limiter takes of a request while nothing is refused."""
    turns, limiter = 100_000, RateLimiter()
    began = time.process_time()
    for _ in range(turns):
        limiter.answered(limiter.wait_for_turn(math.inf), tenant_left({}))
    turn = (time.process_time() - began) / turns
    with server(subscriptions=2000) as served:
        run = ours.run(served.environment, "emails", "--workers", "8")
    return [Row("limiter: % of the processor of a request", 1.0, 100 * turn / (run.cpu / 2000))]

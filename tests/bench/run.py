"""
Measures the program beside curl, the documented pipeline and Python itself: `make bench`.

Whole processes, the server on the first core and the clients on the second, one after the other in
turn; medians.  Writes results.json beside this file.  `--only WORD` measures the rows that hold it.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from azure_double.identity import Ids

from bench.page import CHROMIUM, seconds
from bench.processes import Run, Served, measured, program, server
from contacts_audit.azure.arm.throttle import Pace

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
V2017 = "2017-08-01-preview"
IMPORTS = "import requests, msal, jq, typer"
ONE = ("emails", "--replay", str(ROOT / "fixtures/contoso"), "-s")
ONE_ID = "04cc4789-2b1a-4511-b1ad-11d6557a25c0"
AZ = """#!/bin/bash
printf '%s\\t%s\\n' 00000000-0000-0000-0000-000000000000 "$TOKEN"
"""
PIPELINE = """
set -o pipefail
while read -r id; do
  az account get-access-token --query '[subscription,accessToken]' --output tsv |
  xargs -L1 bash -c 'printf "header = \\"Authorization: Bearer %s\\"\\n" "$2" |
    curl -sS --cacert "$CA" -K - -H "Content-Type: application/json" \\
      "${BASE}'"$id"'${TAIL}"' _ |
  jq '.|.value[] | select(.type=="Microsoft.Security/securityContacts")' |
  jq -e '.properties.email' || exit 1
done < "$IDS"
"""
Figure = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A line of the table: what is *reached* may be at most *target*."""

    what: str
    target: float
    reached: float
    runs: dict[str, Sequence[Run]]
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Say whether the target is met."""
        return self.reached >= self.target if self.at_least else self.reached <= self.target

    def told(self) -> str:
        """Return the line."""
        sign = ">=" if self.at_least else "<="
        lines = [
            f"{self.what:<58} {sign}{self.target:>7.2f} {self.reached:>8.2f} "
            f"{'yes' if self.holds else 'NO'}"
        ]
        for name, runs in self.runs.items():
            walls = sorted(run.wall for run in runs)
            lines.append(
                f"    {name:<24} {walls[0]:8.3f} {_median(runs):8.3f} {walls[-1]:8.3f} s"
                f"  cpu {_median(runs, 'cpu'):6.3f} s  peak {max(run.peak for run in runs):.0f} MiB"
            )
        return "\n".join(lines)

    def figures(self) -> Figure:
        """Return what results.json keeps."""
        return {
            "what": self.what,
            "target": self.target,
            "reached": round(self.reached, 3),
            "holds": self.holds,
            "runs": {
                name: [[round(run.wall, 4), round(run.cpu, 4), round(run.peak, 1)] for run in runs]
                for name, runs in self.runs.items()
            },
        }


def _median(runs: Sequence[Run], what: str = "wall") -> float:
    return float(statistics.median(getattr(run, what) for run in runs))


def in_turn(ways: Mapping[str, Callable[[], Run]], times: int) -> dict[str, Sequence[Run]]:
    """Measure all *ways*, one after the other, *times* times."""
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            runs[name].append(way())
            assert runs[name][-1].code == 0, (name, runs[name][-1])
    return {name: tuple(each) for name, each in runs.items()}


def curl(served: Served, count: int, workers: int, folder: Path) -> list[str]:
    """Return curl for all subscriptions at once, and one jq behind it."""
    lines = [f'header = "Authorization: Bearer {served.facts["token"]}"']
    lines += [f'cacert = "{served.facts["ca"]}"', "silent"]
    lines += [f'url = "{_contacts(served, number)}"' for number in range(1, count + 1)]
    config = folder / "curl.config"
    config.write_text("\n".join(lines))
    each = f"curl --parallel --parallel-max {workers} -K {config}"
    return ["bash", "-c", f"{each} | jq '.value[] | .properties.email'"]


def _contacts(served: Served, number: int) -> str:
    return (
        f"{served.facts['endpoint']}/subscriptions/{Ids('subscriptions').guid(number)}"
        f"/providers/Microsoft.Security/securityContacts?api-version={V2017}"
    )


def beside_curl(
    latency: float, workers: int, times: int, pages: int = 1
) -> tuple[float, dict[str, Any]]:
    """Measure `emails` of 2,000, listed in *pages*, beside curl; return requests each, and runs."""
    with (
        server(subscriptions=2000, latency=latency, page_size=2000 // pages) as served,
        tempfile.TemporaryDirectory() as name,
    ):
        rival = curl(served, 2000, workers, Path(name))
        ours = program("emails", "--workers", str(workers))
        runs = in_turn(
            {
                "curl": lambda: measured(rival, served.environment),
                "contacts-audit": lambda: measured(ours, served.environment),
            },
            times,
        )
    # curl asks once for each; we list the subscriptions besides, and so know that it is once
    asked = (served.counts["contacts"] / times - 2000) / 2000
    return asked, runs


def network(times: int) -> list[Row]:
    """Return the rows about the network."""
    _, far = beside_curl(0.1, 64, times)
    _, paged = beside_curl(0.1, 64, times, pages=2)
    _, near = beside_curl(0.02, 64, times)
    asked, here = beside_curl(0.0, 8, times)

    def ratio(runs: dict[str, Sequence[Run]]) -> float:
        return _median(runs["contacts-audit"]) / _median(runs["curl"])

    bound = 2000 * 0.1 / 64
    return [
        Row("100 ms, 64 workers / bound", 1.15, _median(far["contacts-audit"]) / bound, far),
        Row("100 ms, 64 workers / curl", 1.10, ratio(far), {}),
        Row("two pages of list / bound", 1.15, _median(paged["contacts-audit"]) / bound, paged),
        Row("two pages of list / curl", 1.10, ratio(paged), {}),
        Row("20 ms, 64 workers / curl", 1.9, ratio(near), near),
        Row("0 ms, 8 workers / curl", 8.0, ratio(here), here),
        Row("requests a subscription", 1.0, asked, {}),
    ]


def pipeline(times: int) -> list[Row]:
    """Return the row about the documented pipeline, one subscription after the other."""
    few, many = 20, 2000
    with (
        server(subscriptions=many, latency=0.1) as served,
        tempfile.TemporaryDirectory() as name,
    ):
        stub, ids = Path(name, "az"), Path(name, "ids")
        stub.write_text(AZ)
        stub.chmod(0o755)
        ids.write_text("".join(f"{Ids('subscriptions').guid(n)}\n" for n in range(1, few + 1)))
        environment = served.environment | {
            "PATH": f"{name}:{os.environ['PATH']}",
            "TOKEN": served.facts["token"],
            "CA": served.facts["ca"],
            "BASE": f"{served.facts['endpoint']}/subscriptions/",
            "TAIL": f"/providers/Microsoft.Security/securityContacts?api-version={V2017}",
            "IDS": str(ids),
        }
        runs = in_turn(
            {
                "pipeline of 20": lambda: measured(["bash", "-c", PIPELINE], environment),
                "contacts-audit of 2,000": lambda: measured(
                    program("emails", "--workers", "64"), served.environment
                ),
            },
            times,
        )
    slow, fast = (_median(each) for each in runs.values())
    what = "100 ms: pipeline / 64 workers, by subscription"
    return [Row(what, 60.0, (slow / few) / (fast / many), runs, at_least=True)]


def start_up(times: int) -> list[Row]:
    """Return the rows about starting: whole processes that ask nothing of the network."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    script = str(Path(sys.executable).parent / "contacts-audit")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "four imports": [sys.executable, "-c", IMPORTS],
        "--version": [script, "--version"],
        "-m --version": program("--version"),
        "--help": program("--help"),
        "replay": program(*ONE, ONE_ID),
    }
    ways = {
        name: functools.partial(measured, words, environment) for name, words in commands.items()
    }
    runs = in_turn(ways, max(times, 11))
    rows: list[Row] = []
    for name, rival, target in (
        ("--version", "python -c pass", 2.0),
        ("-m --version", "python -c pass", 2.0),
        ("--help", "four imports", 1.15),
        ("replay", "four imports", 1.15),
    ):
        ratio = _median(runs[name]) / _median(runs[rival])
        rows.append(Row(f"start: {name} / {rival}", target, ratio, {} if rows else runs))
    return rows


def growth(_times: int) -> list[Row]:
    """Return the rows about 1,000, 10,000 and 100,000 subscriptions."""
    runs: dict[str, Sequence[Run]] = {}
    for count in (1000, 10_000, 100_000):
        with server(subscriptions=count) as served:
            for words in (("emails",), ("audit", "-o", "jsonl")):
                run = measured(program(*words), served.environment)
                runs[f"{words[0]} of {count}"] = (run,)
    walls = {name: runs[name][0].wall for name in ("emails of 10000", "emails of 100000")}
    each = walls["emails of 100000"] / walls["emails of 10000"] / 10
    return [
        Row("100,000: MiB of emails", 60.0, runs["emails of 100000"][0].peak, runs),
        Row("100,000: MiB of audit -o jsonl", 100.0, runs["audit of 100000"][0].peak, {}),
        Row("growth: wall by subscription, 100,000 / 10,000", 1.1, each, {}),
    ]


def throttled(_times: int) -> list[Row]:
    """Return the rows about a bucket of 250, refilled by 25 a second, that all requests share."""
    rows = []
    for workers, times in ((8, 1), (16, 1), (32, 3)):
        runs, refused = [], []
        for _ in range(times):
            with server(subscriptions=1000, bucket=(250, 25)) as served:
                command = program("emails", "--workers", str(workers))
                runs.append(measured(command, served.environment))
            counts = served.counts
            refused.append(100 * counts["refused"] / counts["asked"])
        ideal = (counts["asked"] - counts["refused"] - 250) / 25
        name = f"throttled, {workers} workers"
        rows += [
            Row(f"{name}: wall / ideal of the bucket", 1.1, _median(runs) / ideal, {name: runs}),
            Row(f"{name}: % refused", 2.0, statistics.median(refused), {}),
        ]
    return rows


def limiter(_times: int) -> list[Row]:
    """Return the row about what the limiter takes of a request while nothing is refused."""
    turns, pace = 100_000, Pace()
    began = time.process_time()
    for _ in range(turns):
        pace.answered(pace.enter(math.inf), {})
    turn = (time.process_time() - began) / turns
    with server(subscriptions=2000) as served:
        run = measured(program("emails", "--workers", "8"), served.environment)
    return [Row("limiter: % of the processor of a request", 1.0, 100 * turn / (run.cpu / 2000), {})]


def page(times: int) -> list[Row]:
    """Return the rows about the HTML report of 5,000, where there is a browser to open it."""
    if not CHROMIUM.exists():
        sys.stdout.write(f"the page of 5,000: not measured, {CHROMIUM} is missing\n")
        return []
    return [
        Row(f"page of 5,000: {act}, s", 1.0 if act == "open" else 0.3, statistics.median(took), {})
        for act, took in seconds(times).items()
    ]


PARTS = {
    "start": start_up,
    "network": network,
    "pipeline": pipeline,
    "limiter": limiter,
    "throttled": throttled,
    "growth": growth,
    "page": page,
}


def _machine() -> Figure:
    tools = {"curl": "curl --version", "jq": "jq --version"}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        **{name: version(name) for name in ("requests", "urllib3", "msal", "typer")},
        "jq.py": version("jq"),
        **{
            name: subprocess.check_output(words.split(), text=True).splitlines()[0]
            for name, words in tools.items()
        },
    }


def main() -> None:
    """Print the table, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure this part alone")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    machine = _machine()
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in machine.items()))
    sys.stdout.write(f"load: {os.getloadavg()[0]:.1f}\n\n")
    sys.stdout.write(f"{'what':<58} {'target':>9} {'reached':>8}\n")
    rows = []
    for name, part in PARTS.items():
        if options.only in (None, name):
            for row in part(options.runs):
                rows.append(row)
                sys.stdout.write(row.told() + "\n")
                sys.stdout.flush()
    if options.only is None:
        kept = {**machine, "load": os.getloadavg()[0], "rows": [row.figures() for row in rows]}
        (HERE / "results.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()

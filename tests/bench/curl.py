"""The program beside curl, and beside the documented pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from azure_double.identity import Ids

from bench.builds import Build
from bench.processes import Served, measured, server
from bench.table import Row, Runs, in_turn, median, ratio

COUNT = 2000
V2017 = "2017-08-01-preview"
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


def rows(ours: Build, times: int) -> list[Row]:
    """Return the rows about `emails` of 2,000 beside curl, and about the time that they need."""
    _, far = _beside_curl(ours, 0.1, 64, times)
    _, paged = _beside_curl(ours, 0.1, 64, times, pages=2)
    _, near = _beside_curl(ours, 0.02, 64, times)
    asked, here = _beside_curl(ours, 0.0, 8, times)
    return [
        _of_bound("100 ms, 64 workers / latency bound", 1.08, far),
        _of_bound("the same, the list in two pages", 1.12, paged),
        ratio("100 ms, 64 workers / curl", 1.10, far),
        ratio("20 ms, 64 workers / curl", 1.15, near),
        ratio("0 ms, 8 workers / curl", 3.5, here),
        Row("requests a subscription", 1.0, asked),
    ]


def _of_bound(what: str, target: float, runs: Runs) -> Row:
    bound = COUNT * 0.1 / 64
    mine = runs["ours"]
    return Row(what, target, median(mine) / bound, {}, [run.wall / bound for run in mine])


def _beside_curl(
    ours: Build, latency: float, workers: int, times: int, pages: int = 1
) -> tuple[float, Runs]:
    """Measure `emails` beside curl; return the requests a subscription, and the runs."""
    with (
        server(subscriptions=COUNT, latency=latency, page_size=COUNT // pages) as served,
        TemporaryDirectory() as folder,
    ):
        rival = _curl(served, workers, Path(folder))
        words = ("emails", "--workers", str(workers))
        runs = in_turn(
            {
                "ours": lambda: ours.run(served.environment, *words),
                "curl": lambda: measured(rival, served.environment),
            },
            times,
        )
    # curl asks once for each; we list the subscriptions besides, and so know that it is once
    return (served.counts["contacts"] / times - COUNT) / COUNT, runs


def _curl(served: Served, workers: int, folder: Path) -> list[str]:
    """Return curl for all subscriptions at once, and one jq behind it."""
    lines = [f'header = "Authorization: Bearer {served.facts["token"]}"']
    lines += [f'cacert = "{served.facts["ca"]}"', "silent"]
    lines += [f'url = "{_contacts(served, number)}"' for number in range(1, COUNT + 1)]
    config = folder / "curl.config"
    config.write_text("\n".join(lines))
    each = f"curl --parallel --parallel-max {workers} -K {config}"
    return ["bash", "-c", f"{each} | jq '.value[] | .properties.email'"]


def _contacts(served: Served, number: int) -> str:
    return (
        f"{served.facts['endpoint']}/subscriptions/{Ids('subscriptions').guid(number)}"
        f"/providers/Microsoft.Security/securityContacts?api-version={V2017}"
    )


def pipeline(ours: Build, times: int) -> list[Row]:
    """Return the row about the documented pipeline, one subscription after the other."""
    few = 20
    with server(subscriptions=COUNT, latency=0.1) as served, TemporaryDirectory() as name:
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
                "ours of 2,000": lambda: ours.run(served.environment, "emails", "--workers", "64"),
            },
            times,
        )
    slow, fast = (median(each) for each in runs.values())
    what = "100 ms: pipeline / 64 workers, by subscription"
    return [Row(what, 60.0, (slow / few) / (fast / COUNT), runs, at_least=True)]

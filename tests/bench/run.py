"""
Measures the program beside curl, the documented pipeline and another build: `make bench`.

Whole processes, the server on the first core and the clients on the second, one after the other in
turn; medians, and minimum and maximum.  Writes results.json beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench import against, alone, curl, page
from bench.builds import ROOT, Build, builds
from bench.table import HEAD, Row

RESULTS = Path(__file__).parent / "results.json"
Part = Callable[[Build, int], list[Row]]
WITH_ANOTHER = {"apply": against.applying, "against": against.reading}
PARTS: dict[str, Part] = {
    "curl": curl.rows,
    "wide": alone.wide,
    "growth": alone.growth,
    "throttled": alone.throttled,
    "slowing": alone.slowing,
    "limiter": alone.limiter,
    "start": alone.start,
    "pipeline": curl.pipeline,
    "page": page.rows,
}


def _machine(revision: str | None) -> dict[str, str]:
    """Return what the figures depend on."""

    def first_line(*command: str) -> str:
        return subprocess.check_output(command, text=True, cwd=ROOT).splitlines()[0]

    packages = ("requests", "httptools", "urllib3", "msal", "typer", "jq")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        **{f"{name} (Python)": version(name) for name in packages},
        "curl": first_line("curl", "--version"),
        "jq": first_line("jq", "--version"),
        "ours": first_line("git", "describe", "--always", "--dirty"),
        **({"against": first_line("git", "rev-parse", revision)} if revision else {}),
    }


def main() -> None:
    """Print the table, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=[*WITH_ANOTHER, *PARTS], help="measure this part alone")
    parser.add_argument("--against", metavar="REV", help="measure this revision in turn with ours")
    parser.add_argument("--runs", type=int, default=5, help="of each program (default: 5)")
    options = parser.parse_args()
    if options.only in WITH_ANOTHER and options.against is None:
        parser.error(f"--only {options.only} needs --against")
    machine = _machine(options.against)
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in machine.items()))
    sys.stdout.write(f"\n{HEAD}\n")
    found = []
    with builds(options.against) as (ours, theirs):
        parts = PARTS
        if theirs is not None:
            two = {name: partial(part, theirs) for name, part in WITH_ANOTHER.items()}
            parts = {**two, **PARTS}
        for name, part in parts.items():
            if options.only in (None, name):
                for row in part(ours, options.runs):
                    found.append(row)
                    sys.stdout.write(row.text() + "\n")
                    sys.stdout.flush()
    if options.only is None:
        kept = {**machine, "rows": [row.figures() for row in found]}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()

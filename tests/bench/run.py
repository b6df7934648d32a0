"""
Measures `audit` against the double: `make bench`, printed as a table.

Server and client are processes pinned to one core each; the figures are of whole runs: start-up,
sign-in, list, reads, report.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUBSCRIPTIONS, LATENCY, WORKERS, RUNS = 2000, 0.1, 64, 5
TESTS = Path(__file__).parents[1]


@contextmanager
def double() -> Iterator[dict[str, str]]:
    """Serve from a process of its own, on the first core."""
    command = [sys.executable, "-m", "azure_double", "--subscriptions", str(SUBSCRIPTIONS)]
    command += ["--latency", str(LATENCY), "--address-at-2017", "--page-size", "1000"]
    with subprocess.Popen(
        ["taskset", "-c", "0", *command],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def once(azure: dict[str, str]) -> tuple[float, float]:
    """Return the seconds and the peak MiB of one whole run on the second core."""
    environment = os.environ | {
        "AZURE_TENANT_ID": azure["tenant"],
        "AZURE_CLIENT_ID": azure["client_id"],
        "AZURE_CLIENT_SECRET": azure["secret"],
        "CONTACTS_AUDIT_ARM_ENDPOINT": azure["endpoint"],
        "CONTACTS_AUDIT_AUTHORITY_HOST": azure["endpoint"],
        "CONTACTS_AUDIT_AUDIENCE": "https://management.core.windows.net/",
        "CONTACTS_AUDIT_CA_BUNDLE": azure["ca"],
    }
    command = [sys.executable, "-m", "contacts_audit", "audit", "--workers", str(WORKERS)]
    began = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", "1", *command], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Print what was measured, and where."""
    with double() as azure:
        runs = [once(azure) for _ in range(RUNS)]
    bound = SUBSCRIPTIONS * LATENCY / WORKERS
    walls, peaks = zip(*runs, strict=True)
    lines = [
        f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores",
        f"{SUBSCRIPTIONS} subscriptions, {LATENCY * 1000:.0f} ms, {WORKERS} workers, {RUNS} runs",
        f"latency bound     {bound:6.2f} s",
        f"wall, median      {statistics.median(walls):6.2f} s"
        f"  ({min(walls):.2f} to {max(walls):.2f})",
        f"wall / bound      {statistics.median(walls) / bound:6.2f}",
        f"peak memory       {max(peaks):6.1f} MiB",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""
Audits many subscriptions in bad weather: `make soak` takes 50,000, `make test` fewer.

Of all requests 5 % get a 429, 2 % a reset and 1 % a body that drips beyond the timeout.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from azure_double import Asked, AzureDouble, faults

TESTS = Path(__file__).parents[1]
SUBSCRIPTIONS, SECONDS = 50_000, 1200
ROOM = 24  # MiB that the memory may rise after the first quarter: an allocator is no clock


@dataclass(frozen=True)
class Flown:
    """What a run left behind: its code, its rows, and its memory in MiB along the way."""

    code: int
    rows: list[dict[str, Any]]
    said: str
    memory: list[float]
    seconds: float


def furnish(azure: AzureDouble, count: int) -> list[tuple[str, list[str]]]:
    """Add *count* subscriptions in bad weather; return the id and the addresses of each."""
    expected = []
    for number in range(count):
        address = f"team{number}@contoso.com"
        kinds: tuple[dict[str, Any], ...] = (
            {"contacts_2017": [{"name": "default1", "properties": {"email": address}}]},
            {"contact": {"emails": address}, "parted": True},  # which 2017 does not show
            {},
        )
        fields = kinds[number % 3]
        subscription = azure.add(f"Subscription {number}", **fields)
        expected.append((subscription.id, [address] if fields else []))
    for fault, places in (
        (faults.throttle(0.05), {3, 23, 43, 63, 83}),
        (faults.reset(), {11, 71}),
        (faults.drip_body(0.1), {37}),
    ):
        azure.fail(partial(of_contacts, places), fault)
    return expected


def of_contacts(places: set[int], asked: Asked) -> bool:
    """Say whether it is a read of contacts whose number of a hundred is one of *places*."""
    return asked.number % 100 in places and "securityContacts" in asked.target


def fly(azure: AzureDouble, environment: dict[str, str], every: float = 0.5) -> Flown:
    """Audit all that is in *azure*, and look at the memory *every* so many seconds."""
    command = [sys.executable, "-m", "contacts_audit", "audit", "-o", "jsonl", "--timeout", "1"]
    began, memory = time.monotonic(), []
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [*command, "--deadline", str(SECONDS)],
            env=environment,
            cwd=TESTS.parent,
            stdout=out,
            stderr=err,
        )
        while process.poll() is None:
            memory.append(resident(process.pid))
            time.sleep(every)
        seconds = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        lines = [json.loads(line) for line in out]
        said = err.read().decode()
    rows = [line for line in lines if line.get("record") != "summary"]
    return Flown(process.returncode, rows, said, memory, seconds)


def resident(process: int) -> float:
    """Return the MiB that *process* holds; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def check(flown: Flown, expected: list[tuple[str, list[str]]], asked: int) -> None:
    """Check that every row is there, right and in order, after a bounded number of requests."""
    assert flown.code == 3, flown.said[-2000:]
    assert [(row["id"], row["emails"]) for row in flown.rows] == expected
    assert {row["verdict"] for row in flown.rows} == {"compliant", "non-compliant"}
    needed = sum(1 if place % 3 == 0 else 2 for place in range(len(expected)))
    assert needed <= asked <= needed * 1.15 + 50, (needed, asked)


def main() -> None:
    """Fly, check, and print what was measured."""
    sys.path.insert(0, str(TESTS))
    from conftest import surroundings

    with AzureDouble(seed="soak") as azure:
        azure.page_size = 1000
        expected = furnish(azure, SUBSCRIPTIONS)
        flown = fly(azure, surroundings(azure))
        asked = len(azure.arm_asked())
    check(flown, expected, asked)
    quarters = [
        max(flown.memory[len(flown.memory) * n // 4 :][: len(flown.memory) // 4]) for n in range(4)
    ]
    sys.stdout.write(
        f"{SUBSCRIPTIONS} subscriptions, every row right and in order, {asked} requests, "
        f"{flown.seconds:.0f} s\n"
        f"memory, peak of each quarter: {' '.join(f'{each:.0f}' for each in quarters)} MiB\n"
    )
    assert max(quarters) < quarters[0] + ROOM, "the memory is not flat"


if __name__ == "__main__":
    main()

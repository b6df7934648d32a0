"""`apply` as a process of its own, in a cloud of five subscriptions."""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.exchange import Fault
from conftest import run_in, surroundings
from remediation.workspace import CHANGE, V2023

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
FIVE = 5


def applying(state: Path, *more: str) -> tuple[str, ...]:
    """Return the arguments of an `apply` that is not asked, and prints JSON."""
    return ("apply", *CHANGE, "--yes", "-o", "json", "--state-dir", str(state), *more)


def again(azure: AzureDouble, state: Path) -> tuple[int, list[str]]:
    """Run the same command again in a healthy cloud; return exit code and statuses."""
    azure.heal()
    azure.stale_reads = 0
    ran = run_in(surroundings(azure), *applying(state))
    return ran.code, statuses(ran.out)


def statuses(out: bytes) -> list[str]:
    """Return the status of each row."""
    return [row["status"] for row in json.loads(out)["subscriptions"]]


def journal(state: Path) -> list[dict[str, Any]]:
    """Return the lines of the first journal; each must be complete."""
    (first, *_) = sorted(state.glob("journal-*.jsonl"))
    text = first.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def whole(state: Path) -> None:
    """Check that every file is complete, and that no temporary file is left."""
    for file in state.iterdir():
        assert file.suffix in {".json", ".jsonl", ""}, file
        if file.suffix == ".json":
            assert json.loads(file.read_text())["sha256"]
    if list(state.glob("journal-*")):
        journal(state)


@dataclass(frozen=True)
class Step:
    """
    Where a run over five subscriptions is when the signal comes: at the *number*th request of
    *method* for the third at 2023, which gets *fault*.  *expected* are the statuses then, *sent*
    the PUTs until then, and *reads* those of the third at 2023: one before its PUT in each phase,
    one to know whether it was lost, one to read back.
    """

    method: str
    number: int
    fault: Fault
    expected: list[str] | None
    sent: int
    reads: int = 3


DONE, NOT_SENT = "done", "not-sent"
STEPS = {
    "first reading": Step("GET", 1, faults.hang(), None, 0),
    "reading before the PUT": Step(
        "GET", 2, faults.slow(1), [DONE, DONE, NOT_SENT, NOT_SENT, NOT_SENT], 2
    ),
    "PUT": Step("PUT", 1, faults.slow(1), [DONE, DONE, DONE, NOT_SENT, NOT_SENT], 3),
    "PUT that is lost": Step(
        "PUT", 1, faults.applied(faults.hang()), [DONE, DONE, DONE, NOT_SENT, NOT_SENT], 3, 4
    ),
    "PUT that is lost, not applied": Step(
        "PUT", 1, faults.hang(), [DONE, DONE, "failed", NOT_SENT, NOT_SENT], 3
    ),
    "reading back": Step("GET", 3, faults.slow(1), [DONE, DONE, DONE, NOT_SENT, NOT_SENT], 3),
    "before it is read back again": Step(
        "PUT", 1, faults.status(200, {}), [DONE, DONE, "unconfirmed", NOT_SENT, NOT_SENT], 3
    ),
}


def at_third(azure: AzureDouble, subscription: Subscription, step: Step) -> Callable[[], bool]:
    """Arrange the fault of *step*; return a function that says whether the run is there."""
    met: list[Asked] = []

    def match(asked: Asked) -> bool:
        there = asked.method == step.method and V2023 in asked.target
        if there and subscription.id in asked.path:
            met.append(asked)
            return len(met) == step.number
        return False

    azure.fail(match, step.fault)
    return lambda: len(met) >= step.number

"""
Whatever is answered to a PUT or a DELETE: what became of it, how often it was sent, what is kept.

A few runs over many subscriptions, each with a fault of its own and a healthy one behind it.
"""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Ran, run_in, surroundings
from fault_rows import HOSTILE, bodies, crooked, echo, plain, secrets

PARTS = 6
METHODS = ("PUT", "DELETE")
CHANGE = ("--email", "soc@contoso.com")


@dataclass(frozen=True)
class Row:
    """A *fault* and how often it is met; the *status* then, the writes *sent*, the last *event*."""

    fault: Fault
    status: str
    sent: int = 1
    event: str = "answered"
    times: int | None = None


def lost(fault: Fault) -> Row:
    """Return the row of a write that never arrives: sent twice."""
    return Row(fault, "failed", 2)


def found(fault: Fault) -> Row:
    """Return the row of a write whose answer is lost: reading shows it, sent once."""
    return Row(faults.applied(fault), "done", 1, "read back", 1)


def passing(fault: Fault) -> Row:
    """Return the row of a write that is done when it is sent again."""
    return Row(fault, "done", 2, "read back", 1)


ENDS: dict[str, Fault] = {
    "reset": faults.reset(),
    "closed": faults.close(),
    "black hole": faults.hang(),
    "headers drip": faults.drip_headers(0.1),
    "100 Continue for ever": faults.continue_storm(0.05),
    "no HTTP": faults.raw(b"220 mail.example ESMTP\r\n\r\n"),
    "negative chunk": crooked("Transfer-Encoding: chunked", b"-2\r\n{}\r\n"),
    "gzip bomb": faults.gzip_bomb(64),
    "endless body": faults.endless_body(),
    "500": faults.arm_error(500, "Oops", "no"),
    "502, HTML": faults.html(502),
    "504": faults.status(504),
    "408": faults.status(408),
    "599": faults.status(599),
}
RAW = {"no HTTP", "negative chunk"}  # these are Azure's own answer, garbled: it was written

ROWS: dict[str, Row] = {
    **{f"{name}, always": lost(fault) for name, fault in ENDS.items() if name not in RAW},
    **{f"{name}, not written": passing(fault) for name, fault in ENDS.items() if name not in RAW},
    **{f"{name}, though written": found(fault) for name, fault in ENDS.items()},
    **{f"{status}, written": found(faults.status(status)) for status in (202, 203, 205, 206)},
    **{
        f"{status}, {kind}": Row(fault, "refused")
        for status in (400, 402, 403, 404, 405, 410, 413, 415, 418, 422, 423, 424, 428, 451)
        for kind, fault in bodies(status).items()
    },
    **{
        f"{status} to {where}": Row(faults.redirect(status, f"https://{where}/x"), "failed")
        for status in (300, 301, 302, 303, 307, 308)
        for where in ("localhost", "evil.example")
    },
    "409": Row(faults.arm_error(409, "Conflict", "no"), "conflict"),
    "412": Row(faults.arm_error(412, "PreconditionFailed", "no"), "conflict"),
    "409, read-only": Row(faults.arm_error(409, "ReadOnlyDisabledSubscription", "no"), "refused"),
    "429 for a day": Row(faults.throttle(86400), "failed"),
    "503 for a day": Row(faults.status(503, headers={"Retry-After": "86400"}), "failed"),
    "429 once": passing(faults.throttle("0.05")),
    "429 once, nonsense": passing(faults.throttle("soon")),
    "503 once": passing(faults.status(503)),
    "403, hostile": Row(faults.arm_error(403, HOSTILE, f"{HOSTILE}\r\nx"), "refused"),
    "403 that tells the token": Row(echo(403), "refused"),
}


@dataclass(frozen=True)
class Snapshot:
    """The result of a row, and of the healthy row after it."""

    result: dict[str, Any]
    neighbour: str
    methods: list[str]
    events: list[str]


@dataclass(frozen=True)
class Whole:
    """A run over all rows."""

    ran: Ran
    kept: str
    secrets: set[str]
    unknown: list[Asked]
    rows: dict[str, Snapshot]


def writes_of(subscription_id: str, method: str) -> Callable[[Asked], bool]:
    """Match the writes of one subscription."""
    return lambda asked: asked.method == method and subscription_id in asked.path


def whole(method: str, rows: dict[str, Row], state: Path) -> Whole:
    """Apply to, or restore, a subscription for each of *rows*, a healthy one behind each."""
    with AzureDouble() as azure:
        ids = [azure.add(f"S{number}").id for number in range(2 * len(rows))]

        def run(*arguments: str) -> Ran:
            more = ("--yes", "-o", "json", "--state-dir", str(state))
            limits = ("--timeout", "2", "--budget", "20", "--deadline", "300")
            return run_in(surroundings(azure), *arguments, *more, *limits)

        if method == "DELETE":
            assert run("apply", *CHANGE).code == 0
        for id_, row in zip(ids[::2], rows.values(), strict=True):
            azure.fail(writes_of(id_, method), row.fault, row.times)
        before = len(azure.asked)
        if method == "PUT":
            ran = run("apply", *CHANGE)
        else:
            ran = run("restore", str(next(state.glob("backup-*.json"))))
        assert not azure.crashes
        assert ran.out, ran.err[-2000:]
        document = json.loads(ran.out)
        asked = azure.asked[before:]
        lines = [json.loads(line) for line in Path(document["journal"]).read_text().splitlines()]
        results = document["subscriptions"]
        seen = {
            name: Snapshot(
                results[2 * place],
                results[2 * place + 1]["status"],
                [each.method for each in asked if results[2 * place]["id"] in each.path],
                [
                    line["event"]
                    for line in lines
                    if line["subscription"] == results[2 * place]["id"]
                ],
            )
            for place, name in enumerate(rows)
        }
        kept = "".join(file.read_text() for file in state.iterdir())
        return Whole(ran, kept, secrets(azure), azure.unknown, seen)


PART_OF = {name: place % PARTS for place, name in enumerate(ROWS)}
Wholes = dict[tuple[str, int], Future[Whole]]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> Wholes:
    """Run all rows with each method, several at once: they mostly wait."""
    folder = tmp_path_factory.mktemp
    with ThreadPoolExecutor(len(METHODS) * PARTS) as pool:
        return {
            (method, part): pool.submit(
                whole, method, dict(list(ROWS.items())[part::PARTS]), folder("writing") / "state"
            )
            for method in METHODS
            for part in range(PARTS)
        }


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("method", METHODS)
def test_a_write_that_goes_wrong(wholes: Wholes, tmp_path: Path, method: str, name: str) -> None:
    """Every answer is verified by reading; after a lost one, a read precedes the retry."""
    row, run = ROWS[name], wholes[method, PART_OF[name]]
    broken = run.exception() is not None  # then a run over this row alone says whose fault it is
    seen = (whole(method, {name: row}, tmp_path) if broken else run.result()).rows[name]

    assert (seen.result["status"], seen.neighbour) == (row.status, "done"), seen.result
    assert seen.methods.count(method) == row.sent
    done = "deleted: default at 2023-12-01-preview" if method == "DELETE" else None
    assert (seen.result["message"] == done) is (row.status == "done")
    assert (seen.events[:2], seen.events[-1]) == (["wanted", "sent"], row.event)
    if row.sent == 2 or row.status == "failed":
        first = seen.methods.index(method)
        assert seen.methods[first + 1] == "GET"


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("method", METHODS)
def test_a_run_of_writes_that_go_wrong_is_whole(wholes: Wholes, method: str, part: int) -> None:
    """Exit code 5, a result per row, no secret anywhere, and no redirect is followed."""
    run = wholes[method, part].result()

    assert run.ran.code == 5
    assert len(json.loads(run.ran.out)["subscriptions"]) == 2 * len(run.rows)
    for place in (run.ran.text, run.ran.err, run.kept):
        assert not [secret for secret in run.secrets if secret in place]
    assert all(map(plain, (run.ran.text + run.ran.err).splitlines()))
    assert run.unknown == []

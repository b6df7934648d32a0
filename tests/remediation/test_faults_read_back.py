"""
Whatever is answered to the readings around a PUT: before anything, right before it, and after it.

Each fault at each place is a run of its own, over the faulty subscription and a healthy one.
"""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure_double import Asked, AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Ran, run_in, surroundings
from fault_rows import HOSTILE, crooked, echo, onward, plain, secrets

VERSIONS = 2  # at which each reading asks


@dataclass(frozen=True)
class Place:
    """After how many *requests* of the subscription faults begin, and what follows."""

    requests: int
    status: str
    code: int
    writes: int
    events: tuple[str, ...]


PLACES = {
    "first reading": Place(0, "unreadable", 4, 0, ()),
    "reading before the PUT": Place(VERSIONS, "failed", 5, 0, ()),
    "reading back": Place(
        2 * VERSIONS + 1, "unconfirmed", 5, 1, ("wanted", "sent", "answered", *["read back"] * 4)
    ),
}
FAULTS: dict[str, Fault] = {
    "reset": faults.reset(),
    "closed": faults.close(),
    "black hole": faults.hang(),
    "headers drip": faults.drip_headers(0.1),
    "100 Continue for ever": faults.continue_storm(0.05),
    "negative chunk": crooked("Transfer-Encoding: chunked", b"-2\r\n{}\r\n"),
    "gzip bomb": faults.gzip_bomb(64),
    "endless pages": onward(),
    "200 without a body": faults.status(200),
    "200, HTML": faults.html(200),
    "200, no JSON": faults.answer(b"{"),
    "200, a number": faults.answer(b"7"),
    "401": faults.arm_error(401, "InvalidAuthenticationToken", "no"),
    "403, hostile": faults.arm_error(403, HOSTILE, f"{HOSTILE}\r\nx"),
    "403 that tells the token": echo(403),
    "404": faults.arm_error(404, "SubscriptionNotFound", "no"),
    "429 for a day": faults.throttle(86400),
    "500": faults.arm_error(500, "Oops", "no"),
    "redirect": faults.redirect(302, "https://evil.example/x"),
}


@dataclass(frozen=True)
class Snapshot:
    """The result of a run, and the events on the way."""

    ran: Ran
    kept: str
    secrets: set[str]
    unknown: list[Asked]
    methods: list[str]
    events: list[str]


def met(place: Place, fault: Fault, state: Path) -> Snapshot:
    """Apply to a subscription that meets *fault* at *place*, and to a healthy one behind it."""
    with AzureDouble() as azure:
        id_ = azure.add("Faulty").id
        azure.add("Healthy")

        def here(asked: Asked) -> bool:
            before = sum(id_ in each.path for each in azure.asked if each is not asked)
            return id_ in asked.path and before >= place.requests

        azure.fail(here, fault)
        limits = ("--timeout", "2", "--budget", "4.5", "--deadline", "100")
        change = ("--email", "soc@contoso.com", "--yes", "-o", "json", "--state-dir", str(state))
        ran = run_in(surroundings(azure), "apply", *change, *limits)
        assert not azure.crashes
        assert ran.out, ran.err[-2000:]
        journal = json.loads(ran.out)["journal"]
        lines = [] if journal is None else map(json.loads, Path(journal).read_text().splitlines())
        return Snapshot(
            ran,
            "".join(file.read_text() for file in state.glob("*")),
            secrets(azure),
            azure.unknown,
            [asked.method for asked in azure.asked if id_ in asked.path],
            [line["event"] for line in lines if line["subscription"] == id_],
        )


CASES = [(place, fault) for place in PLACES for fault in FAULTS]


AllSeen = dict[tuple[str, str], Future[Snapshot]]


@pytest.fixture(scope="module")
def all_seen(tmp_path_factory: pytest.TempPathFactory) -> AllSeen:
    """Run all cases, several at once, as they mostly wait; a failure belongs to its own test."""
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        return {
            case: pool.submit(
                met, PLACES[case[0]], FAULTS[case[1]], tmp_path_factory.mktemp("x") / "state"
            )
            for case in CASES
        }


@pytest.mark.parametrize("case", CASES, ids=", ".join)
def test_a_reading_that_goes_wrong(all_seen: AllSeen, case: tuple[str, str]) -> None:
    """Nothing is written or confirmed after a failed read; the next subscription is done."""
    place, seen = PLACES[case[0]], all_seen[case].result()
    results = {one["name"]: one for one in json.loads(seen.ran.out)["subscriptions"]}

    assert (seen.ran.code, results["Faulty"]["status"]) == (place.code, place.status)
    assert results["Healthy"]["status"] == "done"
    assert results["Faulty"]["message"]
    assert seen.methods.count("PUT") == place.writes
    assert tuple(seen.events) == place.events
    assert seen.unknown == []
    for text in (seen.ran.text, seen.ran.err, seen.kept):
        assert not [secret for secret in seen.secrets if secret in text]
    assert all(map(plain, (seen.ran.text + seen.ran.err).splitlines()))

"""
Whatever comes in place of success, a change is looked at before it is sent a second time.

One run for each api-version and way of writing: a subscription for each fault and each situation,
and a healthy one behind it, so that no three fail in a row.
"""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.exchange import Exchange, Fault
from conftest import Ran, run_in, surroundings

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
SOON = {"Retry-After": "0.05"}
FAULTS: dict[str, Fault] = {
    "429": faults.throttle("0.05"),
    "503": faults.arm_error(503, "ServerBusy", "Later.", SOON),
    "503 of the front door": faults.html(503),
    "408": faults.status(408),
    "500": faults.arm_error(500, "InternalServerError", "No."),
    "502": faults.html(502),
    "504": faults.arm_error(504, "GatewayTimeout", "No."),
    "lost": faults.reset(),
    "closed": faults.close(),
}
SITUATIONS = {  # what became of the row, and how often it was sent
    "not done": ("done", 2),
    "done": ("done", 1),
    "edited": ("conflict", 1),
    "edited the second time": ("conflict", 2),
    "not readable": ("unknown", 1),
}
CHANGE = ("--email", "soc@contoso.com")
THEIRS = "portal@contoso.com;second@contoso.com"


@dataclass(frozen=True)
class Way:
    """How it is written: at *version*, by *command*, with *method*."""

    version: str
    command: str
    method: str

    def __str__(self) -> str:
        """Return the name of a test."""
        return f"{self.command} {self.method} {self.version[:4]}"


WAYS = [
    *(Way(version, "apply", "PUT") for version in (V2023, V2020, V2017)),
    *(Way(version, "restore", "PUT") for version in (V2023, V2020, V2017)),
    *(Way(version, "restore", "DELETE") for version in (V2023, V2020, V2017)),
    Way(V2017, "apply", "DELETE"),
]
ROWS = [(fault, situation) for fault in FAULTS for situation in SITUATIONS]


def contact(version: str, emails: str) -> dict[str, Any]:
    """Return what keeps *emails* in a subscription that is written at *version*."""
    if version == V2017:
        flags = {"alertNotifications": "On", "alertsToAdmins": "On", "phone": ""}
        records = [
            {"name": f"default{number}", "properties": {"email": email, **flags}}
            for number, email in enumerate(emails.split(";"), start=1)
        ]
        return {"contacts_2017": records}
    return {
        "contact": {
            "emails": emails,
            "phone": "",
            "isEnabled": True,
            "notificationsByRole": {"state": "On", "roles": ["Owner"]},
            "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        }
    }


def kept(subscription: Subscription) -> Any:
    """Return what is kept of *subscription*: a value, which no later write changes."""
    return json.loads(json.dumps([subscription.contact, subscription.contacts_2017]))


def edit(subscription: Subscription, version: str) -> None:
    """Write, in the portal, what a colleague writes."""
    for name, value in contact(version, THEIRS).items():
        setattr(subscription, name, value)


def befalling(fault: Fault, situation: str, subscription: Subscription, version: str) -> Fault:
    """Return *fault* as it happens to a write in a *situation*."""

    async def edited(exchange: Exchange) -> None:
        edit(subscription, version)
        await fault(exchange)

    async def unreadable(exchange: Exchange) -> None:
        subscription.readable = False
        await fault(exchange)

    return {
        "not done": faults.sequence(fault),
        "done": faults.sequence(faults.applied(fault)),
        "edited": edited,
        "edited the second time": faults.sequence(fault, edited, edited, edited),
        "not readable": unreadable,
    }[situation]


@dataclass(frozen=True)
class Snapshot:
    """The result of a row, the methods of its requests, and what Azure keeps."""

    result: dict[str, Any]
    methods: list[str]
    kept: Any
    err: str


def furnished(way: Way) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the contacts of a subscription before `apply`, and the requested change."""
    if way == Way(V2017, "apply", "DELETE"):
        change = ("--remove-email", "soc@contoso.com")
        return contact(V2017, "a@contoso.com;soc@contoso.com"), change
    if way.method == "DELETE":
        return {}, CHANGE
    replacing = way.command == "restore" and way.version == V2017  # else it would be a deletion
    return contact(way.version, "a@contoso.com"), (*CHANGE, *(["--replace"] if replacing else []))


def met(
    way: Way, rows: list[tuple[str, Fault, str]], folder: Path
) -> dict[tuple[str, str], Snapshot]:
    """Write once for each of *rows*, which fails as it says."""
    with AzureDouble() as azure:
        azure.offered = {V2017, way.version}
        at_2017 = ("--api-version", V2017) if way.version == V2017 else ()
        limits = ("--timeout", "2", "--budget", "20", "--yes", "-o", "json")
        state = folder / "state"

        def run(*arguments: str) -> Ran:
            return run_in(surroundings(azure), *arguments, *limits, "--state-dir", str(state))

        before, change = furnished(way)
        subscriptions = [
            azure.add(f"S{number}", **json.loads(json.dumps(before)))
            for number in range(2 * len(rows))
        ]
        if way.command == "restore":
            assert run("apply", *change, *at_2017).code == 0
        for subscription, (_, fault, situation) in zip(subscriptions[::2], rows, strict=True):
            azure.fail(
                writes_of(subscription.id, way.method),
                befalling(fault, situation, subscription, way.version),
            )
        asked_before = len(azure.asked)
        if way.command == "apply":
            ran = run("apply", *change, *at_2017)
        else:
            ran = run("restore", str(next(state.glob("backup-*.json"))))
        results = {row["id"]: row for row in json.loads(ran.out)["subscriptions"]}
        assert all(results[each.id]["status"] == "done" for each in subscriptions[1::2])
        return {
            (name, situation): Snapshot(
                results[subscription.id],
                [
                    asked.method
                    for asked in azure.asked[asked_before:]
                    if f"/{subscription.id}/" in asked.path
                ],
                kept(subscription),
                ran.err,
            )
            for subscription, (name, _, situation) in zip(subscriptions[::2], rows, strict=True)
        }


def writes_of(subscription_id: str, method: str) -> Callable[[Asked], bool]:
    """Match the writes of one subscription."""
    return lambda asked: asked.method == method and subscription_id in asked.path


AllSeen = dict[Way, Future[dict[tuple[str, str], Snapshot]]]


@pytest.fixture(scope="module")
def all_seen(tmp_path_factory: pytest.TempPathFactory) -> AllSeen:
    """Run every way, several at once: they mostly wait."""
    rows = [(fault, FAULTS[fault], situation) for fault, situation in ROWS]
    with ThreadPoolExecutor(len(WAYS)) as pool:
        return {way: pool.submit(met, way, rows, tmp_path_factory.mktemp("x")) for way in WAYS}


def check(way: Way, situation: str, seen: Snapshot) -> None:
    """Check how often it was sent, what Azure keeps, and the result."""
    status, sent = SITUATIONS[situation]
    assert (seen.result["status"], seen.methods.count(way.method)) == (status, sent), seen.result
    places = [at for at, method in enumerate(seen.methods) if method == way.method]
    assert all(seen.methods[at + 1 : at + 2] == ["GET"] for at in places)
    if status == "conflict":
        assert THEIRS[:18] in json.dumps(seen.kept)
        assert "soc@contoso.com" not in json.dumps(seen.kept)
    line = next((line for line in seen.err.splitlines() if seen.result["id"] in line), None)
    assert (line is None) is (status == "done")
    if line is not None:
        assert f": {status}: " in line
        assert " -- " in line


@pytest.mark.parametrize("row", ROWS, ids=", ".join)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_look_before_a_second_sending(all_seen: AllSeen, way: Way, row: tuple[str, str]) -> None:
    """As requested is done, as before is sent once more, anything else is a conflict."""
    check(way, row[1], all_seen[way].result()[row])


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_look_after_a_token_was_renewed(tmp_path: Path, way: Way, situation: str) -> None:
    """A sign-in takes its time, too, in which somebody may write."""
    fault = faults.arm_error(401, "ExpiredAuthenticationToken", "expired")
    (seen,) = met(way, [("401", fault, situation)], tmp_path).values()

    if situation == "edited the second time":  # then the second token is rejected as well
        assert seen.result["status"] in {"conflict", "refused"}
        assert THEIRS[:18] in json.dumps(seen.kept)
    else:
        check(way, situation, seen)

"""
Whatever is answered to a read: the reason of its row, the requests it cost, and nothing else.

One run over many subscriptions, each with a fault of its own and a healthy one behind it, for each
api-version at which a subscription is read.
"""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, Subscription, faults
from conftest import Ran, run_in, surroundings, without_commands
from fault_rows import (
    ANSWERED,
    FINAL,
    GOOD,
    LINKS,
    LOST,
    PASSING,
    PATIENTLY,
    READ,
    RETRYING,
    SLOW,
    SLOWLY,
    Row,
    Rows,
    next_page,
    onward,
    plain,
    secrets,
)

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
OFFERED = {V2017: {V2017, V2020, V2023}, V2023: {V2017, V2020, V2023}, V2020: {V2017, V2020}}

WANTED = ("compliant", "non-compliant")  # of the healthy ones, in turn


def contact(email: str) -> bytes:
    """Return an item of a list, as any api-version would take it, for what JSON may hold beside."""
    return b'{"name":"default","properties":{"email":"%b","emails":"%b"' % (
        email.encode(),
        email.encode(),
    )


def listed(more: str, before: bytes = b"") -> Row:
    """Return the row of a contact with an address and *more* JSON beside it: it is read."""
    item = contact("a@contoso.com")
    return Row(faults.answer(before + b'{"value":[' + item + more.encode() + b"}}]}"), READ)


# What no list of subscriptions holds, but a list of contacts may, and must be lived with.

ODD: Rows = {
    "byte order mark": listed("", b"\xef\xbb\xbf"),
    "bare array": Row(faults.answer(b"[" + contact("a@contoso.com") + b"}}]"), READ),
    "one contact alone": Row(faults.answer(contact("a@contoso.com") + b"}}"), READ),
    "a number of 5,000 digits": listed(',"phone":' + "9" * 5000),
    "1e400": listed(',"phone":1e400'),
    "-0.0e-9999": listed(',"phone":-0.0e-9999'),
    "the same key twice": listed(',"phone":"1","phone":"2"'),
    "NUL": listed(',"phone":"\\u0000"'),
    "100 levels": listed(',"phone":' + "[" * 100 + "]" * 100),
    "of no known type": listed(
        ',"isEnabled":null,"phone":{},"alertNotifications":7,"alertsToAdmins":[],'
        '"notificationsByRole":"x","notificationsSources":{"a":[]}'
    ),
    "half a surrogate pair": Row(
        faults.answer(b'{"value":[' + contact("a@contoso.com") + b',"phone":"\\ud800"}}]}'),
        "malformed",
    ),
    "nextLink null": Row(
        faults.answer(b'{"value":[' + contact("a@contoso.com") + b'}}],"nextLink":null}'), READ
    ),
    "nextLink empty": Row(
        faults.answer(b'{"value":[' + contact("a@contoso.com") + b'}}],"nextLink":""}'), READ
    ),
    "10,000 levels": Row(
        faults.answer(
            b'{"value":['
            + contact("a@contoso.com")
            + b',"x":'
            + b"[" * 10**4
            + b"]" * 10**4
            + b"}}]}"
        ),
        "malformed",
    ),
    "a circle of one": Row(next_page("{here}{path}?api-version=x&page=1"), "paging", 2, "circle"),
    "pages without end": Row(onward(), "paging", 100, "more than 100"),
}

GROUPS: dict[str, tuple[Rows, tuple[str, ...]]] = {
    "final": (ANSWERED | FINAL | PASSING | GOOD | ODD, PATIENTLY),
    "links": (LINKS, RETRYING),
    "lost": (LOST, RETRYING),
    "slow": (SLOW, SLOWLY),
}
EVERY = [
    pytest.param(version, group, name, id=f"{version[:4]}, {name}")
    for version in OFFERED
    for group, (rows, _) in GROUPS.items()
    for name in rows
]


@dataclass(frozen=True)
class Seen:
    """What a run over all rows of a group shows of one of them, and of the one behind it."""

    row: dict[str, Any]
    lines: list[str]
    requests: int
    neighbour: tuple[str, str]


@dataclass(frozen=True)
class Whole:
    """A run over all rows of a group."""

    ran: Ran
    report: str
    secrets: set[str]
    unknown: list[Asked]
    rows: dict[str, Seen]


def furnished(azure: AzureDouble, version: str, name: str, good: bool) -> Subscription:
    """Add a subscription that is *good* or not, as only a read at *version* shows."""
    if version == V2017 and good:
        flags = {"alertNotifications": "On", "alertsToAdmins": "On"}
        old = [{"name": "default1", "properties": {"email": "a@contoso.com", **flags}}]
        return azure.add(name, contacts_2017=old)
    return azure.add(name, contact={"emails": "a@contoso.com" if good else ""})


def reads_of(subscription: Subscription, version: str) -> Callable[[Asked], bool]:
    """Match the reads of *subscription* at *version*, and the pages that follow."""
    return lambda asked: (
        subscription.id in asked.path and (version in asked.query or "page=" in asked.query)
    )


def whole(version: str, rows: Rows, options: tuple[str, ...], folder: Path) -> Whole:
    """Run over a subscription for each of *rows*, each with a healthy one behind it."""
    with AzureDouble() as azure:
        azure.offered, azure.newer_put_on_2017 = OFFERED[version], "survives"
        reads = {}
        for number, (name, row) in enumerate(rows.items()):
            reads[name] = reads_of(furnished(azure, version, f"Faulty {number}", True), version)
            azure.fail(reads[name], row.fault, row.times)
            furnished(azure, version, f"Neighbour {number}", number % 2 == 0)
        file = folder / "report.json"
        limits = (*options, "--workers", "36", "--deadline", "100")
        ran = run_in(surroundings(azure), "audit", "-o", "json", *limits, "--report", str(file))
        assert ran.out, ran.err[-2000:]
        found = json.loads(ran.out)["subscriptions"]
        assert not azure.crashes
        asked = azure.arm_asked()
        seen = {
            name: Seen(
                found[2 * number],
                [line for line in without_commands(ran.err) if found[2 * number]["id"] in line],
                sum(map(reads[name], asked)),
                (
                    "compliant" if number % 2 == 0 else "non-compliant",
                    found[2 * number + 1]["verdict"],
                ),
            )
            for number, name in enumerate(rows)
        }
        return Whole(ran, file.read_text(), secrets(azure), azure.unknown, seen)


Wholes = dict[tuple[str, str], Future[Whole]]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> Wholes:
    """Run each group at each api-version; those that wait, at once."""
    folder = tmp_path_factory.mktemp
    with ThreadPoolExecutor(2) as pool:
        waiting = {
            (version, group): pool.submit(whole, version, rows, options, folder("faults"))
            for group, (rows, options) in reversed(GROUPS.items())
            for version in OFFERED
            if group != "final"
        }
    with ThreadPoolExecutor(1) as pool:
        return waiting | {
            (version, "final"): pool.submit(whole, version, *GROUPS["final"], folder("faults"))
            for version in OFFERED
        }


def seen_of(run: Future[Whole], version: str, group: str, name: str, folder: Path) -> Seen:
    """Return what *run* shows of a row; where it broke, what a run over that row alone does."""
    if run.exception() is None:
        return run.result().rows[name]
    rows, options = GROUPS[group]
    return whole(version, {name: rows[name]}, options, folder).rows[name]


@pytest.mark.parametrize(("version", "group", "name"), EVERY)
def test_a_fault_spoils_its_own_row_only(
    wholes: Wholes, tmp_path: Path, version: str, group: str, name: str
) -> None:
    """It has its reason, one line, and so many requests; the next row is unaffected."""
    expected = GROUPS[group][0][name]
    seen = seen_of(wholes[version, group], version, group, name, tmp_path)

    wanted, verdict = seen.neighbour
    assert verdict == wanted
    assert seen.requests == expected.requests
    if expected.reason == READ:
        assert (seen.row["verdict"], seen.row["error"], seen.lines) == ("compliant", None, [])
        return
    error = seen.row["error"]
    assert (seen.row["verdict"], error["reason"]) == ("unreadable", expected.reason)
    (line,) = seen.lines
    assert line.startswith(f"{seen.row['name']} ({seen.row['id']}): {expected.reason}: ")
    assert line.endswith(f" -- {error['hint']}")
    assert error["hint"]
    assert expected.says in line
    assert plain(line)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("version", OFFERED)
def test_a_run_over_all_faults_is_whole(wholes: Wholes, version: str, group: str) -> None:
    """4; a line for each fault and two for the summary; no secret and no other host."""
    run, rows = wholes[version, group].result(), GROUPS[group][0]

    faulty = sum(row.reason != READ for row in rows.values())
    assert run.ran.code == 4
    assert len(without_commands(run.ran.err)) == faulty + 2
    document = json.loads(run.report)
    assert document["summary"]["in_scope"] == len(document["subscriptions"]) == 2 * len(rows)
    assert document["summary"]["unreadable"] == faulty
    for place in (run.ran.text, run.ran.err, run.report):
        assert not [secret for secret in run.secrets if secret in place]
    assert run.unknown == []


# What happens before the first byte of HTTP, to all that are read after the list

MET = {
    "refusal": ("unreachable", RETRYING),
    "silence": ("timeout", SLOWLY),
    "no TLS": ("tls", PATIENTLY),
    "expired": ("tls", PATIENTLY),
    "not yet valid": ("tls", PATIENTLY),
    "of another host": ("tls", PATIENTLY),
    "self-signed": ("tls", PATIENTLY),
    "untrusted": ("tls", PATIENTLY),
}


@pytest.mark.parametrize("how", MET)
def test_an_untrusted_connection_makes_each_row_unreadable(azure: AzureDouble, how: Any) -> None:
    """The token goes only to a trusted certificate; the report is complete, and the exit code 4."""
    reason, options = MET[how]
    for number in range(3):
        furnished(azure, V2017, f"S{number}", True)
    azure.fail("GET /subscriptions?", faults.last(lambda: azure.meet(how)))

    ran = run_in(surroundings(azure), "audit", "-o", "json", *options)

    found = json.loads(ran.out)["subscriptions"]
    assert [row["error"]["reason"] for row in found] == [reason] * 3
    assert (ran.code, len(without_commands(ran.err))) == (4, 3 + 2)
    assert len(azure.arm_asked()) == 1
    assert not [secret for secret in secrets(azure) if secret in ran.text + ran.err]


# An answer is the answer to its own question


@pytest.mark.parametrize("status", [102, 103, 199])
def test_an_interim_answer_does_not_shift_the_ones_behind_it(
    azure: AzureDouble, status: int
) -> None:
    """What follows a 103 is never taken for the answer to the next request."""
    good = furnished(azure, V2017, "Good", True)
    for number in range(3):
        azure.add(f"Bad {number}")
    early = f"HTTP/1.1 {status} Early\r\n\r\n".encode()
    azure.fail(good.id, faults.after_interim(early, pause=0.2))

    ran = run_in(surroundings(azure), "audit", "-o", "json", "--workers", "1")

    verdicts = [row["verdict"] for row in json.loads(ran.out)["subscriptions"]]
    assert verdicts == ["compliant"] + ["non-compliant"] * 3

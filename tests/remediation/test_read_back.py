"""A write is done only when it reads back."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Ran, run_in, surroundings
from remediation.workspace import (
    CHANGE,
    V2017,
    Workspace,
    message,
    numbered_contacts,
    portal_contact,
    refusal,
    requests_for,
    result_statuses,
)


@dataclass(frozen=True)
class Case:
    """A run that waits: the contacts of a subscription, and how Azure behaves."""

    fields: dict[str, Any]
    switches: dict[str, Any]
    fault: Fault | None = None
    options: tuple[str, ...] = CHANGE
    match: Callable[[Asked], bool] | str = "PUT"


def after_a_put() -> Callable[[Asked], bool]:
    """Match every read after the first write."""
    written: list[Asked] = []

    def match(asked: Asked) -> bool:
        if asked.method == "PUT":
            written.append(asked)
            return False
        return bool(written) and asked.to_arm

    return match


BOTH = {
    "contact": portal_contact("a@contoso.com"),
    "contacts_2017": numbered_contacts("x@contoso.com"),
}
SLOW: dict[str, Case] = {
    "replaced": Case(BOTH, {"newer_put_on_2017": "replaced"}),
    "hidden": Case(BOTH, {"newer_put_on_2017": "hidden"}),
    "overwritten": Case(
        BOTH, {"put_2017_on_newer": "overwrites"}, options=(*CHANGE, "--api-version", V2017)
    ),
    "an unknown field is dropped": Case(
        {"contact": portal_contact("a@contoso.com", someday=1)}, {"drops_unknown": True}
    ),
    "200 and nothing done": Case({}, {}, faults.status(200, {})),
    "201 and nothing done": Case({}, {}, faults.status(201, {})),
    "a web page": Case({}, {}, faults.html()),
    "an unknown list holds null": Case(
        {"contact": portal_contact("a@contoso.com", someday=[None])}, {}
    ),
    "no more to read": Case({}, {}, refusal(403, "Gone"), match=after_a_put()),
    "stale for ever": Case({}, {"stale_reads": 1000}),
    "stale at first": Case({}, {"stale_reads": 5}),
}


@dataclass(frozen=True)
class Slow:
    """What came of a case."""

    ran: Ran
    writes: int
    reads: list[str]
    backup: dict[str, Any]


def slowly(case: Case, folder: Path) -> Slow:
    """Run one case in a cloud of its own."""
    with AzureDouble() as azure:
        for name, value in case.switches.items():
            setattr(azure, name, value)
        subscription = azure.add("Prod", **case.fields)
        if case.fault is not None:
            azure.fail(case.match, case.fault)

        def run(*arguments: str, stdin: bytes = b"") -> Ran:
            return run_in(surroundings(azure), *arguments, stdin=stdin)

        workspace = Workspace(run, folder)
        ran = workspace.apply(*case.options)
        (backup,) = workspace.backups()
        return Slow(
            ran,
            len(azure.writes()),
            requests_for(azure, subscription),
            json.loads(backup.read_text()),
        )


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Slow]:
    """Run all that waits for seconds, at once."""
    with ThreadPoolExecutor(len(SLOW)) as pool:
        running = {
            name: pool.submit(slowly, case, tmp_path_factory.mktemp("slow"))
            for name, case in SLOW.items()
        }
        return {name: each.result() for name, each in running.items()}


@pytest.mark.parametrize("name", ["replaced", "hidden", "overwritten"])
def test_an_address_that_is_lost_is_unconfirmed_and_named(slow: dict[str, Slow], name: str) -> None:
    """It was visible before at either version, and is at neither now; the backup holds it."""
    lost = "a@contoso.com" if name == "overwritten" else "x@contoso.com"

    assert (slow[name].ran.code, result_statuses(slow[name].ran)) == (5, ["unconfirmed"])
    assert lost in message(slow[name].ran)
    assert lost in json.dumps(slow[name].backup)
    assert slow[name].writes == 1


@pytest.mark.parametrize(
    "name",
    [
        *("200 and nothing done", "201 and nothing done", "a web page", "stale for ever"),
        "an unknown field is dropped",
    ],
)
def test_an_answer_is_no_success(slow: dict[str, Slow], name: str) -> None:
    """What does not read back, after 1, 2 and 4 more seconds either, is unconfirmed."""
    assert (slow[name].ran.code, result_statuses(slow[name].ran)) == (5, ["unconfirmed"])
    assert (slow[name].writes, slow[name].reads[4:]) == (1, ["PUT", *["GET"] * 8])
    assert message(slow[name].ran) != "None"


def test_a_list_that_lags_is_waited_for(slow: dict[str, Slow]) -> None:
    """It shows the contact at the third look: done, and nothing was sent twice."""
    assert (slow["stale at first"].ran.code, slow["stale at first"].writes) == (0, 1)


def test_what_cannot_be_read_back_is_unconfirmed(slow: dict[str, Slow]) -> None:
    """The PUT was answered, and then nothing is readable any more: 5, and never done."""
    found = slow["no more to read"]

    assert (found.ran.code, result_statuses(found.ran)) == (5, ["unconfirmed"])
    assert "could not be read back" in message(found.ran)


def test_null_in_a_list_reads_back(slow: dict[str, Slow]) -> None:
    """A null in a list that reads back unchanged is confirmed."""
    found = slow["an unknown list holds null"]

    assert (found.ran.code, result_statuses(found.ran)) == (0, ["done"])

"""What a signal does to `apply` and `restore`, at each step of a run."""

import asyncio
import contextlib
import json
import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from conftest import begin, run_in, surroundings, wait_for
from remediation.apply_process import (
    CODES,
    DONE,
    FIVE,
    STEPS,
    Step,
    again,
    applying,
    at_third,
    journal,
    statuses,
    whole,
)
from remediation.workspace import V2023, puts


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what the same command did afterwards."""

    step: Step
    code: int
    out: bytes
    err: bytes
    sent: list[str]
    ids: list[str]
    reads_of_third: int
    events: list[str]
    again: tuple[int, list[str]]
    sent_in_all: list[str]


def interrupted(step: Step, number: signal.Signals, state: Path) -> Ended:
    """Run over five subscriptions, and send a signal at *step*."""
    with AzureDouble() as azure:
        subscriptions = [azure.add(f"S{place}") for place in range(FIVE)]
        third = subscriptions[2]
        there = at_third(azure, third, step)
        process = begin(azure, *applying(state, "--timeout", "2"))
        wait_for(there)
        time.sleep(0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        sent = puts(azure)
        reads = [
            asked
            for asked in azure.arm_asked()
            if third.id in asked.path and asked.method == "GET" and V2023 in asked.target
        ]
        events = []
        if list(state.glob("journal-*")):
            lines = [line for line in journal(state) if line["subscription"] == third.id]
            events = [line["event"] for line in lines]
        rest = again(azure, state)
        whole(state)
        return Ended(
            step,
            process.returncode,
            out,
            err,
            sent,
            [each.id for each in subscriptions],
            len(reads),
            events,
            rest,
            puts(azure),
        )


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> "Ends":
    """Run each step with each signal, several at once; what breaks one is its own tests'."""
    with ThreadPoolExecutor(6) as pool:
        return {
            (name, number): pool.submit(
                interrupted, step, number, tmp_path_factory.mktemp("signal") / "state"
            )
            for name, step in STEPS.items()
            for number in CODES
        }


Ends = dict[tuple[str, signal.Signals], Future[Ended]]


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("name", STEPS)
def test_the_first_signal_lets_nothing_new_begin(
    ends: Ends, name: str, number: signal.Signals
) -> None:
    """What is in flight ends and is read back once; results are printed; the code is its own."""
    ended = ends[name, number].result()

    assert (ended.code, ended.sent) == (CODES[number], ended.ids[: ended.step.sent]), ended.err
    assert b"Traceback" not in ended.err
    if ended.step.expected is None:
        assert ended.out == b""
    else:
        assert statuses(ended.out) == ended.step.expected
    if ended.step.sent == 3:
        assert ended.reads_of_third == ended.step.reads


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("name", STEPS)
def test_after_a_signal_the_same_command_does_the_rest(
    ends: Ends, name: str, number: signal.Signals
) -> None:
    """What is done is not sent again."""
    ended = ends[name, number].result()
    done = [status == DONE for status in ended.step.expected or [""] * FIVE]

    assert ended.again == (0, ["already" if each else DONE for each in done])
    left = [each for each, is_done in zip(ended.ids, done, strict=True) if not is_done]
    assert ended.sent_in_all == [*ended.sent, *left]


def test_a_signal_leaves_no_subscription_without_its_contact(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """What `--recreate` deleted is written before the run ends; the next one is not begun."""
    azure.add("One", contact={"emails": "a@contoso.com"})
    azure.add("Two", contact={"emails": "a@contoso.com"})
    run_in(surroundings(azure), *applying(tmp_path, "--phone", "555"))
    (backup,) = tmp_path.glob("backup-*")
    process = begin(
        azure, "restore", str(backup), "--recreate", "--yes", "--state-dir", str(tmp_path)
    )

    async def signalled(exchange: Exchange) -> None:
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        await as_usual(exchange)

    azure.fail("DELETE ", signalled)
    sent = len(azure.writes())

    process.communicate()

    assert [asked.method for asked in azure.writes()[sent:]] == ["DELETE", "PUT"]
    assert process.returncode == CODES[signal.SIGTERM]


def test_the_json_says_the_code_that_the_process_has(ends: Ends) -> None:
    """`exit_code` of the document is the exit code."""
    ended = ends["PUT", signal.SIGTERM].result()

    assert json.loads(ended.out)["exit_code"] == ended.code


def test_a_put_that_waits_for_retry_after_is_not_sent_after_a_signal(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """It was answered, so that it is not in flight: a second one would be something new."""
    azure.add("Prod")
    azure.fail("PUT", faults.throttle(2), times=1)
    process = begin(azure, *applying(tmp_path / "state"))
    wait_for(lambda: bool(azure.writes()))
    time.sleep(0.3)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert (process.returncode, len(azure.writes())) == (143, 1)


@pytest.mark.parametrize("number", CODES)
def test_a_second_signal_ends_within_two_seconds(
    azure: AzureDouble, tmp_path: Path, number: signal.Signals
) -> None:
    """The journal says `unknown`, and the same command finds out."""
    first, second = azure.add("First"), azure.add("Second")
    azure.fail(lambda asked: asked.method == "PUT" and second.id in asked.path, faults.hang())
    state = tmp_path / "state"
    process = begin(azure, *applying(state))
    wait_for(lambda: len(azure.writes()) == 2)
    process.send_signal(number)
    time.sleep(0.3)
    still = process.poll()

    process.send_signal(number)
    sent = time.monotonic()
    _, err = process.communicate(timeout=60)

    assert (still, process.returncode) == (None, CODES[number])
    assert time.monotonic() - sent < 10  # a busy machine's two seconds
    assert b"Traceback" not in err
    assert (journal(state)[-1]["event"], journal(state)[-1]["subscription"]) == (
        "unknown",
        second.id,
    )
    assert puts(azure) == [first.id, second.id]
    assert again(azure, state) == (0, ["already", "done"])


def test_a_second_signal_leaves_what_was_done_on_record(azure: AzureDouble, tmp_path: Path) -> None:
    """The first subscription was confirmed before: the journal holds it, to its reading back."""
    first, second = azure.add("First"), azure.add("Second")
    azure.fail(lambda asked: asked.method == "PUT" and second.id in asked.path, faults.hang())
    state = tmp_path / "state"
    process = begin(azure, *applying(state))
    wait_for(lambda: len(azure.writes()) == 2)

    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    events = [(line["subscription"], line["event"]) for line in journal(state)]
    steps = ["wanted", "sent", "answered", "read back"]
    assert events[:4] == [(first.id, event) for event in steps]
    assert events[4:] == [(second.id, event) for event in ("wanted", "sent", "unknown")]


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_after_two_signals_the_result_is_whole(
    azure: AzureDouble, tmp_path: Path, command: str
) -> None:
    """It says what the journal says, and has the code of the process."""
    first, second, third = (azure.add(name) for name in ("First", "Second", "Third"))
    state, words = tmp_path / "state", applying(tmp_path / "state")
    if command == "restore":
        run_in(surroundings(azure), *words)
        (backup,) = state.glob("backup-*")
        words = ("restore", str(backup), "--yes", "-o", "json", "--state-dir", str(tmp_path / "2"))
    sent = len(azure.writes())
    azure.fail(lambda asked: asked.method != "GET" and second.id in asked.path, faults.hang())
    process = begin(azure, *words)
    wait_for(lambda: len(azure.writes()) == sent + 2)

    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)

    told = json.loads(out)
    rows = [(row["id"], row["status"]) for row in told["subscriptions"]]
    assert rows == [(first.id, DONE), (second.id, "unknown"), (third.id, "not-sent")]
    assert (told["exit_code"], process.returncode) == (143, 143)
    assert journal(Path(told["journal"]).parent)[-1]["event"] == "unknown"
    assert f"Second ({second.id}): unknown: a second signal ended the run".encode() in err


def test_two_signals_end_a_run_whose_output_nobody_reads(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """A full pipe would keep it for ever, as no third signal is heard."""
    azure.add("Prod")
    azure.fail("PUT", faults.hang())
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(theirs, bytes(4096))
    os.set_blocking(theirs, True)
    process = begin(azure, *applying(tmp_path / "state"), stdout=theirs)
    wait_for(lambda: bool(azure.writes()))

    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == CODES[signal.SIGTERM]
    assert journal(tmp_path / "state")[-1]["event"] == "unknown"

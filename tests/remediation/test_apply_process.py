"""What only a process shows of writing: signals, sudden death, the lock, the disk, a terminal."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.exchange import Exchange, Fault, as_usual
from conftest import ROOT, begin, coverage_variables, program, run_in, surroundings, wait_for

V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
CHANGE = ("--email", "soc@contoso.com")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
FIVE = 5


def applying(state: Path, *more: str) -> tuple[str, ...]:
    """Return the arguments of an `apply` that is not asked, and prints JSON."""
    return ("apply", *CHANGE, "--yes", "-o", "json", "--state-dir", str(state), *more)


def again(azure: AzureDouble, state: Path) -> tuple[int, list[str]]:
    """Run the same command once more, in a cloud that is well again: its code and statuses."""
    azure.heal()
    azure.stale_reads = 0
    ran = run_in(surroundings(azure), *applying(state))
    return ran.code, statuses(ran.out)


def statuses(out: bytes) -> list[str]:
    """Return the status of each row."""
    return [row["status"] for row in json.loads(out)["subscriptions"]]


def journal(state: Path) -> list[dict[str, Any]]:
    """Return the lines of the first journal, of which each must be whole."""
    (first, *_) = sorted(state.glob("journal-*.jsonl"))
    text = first.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def whole(state: Path) -> None:
    """Check that no file is half of one, and that none is left over."""
    for file in state.iterdir():
        assert file.suffix in {".json", ".jsonl", ""}, file
        if file.suffix == ".json":
            assert json.loads(file.read_text())["sha256"]
    if list(state.glob("journal-*")):
        journal(state)


def puts(azure: AzureDouble) -> list[str]:
    """Return the id of the subscription of each write, in order."""
    return [asked.path.split("/")[2] for asked in azure.writes()]


# A signal at each step


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


def at_third(azure: AzureDouble, subscription: Subscription, step: Step) -> Callable[[], bool]:
    """Plan the fault of *step*, and return whether the run is there."""
    met: list[Asked] = []

    def match(asked: Asked) -> bool:
        there = asked.method == step.method and V2023 in asked.target
        if there and subscription.id in asked.path:
            met.append(asked)
            return len(met) == step.number
        return False

    azure.fail(match, step.fault)
    return lambda: len(met) >= step.number


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
    """The journal says that nobody knows, and the same command finds out."""
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


# Sudden death


@pytest.mark.parametrize("name", ["first reading", "reading before the PUT", "PUT", "reading back"])
def test_sigkill_leaves_whole_files_and_no_lock(
    azure: AzureDouble, tmp_path: Path, name: str
) -> None:
    """The same command does the rest, and the backup can be restored from."""
    subscriptions = [azure.add(f"S{place}") for place in range(FIVE)]
    step = STEPS[name]
    hanging = Step(step.method, step.number, faults.hang(), None, 0)
    there = at_third(azure, subscriptions[2], hanging)
    state = tmp_path / "state"
    process = begin(azure, *applying(state))
    wait_for(there)

    process.kill()
    process.communicate(timeout=60)

    written = {name: 0, "reading before the PUT": 2, "PUT": 2, "reading back": 3}[name]
    whole(state)
    backup = next(state.glob("backup-*.json"), None)
    assert (backup is None) is (name == "first reading")
    assert again(azure, state) == (0, ["already"] * written + ["done"] * (FIVE - written))
    whole(state)
    if written:
        arguments = ("restore", str(backup), "--yes", "-o", "json", "--state-dir", str(state))
        restored = run_in(surroundings(azure), *arguments)
        assert (restored.code, {each.contact is None for each in subscriptions}) == (0, {True})


# Two at once


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_of_two_at_once_one_is_6_and_sends_nothing(
    azure: AzureDouble, tmp_path: Path, command: str
) -> None:
    """Whichever comes second; the first is not disturbed."""
    azure.add("Done")
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"])
    (backup,) = state.glob("backup-*.json")
    azure.add("Prod")
    azure.fail("PUT", faults.slow(2))
    process = begin(azure, *applying(state))
    wait_for(lambda: len(azure.writes()) == 2)
    files = {file.name for file in state.iterdir()}
    arguments = applying(state)
    if command == "restore":
        arguments = ("restore", str(backup), "--yes", "--state-dir", str(state))

    second = run_in(surroundings(azure), *arguments)
    left = {file.name for file in state.iterdir()}
    out, _ = process.communicate(timeout=60)

    assert (second.code, second.out, left) == (6, b"", files)
    assert (process.returncode, statuses(out)) == (0, ["already", "done"])
    assert len(azure.writes()) == 2


@pytest.mark.parametrize("first", ["apply", "restore"])
@pytest.mark.parametrize("second", ["apply", "restore"])
def test_the_lock_is_held_while_the_first_one_reads(
    azure: AzureDouble, tmp_path: Path, first: str, second: str
) -> None:
    """A second one asks Azure for nothing: what it read would be old by the time it writes."""
    azure.add("Done")
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"])
    backup = str(next(state.glob("backup-*.json")))
    azure.add("Prod")
    azure.fail("securityContacts", faults.hang())
    arguments = {"apply": applying(state)}
    arguments["restore"] = ("restore", backup, "--yes", "--state-dir", str(state))
    asked = len(azure.arm_asked())
    process = begin(azure, *arguments[first])
    wait_for(lambda: any("securityContacts" in each.path for each in azure.arm_asked()[asked:]))
    signed_in = len(azure.tokens)

    ran = run_in(surroundings(azure), *arguments[second])

    assert (ran.code, ran.out, len(azure.tokens)) == (6, b"", signed_in)
    process.kill()
    process.communicate(timeout=60)


# The disk


@pytest.fixture
def strace(tmp_path: Path) -> list[str]:
    """Return a command that traces another one; skip where none is to be had."""
    if shutil.which("strace") is None:
        pytest.skip("missing: strace")
    permitted = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    if permitted.returncode:
        pytest.skip("strace is not permitted")
    calls = "trace=openat,write,fsync,rename,renameat,renameat2,sendto,sendmsg"
    return ["strace", "-f", "-y", "-s", "400", "-e", calls, "-o", str(tmp_path / "trace")]


def test_the_backup_is_on_disk_before_the_first_put(
    azure: AzureDouble, tmp_path: Path, strace: list[str]
) -> None:
    """Written, synced, renamed, its folder synced; then the journal; only then is it sent."""
    azure.add("Prod")
    state = tmp_path / "state"

    subprocess.run(
        [*strace, *program(*applying(state))],
        env=surroundings(azure) | coverage_variables(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )

    calls = (tmp_path / "trace").read_text().splitlines()
    folder = re.escape(str(state))
    order = [
        rf'write\(\d+<{folder}/\.contacts-audit\..*\.tmp>, "{{',
        rf"fsync\(\d+<{folder}/\.contacts-audit\..*\.tmp>",
        rf'rename(at2?)?\(.*/\.contacts-audit\..*"{folder}/backup-',
        rf"fsync\(\d+<{folder}>",
        rf"write\(\d+<{folder}/journal-.*wanted",
        rf"fsync\(\d+<{folder}/journal-",
        rf'write\(\d+<{folder}/journal-.*\\"sent\\"',
        rf"fsync\(\d+<{folder}/journal-",
        r"(write|sendto|sendmsg)\(\d+<(socket|TCP)",
        rf"write\(\d+<{folder}/journal-.*answered",
    ]
    at = -1
    for pattern in order:
        following = (
            place for place in range(at + 1, len(calls)) if re.search(pattern, calls[place])
        )
        at = next(following, len(calls))
        assert at < len(calls), pattern
    assert len(azure.writes()) == 1


def with_little_room(azure: AzureDouble, state: Path, size: int) -> tuple[int, bytes, list[str]]:
    """
    Apply where no file can grow beyond *size*.

    Return the code, stdout, and of which subscriptions the journal says, in whole lines, "sent".
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    process = begin(azure, *applying(state), preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    (file,) = state.glob("journal-*")
    lines = [json.loads(line) for line in file.read_text().split("\n")[:-1]]
    sent = [line["subscription"] for line in lines if line["event"] == "sent"]
    return process.returncode, out, sent


def test_a_journal_that_cannot_grow_stops_the_run_and_tells_what_was_done(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """74; the results so far are printed."""
    for place in range(FIVE):
        azure.add(f"S{place}")

    code, out, sent = with_little_room(azure, tmp_path / "state", 3000)

    assert (code, 0 < len(sent) < FIVE) == (74, True)
    assert statuses(out)[0] == DONE


def test_nothing_is_sent_of_which_the_journal_has_no_whole_line(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """The disk is full in the middle of the fourth line "sent": its PUT stays here."""
    subscriptions = [azure.add(f"S{place}") for place in range(FIVE)]
    again(azure, tmp_path / "first")
    (file,) = (tmp_path / "first").glob("journal-*")
    fourth = [found.start() for found in re.finditer('"event": "sent"', file.read_text())][3]
    azure.asked.clear()
    for subscription in subscriptions:
        subscription.contact = None

    code, _, sent = with_little_room(azure, tmp_path / "state", fourth)

    assert code == 74
    assert puts(azure) == sent == [subscription.id for subscription in subscriptions[:3]]


# A terminal


@contextlib.contextmanager
def on_a_terminal(
    azure: AzureDouble, *arguments: str
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run the program on a terminal, whose other end is the second value."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    environment = surroundings(azure, TERM="dumb", COLUMNS="200") | coverage_variables()
    process = subprocess.Popen(
        program(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=ROOT
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait(timeout=60)
        os.close(ours)


def shown_until(ours: int, text: bytes) -> bytes:
    """Return what the terminal shows, up to *text* or the end."""
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
        while text not in shown and (piece := os.read(ours, 65536)):
            shown += piece
    return shown


@pytest.mark.parametrize(
    ("answer", "code", "sent"),
    [
        *(("y", 0, 2), ("YES", 0, 2), ("n", 1, 0), ("", 1, 0), ("yep", 1, 0), ("no", 1, 0)),
        ("\x04", 1, 0),
    ],
    ids=["y", "YES", "n", "enter", "yep", "no", "end of file"],
)
def test_it_asks(azure: AzureDouble, tmp_path: Path, answer: str, code: int, sent: int) -> None:
    """Every change is shown before; anything but yes is no: 1, and nothing is sent."""
    subscriptions = [azure.add(f"S{place}") for place in range(2)]
    arguments = ("apply", *CHANGE, "--state-dir", str(tmp_path / "state"))
    with on_a_terminal(azure, *arguments) as (process, ours):
        shown = shown_until(ours, b"[y/N] ")
        asked = len(azure.writes())

        os.write(ours, answer.encode() + (b"" if answer == "\x04" else b"\n"))
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

        assert (process.returncode, asked, len(azure.writes())) == (code, 0, sent)
        assert all(subscription.id.encode() in shown for subscription in subscriptions)
        assert b"Write to 2 subscriptions?" in shown
        assert (b"nothing was sent" in rest) is (code == 1)


def test_restore_shows_what_it_does_and_asks(azure: AzureDouble, tmp_path: Path) -> None:
    """Each field and each deletion, made inert; deletions are counted, and told afterwards."""
    created = azure.add("\x1b[2JCreated")
    changed = azure.add("Changed", contact={"emails": "a@contoso.com", "isEnabled": False})
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"] * 2)
    backup = str(next(state.glob("backup-*.json")))
    before = len(azure.writes())
    with on_a_terminal(azure, "restore", backup, "--state-dir", str(state)) as (process, ours):
        shown = shown_until(ours, b"[y/N] ")
        sent = len(azure.writes())

        os.write(ours, b"y\n")
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

    assert (process.returncode, sent, len(azure.writes())) == (0, before, before + 2)
    assert b"\x1b" not in shown
    assert b"Write to 2 subscriptions, deleting 1 contact?" in shown
    lines = shown.decode().splitlines()
    gone, *also = (line for line in lines if created.id in line)
    back = next(line for line in lines if changed.id in line)
    assert any("note" in line and "older api-versions" in line for line in also)
    assert re.search(r"default at \S+ +\(contact\) +soc@contoso\.com +deleted", gone)
    assert re.search(r"emails +a@contoso\.com;soc@contoso\.com +a@contoso\.com", back)
    assert b"deleted: default at" in rest
    assert b"1 contact deleted" in rest


def test_a_signal_at_the_prompt_is_no(azure: AzureDouble, tmp_path: Path) -> None:
    """130 at once, nothing is sent, and the lock is free."""
    azure.add("Prod")
    state = tmp_path / "state"
    with on_a_terminal(azure, "apply", *CHANGE, "--state-dir", str(state)) as (process, ours):
        shown_until(ours, b"[y/N] ")

        process.send_signal(signal.SIGINT)
        process.wait(timeout=5)

        assert (process.returncode, azure.writes()) == (130, [])
    assert again(azure, state) == (0, ["done"])


def test_what_changes_while_somebody_thinks_is_left_alone(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """The answer may come hours later: each contact is read again, and that one is a conflict."""
    subscription = azure.add("Prod")
    with on_a_terminal(azure, "apply", *CHANGE, "--state-dir", str(tmp_path)) as (process, ours):
        shown_until(ours, b"[y/N] ")
        subscription.contact = {"emails": "portal@contoso.com"}

        os.write(ours, b"y\n")
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

        assert (process.returncode, azure.writes()) == (5, [])
        assert b"conflict" in rest

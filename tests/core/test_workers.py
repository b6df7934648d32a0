"""Work on threads: one slip costs one item, and fewer threads than asked for cost only time."""

import itertools
import os
import pty
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from azure_double import AzureDouble
from conftest import ROOT, program, surroundings

from contacts_audit.core.errors import OutputError
from contacts_audit.core.workers import in_order

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
SOME = 1 << 18  # KiB that a thread takes for its stack
NO_MORE = "the system starts no more threads"


def done(items: list[int], workers: int = 2) -> Iterator[str]:
    """Divide 12 by each of *items*, in order."""
    return in_order(
        lambda item: f"{12 // item}",
        items,
        workers=workers,
        deadline=time.monotonic() + 60,
        timed_out=lambda item: "late",
        broken=lambda item, error: f"{item}: {type(error).__name__}",
    )


def test_an_exception_costs_one_item() -> None:
    """The others are done, in order."""
    assert list(done([1, 0, 3, 0, 4])) == [
        "12",
        "0: ZeroDivisionError",
        "4",
        "0: ZeroDivisionError",
        "3",
    ]


def test_an_error_of_ours_ends_the_run() -> None:
    """A recording that cannot be written must not look like unreadable subscriptions."""

    def work(item: int) -> int:
        raise OutputError("the disk is full")

    with pytest.raises(OutputError):
        list(
            in_order(
                work,
                [1],
                workers=1,
                deadline=time.monotonic() + 60,
                timed_out=lambda item: item,
                broken=lambda item, error: item,
            )
        )


class Together:
    """Work that waits until so many do it *at_once*, and counts them."""

    def __init__(self, at_once: int) -> None:
        self._meeting = threading.Barrier(at_once, timeout=60)
        self._counting = threading.Lock()
        self._now = 0
        self.most = 0

    def meet(self) -> None:
        """Wait until all are here."""
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
        self._meeting.wait()
        with self._counting:
            self._now -= 1


def each(work: Callable[[int], int], workers: Callable[[], int], count: int) -> list[int]:
    """Do *work* for so many numbers, in order."""
    until = time.monotonic() + 60
    return list(in_order(work, range(count), workers=workers, deadline=until, timed_out=int))


def test_more_threads_may_do_it_from_now_on() -> None:
    """After each item one more is started: eight are at work together in the end."""
    together, limit = Together(8), [2]

    def work(number: int) -> int:
        if number == 1000:  # all were given long ago
            limit[0] = 8
        if number >= 1040:
            together.meet()
        return number

    assert each(work, lambda: limit[0], 1080) == list(range(1080))
    assert together.most == 8


def test_fewer_threads_may_do_it_from_now_on() -> None:
    """Those that are too many end after their item; the last one does the rest, in order."""
    together, limit, names = Together(4), [4], set()

    def work(number: int) -> int:
        if number < 4:
            together.meet()
            limit[0] = 1
        else:
            names.add(threading.get_ident())
        return number

    assert each(work, lambda: limit[0], 3000) == list(range(3000))
    assert (together.most, len(names)) == (4, 1)


def test_no_more_threads_are_started_than_there_is_work_for() -> None:
    """A connection for each would cost a handshake."""

    def work(number: int) -> int:
        time.sleep(0.05 * number)
        return number

    before = number_of_next_thread()
    assert each(work, lambda: 256, 3) == [0, 1, 2]
    assert number_of_next_thread() - before - 1 <= 3


def number_of_next_thread() -> int:
    """Return the number that Python counts its threads by."""
    return int(threading.Thread().name.split("-")[1])


def join(threads: set[threading.Thread]) -> None:
    """Wait until *threads* have ended."""
    for thread in threads:
        thread.join(timeout=20)
    assert not {*threading.enumerate()} & threads


def test_all_threads_end_with_the_last_item() -> None:
    """However many there were at a time."""
    before = {*threading.enumerate()}
    may = itertools.cycle([1, 5, 2, 8])

    assert each(lambda number: number, lambda: next(may), 500) == list(range(500))
    join({*threading.enumerate()} - before)


def test_no_thread_is_started_when_nobody_waits_any_more() -> None:
    """The deadline passed; what hung until then ends, and finds that there might be more by now."""
    before, limit, hung = {*threading.enumerate()}, [1], threading.Event()

    def work(number: int) -> int:
        hung.wait()
        return number

    until = time.monotonic() + 0.1
    late = list(
        in_order(
            work, range(9), workers=lambda: limit[0], deadline=until, timed_out=lambda one: -one
        )
    )
    limit[0] = 8
    hung.set()

    assert late == [-number for number in range(9)]
    join({*threading.enumerate()} - before)


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param(SOME, id="some threads"),
        pytest.param(1 << 21, id="none"),
    ],
)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["audit", "-o", "tsv"], 0, id="audit"),
        pytest.param(["fetch"], 0, id="fetch"),
        pytest.param(["emails"], 0, id="emails"),
        pytest.param(["explain", "S3"], 0, id="explain"),
        pytest.param(["doctor"], 0, id="doctor"),
        pytest.param(["plan", "--email", "b@contoso.com"], 3, id="plan"),
        pytest.param(["apply", "--email", "b@contoso.com", "--yes"], 0, id="apply"),
    ],
)
def test_fewer_threads_are_a_slower_run(
    azure: AzureDouble, tmp_path: object, stack: int, arguments: list[str], code: int
) -> None:
    """Memory, pids.max, TasksMax, RLIMIT_NPROC: all refuse a thread alike, and -v says so once."""
    for number in range(8):
        azure.add(f"S{number}", contacts_2017=GOOD)
    limited = f'ulimit -s {stack}; ulimit -v 1500000; exec "$@"'

    ran = subprocess.run(
        ["bash", "-c", limited, "bash", *program(*arguments, "-v")],
        env=surroundings(azure, XDG_STATE_HOME=str(tmp_path)),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    err = ran.stderr.decode()
    assert (ran.returncode, "Traceback" in err) == (code, False), err
    assert err.count(NO_MORE) == 1 or (stack == SOME and err.count(NO_MORE) == 0)


def test_without_a_thread_there_is_no_progress_bar(azure: AzureDouble) -> None:
    """The bar has a thread of its own; the run goes on without it."""
    azure.add("S", contacts_2017=GOOD)
    ours, theirs = pty.openpty()
    limited = 'ulimit -s 2097152; ulimit -v 1500000; exec "$@"'

    ran = subprocess.run(
        ["bash", "-c", limited, "bash", *program("audit", "-o", "tsv")],
        env=surroundings(azure, TERM="xterm"),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=False,
    )

    os.close(theirs)
    told = os.read(ours, 65536)
    os.close(ours)
    assert (ran.returncode, b"Traceback" in told) == (0, False), told
    assert b"1 compliant" in told

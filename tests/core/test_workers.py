"""Work on threads: one slip costs one item, and fewer threads than asked for cost only time."""

import os
import pty
import subprocess
import time
from collections.abc import Iterator

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

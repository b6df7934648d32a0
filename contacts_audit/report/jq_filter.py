"""
`--jq`: runs a filter over the JSON report in a process of its own.

A filter may loop for ever inside libjq, where Python hears no signal, and may look at `$ENV`: so
it gets a process that can be killed, and an environment of what its interpreter needs to start.
That process imports from the standard library, and from where we and jq were imported: never from
the current folder.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contacts_audit.core.errors import ContactsAuditError, UsageError
from contacts_audit.core.paths import absolute
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.core.workers import MOMENT
from contacts_audit.report import samples

LONGEST_TRIAL = 3.0  # seconds; a filter that takes longer may still end on a real report
START = (
    "import sys; sys.path += sys.argv[1:3]; del sys.argv[1:3]; "
    "from contacts_audit.core.filter_process import main; main()"
)
# What jq says of a filter that no data can help, and of one that asks a value of the wrong type.
FLAWED = re.compile("is not a valid format|Regex failure|is not a valid modifier string")
_VALUE = r"(?:array|object|string|number|boolean)"
MISFIT = re.compile(
    rf"(?!.*\bnull \(null\))(?:Cannot (?:index|iterate over) {_VALUE} |break$"
    rf"|{_VALUE} \(.*\) (?:is not valid in a csv row"
    r"|can ?not be (?!parsed as a number|divided because)))"
)


def check(program: str, shutdown: Shutdown) -> None:
    """
    Start the filter's process, compile *program* there, and run it on small reports.

    Reports of one row of each verdict, and of all: an error that a real report may not have is
    none.

    Raises:
        UsageError: it is no jq filter, or has a flaw that no report can help.
        ContactsAuditError: it asks a value of the wrong type of every report; or its process does
            not start.
    """
    found = _tried(program, shutdown)
    if found is None:
        return
    if found["compile"] is not None:
        first = found["compile"].splitlines()[0].removeprefix("jq: error: ").rstrip(":")
        raise UsageError(f"--jq: {first}", "try the filter with the jq program")
    failures = [failure for failure in found["runs"] if failure is not None]
    for failure in failures:
        if FLAWED.search(failure):
            raise UsageError(f"--jq: {_line(failure)}", "try the filter with the jq program")
    if len(failures) == len(found["runs"]) and all(map(MISFIT.match, failures)):
        raise ContactsAuditError(
            f"--jq: {_line(failures[-1])}", "no report fits: --json-schema says what one looks like"
        )


def shape(document: str, program: str, shutdown: Shutdown, *, raw: bool) -> bytes:
    """
    Return what *program* makes of *document*, as jq prints it; *raw* prints strings bare.

    Raises:
        ContactsAuditError: the filter fails on the data.
    """
    code, out, err = _ran([], _given(program, document, raw=raw), shutdown)
    if code != 0:
        said = err.decode("utf-8", "replace").strip().splitlines() or ["it was killed"]
        raise ContactsAuditError(f"--jq: {said[-1]}", "try the filter on the output of -o json")
    return out


def _tried(program: str, shutdown: Shutdown) -> Mapping[str, Any] | None:
    """Return what `core.filter_process` says of *program*, None where the trial takes too long."""
    given = _given(program, json.dumps(list(samples.reports())), raw=False)
    try:
        code, out, err = _ran(["try"], given, shutdown, until=time.monotonic() + LONGEST_TRIAL)
    except subprocess.TimeoutExpired:
        return None
    if code != 0:
        said = err.decode("utf-8", "replace").strip().splitlines() or [f"it ended with {code}"]
        raise _not_started(said[-1])
    found: Mapping[str, Any] = json.loads(out)
    return found


def _given(program: str, document: str, *, raw: bool) -> bytes:
    return f"{json.dumps([program, raw])}\n{document}".encode()


def _ran(
    arguments: list[str], given: bytes, shutdown: Shutdown, until: float = float("inf")
) -> tuple[int, bytes, bytes]:
    """
    Return how the filter's process ended and what it printed, waiting for a moment at a time.

    Where the kernel gives a signal to one of our threads, no wait of the main thread is cut short.

    Raises:
        subprocess.TimeoutExpired: it did not end before *until*, a `time.monotonic()`.
        ContactsAuditError: it cannot be started.
    """
    left: bytes | None = given
    try:
        with shutdown.child(
            [sys.executable, "-P", "-s", "-S", "-c", START, *_places(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=needed(os.environ),
            cwd="/",
        ) as process:
            while True:
                try:
                    out, err = process.communicate(left, timeout=MOMENT)
                except subprocess.TimeoutExpired:
                    left = None  # what is left of it is remembered
                    if time.monotonic() > until:
                        raise
                else:
                    return process.returncode, out, err
    except OSError as error:
        raise _not_started(f"{sys.executable or 'python'}: {error.strerror}") from error


def _places() -> list[str]:
    """Return where we and jq were imported from: a folder, or a zip file in our case."""
    found = find_spec("jq")
    jq = Path(found.origin) if found is not None and found.origin else Path()
    return [absolute(place) for place in (Path(__file__).parents[2], jq.parent)]


def needed(environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return what of *environment* a Python needs to start, its paths absolute.

    That is where its libraries and its home are, by ld.so(8), dyld(1) and python(1); `PYTHONPATH`
    is none of it.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name.startswith(("LD_", "DYLD_")) or name in ("PYTHONHOME", "PYTHONPLATLIBDIR")
    }
    for name, value in kept.items():
        if name.endswith("_PATH") or name == "PYTHONHOME":
            parts = (absolute(part) for part in value.split(os.pathsep) if part)
            kept[name] = os.pathsep.join(parts)
    return kept


def _line(failure: str) -> str:
    return failure.strip().splitlines()[-1]


def _not_started(why: str) -> ContactsAuditError:
    return ContactsAuditError(
        f"--jq: the filter's process does not start: {why}",
        "install contacts-audit anew, or give the output of -o json to the jq program",
    )

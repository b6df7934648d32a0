"""
Runs a `--jq` filter over the JSON report, in a child process.

A filter may loop forever inside libjq, where Python handles no signal, and may read `$ENV`.  So it
gets a process that can be killed, with only the variables that Python needs to start.  The process
imports from the standard library and the folders of this package and of jq, never from the current
folder.
"""

import functools
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contacts_audit import __version__
from contacts_audit.core import model
from contacts_audit.core.errors import HINTS, ContactsAuditError, Reason, UsageError
from contacts_audit.core.paths import absolute
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.core.workers import in_thread
from contacts_audit.report import json_

LONGEST_TRIAL = 3.0  # seconds; a slower filter is not refused: it may still end on a real report
START = (
    "import sys; sys.path += sys.argv[1:3]; del sys.argv[1:3]; "
    "from contacts_audit.core.filter_process import main; main()"
)
# Errors of jq that no data can avoid, and those about a value of the wrong type.
FLAWED = re.compile("is not a valid format|Regex failure|is not a valid modifier string")
_VALUE = r"(?:array|object|string|number|boolean)"
MISFIT = re.compile(
    rf"(?!.*\bnull \(null\))(?:Cannot (?:index|iterate over) {_VALUE} |break$"
    rf"|{_VALUE} \(.*\) (?:is not valid in a csv row"
    r"|can ?not be (?!parsed as a number|divided because)))"
)


def check(program: str, shutdown: Shutdown) -> None:
    """
    Compile the filter *program* in a child process, and try it on small reports.

    The reports have one row of each verdict, or all.  Errors that a real report may avoid are
    ignored.

    Raises:
        UsageError: it is not a jq filter, or fails on every possible report.
        ContactsAuditError: it expects a value of another type in every report, or its process does
            not start.
    """
    found, hint = _tried(program, shutdown), "try the filter with the jq program"
    if found is None:
        return
    if found["compile"] is not None:
        first = found["compile"].splitlines()[0].removeprefix("jq: error: ").rstrip(":")
        raise UsageError(f"--jq: {first}", hint)
    failures = [failure for failure in found["runs"] if failure is not None]
    if (flaw := next(filter(FLAWED.search, failures), None)) is not None:
        raise UsageError(f"--jq: {_line(flaw)}", hint)
    if len(failures) == len(found["runs"]) and all(map(MISFIT.match, failures)):
        raise ContactsAuditError(
            f"--jq: {_line(failures[-1])}",
            "see what a report looks like with 'contacts-audit audit --json-schema'",
        )


def shape(document: str, program: str, shutdown: Shutdown, *, raw: bool) -> bytes:
    """
    Return the output of *program* on *document*, as jq prints it; *raw* is jq's -r.

    Raises:
        ContactsAuditError: the filter fails on the data.
    """
    code, out, err = _ran([], _given(program, document, raw=raw), shutdown)
    if code != 0:
        message = _line(err.decode("utf-8", "replace").strip() or "it was killed")
        raise ContactsAuditError(f"--jq: {message}", "try the filter on the output of -o json")
    return out


def _tried(program: str, shutdown: Shutdown) -> Mapping[str, Any] | None:
    """Return the errors of *program*, as `core.filter_process` has them; None if it is slow."""
    given = _given(program, json.dumps(list(sample_reports())), raw=False)
    try:
        code, out, err = _ran(["try"], given, shutdown, limit=LONGEST_TRIAL)
    except subprocess.TimeoutExpired:
        return None
    if code != 0:
        raise _not_started(_line(err.decode("utf-8", "replace").strip() or f"it ended with {code}"))
    found: Mapping[str, Any] = json.loads(out)
    return found


def sample_reports() -> Iterator[str]:
    """Yield JSON reports: one for each verdict, with a single row, and one with all these rows."""
    version, email = "2023-12-01-preview", "soc@example.com"
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    tenant, *ids = (f"00000000-0000-0000-0000-{number:012}" for number in range(6))
    one, two, three, four, five = (
        model.Subscription(guid, f"Sample {number}", "Enabled", tenant)
        for number, guid in enumerate(ids, 1)
    )
    checks = (model.Check.CONTACT_EMAIL,)
    contact = model.Contact(
        "default", version, (email,), (), True, "+1 425 555 0100", "High", "Critical", ("Owner",)
    )
    finding = model.Finding(checks[0], "no email address is configured", version)
    waiver = model.Waiver("Sample 3", "a reason", "an owner", noon.date(), checks[0])
    reason = Reason.FORBIDDEN
    fault = model.Fault(reason, "no", HINTS[reason], 403, "AuthorizationFailed", "id")
    rows = (
        model.Audited(one, (contact,), (email,), (), version),
        model.Audited(two, (), (), (finding,), version),
        model.Audited(three, (), (), (finding,), version, waiver),
        model.Unread(four, fault, (contact,)),
        model.Skipped(five._replace(state="Disabled")),
    )
    portal, profile = "https://portal.azure.com/", model.Profile.CONFORMITY
    run = model.Run(__version__, noon, "AzureCloud", (tenant,), profile, checks, portal, "0/1")
    for some in (*((row,) for row in rows), rows):
        yield "".join(json_.render(model.Report(run, noon, some)))


def _given(program: str, document: str, *, raw: bool) -> bytes:
    return f"{json.dumps([program, raw])}\n{document}".encode()


def _ran(
    arguments: list[str], given: bytes, shutdown: Shutdown, limit: float | None = None
) -> tuple[int, bytes, bytes]:
    """
    Run the child process, and return its exit code, stdout and stderr.

    A thread talks to it, so that a signal is heard meanwhile.  One call gives it all: a second
    `communicate` would forget the input that a first one left (python/cpython issue 141473).

    Raises:
        subprocess.TimeoutExpired: it did not end within *limit* seconds.
        ContactsAuditError: it cannot be started.
    """
    try:
        with shutdown.child(
            [sys.executable, "-P", "-s", "-S", "-c", START, *_places(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=needed(os.environ),
            cwd="/",
        ) as process:
            talk = functools.partial(process.communicate, given, timeout=limit)
            out, err = in_thread(talk, deadline=math.inf)
            return process.returncode, out, err
    except OSError as error:
        raise _not_started(f"{sys.executable or 'python'}: {error.strerror}") from error


def _places() -> list[str]:
    """Return the folders of this package and of jq; ours may be a zip file."""
    found = find_spec("jq")
    jq = Path(found.origin) if found is not None and found.origin else Path()
    return [absolute(place) for place in (Path(__file__).parents[2], jq.parent)]


def needed(environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return the variables of *environment* that Python needs to start, with absolute paths.

    They name its libraries and its home: see ld.so(8), dyld(1) and python(1).  `PYTHONPATH` is not
    among them.
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
        "reinstall contacts-audit, or pipe the output of -o json to the jq program",
    )

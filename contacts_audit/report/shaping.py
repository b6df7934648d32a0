"""
`--jq`: a filter of the user's over the JSON report, in a process of its own.

A filter may loop for ever inside libjq, where Python hears no signal, and may look at `$ENV`: so
it gets a process that can be killed, and an environment that holds no more than our own path.
"""

import subprocess
import sys
from pathlib import Path

from contacts_audit.ending import Ending
from contacts_audit.errors import ContactsAuditError, UsageError
from contacts_audit.workers import MOMENT

# libjq would end a run that halts without a word.
NO_HALT = 'def halt: error("halt"); def halt_error: error; def halt_error($code): error;'


def check(program: str) -> None:
    """
    Compile *program*.

    Raises:
        UsageError: it is no jq filter.
    """
    import jq

    try:
        jq.compile(program)  # first as it is, so that the places in an error are right
        jq.compile(_spelt(program))
    except ValueError as error:
        first = str(error).splitlines()[0].removeprefix("jq: error: ").rstrip(":")
        raise UsageError(f"--jq: {first}", "try the filter with the jq program") from error


def shape(document: str, program: str, ending: Ending, *, raw: bool) -> bytes:
    """
    Return what *program* makes of *document*, as jq prints it; *raw* prints strings bare.

    Raises:
        ContactsAuditError: the filter fails on the data.
    """
    root = str(Path(__file__).parents[2])
    with ending.running(
        [sys.executable, "-m", __name__, program, "raw" if raw else ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": root},
    ) as process:
        out, err = _told(process, document.encode())
    if process.returncode != 0:
        said = err.decode("utf-8", "replace").strip().splitlines() or ["it was killed"]
        raise ContactsAuditError(f"--jq: {said[-1]}", "try the filter on the output of -o json")
    return out


def _told(process: "subprocess.Popen[bytes]", document: bytes) -> tuple[bytes, bytes]:
    """
    Give *process* the document; return what it prints, waiting for a moment at a time.

    Where the kernel gives a signal to one of our threads, no wait of the main thread is cut short.
    """
    given: bytes | None = document
    while True:
        try:
            return process.communicate(given, timeout=MOMENT)
        except subprocess.TimeoutExpired:
            given = None  # what is left of it is remembered


def _spelt(program: str) -> str:
    """Let each output keep its value, for -r, and jq's own spelling of it."""
    return f"{NO_HALT} ({program}\n) | [., tojson]"


def main() -> None:
    """Read a document from stdin, and print what the filter makes of it."""
    import jq

    from contacts_audit.inert import inert_json
    from contacts_audit.jqtext import pretty

    program, raw = sys.argv[1:3]
    try:
        outputs = jq.compile(_spelt(program)).input_text(sys.stdin.buffer.read().decode()).all()
    except ValueError as error:
        sys.exit(str(error))
    for value, spelt in outputs:
        text = value if raw and isinstance(value, str) else inert_json(pretty(spelt))
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    main()

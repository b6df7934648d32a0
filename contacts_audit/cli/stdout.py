"""Writes the version and completions to stdout before the rest of the program is imported."""

import os
import sys


def write_stdout(text: str) -> int:
    """Print *text*; return 0, or the exit code 74 or 141 if stdout cannot be written."""
    try:
        if sys.stdout is None:
            os.write(1, b"")  # raises: it is closed
            return 0
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    except OSError as error:
        from contacts_audit.core.errors import ExitCode

        if isinstance(error, BrokenPipeError):
            return ExitCode.PIPE_CLOSED
        if sys.stderr is not None:
            try:
                sys.stderr.write(f"error: stdout could not be written: {error.strerror}\n")
                sys.stderr.flush()
            except OSError:
                pass  # stderr is closed, too
        return ExitCode.CANNOT_WRITE
    return 0


def fill_closed_streams() -> None:
    """
    Replace stdin, stdout and stderr by an empty file where the caller closed them.

    Otherwise the next file or socket would get their number. The empty file cannot be written:
    output must not disappear silently.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free

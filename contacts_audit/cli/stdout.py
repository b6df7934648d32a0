"""Prints the version and completions without loading the program."""

import os
import sys


def put(text: str) -> int:
    """Print *text*, and return the exit code that follows: 74 or 141 where it could not be."""
    try:
        if sys.stdout is None:
            os.write(1, b"")  # raises that it is closed
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
                pass  # nobody is left to be told
        return ExitCode.CANNOT_WRITE
    return 0


def occupy_closed() -> None:
    """
    Put something in the place of stdin, stdout and stderr where the caller closed them.

    Else the next file or socket would be taken for one of them.  It can be read, being empty, but
    not written: what is to be printed must not vanish without a word.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free

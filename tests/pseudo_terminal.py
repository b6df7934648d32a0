"""Runs the program at a terminal, as a user does."""

import os
import pty
import subprocess

from conftest import Ran, program


def at_a_terminal(arguments: list[str], variables: dict[str, str], answer: bytes = b"") -> Ran:
    """Run the program with stdin and stderr at a terminal, and stdout in a pipe."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        program(*arguments),
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=other,
        env=variables | {"TERM": "dumb"},
    )
    os.close(other)
    if answer:
        os.write(main, answer)
    out, _ = process.communicate(timeout=60)
    err = b""
    try:
        while piece := os.read(main, 65536):
            err += piece
    except OSError:
        pass
    os.close(main)
    return Ran(process.returncode, out, err.decode().replace("\r\n", "\n"))

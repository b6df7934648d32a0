"""Runs the console sessions of a page."""

import os
import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT


def session_output(session: str) -> str:
    """Run the commands of a *session*, from a clone in one shell; return it as it went."""
    commands = re.findall(r"^\$ (.*)$", session, re.MULTILINE)
    script = "".join(
        f"code=$?; echo '$ '{_quoted(command)}\n{command.replace('$?', '$code')}\n"
        for command in commands
    )
    ran = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": program_path(), "HOME": os.environ.get("HOME", "/")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.stdout


def program_path() -> str:
    """Return a PATH that finds the program under test first."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"

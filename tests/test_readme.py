"""The README says what the program does: its sessions, its codes, its hints, its options."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from contacts_audit.errors import HINTS, ExitCode

README = (ROOT / "README.md").read_text()
SESSIONS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][2:50])
@pytest.mark.usefixtures("tools")
def test_a_session_shows_what_happens(session: str) -> None:
    """Each command, run from a clone in one shell, prints what the README shows."""
    commands = re.findall(r"^\$ (.*)$", session, re.MULTILINE)
    script = "".join(
        f"code=$?; echo '$ '{_quoted(command)}\n{command.replace('$?', '$code')}\n"
        for command in commands
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    ran = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": path, "HOME": os.environ.get("HOME", "/")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert ran.stdout == session


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"


def test_every_exit_code_is_explained() -> None:
    """The table of codes is that of the program."""
    table = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}

    assert table == {int(code) for code in ExitCode}


def test_every_reason_is_listed_with_its_hint() -> None:
    """The table of faults is that of the program."""
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", README, re.MULTILINE))

    assert {reason: table.get(reason) for reason in HINTS} == dict(HINTS)


@pytest.mark.parametrize("command", ["audit", "doctor", "emails", "fetch", "token"])
def test_every_option_of_the_readme_exists(command: str) -> None:
    """No option is promised that `--help` does not know, and each command is named."""
    shown = subprocess.run(
        [sys.executable, "-m", "contacts_audit", command, "--help"],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    promised = {
        option
        for line in README.splitlines()
        if re.search(rf"contacts-audit {command}\b", line)
        for option in re.findall(
            r"(?<![\w-])--[a-z][a-z-]+", line.split(f"contacts-audit {command}", 1)[1].split("|")[0]
        )
    }

    assert f"contacts-audit {command}" in README
    assert promised <= {*re.findall(r"--[a-z][a-z-]+", shown)}

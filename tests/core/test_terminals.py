"""Ctrl-C ends a run and leaves the terminal usable, and cron gets what the README says."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import ROOT, program, surroundings
from core.disks import GOOD, WISH, Ran, modes


def typed(
    command: Sequence[str], environment: Mapping[str, str], ready: Callable[[], bool], keys: bytes
) -> tuple[int, float, str]:
    """
    Run *command* on a terminal of its own, and type *keys* once it is *ready*.

    Return its code, how long it took from then on, and all that the terminal showed.
    """
    process, ours = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execve(command[0], [*command], environment)  # noqa: S606
    shown, end, typed_at = b"", time.monotonic() + 30, 0.0
    os.set_blocking(ours, False)
    while time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            try:
                piece = os.read(ours, 65536)
            except OSError as error:
                if isinstance(error, BlockingIOError):
                    raise
                break  # how a terminal says that nobody is there any more
            shown += piece
            continue
        if not typed_at and ready():
            os.write(ours, keys)
            typed_at = time.monotonic()
        time.sleep(0.02)
    _, status = os.waitpid(process, 0)
    os.close(ours)
    return os.waitstatus_to_exitcode(status), time.monotonic() - typed_at, shown.decode()


@pytest.mark.parametrize(("keys", "code"), [(b"\x03", 130), (b"\x03\x03\x03", 130)])
def test_control_c_ends_an_audit_and_leaves_the_terminal_well(
    azure: AzureDouble, keys: bytes, code: int
) -> None:
    """130 within two seconds; the cursor is visible again, and there is no traceback."""
    for place in range(20):
        azure.add(f"S{place}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.hang())
    environment = surroundings(azure, TERM="xterm", COLUMNS="80")

    ended = typed(
        program("audit", "--workers", "4"),
        environment,
        lambda: sum("securityContacts" in asked.line for asked in azure.asked) >= 4,
        keys,
    )

    assert ended[0] == code
    assert ended[1] < 10
    assert "Traceback" not in ended[2]
    assert ended[2].rfind("\x1b[?25h") >= ended[2].rfind("\x1b[?25l")
    assert len(azure.arm_asked()) <= 1 + 4


def test_control_c_twice_ends_an_apply(azure: AzureDouble, tmp_path: Path) -> None:
    """Two signals may arrive as one: either way 130, and the journal is whole."""
    azure.add("Prod")
    azure.fail("PUT", faults.slow(0.5))
    state = tmp_path / "state"

    code, _, shown = typed(
        program("apply", *WISH, "--yes", "--state-dir", str(state)),
        surroundings(azure, TERM="dumb", COLUMNS="80"),
        lambda: bool(azure.writes()),
        b"\x03\x03",
    )

    assert (code, len(azure.writes())) == (130, 1)
    assert "Traceback" not in shown
    (journal,) = state.glob("journal-*")
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_the_crontab_of_the_readme(azure: AzureDouble, tmp_path: Path) -> None:
    """In `/` with an empty environment: mail in the first night, none in the second."""
    azure.add("Prod", contacts_2017=GOOD)
    sandbox = azure.add("Sandbox")
    crontab = (ROOT / "README.md").read_text().split("```crontab\n")[1].split("```")[0]
    (line,) = [line for line in crontab.splitlines() if re.match(r"\d", line)]
    command = line.split(maxsplit=5)[5].replace("/var/lib/node_exporter", str(tmp_path))
    assert "%" not in command  # cron would end the line there
    variables = surroundings(azure, PYTHONPATH=str(ROOT))
    kept = [
        f"export {name}='{value}'"
        for name, value in variables.items()
        if name not in {"PATH", "HOME"}
    ]
    (tmp_path / "contacts-audit.env").write_text("\n".join(kept))
    scripts = Path(sys.executable).parent

    def night() -> Ran:
        barest = ["env", "-i", f"HOME={tmp_path}", f"PATH={scripts}:/usr/bin:/bin"]
        return subprocess.run(
            [*barest, "sh", "-c", command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    first, second = night(), night()
    sandbox.contacts_2017 = GOOD
    third = night()

    assert [each.returncode for each in (first, second, third)] == [3, 3, 0]
    assert b"Sandbox" in first.stdout
    assert (second.stdout, second.stderr) == (b"", b"")
    assert b"Sandbox" in third.stdout
    assert b"Prod" not in third.stdout
    assert re.search(r"exit_code\{.*\} 0", (tmp_path / "contacts.prom").read_text())
    assert modes(tmp_path)["contacts.prom"] == "0o644"

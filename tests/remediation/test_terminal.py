"""The question at a terminal, and its answers."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, program, surroundings
from remediation.apply_process import again
from remediation.workspace import CHANGE


@contextlib.contextmanager
def on_a_terminal(
    azure: AzureDouble, *arguments: str
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run the program on a terminal, whose other end is the second value."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    environment = surroundings(azure, TERM="dumb", COLUMNS="200")
    process = subprocess.Popen(
        program(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=ROOT
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait(timeout=60)
        os.close(ours)


def shown_until(ours: int, text: bytes) -> bytes:
    """Return what the terminal shows, up to *text* or the end."""
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
        while text not in shown and (piece := os.read(ours, 65536)):
            shown += piece
    return shown


@pytest.mark.parametrize(
    ("answer", "code", "sent"),
    [
        *(("y", 0, 2), ("YES", 0, 2), ("n", 1, 0), ("", 1, 0), ("yep", 1, 0), ("no", 1, 0)),
        ("\x04", 1, 0),
    ],
    ids=["y", "YES", "n", "enter", "yep", "no", "end of file"],
)
def test_it_asks(azure: AzureDouble, tmp_path: Path, answer: str, code: int, sent: int) -> None:
    """Every change is shown before; anything but yes is no: 1, and nothing is sent."""
    subscriptions = [azure.add(f"S{place}") for place in range(2)]
    arguments = ("apply", *CHANGE, "--state-dir", str(tmp_path / "state"))
    with on_a_terminal(azure, *arguments) as (process, ours):
        shown = shown_until(ours, b"[y/N] ")
        asked = len(azure.writes())

        os.write(ours, answer.encode() + (b"" if answer == "\x04" else b"\n"))
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

        assert (process.returncode, asked, len(azure.writes())) == (code, 0, sent)
        assert all(subscription.id.encode() in shown for subscription in subscriptions)
        assert b"Write to 2 subscriptions?" in shown
        assert (b"nothing was sent" in rest) is (code == 1)


def test_restore_shows_what_it_does_and_asks(azure: AzureDouble, tmp_path: Path) -> None:
    """Each field and deletion is shown, sanitized; deletions are counted."""
    created = azure.add("\x1b[2JCreated")
    changed = azure.add("Changed", contact={"emails": "a@contoso.com", "isEnabled": False})
    state = tmp_path / "state"
    assert again(azure, state) == (0, ["done"] * 2)
    backup = str(next(state.glob("backup-*.json")))
    before = len(azure.writes())
    with on_a_terminal(azure, "restore", backup, "--state-dir", str(state)) as (process, ours):
        shown = shown_until(ours, b"[y/N] ")
        sent = len(azure.writes())

        os.write(ours, b"y\n")
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

    assert (process.returncode, sent, len(azure.writes())) == (0, before, before + 2)
    assert b"\x1b" not in shown
    assert b"Write to 2 subscriptions, deleting 1 contact?" in shown
    lines = shown.decode().splitlines()
    gone, *also = (line for line in lines if created.id in line)
    back = next(line for line in lines if changed.id in line)
    assert any("note" in line and "older api-versions" in line for line in also)
    assert re.search(r"default at \S+ +\(contact\) +soc@contoso\.com +deleted", gone)
    assert re.search(r"emails +a@contoso\.com;soc@contoso\.com +a@contoso\.com", back)
    assert b"deleted: default at" in rest
    assert b"1 contact deleted" in rest


def test_a_signal_at_the_prompt_is_no(azure: AzureDouble, tmp_path: Path) -> None:
    """130 at once, nothing is sent, and the lock is free."""
    azure.add("Prod")
    state = tmp_path / "state"
    with on_a_terminal(azure, "apply", *CHANGE, "--state-dir", str(state)) as (process, ours):
        shown_until(ours, b"[y/N] ")

        process.send_signal(signal.SIGINT)
        process.wait(timeout=5)

        assert (process.returncode, azure.writes()) == (130, [])
    assert again(azure, state) == (0, ["done"])


def test_what_changes_while_somebody_thinks_is_left_alone(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """The answer may come hours later: each contact is read again, and that one is a conflict."""
    subscription = azure.add("Prod")
    with on_a_terminal(azure, "apply", *CHANGE, "--state-dir", str(tmp_path)) as (process, ours):
        shown_until(ours, b"[y/N] ")
        subscription.contact = {"emails": "portal@contoso.com"}

        os.write(ours, b"y\n")
        rest = shown_until(ours, b"never shown")
        process.wait(timeout=60)

        assert (process.returncode, azure.writes()) == (5, [])
        assert b"conflict" in rest

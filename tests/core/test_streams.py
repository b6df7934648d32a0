"""Pipes, devices and stdout are written through."""

import contextlib
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, program
from core.disks import CONTOSO, WISH, ran


@pytest.mark.parametrize(
    "spelling",
    [
        "/dev/stdout",
        "//dev/stdout",
        "/dev/../dev/stdout",
        "/dev/fd/1",
        "/proc/self/fd/1",
        "LINK/stdout",
    ],
)
@pytest.mark.parametrize("command", ["audit", "plan"])
def test_stdout_is_written_through_however_it_is_spelt(
    tmp_path: Path, command: str, spelling: str
) -> None:
    """Also if it is a file; nothing in /dev is renamed over, not even by root."""
    (tmp_path / "dev").symlink_to("/dev")
    target = spelling.replace("LINK", str(tmp_path / "dev"))
    option = ["--report", target] if command == "audit" else [*WISH, "--save", target]
    before = Path("/dev/stdout").readlink()
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            program(command, *CONTOSO, *option),
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"]},
            cwd=ROOT,
            check=False,
        )

    kept = Path("/dev/stdout").is_symlink()
    if not kept:  # root has broken the machine: mend it before anybody stumbles over it
        Path("/dev/stdout").unlink()
        Path("/dev/stdout").symlink_to(before)
    assert kept
    document, end = json.JSONDecoder().raw_decode((tmp_path / "out").read_text())
    assert "subscriptions" in document
    assert (tmp_path / "out").read_text()[end:].strip()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("r.json", "./r.json"),
        ("r.json", "sub/../r.json"),
        ("r.json", "link/r.json"),
        ("/dev/stdout", "/dev/fd/1"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/null", "//dev/null"),
    ],
)
def test_the_same_report_twice_is_2(
    azure: AzureDouble, run: Run, tmp_path: Path, one: str, other: str
) -> None:
    """However it is spelled, and before the first request."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(".")

    with contextlib.chdir(tmp_path):
        ended = run("audit", "--report", one, "--report", other)

    assert (ended.code, azure.asked) == (2, [])
    assert "given twice" in ended.err


def test_devices_and_pipes_are_written_through(tmp_path: Path) -> None:
    """A full device is 74, and all stay what they were."""
    fifo = tmp_path / "pipe.csv"
    os.mkfifo(fifo)
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    targets = [str(fifo), "/dev/null", f"/dev/fd/{descriptor}"]
    reports = [word for target in targets for word in ("--report", target)]
    reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE)

    ended = ran(program("audit", "-q", *CONTOSO, *reports), pass_fds=(descriptor,))
    os.close(descriptor)
    through, _ = reader.communicate(timeout=10)
    full = ran(program("audit", "-q", *CONTOSO, "--report", "/dev/full"))

    assert (ended.returncode, full.returncode) == (4, 74)
    assert through.startswith(b"id,name")
    assert json.loads((tmp_path / "file").read_text())["exit_code"] == 4
    assert full.stderr.count(b"error: ") == 1
    kinds = [stat.S_ISCHR, stat.S_ISCHR, stat.S_ISFIFO]
    places = [Path("/dev/null"), Path("/dev/full"), fifo]
    assert all(kind(place.stat().st_mode) for kind, place in zip(kinds, places, strict=True))


def test_a_reader_of_the_report_on_stdout_that_goes_away_is_141(tmp_path: Path) -> None:
    """As for any output, without a message."""
    command = " ".join(program("audit", "-q", *CONTOSO, "--report", "/dev/stdout"))
    line = f"{command} 2>{tmp_path}/err; echo $? >&3"
    (tmp_path / "code").touch()

    ran(["bash", "-c", f"{{ sleep 0.1; {line}; }} 3>{tmp_path}/code | true"])

    assert (tmp_path / "code").read_text() == "141\n"
    assert "error" not in (tmp_path / "err").read_text()

"""What cannot be written is 74, before the first request where that can be known."""

import contextlib
import json
import resource
import socket
from pathlib import Path

import pytest
from azure_double import AzureDouble
from azure_double.exchange import Exchange, as_usual
from conftest import Run, program, surroundings
from core.disks import GOOD, WISH, ran, without_power


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (("audit", "--report", "DIR/kept.json"), 1000),
        (("plan", *WISH, "--save", "DIR/kept.json"), 1000),
        (("apply", *WISH, "--yes", "--state-dir", "DIR/state"), 300),
        (("audit", "--record", "DIR/record"), 200),
        (("audit", "--record", "DIR/record"), 700),
    ],
    ids=["report", "plan", "backup", "recording", "recording, later"],
)
def test_a_full_disk(
    azure: AzureDouble, tmp_path: Path, arguments: tuple[str, ...], size: int
) -> None:
    """74 in one line; an old file stays, no half of a new one does, and nothing was changed."""
    for place in range(8):
        azure.add(f"S{place}")
    (tmp_path / "kept.json").write_text("old")

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    told = [word.replace("DIR", str(tmp_path)) for word in arguments]
    ended = ran(program(*told), surroundings(azure), preexec_fn=full)

    assert ended.returncode == 74, ended.stderr
    assert ended.stderr.count(b"error: ") == 1
    assert b"Traceback" not in ended.stderr
    assert (tmp_path / "kept.json").read_text() == "old"
    assert azure.writes() == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "kept.json"]
    assert all(path.name == "lock" or json.loads(path.read_text()) for path in files)


UNWRITABLE = {
    "missing": "missing/r.json",
    "read-only": "read-only/r.json",
    "neither read nor listed": "drop/r.json",
    "no folder": "file/r.json",
    "a folder itself": "folder.json",
    "links in a circle": "circle/r.json",
    "a link to nowhere": "nowhere/r.json",
    "too long": "x" * 300 + ".json",
    "of the kernel": "/proc/r.json",
    "a socket": "socket.json",
    "a closed file": "/dev/fd/97",
    "a file open for reading": "/dev/stdin",
}


@pytest.mark.parametrize("command", ["audit", "plan"])
@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_cannot_be_written_is_74_before_the_first_request(
    azure: AzureDouble, tmp_path: Path, name: str, command: str
) -> None:
    """One line, before a long audit."""
    azure.add("Prod", contacts_2017=GOOD)
    for folder, mode in {"read-only": 0o500, "drop": 0o300, "folder.json": 0o700}.items():
        (tmp_path / folder).mkdir(mode=mode)
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    target = str(tmp_path / UNWRITABLE[name])
    option = ("--report", target) if command == "audit" else (*WISH, "--save", target)
    readable = (tmp_path / "file").open("rb")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path), readable:
        server.bind("socket.json")

        line = without_power(program(command, *option))
        ended = ran(line, surroundings(azure), stdin=readable)

    assert (ended.returncode, ended.stdout, azure.asked) == (74, b"", [])
    assert ended.stderr.count(b"\n") == 1
    assert target.encode() in ended.stderr


def test_a_folder_that_vanishes_is_74_and_the_rows_are_printed(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Rows are on stdout, and the other report is written."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "gone").mkdir()

    async def vanish(exchange: Exchange) -> None:
        (tmp_path / "gone").rmdir()
        await as_usual(exchange)

    azure.fail("securityContacts", vanish, times=1)
    both = (str(tmp_path / "gone" / "r.json"), str(tmp_path / "r.json"))

    ended = run("audit", "-o", "json", "--report", both[0], "--report", both[1])

    assert ended.code == 74
    assert json.loads(ended.out)["summary"]["compliant"] == 1
    assert json.loads(Path(both[1]).read_text())["summary"]["compliant"] == 1
    assert ended.err.count("error: ") == 1

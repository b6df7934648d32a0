"""A report that is a folder, a device or a huge file is refused in one line."""

import json
import os
import resource
import subprocess
import threading
from pathlib import Path

import pytest
from audit.report_readers import OTHERS, READERS, WHOLE, Reader, read_by, refused
from conftest import ROOT, program, run_in


@pytest.mark.parametrize("reader", [*READERS.values(), *OTHERS.values()], ids=[*READERS, *OTHERS])
@pytest.mark.parametrize(
    "kind",
    ["directory", "pipe", "device", "too long", "under a file", "a loop", "sparse", "unreadable"],
)
def test_what_is_not_a_regular_file_is_refused_in_one_line(
    tmp_path: Path, kind: str, reader: Reader
) -> None:
    """No traceback, no waiting and no memory, even if nobody writes to the named pipe."""
    path = tmp_path / "x"
    match kind:
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "too long":
            path = tmp_path / ("x" * 300)
        case "under a file":
            path.write_text("{}")
            path /= "x.json"
        case "a loop":
            path.symlink_to(path)
        case "sparse":
            with path.open("wb") as file:
                file.truncate(200 * 1024 * 1024)
        case "unreadable":
            if os.geteuid() == 0:
                path = Path("/proc/self/mem")

    if kind == "unreadable" and not path.exists():
        path.write_text("{}")
        path.chmod(0)

    refused(read_by(reader, str(path), tmp_path))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_huge_file_is_refused_by_its_size(tmp_path: Path, reader: Reader) -> None:
    """Before any of it is read."""
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(1 << 40)

    assert "is larger than" in refused(read_by(reader, str(path), tmp_path))


def test_a_file_of_many_values_costs_no_memory(tmp_path: Path) -> None:
    """33 MB of brackets would be a gigabyte of lists."""
    path = tmp_path / "x"
    path.write_bytes(b"[" + b"[]," * 11_000_000 + b"[]]")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    ran = subprocess.run(
        program("diff", str(path), str(path)),
        capture_output=True,
        check=False,
        cwd=ROOT,
        preexec_fn=limited,
    )

    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (2, b"", 1)
    assert b"it holds more than 10000000 values" in ran.stderr


def test_what_the_shell_opened_is_read(tmp_path: Path) -> None:
    """`merge <(ssh host cat report.json)` is a pipe that somebody writes to."""
    out, into = os.pipe()
    content = json.dumps(WHOLE).encode()

    def write() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    ran = run_in({}, "merge", f"/dev/fd/{out}")
    writer.join()
    os.close(out)

    assert ran.code == 4
    assert ran.text.count("\n") == 7


def test_a_baseline_in_a_forbidden_folder_is_not_an_empty_one(tmp_path: Path) -> None:
    """Otherwise all subscriptions would be new, every night."""
    (tmp_path / "link").symlink_to(tmp_path / "link")

    ran = read_by(READERS["baseline"], str(tmp_path / "link" / "x.json"), tmp_path)

    assert "cannot be read" in refused(ran)

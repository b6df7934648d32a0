"""Files: private, whole or not at all, and never in the place of something else."""

import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contacts_audit.core.errors import BusyError, OutputError
from contacts_audit.core.files import check_writable, replace, write_new
from contacts_audit.core.lock import locked
from contacts_audit.core.paths import is_stream


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """The new file is private whatever the umask, and no temporary file is left."""
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o644)
    before = os.umask(0)

    try:
        replace(path, ["new ", "é\n"])
    finally:
        os.umask(before)

    assert path.read_bytes() == "new é\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever happens while it is written, no temporary file is left."""
    path = tmp_path / "report"
    path.write_text("old")

    def pieces() -> Iterator[str]:
        yield "half"
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        replace(path, pieces())

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """The target of the link is not ours to write."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("theirs")
    link.symlink_to(target)

    replace(link, ["ours"])

    assert target.read_text() == "theirs"
    assert (link.is_symlink(), link.read_text()) == (False, "ours")


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    """A reader gets the report, and the pipe stays a pipe."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()

    check_writable(pipe)
    replace(pipe, ["through"])
    reader.join()

    assert read == ["through"]
    assert is_stream(pipe)


def test_a_full_device_is_an_error() -> None:
    """/dev/full is written through, and is full."""
    with pytest.raises(OutputError, match="No space left"):
        replace(Path("/dev/full"), ["x"])


def test_a_path_is_checked_before_the_run(tmp_path: Path) -> None:
    """A missing folder, or a path that is a folder, is found; the check leaves no trace."""
    check_writable(tmp_path / "report")

    with pytest.raises(OutputError, match="folder"):
        check_writable(tmp_path)
    with pytest.raises(OutputError, match="No such file"):
        check_writable(tmp_path / "no" / "report")

    assert list(tmp_path.iterdir()) == []


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    """An existing file stays."""
    path = tmp_path / "kept"
    write_new(path, b"first")

    with pytest.raises(OutputError, match="File exists"):
        write_new(path, b"second")

    assert path.read_bytes() == b"first"


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    """Another process gets an error with the path of the lock, until it is released."""
    told = pytest.raises(BusyError, match=str(tmp_path / "lock"))
    with locked(tmp_path), told, locked(tmp_path):
        pass

    with locked(tmp_path):
        pass


def test_a_lock_that_is_about_to_be_released_is_waited_for(tmp_path: Path) -> None:
    """A run that begins as another ends is not refused."""
    held = threading.Event()

    def hold() -> None:
        with locked(tmp_path):
            held.set()
            time.sleep(0.05)

    threading.Thread(target=hold).start()
    held.wait()
    with locked(tmp_path):
        pass

"""A pipe of another user, even of root, gets no report."""

import os
import stat
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run

from contacts_audit.core.errors import OutputError
from contacts_audit.core.files import check_writable, replace


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a file another's")
@pytest.mark.parametrize("mode", [0o666, 0o622, 0o777])
@pytest.mark.parametrize("through", ["name", "link"])
def test_the_pipe_of_another_user_is_refused(
    azure: AzureDouble, run: Run, tmp_path: Path, mode: int, through: str
) -> None:
    """Before the first request: somebody may wait in /tmp for a report."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    pipe.chmod(mode)
    os.chown(pipe, 65534, 65534)
    tmp_path.chmod(0o1777)
    path = pipe
    if through == "link":
        path = tmp_path / "link.json"
        path.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        ran = run("audit", "--report", str(path))
        with pytest.raises(OutputError):
            replace(path, ["a report"], timeout=0.1)
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)

    assert (ran.code, azure.asked) == (74, [])
    assert "the pipe belongs to another user" in ran.err
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another")
def test_the_pipe_of_root_is_refused(tmp_path: Path) -> None:
    """Unless the run is root's own."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    os.seteuid(65534)
    try:
        with pytest.raises(OutputError):
            check_writable(pipe)
    finally:
        os.seteuid(0)


def test_a_pipe_of_ours_is_written_through(tmp_path: Path) -> None:
    """So is a device, whoever owns it."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    check_writable(pipe)
    check_writable(Path("/dev/null"))
    replace(pipe, ["a report"], timeout=1)

    assert os.read(reader, 100) == b"a report"
    os.close(reader)

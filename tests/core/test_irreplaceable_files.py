"""A file that cannot be replaced is overwritten, or refused before the first request."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, program, surroundings
from core.disks import Strace, without_power
from core.mounts import CONTOSO, GOOD, ran

from contacts_audit.core.files import check_writable


@pytest.fixture
def mounting(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what runs a command after shell words that mount; skip where that is forbidden."""
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"]).returncode:
        pytest.skip("mounts are not permitted")

    def within(script: str, command: Sequence[str]) -> list[str]:
        shell = f'set -e; cd {tmp_path}; {script}; cd {ROOT}; exec "$@"'
        return [*unshare, "sh", "-c", shell, "sh", *command]

    return within


Mounting = Callable[..., list[str]]


def test_a_file_that_is_a_mount_is_written_through(
    tmp_path: Path, mounting: Mounting, strace: Strace
) -> None:
    """As with `docker run -v $PWD/r.json:/r.json`; nothing of the old content is left."""
    (tmp_path / "host.json").write_text("old" * 100_000)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "r.json").touch()
    audit = program(*CONTOSO, "--report", str(tmp_path / "in" / "r.json"))

    ended = ran(mounting("mount --bind host.json in/r.json", audit))

    assert ended.returncode == 4, ended.stderr
    assert (tmp_path / "host.json").read_text().startswith("{")
    assert (tmp_path / "host.json").read_text().endswith("}\n")
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["r.json"]
    assert (tmp_path / "in" / "r.json").read_text() == ""  # what the mount lay over


def test_a_mount_in_a_folder_that_is_read_only_is_written_through(
    tmp_path: Path, mounting: Mounting
) -> None:
    """As in a pod with readOnlyRootFilesystem and a subPath."""
    (tmp_path / "host.json").write_text("old")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "r.json").touch()
    script = "mount --bind in in; mount -o remount,bind,ro in; mount --bind host.json in/r.json"
    audit = program(*CONTOSO, "--report", str(tmp_path / "in" / "r.json"))

    ended = ran(mounting(script, audit))

    assert ended.returncode == 4, ended.stderr
    assert (tmp_path / "host.json").read_text().endswith("}\n")


@pytest.mark.parametrize(
    "script",
    [
        "mount --bind host.json in/r.json; mount -o remount,bind,ro in/r.json",
        "mount --bind in in; mount -o remount,bind,ro in",
        "mount -t tmpfs -o ro none in",
    ],
    ids=["a mount that is read-only", "a folder that is", "an empty file system that is"],
)
def test_a_read_only_path_is_refused_before_the_first_request(
    azure: AzureDouble, tmp_path: Path, mounting: Mounting, script: str
) -> None:
    """The old file is unchanged."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "in").mkdir()
    for path in (tmp_path / "host.json", tmp_path / "in" / "r.json"):
        path.write_text("old")
    audit = program("audit", "--report", str(tmp_path / "in" / "r.json"))

    ended = ran(mounting(script, audit), **surroundings(azure))

    assert (ended.returncode, azure.asked) == (74, [])
    assert "Read-only file system" in ended.stderr
    assert (tmp_path / "host.json").read_text() == "old"


def test_a_mount_that_we_may_not_write_is_refused_before_the_first_request(
    azure: AzureDouble, tmp_path: Path, mounting: Mounting
) -> None:
    """As with a file of root in a container with another user: a rename would ignore its mode."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "host.json").touch(mode=0o444)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "r.json").touch()
    audit = without_power(program("audit", "--report", str(tmp_path / "in" / "r.json")))

    ended = ran(mounting("mount --bind host.json in/r.json", audit), **surroundings(azure))

    assert (ended.returncode, azure.asked) == (74, [])
    assert "Permission denied" in ended.stderr


@pytest.mark.parametrize("error", ["EBUSY", "EXDEV"])
def test_a_rename_that_is_refused_as_over_a_mount_writes_through(
    tmp_path: Path, strace: Strace, error: str
) -> None:
    """This is a system that does not show mounts."""
    path = tmp_path / "r.json"
    path.write_text("old")
    tracing = strace("rename", "/dev/null", f"rename:error={error}")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.read_text()[:1]) == (4, "{"), ended.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_ours_in_a_folder_that_is_not_is_overwritten(tmp_path: Path) -> None:
    """Root made it for a service; a link there is not followed."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "r.json").write_text("old")
    (tmp_path / "theirs.json").write_text("theirs")
    (folder / "link.json").symlink_to(tmp_path / "theirs.json")
    folder.chmod(0o555)

    ours, link = (
        ran(without_power(program(*CONTOSO, "--report", str(folder / name))))
        for name in ("r.json", "link.json")
    )

    assert (ours.returncode, link.returncode) == (4, 74)
    assert (folder / "r.json").read_text().endswith("}\n")
    assert (tmp_path / "theirs.json").read_text() == "theirs"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_another_users_file_in_a_sticky_folder_is_refused_before_the_first_request() -> None:
    """It cannot be replaced in /tmp, and is not overwritten."""
    if os.geteuid() != 0:
        pytest.skip("files of two users need root")
    folder = Path("/tmp") / f"sticky-{os.getpid()}"  # noqa: S108 - where another user comes to
    folder.mkdir()
    folder.chmod(0o1777)
    try:
        path = folder / "r.json"
        path.write_text("theirs")
        path.chmod(0o666)
        child = os.fork()
        if child == 0:
            os._exit(_denied(path))
        denied = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        shutil.rmtree(folder)

    assert denied == 74


def _denied(path: Path) -> int:
    """Become nobody, and say how it ends to look at *path*."""
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        check_writable(path)
    except BaseException as error:  # noqa: BLE001 - we are a fork of the tests
        return 74 if "sticky bit" in str(error) else 1
    return 0


def test_an_immutable_file_is_refused_before_the_first_request(tmp_path: Path) -> None:
    """Even root cannot rename over it."""
    path = tmp_path / "r.json"
    path.write_text("old")
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", path], capture_output=True).returncode:
        pytest.skip("nothing can be made immutable here")
    try:
        ended = ran(program(*CONTOSO, "--report", str(path)))
    finally:
        subprocess.run([chattr, "-i", path], check=True)

    assert (ended.returncode, ended.stdout) == (74, "")


def test_a_file_of_mode_0400_is_replaced(tmp_path: Path) -> None:
    """Only the folder must be writable."""
    path = tmp_path / "r.json"
    path.write_text("old")
    path.chmod(0o400)

    ended = ran(without_power(program(*CONTOSO, "--report", str(path))))

    assert (ended.returncode, path.read_text()[:1]) == (4, "{"), ended.stderr


def test_a_report_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    """Its target stays, as docs/reports.md says."""
    (tmp_path / "target").write_text("theirs")
    link = tmp_path / "r.json"
    link.symlink_to("target")

    ended = ran(program(*CONTOSO, "--report", str(link)))

    assert (ended.returncode, link.is_symlink()) == (4, False)
    assert (tmp_path / "target").read_text() == "theirs"
    assert "symbolic link" in (ROOT / "docs/reports.md").read_text()

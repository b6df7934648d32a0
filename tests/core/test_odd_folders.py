"""Folders that are no plain local disk: file systems without modes or locks, mounts, links."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, coverage_variables, program, surroundings
from core.test_durability import strace, without_power

from contacts_audit.core.files import replace, write_new
from contacts_audit.core.lock import locked
from contacts_audit.core.writable import check_writable

__all__ = ["strace"]  # a fixture
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CONTOSO = ("audit", "-q", "--replay", str(ROOT / "fixtures/contoso"))
WISH = ("--email", "soc@contoso.com")
Strace = Callable[..., list[str]]
Ran = subprocess.CompletedProcess[str]
NO_MODES = ("chmod", "fchmod", "fchmodat")


def ran(command: Sequence[str], **variables: str) -> Ran:
    """Run *command* to its end, with what it needs and *variables*."""
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
        | coverage_variables(),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


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

# No modes, no syncing, no locks: Azure Files by SMB, FUSE, NFS


@pytest.mark.parametrize("error", ["EPERM", "EACCES", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
def test_a_file_system_without_modes_takes_all_that_we_write(
    azure: AzureDouble, tmp_path: Path, strace: Strace, error: str
) -> None:
    """Reports, metrics, recordings, a plan, the state folder with its lock, backup and journal."""
    azure.add("Prod")
    calls = ",".join(NO_MODES)
    told = [f"{call}:error={error}" for call in NO_MODES]
    tracing = strace(calls, "/dev/null", *told)
    (tmp_path / "record").mkdir(mode=0o700)
    files = {name: str(tmp_path / name) for name in ("r.json", "r.prom", "plan.json")}
    reports = [f"--report={files['r.json']}", f"--report={files['r.prom']}"]
    record, state = f"--record={tmp_path / 'record'}", f"--state-dir={tmp_path / 'state'}"
    commands = {
        ("audit", *reports, record): 3,
        ("plan", *WISH, "--save", files["plan.json"]): 3,
        ("apply", files["plan.json"], "--yes", state): 0,
    }

    for words, code in commands.items():
        ended = ran(without_power([*tracing, *program(*words)]), **surroundings(azure))
        assert (ended.returncode, "error" in ended.stderr) == (code, False), ended.stderr

    assert all(Path(path).stat().st_size for path in files.values())
    made = {path.name.split("-")[0] for path in (tmp_path / "state").iterdir()}
    assert made == {"lock", "backup", "journal"}
    for path in (*tmp_path.iterdir(), *(tmp_path / "state").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path  # made private, not made so later


def test_a_disk_that_fails_at_a_mode_is_an_error(tmp_path: Path, strace: Strace) -> None:
    """Not every refusal is a file system's nature."""
    path = tmp_path / "r.prom"
    tracing = strace("fchmod", "/dev/null", "fchmod:error=EIO")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.exists()) == (74, False)


@pytest.mark.parametrize("error", ["EINVAL", "EOPNOTSUPP", "ENOSYS", "EBADF"])
def test_a_file_system_that_cannot_sync_takes_reports(
    tmp_path: Path, strace: Strace, error: str
) -> None:
    """Neither its files nor its folders."""
    path = tmp_path / "r.json"
    tracing = strace("fsync", "/dev/null", f"fsync:error={error}")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.stat().st_size > 0) == (4, True), ended.stderr


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
def test_a_file_system_without_locks_is_named_with_the_cure(
    azure: AzureDouble, tmp_path: Path, strace: Strace, error: str
) -> None:
    """Nothing is sent, and nothing stands in for a lock that would outlive its owner."""
    azure.add("Prod")
    state = tmp_path / "state"
    tracing = strace("flock", "/dev/null", f"flock:error={error}")
    apply = program("apply", *WISH, "--yes", "--state-dir", str(state))

    ended = ran([*tracing, *apply], **surroundings(azure))

    assert (ended.returncode, azure.writes()) == (74, [])
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"error: {state / 'lock'} cannot be locked: the file system has no ")
    assert last.endswith("choose a folder on a local disk with --state-dir")


def test_a_lock_is_private_and_follows_no_link(tmp_path: Path) -> None:
    """Made so at once, whatever the umask."""
    before = os.umask(0)
    try:
        with locked(tmp_path):
            mode = (tmp_path / "lock").stat().st_mode
    finally:
        os.umask(before)

    assert stat.S_IMODE(mode) == 0o600


# Files that cannot be replaced


def test_a_file_that_is_a_mount_is_written_through(
    tmp_path: Path, mounting: Mounting, strace: Strace
) -> None:
    """As `docker run -v $PWD/r.json:/r.json`; longer content of before leaves no rest."""
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
def test_what_is_read_only_is_told_before_the_first_request(
    azure: AzureDouble, tmp_path: Path, mounting: Mounting, script: str
) -> None:
    """The old file is as it was."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "in").mkdir()
    for path in (tmp_path / "host.json", tmp_path / "in" / "r.json"):
        path.write_text("old")
    audit = program("audit", "--report", str(tmp_path / "in" / "r.json"))

    ended = ran(mounting(script, audit), **surroundings(azure))

    assert (ended.returncode, azure.asked) == (74, [])
    assert "Read-only file system" in ended.stderr
    assert (tmp_path / "host.json").read_text() == "old"


def test_a_mount_that_we_may_not_write_is_told_before_the_first_request(
    azure: AzureDouble, tmp_path: Path, mounting: Mounting
) -> None:
    """As root's file in a container that runs as somebody: a rename would not need its mode."""
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
    """Where nothing tells of the mount before."""
    path = tmp_path / "r.json"
    path.write_text("old")
    tracing = strace("rename", "/dev/null", f"rename:error={error}")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.read_text()[:1]) == (4, "{"), ended.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_ours_in_a_folder_that_is_not_is_overwritten(tmp_path: Path) -> None:
    """As root made it for a service; a link there is not followed."""
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
def test_another_users_file_in_a_sticky_folder_is_told_before_the_first_request() -> None:
    """Who may not replace it in /tmp would hear of it after the audit; nor is it written into."""
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


def test_an_immutable_file_is_told_before_the_first_request(tmp_path: Path) -> None:
    """A rename over it is refused even to root."""
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


def test_a_file_that_we_may_not_write_is_replaced_all_the_same(tmp_path: Path) -> None:
    """The folder decides: a report of mode 0400 is no obstacle."""
    path = tmp_path / "r.json"
    path.write_text("old")
    path.chmod(0o400)

    ended = ran(without_power(program(*CONTOSO, "--report", str(path))))

    assert (ended.returncode, path.read_text()[:1]) == (4, "{"), ended.stderr


def test_a_report_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    """What it points to stays; docs/reports.md says so."""
    (tmp_path / "target").write_text("theirs")
    link = tmp_path / "r.json"
    link.symlink_to("target")

    ended = ran(program(*CONTOSO, "--report", str(link)))

    assert (ended.returncode, link.is_symlink()) == (4, False)
    assert (tmp_path / "target").read_text() == "theirs"
    assert "symbolic link" in (ROOT / "docs/reports.md").read_text()


# One report of several


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--report", "GOOD"), id="another report"),
        pytest.param(("-o", "json"), id="a format"),
        pytest.param(("--jq", ".summary"), id="a filter"),
        pytest.param(("--only-changes", "--baseline", "GOOD"), id="changes"),
    ],
)
def test_an_extra_report_does_not_cost_the_audit(
    azure: AzureDouble, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It is told first, what can be written is, and the end is 74."""
    azure.add("Prod", contacts_2017=GOOD)
    good, bad = tmp_path / "r.json", tmp_path / "missing" / "r.prom"
    named = [str(good) if word == "GOOD" else word for word in words]

    ended = ran(program("audit", "-q", "--report", str(bad), *named), **surroundings(azure))

    first, *_, last = ended.stderr.splitlines()
    assert ended.returncode == 74
    assert first.startswith(f"warning: {bad} cannot be written: No such file or directory")
    assert last.startswith(f"error: {bad} could not be written")
    assert good.exists() if "--report" in words else ended.stdout
    assert azure.asked


def test_reports_that_are_all_that_was_asked_for_are_tried_first(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """Nobody waits for an audit of which nothing will come."""
    azure.add("Prod", contacts_2017=GOOD)
    bad = [f"--report={tmp_path / 'missing' / name}" for name in ("r.json", "r.prom")]

    ended = ran(program("audit", "-q", *bad), **surroundings(azure))

    assert (ended.returncode, azure.asked) == (74, [])


# What Path.exists and its like keep to themselves since Python 3.14


LONG = "x" * 300 + ".json"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("audit", "--report", LONG), id="report"),
        pytest.param(("plan", *WISH, "--save", LONG), id="plan"),
        pytest.param(("audit", "--record", LONG), id="recording"),
    ],
)
def test_a_name_too_long_is_told_before_the_first_request(
    azure: AzureDouble, words: tuple[str, ...]
) -> None:
    """74, in one line."""
    azure.add("Prod", contacts_2017=GOOD)

    ended = ran(program(*words), **surroundings(azure))

    assert (ended.returncode, ended.stdout, azure.asked) == (74, "", [])
    assert "File name too long" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", [LONG, "closed/old.json", "file/old.json"])
def test_a_baseline_that_cannot_be_looked_for_is_not_a_new_one(
    azure: AzureDouble, tmp_path: Path, name: str
) -> None:
    """Whether it exists, nobody knows: 2 before the first request."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "file").touch()
    words = ("audit", "--only-changes", "--baseline", str(tmp_path / name))

    ended = ran(without_power(program(*words)), **surroundings(azure))

    assert (ended.returncode, ended.stdout, azure.asked) == (2, "", [])
    assert "--baseline" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_new_file_and_an_old_one_are_as_they_were(tmp_path: Path) -> None:
    """The plain disk has lost nothing by all this."""
    path = tmp_path / "r.json"
    replace(path, ["one"], 0o644)
    first = path.stat()
    replace(path, ["two"])

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)
    assert (stat.S_IMODE(first.st_mode), first.st_ino == path.stat().st_ino) == (0o644, False)
    write_new(tmp_path / "new", b"x")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600

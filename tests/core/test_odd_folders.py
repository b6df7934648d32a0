"""File systems without modes, syncing or locks take what we write."""

import os
import stat
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import program, surroundings
from core.disks import Strace, without_power
from core.mounts import CONTOSO, GOOD, ran

from contacts_audit.core.files import replace, write_new
from contacts_audit.core.lock import locked

WISH = ("--email", "soc@contoso.com")
NO_MODES = ("chmod", "fchmod", "fchmodat")


@pytest.mark.parametrize("error", ["EPERM", "EACCES", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
def test_a_file_system_without_modes_takes_all_that_we_write(
    azure: AzureDouble, tmp_path: Path, strace: Strace, error: str
) -> None:
    """Reports, metrics, recordings, a plan, and the state folder with lock, backup and journal."""
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
    """Only a file system without modes is excused."""
    path = tmp_path / "r.prom"
    tracing = strace("fchmod", "/dev/null", "fchmod:error=EIO")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.exists()) == (74, False)


@pytest.mark.parametrize("error", ["EINVAL", "EOPNOTSUPP", "ENOSYS", "EBADF"])
def test_a_file_system_that_cannot_sync_takes_reports(
    tmp_path: Path, strace: Strace, error: str
) -> None:
    """It syncs neither files nor folders."""
    path = tmp_path / "r.json"
    tracing = strace("fsync", "/dev/null", f"fsync:error={error}")

    ended = ran([*tracing, *program(*CONTOSO, "--report", str(path))])

    assert (ended.returncode, path.stat().st_size > 0) == (4, True), ended.stderr


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
def test_a_file_system_without_locks_is_refused_with_a_hint(
    azure: AzureDouble, tmp_path: Path, strace: Strace, error: str
) -> None:
    """Nothing is sent, and no other kind of lock is used."""
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
    """Its mode does not depend on the umask."""
    before = os.umask(0)
    try:
        with locked(tmp_path):
            mode = (tmp_path / "lock").stat().st_mode
    finally:
        os.umask(before)

    assert stat.S_IMODE(mode) == 0o600


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
    """A warning comes first, the other output is written, and the exit code is 74."""
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


def test_a_run_whose_only_report_cannot_be_written_ends_at_once(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """It makes no request."""
    azure.add("Prod", contacts_2017=GOOD)
    bad = [f"--report={tmp_path / 'missing' / name}" for name in ("r.json", "r.prom")]

    ended = ran(program("audit", "-q", *bad), **surroundings(azure))

    assert (ended.returncode, azure.asked) == (74, [])


LONG = "x" * 300 + ".json"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("audit", "--report", LONG), id="report"),
        pytest.param(("plan", *WISH, "--save", LONG), id="plan"),
        pytest.param(("audit", "--record", LONG), id="recording"),
    ],
)
def test_a_name_too_long_is_refused_before_the_first_request(
    azure: AzureDouble, words: tuple[str, ...]
) -> None:
    """74, in one line."""
    azure.add("Prod", contacts_2017=GOOD)

    ended = ran(program(*words), **surroundings(azure))

    assert (ended.returncode, ended.stdout, azure.asked) == (74, "", [])
    assert "File name too long" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", [LONG, "closed/old.json", "file/old.json"])
def test_a_baseline_whose_path_cannot_be_checked_is_wrong_usage(
    azure: AzureDouble, tmp_path: Path, name: str
) -> None:
    """Whether it exists is unknown: 2 before the first request."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "file").touch()
    words = ("audit", "--only-changes", "--baseline", str(tmp_path / name))

    ended = ran(without_power(program(*words)), **surroundings(azure))

    assert (ended.returncode, ended.stdout, azure.asked) == (2, "", [])
    assert "--baseline" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_plain_disk_works_as_before(tmp_path: Path) -> None:
    """Both for a new file and an old one."""
    path = tmp_path / "r.json"
    replace(path, ["one"], 0o644)
    first = path.stat()
    replace(path, ["two"])

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)
    assert (stat.S_IMODE(first.st_mode), first.st_ino == path.stat().st_ino) == (0o644, False)
    write_new(tmp_path / "new", b"x")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600

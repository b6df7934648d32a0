"""What is on disk whatever happens: sudden death, a full disk, odd folders, a terminal, cron."""

import contextlib
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from conftest import ROOT, Run, coverage_variables, program, run_in, surroundings

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CONTOSO = ("--replay", "fixtures/contoso")
WISH = ("--email", "soc@contoso.com")
Ran = subprocess.CompletedProcess[bytes]


def ran(command: Sequence[str], environment: Mapping[str, str] | None = None, **more: Any) -> Ran:
    """Run *command* to its end, which comes within a minute."""
    environment = environment or {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(
        command,
        env={**environment, **coverage_variables()},
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
        **{"stdin": subprocess.DEVNULL, **more},
    )


def modes(folder: Path) -> dict[str, str]:
    """Return the mode of each thing in *folder*, by its name up to the first digit."""
    return {
        re.split(r"-?\d", path.name)[0]: oct(stat.S_IMODE(path.stat().st_mode))
        for path in folder.iterdir()
    }


# Sudden death, and a disk that says no: by strace, which can do both at each system call


@pytest.fixture(scope="module")
def strace() -> Callable[..., list[str]]:
    """Return what traces a command, and meddles with it; skip where that is not to be had."""
    if shutil.which("strace") is None:
        pytest.skip("missing: strace")
    permitted = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
    if permitted.returncode:
        pytest.skip("strace is not permitted")

    def traced(calls: str, trace: Path | str, *injected: str) -> list[str]:
        words = [word for each in injected for word in ("-e", f"inject={each}")]
        return ["strace", "-f", "-y", "-s", "300", "-e", f"trace={calls}", *words, "-o", str(trace)]

    return traced


Strace = Callable[..., list[str]]
REWRITE = """
import sys
from pathlib import Path
from contacts_audit.core.files import replace
replace(Path(sys.argv[1]), ["new" * 20000, "\\n"])
"""
CALLS = "openat,write,fchmod,fsync,rename,close"


def bare(code: str, path: Path) -> list[str]:
    """Return a command that runs *code* with as little beside it as there can be."""
    return [sys.executable, "-I", "-X", "frozen_modules=on", "-c", code, str(path)]


def test_death_at_any_system_call_leaves_the_old_file_or_the_new(
    tmp_path: Path, strace: Strace
) -> None:
    """From the first look at the folder to the last close, one call after the other."""
    path, trace = tmp_path / "whole" / "report.json", tmp_path / "trace"
    path.parent.mkdir()
    path.write_text("old")
    quiet = {"PATH": os.environ["PATH"]}
    subprocess.run([*strace(CALLS, trace), *bare(REWRITE, path)], env=quiet, check=True)
    calls = [line for line in trace.read_text().splitlines() if "+++" not in line]
    names = [re.sub(r"^\d+ +(\w+).*", r"\1", line) for line in calls]
    first = next(place for place, line in enumerate(calls) if str(path.parent) in line)

    def killed_at(place: int) -> tuple[int, str, list[str]]:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            target = Path(folder, "report.json")
            target.write_text("old")
            number = names[: place + 1].count(names[place])  # strace counts each call apart
            injected = f"{names[place]}:signal=KILL:when={number}"
            command = [*strace(CALLS, "/dev/null", injected), *bare(REWRITE, target)]
            code = subprocess.run(command, env=quiet, capture_output=True).returncode
            others = [each.name for each in Path(folder).iterdir() if each != target]
            return code, target.read_text(), others

    with ThreadPoolExecutor(3) as pool:
        deaths = list(pool.map(killed_at, range(first, len(calls))))

    new = "new" * 20000 + "\n"
    assert len(deaths) >= 8
    survived = [calls[first + place] for place, death in enumerate(deaths) if death[0] == 0]
    assert survived == []
    assert {code for code, _, _ in deaths} == {-signal.SIGKILL}
    assert {text for _, text, _ in deaths} == {"old", new}
    assert all(
        re.fullmatch(r"\.contacts-audit\..*\.tmp", name) for *_, each in deaths for name in each
    )


def test_death_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    """Without strace, too: a process that writes again and again is killed at odd moments."""
    path = tmp_path / "report.json"
    code = REWRITE.replace("replace(Path", "while True: replace(Path")
    for _ in range(12):
        process = subprocess.Popen(bare(code, path))
        time.sleep(random.uniform(0.12, 0.3))
        process.kill()
        process.wait()
        if path.exists():
            assert path.read_text() == "new" * 20000 + "\n"
    assert path.exists()


@dataclass(frozen=True)
class Writing:
    """A command, and the files that it keeps: names of those in its folder, with a wildcard."""

    arguments: tuple[str, ...]
    kept: str


WRITINGS = {
    "report": Writing(("audit", "--report", "DIR/kept.json"), "kept.json"),
    "plan": Writing(("plan", *WISH, "--save", "DIR/kept.json"), "kept.json"),
    "backup": Writing(("apply", *WISH, "--yes", "--state-dir", "DIR"), "backup-*.json"),
}
INSTANTS = ["openat", "fchmod:1", "fsync:1", "rename:1", "fsync:2", "fsync:3", "fsync:4"]


@pytest.mark.parametrize("name", WRITINGS)
def test_death_of_the_program_while_it_writes(
    azure: AzureDouble, tmp_path: Path, strace: Strace, name: str
) -> None:
    """Report, plan and backup are the old ones or whole; no backup, no PUT."""
    azure.add("Prod")
    writing = WRITINGS[name]
    died = 0
    for instant in INSTANTS[1:]:
        folder = tmp_path / instant.replace(":", "")
        folder.mkdir()
        old = folder / "kept.json"
        old.write_text('{"old": true}')
        azure.asked.clear()
        call, _, when = instant.partition(":")
        tracing = strace(call, "/dev/null", f"{call}:signal=KILL:when={when}")
        arguments = [word.replace("DIR", str(folder)) for word in writing.arguments]

        code = ran([*tracing, *program(*arguments)], surroundings(azure)).returncode

        died += code == -signal.SIGKILL
        kept = [json.loads(path.read_text()) for path in folder.glob(writing.kept)]
        assert all(each == {"old": True} or "subscriptions" in each for each in kept)
        assert json.loads(old.read_text())
        assert kept or not azure.writes()
        if name == "backup" and instant in {"fchmod:1", "fsync:1", "rename:1", "fsync:2"}:
            assert azure.writes() == []
    assert died >= 4


RECORD = ("audit", "-o", "json", "--workers", "1", "--record")


def test_death_while_it_records(
    azure: AzureDouble, run: Run, tmp_path: Path, strace: Strace
) -> None:
    """Whole files and at most one torn one; a replay of them never looks whole."""
    azure.page_size = 2
    for place, contacts in enumerate((GOOD, [], GOOD)):
        azure.add(f"S{place}", contacts_2017=contacts)
    run(*RECORD, str(tmp_path / "whole"))
    names = sorted(path.name for path in (tmp_path / "whole").glob("0*"))
    steps = [(name, f"{call}:when=1") for name in names for call in ("openat", "write")]
    steps += [("recording.json", f"rename:when={time}") for time in (1, 2)]

    def killed_at(step: tuple[str, str]) -> tuple[int, set[str], set[str], int]:
        (name, call), folder = step, Path(tempfile.mkdtemp(dir=tmp_path))
        tracing = strace("openat,write,rename", "/dev/null", call.replace(":", ":signal=KILL:"))
        if name in names:
            tracing[1:1] = ["-P", str(folder / name)]
        code = ran([*tracing, *program(*RECORD, str(folder))], surroundings(azure)).returncode
        kept = {path.name for path in folder.glob("[0-9r]*.json")}
        torn = {each for each in kept if not (folder / each).read_bytes().endswith(b"}\n")}
        return code, kept, torn, run_in({}, "audit", "--replay", str(folder)).code

    with ThreadPoolExecutor(3) as pool:
        deaths = list(pool.map(killed_at, steps))

    assert {code for code, *_ in deaths} == {-signal.SIGKILL}
    for (name, call), (_, kept, torn, code) in zip(steps, deaths, strict=True):
        assert torn == ({name} if call.startswith("write") else set())
        assert kept - {"recording.json"} - torn <= {*names}
        assert code == (2 if torn or not kept else 4 if name > names[1] else 1), (name, call)


@pytest.mark.parametrize(
    ("call", "error", "code", "told", "new"),
    [
        ("write:error=ENOSPC:when=2", "ENOSPC", 74, "No space left on device", False),
        ("fsync:error=EIO:when=1", "EIO", 74, "Input/output error", False),
        ("rename:error=EDQUOT:when=1", "EDQUOT", 74, "Disk quota exceeded", False),
        ("fsync:error=EIO:when=2", "EIO", 74, "may be lost if the power fails", True),
        ("fsync:error=EINVAL:when=2", "EINVAL", 4, "", True),
    ],
    ids=["write", "fsync", "rename", "fsync of the folder", "a folder that knows no fsync"],
)
def test_a_disk_that_says_no(
    tmp_path: Path, strace: Strace, call: str, error: str, code: int, told: str, new: bool
) -> None:
    """
    74 and a true word: whether the old file still stands; nothing is left over.

    The first write is the line that tells of the recording.
    """
    path = tmp_path / "report.json"
    path.write_text("old")
    tracing = strace("write,fsync,rename", "/dev/null", call)
    arguments = ("audit", "--quiet", *CONTOSO, "--report", str(path))
    alone = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}  # no write but ours

    ended = ran([*tracing, *program(*arguments)], alone)

    assert ended.returncode == code, ended.stderr
    assert told in ended.stderr.decode()
    assert (path.read_text() == "old") is not new
    assert ended.stderr.count(b"error: ") == (code == 74)
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_is_synced_before_it_has_its_name(tmp_path: Path, strace: Strace) -> None:
    """Write, fsync, rename, and fsync of the folder, in this order."""
    path, trace = tmp_path / "there" / "report.json", tmp_path / "trace"
    path.parent.mkdir()

    ran([*strace("write,fsync,rename", trace), *program("audit", *CONTOSO, "--report", str(path))])

    folder = re.escape(str(path.parent))
    assert_in_order(
        trace,
        rf'write\(\d+<{folder}/\.contacts-audit\..*\.tmp>, "{{',
        rf"fsync\(\d+<{folder}/\.contacts-audit\..*\.tmp>",
        rf'rename\("{folder}/\.contacts-audit\..*\.tmp", "{folder}/report.json"',
        rf"fsync\(\d+<{folder}>",
    )


def test_the_names_of_folder_and_journal_are_on_disk_before_the_first_put(
    azure: AzureDouble, tmp_path: Path, strace: Strace
) -> None:
    """A new state folder is synced into the one above it, and the journal's name into it."""
    azure.add("Prod")
    state, trace = tmp_path / "above" / "state", tmp_path / "trace"
    arguments = ("apply", *WISH, "--yes", "--state-dir", str(state))
    tracing = strace("mkdir,openat,fsync,rename,write", trace)

    assert ran([*tracing, *program(*arguments)], surroundings(azure)).returncode == 0

    above, folder = re.escape(str(tmp_path)), re.escape(str(state))
    assert_in_order(
        trace,
        rf'mkdir\("{above}/above", 0700\)',
        rf"fsync\(\d+<{above}>",
        rf'mkdir\("{folder}", 0700\)',
        rf"fsync\(\d+<{above}/above>",
        rf'rename\(.*"{folder}/backup-',
        rf'openat\(.*"{folder}/journal-.*O_EXCL',
        rf"fsync\(\d+<{folder}>",
        rf'write\(\d+<{folder}/journal-.*\\"sent\\"',
    )


def assert_in_order(trace: Path, *patterns: str) -> None:
    """Check that a line for each of *patterns* follows one for the pattern before."""
    calls = iter(trace.read_text().splitlines())
    for pattern in patterns:
        assert any(re.search(pattern, call) for call in calls), pattern


# A full disk


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
    """74 in one line; an old file stands, no half of a new one does, and nothing was changed."""
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


# Folders that cannot be written


def without_power(command: Sequence[str]) -> list[str]:
    """Return *command* as one whom the modes of a folder bind, whoever we are."""
    capabilities = "-dac_override,-dac_read_search"
    mighty = ["setpriv", "--bounding-set", capabilities, "--inh-caps", capabilities]
    return [*mighty, *command] if os.geteuid() == 0 else list(command)


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
    """One line; nobody waits an hour for a report that has no place."""
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
    """What was read is on stdout, and the other report is written."""
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


# Whose the files are


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_modes_whatever_the_umask(azure: AzureDouble, tmp_path: Path, mask: int) -> None:
    """All is for us alone, folders above the state folder too; the metrics are for all."""
    azure.add("Prod")
    tmp_path.chmod(0o755)
    names = ("r.json", "r.csv", "r.html", "r.prom")
    reports = [word for name in names for word in ("--report", str(tmp_path / name))]
    state = tmp_path / "a" / "state"
    record = str(tmp_path / "b" / "record")
    script = "\n".join(
        f"{' '.join(program(*arguments))} || test $? -eq 3 || exit 1"
        for arguments in (
            ("audit", *reports, "--record", record),
            ("plan", *WISH, "--save", str(tmp_path / "plan.json")),
            ("apply", *WISH, "--yes", "--state-dir", str(state)),
        )
    )

    umask = f"umask {mask:04o}; {script}"
    ended = ran(["sh", "-c", umask], surroundings(azure))

    assert ended.returncode == 0, ended.stderr
    private = dict.fromkeys((*names[:3], "plan.json"), "0o600")
    assert modes(tmp_path) == {**private, "r.prom": "0o644", "a": "0o700", "b": "0o700"}
    assert modes(state) == {"backup": "0o600", "journal": "0o600", "lock": "0o600"}
    assert {*modes(Path(record)).values()} == {"0o600"}
    assert {*modes(state.parent).values(), *modes(tmp_path / "b").values()} == {"0o700"}


def test_planted_links_are_not_followed(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Neither by a report, nor by a plan, nor by the lock: what they point to stays as it was."""
    azure.add("Prod")
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    state = tmp_path / "state"
    state.mkdir()
    for link in (tmp_path / "r.json", tmp_path / "plan.json", state / "lock"):
        link.symlink_to(theirs)

    report = run("audit", "--report", str(tmp_path / "r.json"))
    plan = run("plan", *WISH, "--save", str(tmp_path / "plan.json"))
    applied = run("apply", *WISH, "--yes", "--state-dir", str(state))

    assert (report.code, plan.code, applied.code) == (3, 3, 74)
    assert theirs.read_text() == "theirs"
    assert azure.writes() == []
    assert [each.is_symlink() for each in (tmp_path / "r.json", tmp_path / "plan.json")] == [
        False
    ] * 2


def test_a_folder_may_be_a_link(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """Where a user keeps reports is the user's to say; the report goes there."""
    azure.add("Prod", contacts_2017=GOOD)
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to("disk")

    assert run("audit", "--report", str(tmp_path / "reports" / "r.json")).code == 0

    assert json.loads((tmp_path / "disk" / "r.json").read_text())["exit_code"] == 0
    assert (tmp_path / "reports").is_symlink()


# What is no file


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
    """Also where it is a file; nothing in /dev is renamed over, not even by root."""
    (tmp_path / "dev").symlink_to("/dev")
    target = spelling.replace("LINK", str(tmp_path / "dev"))
    option = ["--report", target] if command == "audit" else [*WISH, "--save", target]
    before = Path("/dev/stdout").readlink()
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            program(command, *CONTOSO, *option),
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], **coverage_variables()},
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
    """However it is spelt, and before anything is sent."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(".")

    with contextlib.chdir(tmp_path):
        ended = run("audit", "--report", one, "--report", other)

    assert (ended.code, azure.asked) == (2, [])
    assert "given twice" in ended.err


def test_devices_and_pipes_are_written_through(tmp_path: Path) -> None:
    """A report goes into each of them, a full one is 74, and all are what they were."""
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
    """As of any output; silently."""
    command = " ".join(program("audit", "-q", *CONTOSO, "--report", "/dev/stdout"))
    line = f"{command} 2>{tmp_path}/err; echo $? >&3"
    (tmp_path / "code").touch()

    ran(["bash", "-c", f"{{ sleep 0.1; {line}; }} 3>{tmp_path}/code | true"])

    assert (tmp_path / "code").read_text() == "141\n"
    assert "error" not in (tmp_path / "err").read_text()


# Terminals and cron


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
        os.execve(command[0], [*command], {**environment, **coverage_variables()})  # noqa: S606
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
    """130 within two seconds; the cursor that the bar hid is back, and no traceback shows."""
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
    """Typed twice at once it is two signals, or one: either way 130, and the journal is whole."""
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
    """In `/` with an empty environment, by sh: mail the first night, none the second."""
    azure.add("Prod", contacts_2017=GOOD)
    sandbox = azure.add("Sandbox")
    crontab = (ROOT / "README.md").read_text().split("```crontab\n")[1].split("```")[0]
    (line,) = [line for line in crontab.splitlines() if re.match(r"\d", line)]
    command = line.split(maxsplit=5)[5].replace("/var/lib/node_exporter", str(tmp_path))
    assert "%" not in command  # cron would end the line there
    variables = surroundings(azure, PYTHONPATH=str(ROOT)) | coverage_variables()
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

"""Whatever moment a process dies or a disk fails, no file is half written."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run, program, run_in, surroundings
from core.disks import CONTOSO, GOOD, WISH, Strace, ran

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
    """The process is killed at each call in turn, from the first to the last."""
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
    """Without strace, too: a process that writes again and again is killed at random."""
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
    """Report, plan and backup are old or whole; without a backup there is no PUT."""
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
    """Files are whole except at most one, and a replay of them never looks whole."""
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
def test_a_disk_that_fails(
    tmp_path: Path, strace: Strace, call: str, error: str, code: int, told: str, new: bool
) -> None:
    """
    74 and whether the old file still stands; no temporary file is left.

    The first write is the line about the recording.
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
    """The order is write, fsync, rename, and fsync of the folder."""
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
    """The parent of a new state folder is synced, and the folder for the journal."""
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

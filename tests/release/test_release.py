"""What a release hands out: the same bytes each time, whole, and of use without the repository."""

import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from conftest import ROOT
from pythons import resolve, supported
from release.pyz import guard, pythons_of
from release.runtime import pins
from smoke.run import smoke

from contacts_audit import __version__

OLDER = [f"python3.{minor}" for minor in range(6, 11)]
OURS = {EXTENSION_SUFFIXES[0]: "3.11"}
LOCK = ROOT / "requirements.lock"


def build(source: Path, to: Path) -> tuple[Path, Path]:
    """Build the sdist and the wheel of *source* in the folder *to*."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(to)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    name = f"contacts_audit-{__version__}"
    return to / f"{name}.tar.gz", to / f"{name}-py3-none-any.whl"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build both, once."""
    return build(ROOT, tmp_path_factory.mktemp("built"))


def test_the_sdist_builds_itself_and_the_wheel_again(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    """To the byte, in another folder, whatever the modes and times of its files are there."""
    with tarfile.open(built[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for path in source.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))

    again = build(source, tmp_path / "again")

    assert [each.read_bytes() for each in again] == [each.read_bytes() for each in built]


def test_the_sdist_holds_what_its_own_tests_need(built: tuple[Path, Path]) -> None:
    """`make test` works there as in a clone; nothing of this machine is in it."""
    with tarfile.open(built[0]) as archive:
        members = archive.getmembers()
    held = {member.name.partition("/")[2] for member in members}

    needed = ("Makefile", "requirements.lock", "tests/ocsf.txt", ".ci/run", "README.md", "LICENSE")
    assert {*needed, "fixtures/contoso/recording.json", "docs/policy.md"} <= held
    assert not [name for name in held if name.startswith((".venv", ".git/", "dist/"))]
    assert {(one.uid, one.gid, one.uname, one.mtime) for one in members} == {
        (0, 0, "", 1_767_225_600)
    }


def test_every_command_runs_from_the_wheel_alone(built: tuple[Path, Path], tmp_path: Path) -> None:
    """The page, the schema and the words of completion are in it."""
    with zipfile.ZipFile(built[1]) as archive:
        archive.extractall(tmp_path)  # noqa: S202 - we have just built it
    asked = [sys.executable, "-c", "import contacts_audit; print(contacts_audit.__file__)"]
    variables = {"PYTHONPATH": str(tmp_path)}
    place = subprocess.run(asked, env=variables, cwd="/", capture_output=True, check=True).stdout

    assert place.decode().startswith(str(tmp_path))
    assert smoke([sys.executable, "-m", "contacts_audit"], **variables) > 40


def archive_of(tmp_path: Path, bootstrap: str, held: dict[str, str]) -> Path:
    """Return an archive that starts as ours does, with *bootstrap* in the place of shiv's."""
    raw, path = tmp_path / "raw.pyz", tmp_path / "contacts-audit.pyz"
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("_bootstrap.py", f"import sys\ndef bootstrap():\n    {bootstrap}\n")
        archive.writestr("__main__.py", "")
    guard(raw, path, held)
    return path


def started(archive: Path, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
    """Start the *archive*."""
    command = [python, str(archive), "audit"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_archive_runs_where_it_holds_the_libraries(tmp_path: Path) -> None:
    """What it starts is shiv's, with the arguments of the user."""
    archive = archive_of(tmp_path, "print(sys.argv[1:])", OURS)

    ran = started(archive)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "['audit']\n", "")
    assert archive.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    assert archive.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("held", [{}, {".cpython-399-x86_64-linux-gnu.so": "3.99"}])
def test_a_python_without_libraries_is_refused_in_a_line(
    tmp_path: Path, held: dict[str, str]
) -> None:
    """Before anything is unpacked; the Pythons that would do are named."""
    ran = started(archive_of(tmp_path, "print('unpacked')", held))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(
        f"error: contacts-audit.pyz runs under CPython {'3.99' * len(held)}"
    )
    assert f"not under {sys.executable} (Python {sys.version.split()[0]}" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("name", OLDER)
def test_an_older_python_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    """Of those that are here: it can read the first file of the archive."""
    found = resolve(name)
    if found is None:
        pytest.skip(f"no {name} is here")

    ran = started(archive_of(tmp_path, "print('unpacked')", OURS), found[0])

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("error: contacts-audit.pyz runs under CPython 3.11 on Linux")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "failure",
    ["raise PermissionError(13, 'Permission denied', '/h/.shiv')", "raise RuntimeError('no home')"],
)
def test_an_archive_that_cannot_be_unpacked_says_so_in_a_line(tmp_path: Path, failure: str) -> None:
    """And which variable names another folder."""
    ran = started(archive_of(tmp_path, failure, OURS))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("error: contacts-audit.pyz cannot unpack itself: ")
    assert "SHIV_ROOT" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_an_error_of_the_program_is_not_one_of_unpacking(tmp_path: Path) -> None:
    """Once the program was imported, its errors stay what they are."""
    failure = "sys.modules['contacts_audit'] = sys; raise OSError('ours')"

    ran = started(archive_of(tmp_path, failure, OURS))

    assert "OSError: ours" in ran.stderr
    assert "unpack itself" not in ran.stderr


def test_a_library_that_lacks_a_python_is_found(tmp_path: Path) -> None:
    """While the archive is built, not where it is used."""
    for python in ("311", "312"):
        (tmp_path / f"jq.cpython-{python}-x86_64-linux-gnu.so").touch()
    (tmp_path / "any.abi3.so").touch()

    assert [*pythons_of(tmp_path, ["3.11", "3.12"]).values()] == ["3.11", "3.12"]
    with pytest.raises(ValueError, match="holds libraries for"):
        pythons_of(tmp_path, ["3.11", "3.12", "3.13"])


def test_what_is_pinned_for_users_is_what_the_program_needs(tmp_path: Path) -> None:
    """All of it, under each Python, and no tool of ours."""
    names = {line.split("==")[0] for line in pins(LOCK, supported()).splitlines() if "==" in line}

    assert {"requests", "msal", "jq", "typer", "cryptography", "pydantic-core"} <= names
    assert names.isdisjoint({"pytest", "ruff", "mypy", "hatchling", "contacts-audit"})


def test_a_lock_that_lacks_something_is_refused(tmp_path: Path) -> None:
    """A dependency was added, and `make lock` was not run."""
    text = LOCK.read_text().replace("\nmsal==", "\nnone==")
    (tmp_path / "lock").write_text(text)

    with pytest.raises(ValueError, match="does not pin msal: run make lock"):
        pins(tmp_path / "lock", supported())


def test_the_tools_of_a_release_are_pinned() -> None:
    """By digest: each that is named."""
    folder = ROOT / "tests/release"
    named = [
        each for each in (folder / "requirements.in").read_text().split("\n") if each[:1] > "#"
    ]

    assert len(named) == 4
    text = (folder / "requirements.txt").read_text()
    assert all(f"\n{name}==" in text for name in named)

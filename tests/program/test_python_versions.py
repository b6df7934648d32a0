"""The program runs under each Python that it names, and refuses an older one in a line."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from pythons import resolve, supported

INIT = ROOT / "contacts_audit/__init__.py"
OLDER = [f"python3.{minor}" for minor in range(6, 11)]


def test_the_first_file_can_be_read_by_any_python_3() -> None:
    """It says that the Python is too old, which one that cannot read it would not say."""
    found = list(ast.walk(ast.parse(INIT.read_text(), feature_version=(3, 4))))

    assert [ast.unparse(each) for each in found if isinstance(each, ast.Import)] == ["import sys"]
    assert not [each for each in found if isinstance(each, ast.ImportFrom | ast.JoinedStr)]


@pytest.mark.parametrize("argument", ["--version", "audit"])
def test_an_older_python_is_refused_in_a_line(argument: str) -> None:
    """Also by `--version`, and before anything else is imported."""
    code = (
        f"import sys; sys.version_info = (3, 10, 13); sys.version = '3.10.13 (main)'; "
        f"sys.argv = ['contacts-audit', {argument!r}]; "
        "import contacts_audit.__main__; contacts_audit.__main__.main()"
    )

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert (ran.returncode, ran.stdout) == (1, b"")
    line = b"error: contacts-audit needs Python 3.11 or newer; this is 3.10.13\n"
    assert ran.stderr == line


def test_make_refuses_an_older_python_in_the_same_line(tmp_path: Path) -> None:
    """Before it makes an environment, in which pip would fail at length."""
    older = "import sys; sys.version_info = (3, 10, 13); sys.version = '3.10.13 (main)'"
    (tmp_path / "sitecustomize.py").write_text(older)

    ran = subprocess.run(
        ["make", "-s", "demo", f"VENV={tmp_path}/venv"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    line = "error: contacts-audit needs Python 3.11 or newer; this is 3.10.13"
    assert (ran.returncode, line in ran.stderr.splitlines()) == (2, True)
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("name", OLDER)
def test_a_real_older_python_is_refused(name: str) -> None:
    """Of those that are here."""
    found = resolve(name)
    if found is None:
        pytest.skip(f"no {name} is here")

    command = [found[0], "-B", "-m", "contacts_audit", "audit"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)

    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"error: contacts-audit needs Python 3.11 or newer; this is 3.")
    assert ran.stderr.count(b"\n") == 1


def test_the_oldest_supported_python_is_the_one_that_is_asked_for() -> None:
    """In pyproject.toml, in the first file, and in the README."""
    oldest = supported()[0]

    assert f'requires-python = ">={oldest}"' in (ROOT / "pyproject.toml").read_text()
    assert str(tuple(map(int, oldest.split(".")))) in INIT.read_text()
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text()


def test_a_python_is_found_by_name_and_by_path() -> None:
    """Where it really is, so that an environment does not hang on a shim."""
    own = "{}.{}".format(*sys.version_info)

    assert resolve(sys.executable) == (sys.executable, own)
    assert resolve("python3.99") is None
    assert resolve(str(Path("/nonexistent/python3"))) is None

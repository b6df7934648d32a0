"""
Finds the Pythons of this machine, and runs a target of the Makefile under each.

`pythons.py NAME` prints where NAME (`python3.13`, or a path) really is, and its version;
`pythons.py each TARGET` is `make test-all`, and `pythons.py others TARGET` leaves out `python3`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASKED = "import sys, venv, ensurepip; print(sys.executable, '%d.%d' % sys.version_info[:2])"


def supported() -> list[str]:
    """Return the versions that pyproject.toml names, the oldest first."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)


def resolve(name: str) -> tuple[str, str] | None:
    """Return path and version of the Python called *name*; None where none runs by that name."""
    for path in _places(name):
        try:
            ran = subprocess.run(
                [path, "-I", "-c", ASKED], capture_output=True, text=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        path, _, version = ran.stdout.strip().rpartition(" ")
        if ran.returncode == 0:
            return path, version
    return None


def _places(name: str) -> Iterator[str]:
    """Yield where a Python called *name* may be: in PATH, then among those of pyenv."""
    if os.sep in name:
        yield name
        return
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/*/bin/{name}"), reverse=True))


def run_each(target: str, *, others: bool) -> int:
    """Make *target* under each supported Python that is here; return the exit code."""
    base, default = os.environ.get("VENV", ".venv"), resolve("python3")
    told = {}
    for version in supported():
        found = resolve(f"python{version}")
        is_default = default is not None and default[1] == version
        if is_default and others:
            continue
        if found is None:
            told[version] = "not here"
            continue
        venv = base if is_default else f"{base}-{version}"
        print(f"== make {target} under Python {version}: {found[0]}", flush=True)  # noqa: T201
        made = subprocess.run(
            ["make", target, f"PYTHON={found[0]}", f"VENV={venv}"], cwd=ROOT, check=False
        )
        told[version] = "passed" if made.returncode == 0 else "FAILED"
    for version, verdict in told.items():
        print(f"{target} under Python {version}: {verdict}")  # noqa: T201
    return int("FAILED" in told.values())


def main() -> int:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["each" | "others" as which, target]:
            return run_each(target, others=which == "others")
        case [name]:
            if found := resolve(name):
                print(*found)  # noqa: T201
                return 0
            sys.stderr.write(f"error: no Python with venv and ensurepip runs as {name}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

"""What the program needs at run time, as requirements.lock pins it: fetched once, as wheels."""

import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WHEELS = Path(sys.executable).parents[1] / "release/wheels"
GLIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")  # of the wheels that are taken
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
EXACTLY = ("-q", "--no-deps", "--require-hashes", "--only-binary=:all:")
PINNED = re.compile(r"^([a-z0-9-]+)==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)


def pins(lock: Path, pythons: list[str]) -> str:
    """
    Return the part of *lock* that the program needs under any of the *pythons* ("3.11").

    Raises:
        ValueError: the lock lacks something.
    """
    needed = set[str]().union(*(_needed(version) for version in pythons))
    found = {match[1]: match[0] for match in PINNED.finditer(lock.read_text(encoding="utf-8"))}
    if missing := needed - found.keys():
        raise ValueError(f"{lock} does not pin {', '.join(sorted(missing))}: run make lock")
    return "".join(found[name] for name in sorted(needed))


def of_python(version: str) -> Sequence[str]:
    """Return the options by which pip takes the wheels of the Python *version*, on this machine."""
    machine = platform.machine()
    places = [word for libc in GLIBC for word in ("--platform", f"{libc}_{machine}")]
    return ["--implementation", "cp", "--python-version", version, *places]


def fetch(needed: Path, pythons: Iterable[str]) -> None:
    """
    See the wheels of what *needed* pins in the folder WHEELS, for each of the *pythons*.

    Raises:
        subprocess.CalledProcessError: pip failed: a wheel is missing, or has another digest.
    """
    for version in pythons:
        command = [*PIP, "download", *EXACTLY, *of_python(version), "-d", str(WHEELS)]
        subprocess.run([*command, "-r", str(needed)], check=True)


def install(needed: Path, how: Sequence[str], *, python: Path | None = None) -> None:
    """
    Install what *needed* pins from the folder WHEELS, in the environment of *python* or as *how*.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    into = () if python is None else ("--python", str(python))
    offline = ["--no-index", "--find-links", str(WHEELS)]
    command = [*PIP, *into, "install", "--no-compile", *EXACTLY, *offline, *how]
    subprocess.run([*command, "-r", str(needed)], check=True)


def _needed(version: str) -> set[str]:
    """Return the names of what is imported, directly or not, as installed beside this Python."""
    seen = {("contacts-audit", "")}
    left = [*seen]
    while left:
        name, extra = left.pop()
        for line in requires(name) or ():
            wanted = Requirement(line)
            about = {"python_version": version, "python_full_version": f"{version}.0"}
            if wanted.marker is None or wanted.marker.evaluate({**about, "extra": extra}):
                extras = ("", *wanted.extras)
                new = {(canonicalize_name(wanted.name), each) for each in extras} - seen
                seen |= new
                left += new
    return {name for name, _ in seen} - {"contacts-audit"}

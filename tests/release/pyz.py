"""Builds contacts-audit.pyz: one file that runs under each supported Python of this platform."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from release.runtime import install, of_python

START = Path(__file__).with_name("start.py")
SHEBANG = "/usr/bin/env python3"
OF_ITS_PLACE = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")  # says how it was installed
ABI = re.compile(r"\.cpython-3(\d+)-[^.]+\.so")


def build(shiv: Path, wheel: Path, pins: Path, pythons: Iterable[str], to: Path) -> None:
    """
    Write the archive *to*, from the *wheel* and what *pins* names, in a folder beside it.

    Raises:
        subprocess.CalledProcessError: pip or shiv failed.
        ValueError: a library lacks a build for one of the *pythons*.
    """
    packages = to.with_name("site-packages")
    for version in sorted(pythons, key=_by_number, reverse=True):
        each = to.with_name(f"site-packages-{version}")
        install(pins, [*of_python(version), "--target", str(each)])
        shutil.copytree(each, packages, dirs_exist_ok=True)  # the oldest last: its ABI serves all
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    _make_neutral(packages)
    held = pythons_of(packages, pythons)
    raw = to.with_name("raw.pyz")
    entry = "contacts_audit.__main__:main"
    command = [shiv, "--site-packages", packages, "-e", entry, "-p", SHEBANG, "-o", raw]
    subprocess.run(list(map(str, command)), check=True)
    guard(raw, to, held)


def _by_number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _make_neutral(packages: Path) -> None:
    """Remove what tells of this machine, and give each file the mode that it has everywhere."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for path in packages.rglob("*"):
        if path.parent.suffix == ".dist-info" and path.name in OF_ITS_PLACE:
            path.unlink()
        else:
            path.chmod(0o755 if path.is_dir() else 0o644)


def pythons_of(packages: Path, pythons: Iterable[str]) -> Mapping[str, str]:
    """
    Return the Python of each ending of the C extensions in *packages*.

    Raises:
        ValueError: a library lacks a build for one of the *pythons*.
    """
    files = [(path.parent, ABI.search(path.name)) for path in packages.rglob("*.so")]
    found = [(folder, match) for folder, match in files if match]
    told = {match[0]: f"3.{match[1]}" for _, match in found}
    for folder in {folder for folder, _ in found}:
        held = {told[match[0]] for one, match in found if one == folder}
        if held != {*pythons}:
            raise ValueError(f"{folder} holds libraries for {', '.join(sorted(held))} alone")
    return dict(sorted(told.items(), key=lambda item: _by_number(item[1])))


def guard(raw: Path, to: Path, held: Mapping[str, str]) -> None:
    """Copy the archive *raw*, with our start in the place of shiv's."""
    start = START.read_text(encoding="utf-8").replace("HELD = {}", f"HELD = {dict(held)!r}")
    with zipfile.ZipFile(raw) as old, to.open("wb") as file:
        file.write(f"#!{SHEBANG}\n".encode())
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
            for each in old.infolist():
                content = start.encode() if each.filename == "__main__.py" else old.read(each)
                new.writestr(each, content)
    to.chmod(0o755)

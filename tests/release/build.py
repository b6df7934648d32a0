"""
Builds what a release hands out, from the last commit, into `dist/`: `make dist`.

The wheel, the sdist, contacts-audit.pyz, requirements.txt with what the wheel needs, a bill of
materials (CycloneDX) and SHA256SUMS.  All are built twice, in other folders and by another umask,
and must be the same to the byte.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pythons import ROOT, supported
from release import pyz
from release.runtime import fetch, install, pins

DIST = ROOT / "dist"
TOOLS = Path(sys.executable).parents[1] / "release/bin"
SUMS = "SHA256SUMS"


class BuildError(Exception):
    """The release cannot be built so."""


def last_commit() -> tuple[str, str]:
    """
    Return the last commit, and its time in seconds since 1970.

    Raises:
        BuildError: this is no clone.
    """
    git = ["git", "-C", str(ROOT)]
    ran = subprocess.run(
        [*git, "log", "-1", "--format=%H %ct"], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise BuildError("make dist builds the last commit: it needs a clone, and git")
    changed = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    if changed.stdout:
        sys.stderr.write(f"not in it, as it is not committed:\n{changed.stdout}")
    commit, seconds = ran.stdout.split()
    return commit, seconds


def build(commit: str, to: Path) -> None:
    """
    Build everything in the empty folder *to*, in its folder `out`.

    Raises:
        subprocess.CalledProcessError: a tool failed.
        ValueError: something is missing.
    """
    source, out = to / "source", to / "out"
    with tempfile.TemporaryFile() as file:
        subprocess.run(["git", "-C", ROOT, "archive", commit], stdout=file, check=True)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            archive.extractall(source, filter="data")
    hatch = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run(hatch, cwd=source, check=True)
    (wheel,) = out.glob("*.whl")
    needed = out / "requirements.txt"
    needed.write_text(pins(source / "requirements.lock", supported()), encoding="utf-8")
    fetch(needed, supported())
    archive_path = to / "contacts-audit.pyz"
    pyz.build(TOOLS / "shiv", wheel, needed, supported(), archive_path)
    shutil.move(archive_path, out)
    write_bill(needed, source, wheel.name.split("-")[1], to)


def write_bill(needed: Path, source: Path, version: str, to: Path) -> None:
    """
    Write the bill of materials of what the program *needed* at run time: CycloneDX 1.6, as JSON.

    Raises:
        subprocess.CalledProcessError: it could not be made, or is not valid.
    """
    environment = to / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    install(needed, (), python=environment / "bin/python")
    about = to / "pyproject.toml"
    text = (source / "pyproject.toml").read_text(encoding="utf-8")
    about.write_text(text.replace('dynamic = ["version"]', f'version = "{version}"'), "utf-8")
    bill = [TOOLS / "cyclonedx-py", "environment", "--sv", "1.6", "--output-reproducible"]
    bill += ["--validate", "--pyproject", about]
    bill += ["-o", to / f"out/contacts_audit-{version}.cdx.json", environment / "bin/python"]
    subprocess.run(list(map(str, bill)), check=True)


def digests(folder: Path) -> Mapping[str, str]:
    """Return the SHA-256 of each file in *folder*, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def check(folder: Path) -> None:
    """
    Let those judge who know the formats.

    Raises:
        subprocess.CalledProcessError: one finds a fault.
    """
    (wheel,), (sdist,), (bill,) = map(folder.glob, ("*.whl", "*.tar.gz", "*.cdx.json"))
    subprocess.run([TOOLS / "twine", "check", "--strict", wheel, sdist], check=True)
    subprocess.run([TOOLS / "check-wheel-contents", wheel], check=True)
    document = json.loads(bill.read_text(encoding="utf-8"))
    print(f"{bill.name}: {document['specVersion']}, {len(document['components'])} components")  # noqa: T201


def main() -> int:
    """Build twice, compare, check, and hand out."""
    commit, seconds = last_commit()
    os.environ["SOURCE_DATE_EPOCH"] = seconds
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder, mask in ((one, 0o022), (two, 0o077)):
            os.umask(mask)
            build(commit, Path(folder))
        os.umask(0o022)
        first, second = (digests(Path(folder) / "out") for folder in (one, two))
        if differing := [name for name in first if first[name] != second.get(name)]:
            raise BuildError(f"two builds differ: {', '.join(differing)}")
        check(Path(one) / "out")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(Path(one) / "out", DIST)
    lines = (f"{digest}  {name}\n" for name, digest in first.items())
    (DIST / SUMS).write_text("".join(lines), encoding="utf-8")
    print(f"dist/: {', '.join([*first, SUMS])}, of commit {commit}")  # noqa: T201
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BuildError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"dist: {error}")

"""
Tries what `make dist` built, as a user has it: without the repository, in empty environments.

The wheel and the sdist are installed, and the archive is copied; every command runs under each
supported Python that is here.  The archive must refuse older ones in a line.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pythons import resolve, supported
from release.build import DIST
from release.runtime import PIP, install
from smoke.run import Wrong, smoke

OLDER = [f"python3.{minor}" for minor in range(6, 11)]


def wheel_of(sdist: Path, wheel: Path, to: Path) -> Path:
    """
    Build the wheel of the *sdist* in the folder *to*, as its user's pip does.

    Raises:
        Wrong: it is another than the *wheel* that is handed out.
    """
    with tarfile.open(sdist) as archive:
        times = {member.mtime for member in archive}
    os.environ["SOURCE_DATE_EPOCH"] = str(int(*times))
    command = [*PIP, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(to), str(sdist)]
    subprocess.run(command, check=True)
    built = to / wheel.name
    if built.read_bytes() != wheel.read_bytes():
        raise Wrong(f"{sdist.name} builds another {wheel.name}")
    return built


def installed(wheel: Path, python: str, environment: Path) -> list[str]:
    """Install the *wheel* and what it needs in a new *environment*; return the program in it."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(environment)], check=True)
    own = environment / "bin/python"
    install(DIST / "requirements.txt", (), python=own)
    command = [*PIP, "--python", str(own), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True)
    return [str(environment / "bin/contacts-audit")]


def refused(archive: Path, python: str) -> None:
    """
    See an older *python* refused in a line.

    Raises:
        Wrong: it is not.
    """
    ran = subprocess.run(
        [python, str(archive), "audit"], capture_output=True, text=True, check=False
    )
    if (ran.returncode, ran.stdout, ran.stderr.count("\n")) != (1, "", 1):
        raise Wrong(f"{python} {archive.name} ended with {ran.returncode}: {ran.stderr}")


def programs(scratch: Path, version: str, python: str) -> Mapping[str, Sequence[str]]:
    """Return the program as each file of the release brings it, in folders of *scratch*."""
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    place = scratch / version
    place.mkdir()
    archive = shutil.copy(DIST / "contacts-audit.pyz", place)
    return {
        wheel.name: installed(wheel, python, place / "wheel"),
        sdist.name: installed(wheel_of(sdist, wheel, place), python, place / "sdist"),
        "contacts-audit.pyz": [python, str(archive)],
    }


def main() -> int:
    """Try all, and say what was tried."""
    os.umask(0o022)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=DIST, check=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for version in supported():
            found = resolve(f"python{version}")
            if found is None:
                print(f"Python {version} is not here: not tried")  # noqa: T201
                continue
            for file, program in programs(scratch, version, found[0]).items():
                runs = smoke(program, SHIV_ROOT=str(scratch / "unpacked"))
                print(f"Python {version}, {file}: {runs} runs, all as told")  # noqa: T201
        older = [found[0] for each in OLDER if (found := resolve(each))]
        for python in older:
            refused(DIST / "contacts-audit.pyz", python)
        print(f"{len(older)} older Pythons are refused in a line")  # noqa: T201
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Wrong, subprocess.CalledProcessError) as error:
        sys.exit(f"dist: {error}")

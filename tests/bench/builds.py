"""The builds of the program that are measured: this tree, and another revision of it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import Run, measured

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Build:
    """The program as pip installed it into *folder*, with the dependencies of this environment."""

    name: str
    folder: Path

    def run(self, environment: Mapping[str, str], *words: str) -> Run:
        """Run the program with the arguments *words*, whatever the current folder holds."""
        return measured(
            [sys.executable, "-P", "-m", "contacts_audit", *words],
            {**environment, "PYTHONPATH": str(self.folder)},
        )


@contextmanager
def builds(against: str | None) -> Iterator[tuple[Build, Build | None]]:
    """Yield a build of this tree, and one of the revision *against*, for as long as they last."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        ours = _installed("ours", ROOT, folder / "ours")
        if against is None:
            yield ours, None
            return
        archive = subprocess.check_output(["git", "archive", against], cwd=ROOT)
        with tarfile.open(fileobj=BytesIO(archive)) as tree:
            tree.extractall(folder / "source", filter="data")
        yield ours, _installed(against, folder / "source", folder / "theirs")


def _installed(name: str, source: Path, folder: Path) -> Build:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", folder, source], check=True
    )
    return Build(name, folder)

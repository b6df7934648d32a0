"""What tests of files share."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


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

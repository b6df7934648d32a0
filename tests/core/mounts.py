"""Runs in folders that are mounts, or that refuse what a disk grants."""

import os
import subprocess
from collections.abc import Sequence

from conftest import ROOT

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CONTOSO = ("audit", "-q", "--replay", str(ROOT / "fixtures/contoso"))
Ran = subprocess.CompletedProcess[str]


def ran(command: Sequence[str], **variables: str) -> Ran:
    """Run *command* to its end, with what it needs and *variables*."""
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

"""Copies of a recording, changed as a stranger could change them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import ROOT, Ran

from contacts_audit.azure.recording.folder import Recording

CONTOSO = ROOT / "fixtures" / "contoso"


MOMENT = Recording.read(CONTOSO).recorded.strftime("%Y-%m-%dT%H:%M:%SZ")


def changed(path: Path, change: Callable[[Any], object]) -> None:
    """Apply *change* to the JSON in *path*."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def everywhere(folder: Path, old: str, new: str) -> None:
    """Replace *old* by *new* in each file of *folder*."""
    for path in folder.iterdir():
        path.write_text(path.read_text().replace(old, new))


def refused(ran: Ran) -> None:
    """Check that *ran* ended as wrong usage, in one line."""
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1), ran.err
    assert ran.err.startswith("error: --replay: ")

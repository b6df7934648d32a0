"""The fixture that all tests of plan, apply and restore share."""

from pathlib import Path

import pytest
from conftest import Run
from remediation.workspace import Workspace


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Workspace:
    """Return the program, and a folder for its files."""
    return Workspace(run, tmp_path)

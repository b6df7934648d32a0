"""Fixtures of the tests of recordings."""

import shutil
from pathlib import Path

import pytest
from azure.recording.copies import CONTOSO


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of a recording."""
    copy = tmp_path / "recording"
    shutil.copytree(CONTOSO, copy)
    return copy

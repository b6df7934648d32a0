"""A policy file for the tests of this folder."""

from pathlib import Path

import pytest
from audit.judged_runs import Write


@pytest.fixture
def policy(tmp_path: Path) -> Write:
    """Return what writes a policy, and tells its name."""

    def write(text: str) -> str:
        file = tmp_path / "policy.toml"
        file.write_text(text)
        return str(file)

    return write

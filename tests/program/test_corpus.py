"""What the fuzzer starts from, and what it once found, holds without the fuzzer too."""

import runpy
from pathlib import Path

import pytest
from conftest import ROOT

FUZZ = ROOT / "tests/fuzz"
TARGETS = runpy.run_path(str(FUZZ / "targets.py"))["TARGETS"]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        pytest.param(path.parent.name, path, id=f"{path.parent.name}-{path.name}")
        for path in sorted(FUZZ.glob("corpus/*/*"))
    ],
)
def test_each_input_of_the_corpus_is_read_or_refused(target: str, path: Path) -> None:
    """An error is one of ours, and nothing passes without an address."""
    TARGETS[target](path.read_bytes())


def test_each_target_has_a_corpus() -> None:
    """Each folder of the corpus has a target, too."""
    assert {path.name for path in FUZZ.glob("corpus/*")} == set(TARGETS)

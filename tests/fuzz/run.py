"""
Fuzz a target, guided by what it covers: `make fuzz`, or `run.py TARGET [CORPUS...]`.

FUZZ_SECONDS bounds it.  What crashes is left as `crash-...`: mend, and keep it in the corpus.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
with atheris.instrument_imports(include=["contacts_audit", "tomllib", "json"]):
    from fuzz.targets import TARGETS


def main(target: str, *more: str) -> None:
    """Fuzz *target* from its corpus on; what is new goes to the first of *more*, or nowhere."""
    seconds = os.environ.get("FUZZ_SECONDS", "60")
    with tempfile.TemporaryDirectory() as scratch:
        folders = [*(more or [scratch]), str(HERE / "corpus" / target)]
        limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *limits, "-max_len=4096", *folders], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

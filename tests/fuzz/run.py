"""
Fuzz a target, guided by what it covers: `make fuzz`, or `run.py TARGET [-FLAG...] [FOLDER...]`.

FUZZ_SECONDS bounds it.  What crashes is left as `crash-...`: mend, and keep it in the corpus.
`run.py TARGET -set_cover_merge=1 corpus/TARGET FOLDER` keeps of FOLDER what covers more.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
with atheris.instrument_imports(include=["contacts_audit", "tomllib", "json"]):
    from fuzz.mutator import mutate
    from fuzz.targets import TARGETS


def main(target: str, *more: str) -> int:
    """Fuzz *target* from its corpus on; what is new goes to the first folder, or nowhere."""
    flags = [one for one in more if one.startswith("-")]
    folders = [one for one in more if one not in flags]
    if not folders:
        with tempfile.TemporaryDirectory() as scratch:  # libFuzzer ends its process itself
            return subprocess.call([sys.executable, __file__, target, *flags, scratch])
    if not any("merge" in flag for flag in flags):
        folders.append(str(HERE / "corpus" / target))
    limits = [f"-max_total_time={os.environ.get('FUZZ_SECONDS', '60')}", "-timeout=20"]
    limits += ["-rss_limit_mb=2048", "-max_len=4096"]
    again = f"{sys.executable} {__file__} {target}"  # a merge starts itself once more
    atheris.Setup(
        [again, *limits, *flags, *folders],
        TARGETS[target],
        custom_mutator=lambda data, most, seed: mutate(data, most, seed, atheris.Mutate),
    )
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

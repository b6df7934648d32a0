"""The index of findings/ names each script with the sentence that it begins with."""

import os

from conftest import ROOT

FOLDER = ROOT / "findings"


def test_the_index_is_that_of_the_scripts() -> None:
    """Each script can be run, stops at the first error, and stands in the index."""
    rows = []
    for script in sorted(FOLDER.glob("*.sh")):
        lines = script.read_text().splitlines()
        assert lines[0] == "#!/usr/bin/env bash", script.name
        assert "set -euo pipefail" in lines, script.name
        assert os.access(script, os.X_OK), script.name
        rows.append(f"| [`{script.stem}`]({script.name}) | {lines[1].removeprefix('# ')} |")

    index = (FOLDER / "README.md").read_text()

    assert len(rows) >= 6
    assert [line for line in index.splitlines() if line.startswith("| [")] == rows

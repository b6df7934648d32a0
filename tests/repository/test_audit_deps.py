"""`make audit-deps`: a package that nobody could be asked about is not called safe."""

import json
from typing import Any

import pytest
from audit_deps import verdict

SAFE = {"name": "rich", "version": "15.0", "vulns": []}
SKIPPED = {"name": "jq", "skip_reason": "not found"}
HIT = {"name": "jq", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("found", "code", "says"),
    [
        pytest.param([SAFE, SKIPPED], 0, "1 of 2 packages audited, 0 known", id="none known"),
        pytest.param([SAFE, HIT], 1, "jq 1: PYSEC-1, mended in ['2']", id="one known"),
        pytest.param([SKIPPED, SKIPPED], 0, "nothing was audited", id="all skipped"),
    ],
)
def test_findings_are_reported(found: list[Any], code: int, says: str) -> None:
    """A known vulnerability fails; no answer is reported as no answer."""
    told = verdict(json.dumps({"dependencies": found}), "")

    assert (told[0], says in told[1]) == (code, True)


@pytest.mark.parametrize(
    ("said", "code"),
    [("requests.exceptions.ConnectionError: no route", 0), ("usage: pip-audit", 1)],
)
def test_no_network_is_no_failure_but_a_broken_tool_is(said: str, code: int) -> None:
    """One line says why nothing was audited."""
    assert verdict("", said)[0] == code

"""The role definition grants what the program reads, and no write."""

import json
import re

from conftest import ROOT
from deploy.manifests import DEPLOY

ROLE = json.loads((DEPLOY / "reader-role.json").read_text())


def test_it_reads_and_nothing_else() -> None:
    """Each action ends in /read and has no wildcard; the lists that az wants are there."""
    assert ROLE["Actions"] == sorted(ROLE["Actions"])
    assert all(re.fullmatch(r"Microsoft\.[\w/]+/read", action) for action in ROLE["Actions"])
    assert [ROLE[name] for name in ("NotActions", "DataActions", "NotDataActions")] == [[], [], []]
    assert ROLE["IsCustom"] is True
    assert len(ROLE["Name"]) <= 512
    assert len(ROLE["AssignableScopes"]) == 1


def test_the_readme_names_the_same_actions() -> None:
    """Those of an audit and of a management group."""
    named = re.findall(r"`(Microsoft\.[\w/]+/read)`", (ROOT / "README.md").read_text())

    assert len(named) >= 2
    assert {*named} <= {*ROLE["Actions"]}

"""The page of what Azure does is true to the tests, to the double, and can be found."""

import ast
import re
from dataclasses import fields
from functools import cache

import pytest
from azure_double.unknowns import Unknowns
from conftest import ROOT

PAGE = (ROOT / "docs/azure-behavior.md").read_text()
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "::" in line
]


@cache
def names_in(file: str) -> set[str]:
    """Return the names of the tests in *file*."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_each_behavior_names_a_test_that_exists(row: list[str]) -> None:
    """Each row says all that it must, and the test that it names is there."""
    assert len(row) == 6
    assert all(row)
    file, _, test = row[5].strip("`").partition("::")
    assert test in names_in(file)


def test_every_switch_is_on_the_page() -> None:
    """And every switch on the page exists."""
    named = set(re.findall(r"`(\w+)`", PAGE.partition("## What is not known")[2]))

    switches = {field.name for field in fields(Unknowns)}
    assert switches <= named
    assert {name for name in named if "_" in name} <= switches


def test_the_readme_links_the_page() -> None:
    """The README leads to it."""
    assert "(docs/azure-behavior.md)" in (ROOT / "README.md").read_text()

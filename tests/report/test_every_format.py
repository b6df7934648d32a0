"""Every format shows the same report, whatever text is in it."""

import os
from collections.abc import Callable, Iterator

import pytest
from conftest import ROOT
from report.basic_report import HOSTILE, REPORT, everywhere, harmful, text

from contacts_audit.core.model import (
    Report,
)
from contacts_audit.report import RENDERERS, SUFFIXES, Format

GOLDEN = ROOT / "tests/golden"


def test_every_format_has_a_renderer() -> None:
    """Each format can be printed, and each suffix leads to a format."""
    assert set(RENDERERS) == set(Format)
    assert set(SUFFIXES.values()) <= set(Format)


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        (Format.JSON, "report.json"),
        (Format.JSONL, "report.jsonl"),
        (Format.TSV, "report.tsv"),
        (Format.TABLE, "report.table.txt"),
    ],
)
def test_golden(format_: Format, name: str) -> None:
    """The formats are a contract: `UPDATE_GOLDEN=1` rewrites them, and the diff is reviewed."""
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text(REPORT, format_).encode())

    assert text(REPORT, format_) == golden.read_bytes().decode()


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("hostile", [HOSTILE, "\ud800", "[/]", "\U000e0041"])
def test_hostile_text_is_sanitized(format_: Format, hostile: str) -> None:
    """In every format: nothing steers a terminal, forges a line, or fails to be UTF-8."""
    shown = text(everywhere(hostile), format_)
    lines = len(text(everywhere("plain"), format_).splitlines())

    assert harmful(shown.replace("\t", "") if format_ is Format.TSV else shown) == []
    assert shown.encode()
    assert shown.endswith("\n")
    assert len(shown.splitlines()) == lines


Renderer = Callable[[Report], Iterator[str]]


@pytest.mark.parametrize("render", [pytest.param(RENDERERS[name], id=name) for name in Format])
def test_a_report_is_the_same_twice(render: Renderer) -> None:
    """The same facts give the same bytes."""
    assert list(render(REPORT)) == list(render(REPORT))

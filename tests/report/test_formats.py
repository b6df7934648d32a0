"""The formats for other programs: escaped, stable and streamed."""

import os
import tracemalloc
import unicodedata
from collections.abc import Iterator
from itertools import islice

import pytest
from conftest import ROOT
from report.varied_report import HOSTILE, NO_OWNER, REPORT, Render, everywhere, judged, report, text

from contacts_audit.core.model import (
    Report,
)
from contacts_audit.report import (
    csv_,
    json_,
    junit,
    markdown,
    ocsf,
    prometheus,
)

GOLDEN = ROOT / "tests/golden"
FORMATS: dict[str, Render] = {
    "csv": csv_.render,
    "md": markdown.render,
    "junit.xml": junit.render,
    "ocsf.json": ocsf.render,
    "prom": prometheus.render,
}
every_format = pytest.mark.parametrize(
    "render", [pytest.param(render, id=name) for name, render in FORMATS.items()]
)


@pytest.mark.parametrize(
    ("render", "name"),
    [pytest.param(render, f"report.{name}", id=name) for name, render in FORMATS.items()],
)
def test_golden(render: Render, name: str) -> None:
    """The formats are a contract: `UPDATE_GOLDEN=1` rewrites them, and the diff is reviewed."""
    golden = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text(REPORT, render).encode())

    assert text(REPORT, render) == golden.read_bytes().decode()


@every_format
@pytest.mark.parametrize("hostile", [HOSTILE, "\ud800", "[/]", "\U000e0041", "\ufffe", "]]>"])
def test_hostile_text_is_sanitized(render: Render, hostile: str) -> None:
    """Nothing steers a terminal, forges a line, or fails to be UTF-8."""
    shown = text(everywhere(hostile), render)
    lines = len(text(everywhere("plain"), render).splitlines())

    categories = {unicodedata.category(letter) for letter in shown if letter != "\n"}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert shown.encode()
    assert len(shown.splitlines()) == lines


@every_format
@pytest.mark.parametrize("of", [REPORT, report()], ids=["all kinds", "nothing in scope"])
def test_lines_end_in_lf(render: Render, of: Report) -> None:
    """This holds for all output."""
    shown = text(of, render)

    assert shown.endswith("\n")
    assert "\r" not in shown


@pytest.fixture(scope="module")
def many() -> Report:
    """Return a report of 10,000 subscriptions."""
    return report(
        *(
            judged(
                at, f"Subscription {at}", f"ops{at}@contoso.com", findings=(NO_OWNER,) * (at % 2)
            )
            for at in range(10_000)
        )
    )


def peak(pieces: Iterator[str]) -> int:
    """Return how many bytes more were held at a time while *pieces* were read."""
    tracemalloc.start()
    try:
        for _ in pieces:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "render",
    [
        *(pytest.param(render, id=name) for name, render in FORMATS.items() if name != "prom"),
        pytest.param(json_.render, id="json"),
    ],
)
def test_a_long_report_is_a_stream(render: Render, many: Report) -> None:
    """
    Neither all rows nor all text is held in memory: either would take over a megabyte.

    Up to half a megabyte is Python's own: it keeps freed tuples for reuse, thousands of each size.
    """
    for _ in islice(render(many), 1000):  # loads what is loaded once, and fills what is bounded
        pass

    assert peak(islice(render(many), 5000)) < 800_000


def test_the_metrics_of_a_long_report(many: Report) -> None:
    """The library makes them in one piece, with 750 bytes for each row."""
    assert peak(prometheus.render(many)) < 10_000 * 768

"""How long the HTML report of 5,000 subscriptions takes in Debian's Chromium."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.builds import Build
from bench.processes import server
from bench.table import Row

CHROMIUM = Path("/usr/bin/chromium")
OPENED = "() => performance.getEntriesByType('navigation')[0].domComplete"
TIMED = """(sought) => new Promise((done) => {
  const begin = performance.now();
  if (sought === null) {
    document.querySelectorAll("thead button")[1].click();
  } else {
    const search = document.getElementById("search");
    search.value = sought;
    search.dispatchEvent(new Event("input"));
  }
  document.body.offsetHeight;
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
})"""
ACTS = {"search": "subscription 49", "search cleared": "", "sort": None}


def rows(ours: Build, times: int) -> list[Row]:
    """Return the rows about the page, where there is a browser to open it."""
    if not CHROMIUM.exists():
        sys.stdout.write(f"the page of 5,000: not measured, {CHROMIUM} is missing\n")
        return []
    return [
        Row(f"page of 5,000: {act}, s", 1.0 if act == "open" else 0.3, statistics.median(took))
        for act, took in _seconds(ours, times).items()
    ]


def _seconds(ours: Build, times: int) -> dict[str, list[float]]:
    """Return what opening it and each act on it took, *times* times, to the next frame."""
    from playwright.sync_api import sync_playwright

    took: dict[str, list[float]] = {"open": [], **{name: [] for name in ACTS}}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_of = Path(folder, "report.html")
        with server(subscriptions=5000) as served:
            run = ours.run(served.environment, "audit", "--quiet", "--report", str(page_of))
            assert run.code == 0
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for _ in range(times):
            page = chromium.new_page()
            page.goto(page_of.as_uri())
            took["open"].append(page.evaluate(OPENED) / 1000)
            for name, sought in ACTS.items():
                took[name].append(page.evaluate(TIMED, sought) / 1000)
            page.close()
        chromium.close()
    return took

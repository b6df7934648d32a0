"""`history` reads a folder of JSON reports; what is none is named, and makes it incomplete."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import html5lib
import pytest
from conftest import run_in

from contacts_audit.report import html

HOSTILE = "</style><script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the reports of three days, as an audit writes them, and of others."""
    ran = run_in({}, "audit", "--replay", "fixtures/contoso", "-o", "json")
    first: dict[str, Any] = json.loads(ran.out)
    for day in (1, 2, 4):
        when = f"2026-11-0{day}T04:15:00Z"
        new = {**first, "recorded": None, "started": when, "finished": when}
        rows = [dict(row) for row in first["subscriptions"]]
        if day == 4:
            fixed = next(row for row in rows if row["verdict"] == "non-compliant")
            fixed.update(verdict="compliant", findings=[], name=HOSTILE)
            counts = first["summary"]
            compliant, failing = counts["compliant"] + 1, counts["non_compliant"] - 1
            new["summary"] = {**counts, "compliant": compliant, "non_compliant": failing}
        (tmp_path / f"day-{day}.json").write_text(json.dumps({**new, "subscriptions": rows}))
    for name in ("notes.txt", "day.ocsf.json", ".hidden.json"):
        (tmp_path / name).write_text("no report")
    return tmp_path


def test_days_and_changes(folder: Path) -> None:
    """As a table and as JSON; the exit code is 0 if all files were read."""
    table = run_in({}, "history", str(folder))
    spelled = run_in({}, "history", str(folder), "-o", "json").text
    told = json.loads(spelled)

    assert (table.code, table.err) == (0, "")
    assert table.text.splitlines()[1].split()[:3] == ["2026-11-01", "10", "4"]
    assert "2026-11-04 04:15  fixed" in table.text
    assert [day["compliant"] for day in told["days"]] == [4, 4, 5]
    assert [one["class"] for one in told["changes"]] == ["fixed"]
    assert "\x1b" not in table.text + spelled


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"tool": {"name": "contacts-audit"}, "schema": 1', "is not a contacts-audit report"),
        ("{}", "another program wrote it"),
        ('{"tool": {"name": "contacts-audit"}, "kind": "plan"}', "it is a plan"),
    ],
)
def test_an_invalid_report_makes_the_history_incomplete(folder: Path, text: str, says: str) -> None:
    """The other reports are shown, the file is named once, and the exit code is 4."""
    (folder / "odd.json").write_text(text)

    ran = run_in({}, "history", str(folder), "-o", "json")

    assert ran.code == 4
    assert len(json.loads(ran.out)["days"]) == 3
    (line,) = ran.err.splitlines()
    assert line.startswith("left out: odd.json")
    assert says in line


def test_a_recording_of_no_time_is_left_out(folder: Path) -> None:
    """A damaged time is a damaged report, not a crash."""
    document = json.loads((folder / "day-1.json").read_text())
    (folder / "odd.json").write_text(json.dumps({**document, "recorded": "yesterday"}))

    ran = run_in({}, "history", str(folder))

    assert ran.code == 4
    (line,) = ran.err.splitlines()
    assert line.startswith("left out: odd.json")


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_reports_is_wrong_usage(tmp_path: Path, make: bool) -> None:
    """As is one that is not there."""
    folder = tmp_path / "reports"
    if make:
        folder.mkdir()

    ran = run_in({}, "history", str(folder))

    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, b"", 1)


def test_the_history_page_has_no_script_and_no_request(folder: Path) -> None:
    """Its style is allowed by its hash; names are escaped."""
    text = run_in({}, "history", str(folder), "-o", "html").text
    document = html5lib.parse(text, namespaceHTMLElements=False)

    (style,) = (each.text or "" for each in document.iter("style"))
    (policy,) = (
        each.get("content") for each in document.iter("meta") if "http-equiv" in each.attrib
    )
    assert policy == html.content_security_policy(style)
    assert "script-src" not in str(policy)
    assert document.findall(".//script") == []
    names = {name for each in document.iter() for name in each.attrib}
    assert not names & {"src", "href", "onload"}
    assert text.count("<rect ") == 3 * 4  # four verdicts are there on each day
    assert "\x1b" not in text


def test_promtool_reads_the_openmetrics(folder: Path, tmp_path: Path) -> None:
    """It makes blocks of it: one sample for each day and verdict."""
    promtool = shutil.which("promtool")
    if promtool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: promtool")
    if promtool is None:
        pytest.skip("missing: promtool")
    metrics = tmp_path / "history.om"
    metrics.write_bytes(run_in({}, "history", str(folder), "-o", "openmetrics").out)

    command = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(metrics),
        str(tmp_path / "blocks"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    samples = [line for line in metrics.read_text().splitlines() if not line.startswith("#")]
    assert len(samples) == 3 * 5

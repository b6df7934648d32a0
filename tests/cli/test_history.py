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


def judged_by(path: Path, *checks: str) -> None:
    """Let the report in *path* say that it judged *checks*."""
    path.write_text(json.dumps({**json.loads(path.read_text()), "checks": checks}))


@pytest.mark.parametrize("form", ["table", "json", "html", "openmetrics"])
def test_reports_of_other_checks_are_named(folder: Path, form: str) -> None:
    """More or fewer may fail for that reason alone; the exit code says that all were read."""
    judged_by(folder / "day-2.json", "contact-email", "owner-notified", "attack-paths")
    judged_by(folder / "day-4.json", "owner-notified")

    ran = run_in({}, "history", str(folder), "-o", form)

    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"warning: {line}: verdicts may differ for that reason alone"
        for line in (
            "day-2.json judged other checks than day-1.json (also owner-notified, attack-paths)",
            "day-4.json judged other checks than day-2.json (not contact-email, attack-paths)",
        )
    ]


def test_the_same_checks_in_another_order_are_the_same(folder: Path) -> None:
    """And each day in JSON has its checks."""
    judged_by(folder / "day-1.json", "contact-email", "owner-notified")
    judged_by(folder / "day-2.json", "owner-notified", "contact-email")
    judged_by(folder / "day-4.json", "owner-notified", "contact-email")

    ran = run_in({}, "history", str(folder), "-o", "json")

    assert ran.err == ""
    assert {len(day["checks"]) for day in json.loads(ran.text)["days"]} == {2}


def test_checks_that_change_each_night_are_counted(folder: Path) -> None:
    """Two audits that share a folder do not fill the screen."""
    for day in range(10, 20):
        new = folder / f"day-{day}.json"
        shutil.copy(folder / "day-4.json", new)
        when = f"2026-11-{day}T04:15:00Z"
        new.write_text(json.dumps({**json.loads(new.read_text()), "finished": when}))
        judged_by(new, ("contact-email", "owner-notified")[day % 2])

    lines = run_in({}, "history", str(folder)).err.splitlines()

    assert len(lines) == 6
    assert lines[-1] == "warning: 4 more reports judged other checks than the one before"


def test_a_diff_names_the_checks_that_differ(folder: Path) -> None:
    """The exit code is that of what got worse."""
    old, new = str(folder / "day-1.json"), str(folder / "day-2.json")
    same = run_in({}, "diff", old, new)
    judged_by(folder / "day-2.json", "owner-notified")

    ran = run_in({}, "diff", old, new)

    assert (same.code, ran.code) == (0, 0)
    assert "warning" not in same.err
    (line,) = (line for line in ran.err.splitlines() if "warning" in line)
    assert f"{new} judged other checks than {old} (also owner-notified; not contact-email)" in line


def test_a_baseline_of_other_checks_is_named(folder: Path) -> None:
    """Only where rows are printed: without a change nothing is."""
    baseline = folder / "day-1.json"
    audit = ("audit", "--replay", "fixtures/contoso", "--only-changes", "--baseline", str(baseline))
    same = run_in({}, *audit)
    judged_by(baseline, "contact-email", "attack-paths")
    still, other = run_in({}, *audit), run_in({}, *audit, "--check", "owner-notified")

    assert [(ran.out, ran.err) for ran in (same, still)] == [(b"", "")] * 2
    (line,) = (line for line in other.err.splitlines() if line.startswith("warning: "))
    assert "this run judged other checks than the baseline (also owner-notified; not " in line

"""A replay says when the recording was made."""

import json
import os
import re
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from azure.recording.copies import CONTOSO, MOMENT, changed
from azure_double import AzureDouble
from conftest import Run, run_in

WISH = ("--email", "soc@contoso.com")


def test_a_replay_says_when_it_was_recorded(tmp_path: Path) -> None:
    """In one line on stderr, in JSON, HTML, Markdown and the metrics."""
    forms = ("json", "html", "md", "prom", "xml", "ocsf.json", "jsonl")
    reports = [word for form in forms for word in ("--report", str(tmp_path / f"r.{form}"))]
    replay = ("--replay", str(CONTOSO))

    ran = run_in({}, "audit", *replay, *reports, "--quiet")

    told = json.loads((tmp_path / "r.json").read_text())
    moment = told["recorded"]
    assert ran.err.startswith(f"--replay: {CONTOSO} was recorded {moment}; this is not the current")
    assert moment == MOMENT
    assert moment < told["started"]
    assert json.loads((tmp_path / "r.jsonl").read_text().splitlines()[-1])["recorded"] == moment
    assert f'<dt>Recorded</dt><dd><time datetime="{moment}">' in (tmp_path / "r.html").read_text()
    assert f"- recorded: {moment}; this is not" in (tmp_path / "r.md").read_text()
    stamp = re.search(r"timestamp_seconds(?:\{.*\})? (\d\S+)", (tmp_path / "r.prom").read_text())
    assert stamp is not None
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(stamp[1]))) == moment
    assert f'timestamp="{moment[:-1]}"' in (tmp_path / "r.xml").read_text()
    (first, *_) = json.loads((tmp_path / "r.ocsf.json").read_text())
    assert first["time"] == float(stamp[1]) * 1000


@pytest.mark.parametrize(
    "command",
    [
        ("fetch",),
        ("emails",),
        ("doctor",),
        ("explain", "Production"),
        ("plan", *WISH),
        ("audit",),
        ("audit", "--quiet", "-o", "json"),
        ("audit", "--jq", "."),
    ],
)
@pytest.mark.parametrize("variable", [False, True], ids=["option", "variable"])
def test_each_command_says_that_it_replays(command: tuple[str, ...], variable: bool) -> None:
    """The line names the variable, which a user may have forgotten."""
    where = {"CONTACTS_AUDIT_REPLAY": str(CONTOSO)} if variable else {}
    options = () if variable else ("--replay", str(CONTOSO))

    ran = run_in(where, *command, *options)

    source = "CONTACTS_AUDIT_REPLAY" if variable else "--replay"
    (line,) = [line for line in ran.err.splitlines() if " was recorded " in line]
    assert line.startswith(f"{source}: {CONTOSO} was recorded {MOMENT};")


def test_a_replay_without_changes_prints_nothing(tmp_path: Path) -> None:
    """The report file has the time of the recording."""
    replay = ("--replay", str(CONTOSO))
    run_in({}, "audit", *replay, "--report", str(tmp_path / "old.json"))
    baseline = ("--only-changes", "--baseline", str(tmp_path / "old.json"))

    ran = run_in({}, "audit", *replay, *baseline, "--report", str(tmp_path / "new.json"))

    assert (ran.out, ran.err) == (b"", "")
    assert json.loads((tmp_path / "new.json").read_text())["recorded"] == MOMENT


def test_a_live_report_has_no_recorded_time(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """The key is null. The recording has its own time."""
    azure.add("Prod")

    ran = run("audit", "-o", "json", "--record", str(tmp_path / "r"))
    again = run_in({}, "audit", "--replay", str(tmp_path / "r"), "-o", "json")

    manifest = json.loads((tmp_path / "r" / "recording.json").read_text())
    assert json.loads(ran.out)["recorded"] is None
    assert json.loads(again.out)["recorded"] == manifest["recorded"]
    assert json.loads(ran.out)["started"] <= manifest["recorded"] <= json.loads(ran.out)["finished"]


def test_the_time_of_an_old_recording_comes_from_its_answers(folder: Path) -> None:
    """It has no time of its own. Without any date, the file's time counts."""

    def without(told: dict[str, Any]) -> None:
        told.pop("recorded", None)

    changed(folder / "recording.json", without)
    kept = [json.loads(path.read_text()) for path in folder.glob("0*.json")]
    dates = [parsedate_to_datetime(one["response"]["headers"]["date"]) for one in kept]
    by_dates = json.loads(run_in({}, "audit", "--replay", str(folder), "-o", "json").out)
    for path in folder.glob("0*.json"):
        changed(path, lambda kept: kept.get("response", {"headers": {}})["headers"].pop("date", 0))
    os.utime(folder / "recording.json", (1_000_000_000, 1_000_000_000))
    by_file = json.loads(run_in({}, "audit", "--replay", str(folder), "-o", "json").out)

    assert datetime.fromisoformat(by_dates["recorded"]) == max(dates)
    assert by_file["recorded"] == "2001-09-09T01:46:40Z"

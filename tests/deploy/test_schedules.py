"""Crontab, units and alerts of docs/deploy/ (and of the README) are what their readers take."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, surroundings
from deploy.manifests import DEPLOY

README = re.findall(r"```crontab\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
CRONTABS = [
    pytest.param((DEPLOY / "contacts-audit.crontab").read_text(), id="docs/deploy"),
    *(pytest.param(text, id="README.md") for text in README),
]


def cron_lines(text: str) -> list[list[str]]:
    """Return the fields of each job of a crontab."""
    return [
        line.split(None, 5)
        for line in text.splitlines()
        if line and not line.startswith("#") and not re.match(r"\w+=", line)
    ]


def cron_path(text: str) -> str:
    """Return the PATH of a crontab: what it says, as it is written, or cron's own."""
    said = re.findall(r"^PATH=(.*)$", text, re.MULTILINE)
    return str(said[0]) if said else "/usr/bin:/bin"


@pytest.mark.parametrize("text", CRONTABS)
def test_a_crontab_runs_as_cron_runs_it(azure: AzureDouble, tmp_path: Path, text: str) -> None:
    """In cron's PATH, by its shell, with nothing of ours around it."""
    azure.add("Prod", contacts_2017=[{"name": "default1", "properties": {"email": "a@b.com"}}])
    exports = surroundings(azure)
    (tmp_path / "contacts-audit.env").write_text(
        "".join(
            f"export {name}={shlex.quote(value)}\n"
            for name, value in exports.items()
            if name not in ("PATH", "HOME")
        )
    )
    jobs = cron_lines(text)
    assert jobs
    for job in jobs:
        command = job[5]
        assert "%" not in command
        command = command.replace("/var/lib/node_exporter", str(tmp_path))

        ran = subprocess.run(
            ["/bin/sh", "-c", command],
            env={
                "PATH": cron_path(text).replace("/usr/local/bin", str(Path(sys.executable).parent)),
                "HOME": str(tmp_path),
                "SHELL": "/bin/sh",
            },
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr
        assert (tmp_path / "contacts.prom").exists()


@pytest.mark.parametrize("text", CRONTABS)
def test_a_crontab_finds_the_program_in_an_hour_that_exists(text: str) -> None:
    """cron's own PATH has no /usr/local/bin, and clocks change from 01:00 to 03:59."""
    assert "/usr/local/bin" in cron_path(text).split(":")
    assert "$" not in cron_path(text)
    for _, hour, *_ in cron_lines(text):
        assert int(hour) in range(4, 24)  # in some countries clocks change at midnight


TIMES = re.findall(
    r"^OnCalendar=(.*)$", (DEPLOY / "contacts-audit.timer").read_text(), re.MULTILINE
)
CHANGES = [  # a zone, and the day on which its clocks go forward
    ("Europe/Berlin", "2027-03-28"),
    ("America/New_York", "2027-03-14"),
    ("America/Santiago", "2027-09-05"),
    ("Australia/Sydney", "2027-10-03"),
    ("UTC", "2027-03-28"),
]


BACK = [("Europe/Berlin", "2027-10-31"), ("America/New_York", "2027-11-07")]


def systemd_analyze() -> str:
    """Return the tool; skip where it is missing."""
    tool = shutil.which("systemd-analyze")
    if tool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze")
    return tool


@pytest.mark.parametrize("calendar", TIMES)
@pytest.mark.parametrize(("zone", "day"), [*CHANGES, *BACK])
def test_a_timer_fires_every_day(calendar: str, zone: str, day: str) -> None:
    """Once in each 24 hours, in the weeks of both changes of the clock, too."""
    ran = subprocess.run(
        [systemd_analyze(), "calendar", "--iterations=8", f"--base-time={day} 00:00 UTC", calendar],
        env={"PATH": os.environ["PATH"], "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )

    days = re.findall(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d UTC", ran.stdout)
    assert calendar.endswith(" UTC")
    assert len(days) == len(set(days)) == 8
    assert day in days


def test_units_are_what_systemd_takes(tmp_path: Path) -> None:
    """Service and timer; the program is where this one is."""
    units = []
    for kind in ("service", "timer"):
        units.append(tmp_path / f"contacts-audit.{kind}")
        text = (DEPLOY / units[-1].name).read_text()
        units[-1].write_text(text.replace("/usr/local/bin/contacts-audit", sys.executable))

    ran = subprocess.run(
        [systemd_analyze(), "verify", "--man=no", *units], capture_output=True, check=False
    )

    assert (ran.returncode, b"contacts-audit" in ran.stderr) == (0, False), ran.stderr


def test_alerts_are_what_prometheus_takes() -> None:
    """promtool reads the rules, and their metrics are ours."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("missing: promtool")
    path = DEPLOY / "alerts.yml"

    ran = subprocess.run([promtool, "check", "rules", path], capture_output=True, check=False)

    assert ran.returncode == 0, ran.stderr
    golden = (ROOT / "tests/golden/report.prom").read_text()
    for metric in re.findall(r"contacts_audit_\w+", path.read_text()):
        assert f"# TYPE {metric} gauge" in golden

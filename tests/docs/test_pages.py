"""The pages of docs/ say what the program does: their sessions, schedules, units and links."""

import ast
import errno
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, coverage_variables, surroundings
from docs.sessions import session_output

from contacts_audit.cli import app

PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
OTHERS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md")
ALL = {**PAGES, **{name: (ROOT / name).read_text() for name in OTHERS}}
SESSIONS = [
    pytest.param(session, id=f"{name}: {session.splitlines()[0][2:60]}")
    for name, text in PAGES.items()
    for session in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
]


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.usefixtures("tools")
def test_a_session_shows_what_happens(session: str) -> None:
    """Each command prints what the page shows."""
    assert session_output(session) == session


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name: str) -> None:
    """To a file that is there, and to a heading that is in it."""
    folder = (ROOT / name).parent if name in OTHERS else ROOT / "docs"
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", ALL[name]):
        path, _, heading = target.partition("#")
        text = (folder / path).read_text() if path else ALL[name]
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\s-]", "", each).lower().replace(" ", "-") for each in headings}
        assert not heading or heading in anchors, target


def test_help_leads_to_the_pages() -> None:
    """Each command names its page, and each page that is named exists."""
    assert {*app.PAGES} == {*app.COMMANDS}
    for command, page in app.PAGES.items():
        assert f"{page}.md" in PAGES
        assert f"More: docs/{page}.md" in (app._program(command).commands[command].epilog or "")


CRONTABS = [pytest.param(text, id=name) for name, text in ALL.items() if "```crontab" in text]


def cron_lines(text: str) -> list[list[str]]:
    """Return the fields of each job in the crontabs of a page."""
    return [
        line.split(None, 5)
        for crontab in re.findall(r"```crontab\n(.*?)```", text, re.DOTALL)
        for line in crontab.splitlines()
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
    exports = {**surroundings(azure), **coverage_variables()}
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


TIMES = [
    (name, calendar)
    for name, text in ALL.items()
    for calendar in re.findall(r"^OnCalendar=(.*)$", text, re.MULTILINE)
]
CHANGES = [  # a zone, and the day on which its clocks go forward
    ("Europe/Berlin", "2027-03-28"),
    ("America/New_York", "2027-03-14"),
    ("America/Santiago", "2027-09-05"),
    ("Australia/Sydney", "2027-10-03"),
    ("UTC", "2027-03-28"),
]


def systemd_analyze() -> str:
    """Return the tool; skip where it is missing."""
    tool = shutil.which("systemd-analyze")
    if tool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze")
    return tool


@pytest.mark.parametrize(("name", "calendar"), TIMES)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_a_timer_fires_every_day(name: str, calendar: str, zone: str, day: str) -> None:
    """Once in each 24 hours, in the week of the change to summer time, too."""
    ran = subprocess.run(
        [systemd_analyze(), "calendar", "--iterations=8", f"--base-time={day} 00:00 UTC", calendar],
        env={"PATH": os.environ["PATH"], "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )

    days = re.findall(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d UTC", ran.stdout)
    assert calendar.endswith(" UTC"), name
    assert len(set(days)) == 8
    assert day in days


@pytest.mark.parametrize("name", [name for name, text in ALL.items() if "```ini" in text])
def test_units_are_what_systemd_takes(tmp_path: Path, name: str) -> None:
    """Service and timer, as the page shows them."""
    tool = systemd_analyze()
    service, timer = re.findall(r"```ini\n(.*?)```", ALL[name], re.DOTALL)
    service = service.replace("/usr/local/bin/contacts-audit", sys.executable)
    (tmp_path / "contacts-audit.service").write_text(service)
    (tmp_path / "contacts-audit.timer").write_text(timer)

    units = [str(tmp_path / f"contacts-audit.{kind}") for kind in ("service", "timer")]
    ran = subprocess.run([tool, "verify", "--man=no", *units], capture_output=True, check=False)

    assert (ran.returncode, b"contacts-audit" in ran.stderr) == (0, False), ran.stderr


def test_alerts_are_what_prometheus_takes(tmp_path: Path) -> None:
    """promtool reads the rules, and their metrics are ours."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("missing: promtool")
    (rules,) = re.findall(r"```yaml\n(groups:.*?)```", PAGES["scheduling.md"], re.DOTALL)
    path = tmp_path / "rules.yml"
    path.write_text(rules)

    ran = subprocess.run([promtool, "check", "rules", path], capture_output=True, check=False)

    assert ran.returncode == 0, ran.stderr
    golden = (ROOT / "tests/golden/report.prom").read_text()
    for metric in re.findall(r"contacts_audit_\w+", rules):
        assert f"# TYPE {metric} gauge" in golden


FOREIGN = [  # what the system, OpenSSL and jq say, in our own lines
    *(os.strerror(number) for number in (errno.EACCES, errno.EROFS, errno.ENAMETOOLONG)),
    *(
        os.strerror(errno.ENOENT),
        "certificate verify failed: unable to get local issuer certificate",
    ),
    *("Tunnel connection failed: 407", "is not a valid format", "Cannot index", "AADSTS"),
    "Please run 'az login'",
]


def words_of_the_program() -> list[str]:
    """Return the parts of all texts in the source, as they stand between what is filled in."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "contacts_audit").rglob("*.py")]
    return [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def quoted_messages(text: str) -> list[str]:
    """Return what the tables of errors of a page quote."""
    found, quotes = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            quotes = False
        elif re.match(r"error|message|where", cells[0]):
            quotes = True
            column = 1 if cells[0] == "where" else 0
        elif quotes and not cells[0].startswith("---"):
            found += re.findall(r"`([^`]{12,})`", cells[column])
    return found


@pytest.mark.parametrize("name", ["troubleshooting.md", "sign-in.md"])
def test_each_message_that_is_quoted_is_one_of_the_program(name: str) -> None:
    """Most of it stands in the source in one piece, or is what somebody else says."""
    known = {part.strip(" :,") for part in (*words_of_the_program(), *FOREIGN)}
    messages = quoted_messages(PAGES[name])

    lost = []
    for message in messages:
        left = "".join(
            fragment
            for fragment in re.split(r"\.\.\.| -- ", message)
            if not any(fragment.strip(" :") in part for part in known)
        )
        for part in sorted((part for part in known if len(part) > 3), key=len, reverse=True):
            left = left.replace(part, "")
        if len(left) > len(message) / 2:
            lost.append((message, left))

    assert len(messages) > 5
    assert lost == []

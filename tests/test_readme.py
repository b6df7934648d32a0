"""README and docs say what the program does: sessions, codes, hints, options."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, coverage_variables, surroundings

from contacts_audit.audit import policy_file
from contacts_audit.core.errors import HINTS, ExitCode

README = (ROOT / "README.md").read_text()
POLICY = (ROOT / "docs/policy.md").read_text()
PAGES = [README, *(page.read_text() for page in sorted((ROOT / "docs").glob("*.md")))]
SESSIONS = [one for page in PAGES for one in re.findall(r"```console\n(.*?)```", page, re.DOTALL)]


def session_output(session: str) -> str:
    """Run the commands of a *session*, from a clone in one shell; return it as it went."""
    commands = re.findall(r"^\$ (.*)$", session, re.MULTILINE)
    script = "".join(
        f"code=$?; echo '$ '{_quoted(command)}\n{command.replace('$?', '$code')}\n"
        for command in commands
    )
    ran = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": _path(), "HOME": os.environ.get("HOME", "/")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.stdout


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][2:50])
@pytest.mark.usefixtures("tools")
def test_a_session_shows_what_happens(session: str) -> None:
    """Each command, run from a clone in one shell, prints what the README shows."""
    assert session_output(session) == session


def test_the_page_of_policies_tells_every_key() -> None:
    """In the table of keys, where each belongs; the example is the file that is checked."""
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", POLICY, re.MULTILINE))
    (example,) = re.findall(r"```toml\n(.*?)```", POLICY, re.DOTALL)

    places = {"": "top", "override": "`[[override]]`", "waiver": "`[[waiver]]`"}
    for kind, keys in policy_file.KEYS.items():
        assert all(places[kind] in table[key] for key in keys if key not in policy_file.KEYS)
    assert set(table) == {key for keys in policy_file.KEYS.values() for key in keys} - {
        *policy_file.KEYS
    }
    assert example == (ROOT / "docs/policy-example.toml").read_text()


@pytest.mark.usefixtures("tools")
def test_the_session_that_writes_shows_what_happens(azure: AzureDouble, tmp_path: Path) -> None:
    """Plan, apply, audit and restore, in an organisation of three; only its times differ."""
    role = {"state": "On", "roles": ["Owner"]}
    source = [{"sourceType": "Alert", "minimalSeverity": "High"}]
    known = {"isEnabled": True, "notificationsByRole": role, "notificationsSources": source}
    azure.add("Production").contact = {"emails": "ciso@contoso.com", "phone": "", **known}
    azure.add("Owners Only").contact = {"emails": "", "phone": "", **known}
    azure.add("Sandbox")
    (session,) = re.findall(r"```shell-session\n(.*?)```", README, re.DOTALL)
    variables = surroundings(azure, PATH=_path(), HOME=str(tmp_path)) | coverage_variables()

    shown = ""
    for command in re.findall(r"^\$ (.*)$", session, re.MULTILINE):
        ran = subprocess.run(
            ["bash", "-c", command],
            env=variables,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        shown += f"$ {command}\n{ran.stdout}"

    timeless = shown.replace(str(tmp_path), "/home/you")
    assert re.sub(r"\d{8}T\d{12}", "20261124T200000000000", timeless) == session


def test_the_table_at_a_terminal_is_as_shown() -> None:
    """Folded to 80 columns, as an operator sees it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    audit = [sys.executable, "-m", "contacts_audit", "audit", "--replay", "fixtures/contoso"]
    with subprocess.Popen(
        audit,
        env={"PATH": os.environ["PATH"], "TERM": "dumb"} | coverage_variables(),
        cwd=ROOT,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # which is how Linux ends it
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    (table,) = re.findall(r"```text\n(VERDICT.*?)```", README, re.DOTALL)

    assert [line.rstrip() for line in shown.decode().splitlines()] == table.splitlines()


def test_the_units_of_systemd_are_ones(tmp_path: Path) -> None:
    """Service and timer, as the README shows them, are what systemd takes."""
    tool = shutil.which("systemd-analyze")
    if tool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze")
    service, timer = re.findall(r"```ini\n(.*?)```", README, re.DOTALL)
    service = service.replace("/usr/local/bin/contacts-audit", sys.executable)
    (tmp_path / "contacts-audit.service").write_text(service)
    (tmp_path / "contacts-audit.timer").write_text(timer)

    units = [str(tmp_path / f"contacts-audit.{kind}") for kind in ("service", "timer")]
    ran = subprocess.run([tool, "verify", "--man=no", *units], capture_output=True, check=False)

    assert (ran.returncode, b"contacts-audit" in ran.stderr) == (0, False), ran.stderr


def _path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"


def test_every_exit_code_is_explained() -> None:
    """The table of codes is that of the program."""
    table = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}

    assert table == {int(code) for code in ExitCode}


def test_every_reason_is_listed_with_its_hint() -> None:
    """The table of faults is that of the program."""
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", README, re.MULTILINE))

    assert {reason: table.get(reason) for reason in HINTS} == dict(HINTS)


@pytest.mark.parametrize(
    "command",
    [
        *("apply", "audit", "doctor", "emails", "fetch", "merge", "plan", "policy"),
        *("restore", "token"),
    ],
)
def test_every_option_of_the_readme_exists(command: str) -> None:
    """No option is promised that `--help` does not know, and each command is named."""
    shown = subprocess.run(
        [sys.executable, "-m", "contacts_audit", command, "--help"],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    promised = {
        option
        for line in README.splitlines()
        if re.search(rf"contacts-audit {command}\b", line)
        for option in re.findall(
            r"(?<![\w-])--[a-z][a-z-]+", line.split(f"contacts-audit {command}", 1)[1].split("|")[0]
        )
    }

    assert f"contacts-audit {command}" in README
    assert promised <= {*re.findall(r"--[a-z][a-z-]+", shown)}

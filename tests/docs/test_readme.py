"""README and docs say what the program does: sessions, codes, reasons, options."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import zipfile
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import ROOT, surroundings
from docs.sessions import program_path, session_output

from contacts_audit import __version__
from contacts_audit.audit import policy_keys
from contacts_audit.cli.app import COMMANDS
from contacts_audit.core.errors import HINTS, ExitCode

README = (ROOT / "README.md").read_text()
POLICY = (ROOT / "docs/policy.md").read_text()
PAGES = {page.name: page.read_text() for page in sorted((ROOT / "docs").glob("*.md"))}
ALL = "\n".join([README, *PAGES.values()])
SESSIONS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)  # test_docs.py has the others


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][2:50])
@pytest.mark.usefixtures("tools")
def test_a_session_shows_the_real_output(session: str) -> None:
    """Each command, run from a clone in one shell, prints what the README shows."""
    assert session_output(session) == session


def test_the_policy_page_lists_every_key() -> None:
    """With the place of each key. The example is the file that is checked."""
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", POLICY, re.MULTILINE))
    (example,) = re.findall(r"```toml\n(.*?)```", POLICY, re.DOTALL)

    places = {"": "top", "override": "`[[override]]`", "waiver": "`[[waiver]]`"}
    for kind, keys in policy_keys.KEYS.items():
        assert all(places[kind] in table[key] for key in keys if key not in policy_keys.KEYS)
    assert set(table) == {key for keys in policy_keys.KEYS.values() for key in keys} - {
        *policy_keys.KEYS
    }
    assert example == (ROOT / "docs/policy-example.toml").read_text()


@pytest.mark.usefixtures("tools")
def test_the_session_of_writing_commands_shows_the_real_output(
    azure: AzureDouble, tmp_path: Path
) -> None:
    """Plan, apply, audit and restore, in an organisation of three; only its times differ."""
    role = {"state": "On", "roles": ["Owner"]}
    source = [{"sourceType": "Alert", "minimalSeverity": "High"}]
    known = {"isEnabled": True, "notificationsByRole": role, "notificationsSources": source}
    azure.add("Production").contact = {"emails": "ciso@contoso.com", "phone": "", **known}
    azure.add("Owners Only").contact = {"emails": "", "phone": "", **known}
    azure.add("Sandbox")
    (session,) = re.findall(r"```shell-session\n(.*?)```", README, re.DOTALL)
    variables = surroundings(azure, PATH=program_path(), HOME=str(tmp_path))

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

    shown = re.sub(r"^(undo: .*?\.json) .*$", r"\1", shown, flags=re.MULTILINE)  # of the double
    timeless = shown.replace(str(tmp_path), "/home/you")
    for place, stamp in enumerate(dict.fromkeys(re.findall(r"\d{8}T\d{12}", timeless))):
        timeless = timeless.replace(stamp, f"20261124T2{place}0000000000")
    assert timeless == session


def test_the_table_at_a_terminal_is_as_shown() -> None:
    """Folded to 80 columns, as an operator sees it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    audit = [sys.executable, "-m", "contacts_audit", "audit", "--replay", "fixtures/contoso"]
    with subprocess.Popen(
        audit,
        env={"PATH": os.environ["PATH"], "TERM": "dumb"},
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
    (table,) = re.findall(r"```text\n(VERDICT.*?)```", PAGES["reports.md"], re.DOTALL)

    assert [line.rstrip() for line in shown.decode().splitlines()] == table.splitlines()


def test_every_exit_code_is_explained() -> None:
    """The table of codes is that of the program."""
    table = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}

    assert table == {int(code) for code in ExitCode}


def test_every_reason_is_listed_with_its_hint() -> None:
    """The table of faults is that of the program."""
    page = PAGES["troubleshooting.md"]
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE))

    assert {reason: table.get(reason) for reason in HINTS} == dict(HINTS)


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    """At most 250 lines; the rest is a link away."""
    assert len(README.splitlines()) <= 250
    assert {f"docs/{name}" for name in PAGES} <= {*re.findall(r"\]\(([^)#]+)", README)}


def test_demo_explains_its_exit_code() -> None:
    """`make demo` shows the recording, and the line of the README for its exit code."""
    ready = f"{sys.prefix}/.ready"
    ran = subprocess.run(
        ["make", "-s", "-o", ready, "demo", f"VENV={sys.prefix}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    (meaning,) = re.findall(r"^\| 4 \| (.*) \|$", README, re.MULTILINE)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, f"The exit code is 4: {meaning}")


@pytest.mark.parametrize(
    ("excluded", "ending", "code"),
    [
        pytest.param("", "", 4, id="what could not be read fails"),
        pytest.param("", " || test $? -eq 3", 1, id="also where findings may pass"),
        pytest.param("Finance;Research Lab", "", 3, id="findings fail"),
        pytest.param("Finance;Research Lab", " || test $? -eq 3", 0, id="or may pass"),
    ],
)
def test_the_step_for_ci(tmp_path: Path, excluded: str, ending: str, code: int) -> None:
    """It writes both reports, and ends as the README says."""
    (step,) = re.findall(r"## Run in CI\n\n```sh\n(.*?)\n```", README, re.DOTALL)
    variables = {
        "PATH": program_path(),
        "CONTACTS_AUDIT_REPLAY": str(ROOT / "fixtures/contoso"),
        "CONTACTS_AUDIT_EXCLUDE": excluded,
    }

    ran = subprocess.run(
        ["sh", "-c", step + ending],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert "`|| test $? -eq 3`" in README
    assert ran.returncode == code
    assert {path.name for path in tmp_path.iterdir()} == {"contacts.xml", "contacts.md"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_the_pages_exists(command: str) -> None:
    """No command is shown with an option that it lacks, and each command is shown."""
    shown = re.findall(rf"contacts-audit ({command}\b[^`|;<>\n]*)", ALL)
    help_text = subprocess.run(
        [sys.executable, "-m", "contacts_audit", command, "--help"],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    options = {*re.findall(r"--[a-z][a-z-]+", help_text)}

    assert shown
    for words in shown:
        assert {*re.findall(r"(?<![\w-])--[a-z][a-z-]+", words)} <= options, words


def test_the_wheel_is_one_file_that_holds_all(tmp_path: Path) -> None:
    """What the README builds for machines without a clone: the package and its data files."""
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)]

    subprocess.run([sys.executable, "-m", "pip", *build], check=True, capture_output=True)

    (wheel,) = tmp_path.iterdir()
    assert wheel.name == f"contacts_audit-{__version__}-py3-none-any.whl"
    held = set(zipfile.ZipFile(wheel).namelist())
    data = {"report/schema.json", "report/page/page.html.j2", "cli/completion.json"}
    assert {f"contacts_audit/{name}" for name in data} <= held
    package = [path for path in (ROOT / "contacts_audit").rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in package if path.suffix != ".pyc"}
    assert {name for name in held if ".dist-info/" not in name} == wanted

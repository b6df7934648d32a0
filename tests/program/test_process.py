"""What only a process shows: signals, pipes, terminals, locales, start-up."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import ROOT, program, surroundings, wait_for

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.cli.app import COMMANDS
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.model import Check, Profile
from contacts_audit.core.shutdown import Shutdown, Stopped
from contacts_audit.core.workers import in_order, in_thread
from contacts_audit.report.jq_filter import shape

Start = Callable[..., "subprocess.Popen[bytes]"]
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
CONTOSO = ("--replay", "fixtures/contoso")
CHOICES = {"--auth": Auth, "--cloud": CloudName, "--check": Check, "--profile": Profile}


def replayed(*arguments: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the program as a process, offline, in a bare environment."""
    return subprocess.run(
        program(*arguments),
        env={"PATH": os.environ["PATH"], **more},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )


def ended(process: int) -> bool:
    """Say whether *process* is gone, or waits for nobody but its new parent."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
HANGING = {
    "discovery": ("openid-configuration", 1),
    "token service": ("POST", 1),
    "list": ("GET /subscriptions?", 1),
    "reads": ("securityContacts", 4),
}


def told_to_end(
    azure: AzureDouble, process: "subprocess.Popen[bytes]", number: signal.Signals
) -> bytes:
    """Send *process* a signal; check that it ends soon, asks no more; return what it printed."""
    asked = len(azure.asked)

    process.send_signal(number)
    sent = time.monotonic()
    out, err = process.communicate(timeout=60)

    assert process.returncode == CODES[number]
    assert time.monotonic() - sent < 10  # a busy machine's two seconds
    assert len(azure.asked) == asked
    assert err == b""
    return out


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("where", HANGING)
def test_a_signal_ends_the_run_whatever_hangs(
    azure: AzureDouble, start: Start, number: signal.Signals, where: str
) -> None:
    """It ends soon with the code of the signal; nothing is sent or summed up after it."""
    for index in range(50):
        azure.add(f"S{index}", contacts_2017=GOOD)
    match, requests = HANGING[where]
    azure.fail(match, faults.hang())
    process = start("audit", "-o", "jsonl", "--workers", "4")
    wait_for(lambda: sum(match in asked.line for asked in azure.asked) == requests)

    assert told_to_end(azure, process, number) == b""


@pytest.mark.parametrize("number", CODES)
def test_a_signal_kills_az(
    azure: AzureDouble, start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    """No child and no grandchild outlives the run: az is a shell script that starts Python."""
    az = tmp_path / "az"
    az.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {tmp_path}/pids\nwait\n")
    az.chmod(0o755)
    process = start("audit", "--auth", "azure-cli", PATH=f"{tmp_path}:{os.environ['PATH']}")
    pids = tmp_path / "pids"
    wait_for(lambda: pids.exists() and pids.read_text().endswith("\n"))

    assert told_to_end(azure, process, number) == b""

    for child in map(int, pids.read_text().split()):
        wait_for(lambda child=child: ended(child))  # type: ignore[misc]


def test_a_child_that_just_begins_is_killed_too(tmp_path: Path) -> None:
    """Also if a thread starts it: shutdown waits until it is known, and then none starts."""
    begun = tmp_path / "pid"
    shutdown = Shutdown()

    def slowly() -> None:
        begun.write_text(str(os.getpid()))
        time.sleep(0.3)

    def run() -> None:
        with shutdown.child(["sleep", "60"], preexec_fn=slowly) as process:
            process.wait()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_for(lambda: begun.exists() and begun.read_text() != "")

    shutdown.finish()

    thread.join(timeout=10)
    assert not thread.is_alive()
    assert ended(int(begun.read_text()))


def filtering(until: float) -> None:
    """Wait for a filter that loops."""
    shape("{}", "def f: f; f", Shutdown(), raw=False)


def threads(until: float) -> None:
    """Wait for a thread that hangs."""
    later = threading.Event()
    next(in_order(later.wait, [60], workers=1, deadline=until, timed_out=later.wait))


@pytest.mark.parametrize("wait", [threads, filtering])
def test_a_signal_that_a_thread_received_is_handled(wait: Callable[[float], None]) -> None:
    """The kernel may deliver it to any thread: the main thread still handles it."""

    def hear(*_: object) -> None:
        raise Stopped(ExitCode.TERMINATED)

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.5)

    before = signal.signal(signal.SIGUSR1, hear)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    began = time.monotonic()
    try:
        thread = threading.Thread(target=take)
        thread.start()
        with pytest.raises(Stopped):
            wait(began + 60)
        heard = time.monotonic()
        thread.join()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.signal(signal.SIGUSR1, before)

    assert heard - began < 30


@pytest.mark.parametrize("number", CODES)
def test_a_filter_that_loops_can_be_interrupted(
    azure: AzureDouble, start: Start, number: signal.Signals
) -> None:
    """The jq process ends with the run."""
    azure.add("Prod", contacts_2017=GOOD)
    process = start("audit", "--jq", "def f: f; f")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: children.read_text() != "")
    child = int(children.read_text())

    assert told_to_end(azure, process, number) == b""

    wait_for(lambda: ended(child))


def test_a_signal_that_our_caller_ignores_stays_ignored(azure: AzureDouble, start: Start) -> None:
    """Under nohup, a lost terminal does not end the run."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.latency = 0.5
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start("audit")
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(lambda: bool(azure.asked))

    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)

    assert process.returncode == 0


def test_a_reader_that_goes_away_is_no_finding(start: Start) -> None:
    """`| head -1` ends the program silently, with 141."""
    process = start("audit", "-o", "jsonl", *CONTOSO)
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=60) == 141
    assert b"Traceback" not in err
    assert b"error" not in err


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"], ids=["full", "closed"])
@pytest.mark.parametrize("command", ["audit", "emails", "fetch"])
def test_a_stdout_that_takes_nothing_is_74(command: str, redirection: str) -> None:
    """One line, and never 0 or 3."""
    line = f"{sys.executable} -m contacts_audit {command} {' '.join(CONTOSO)} {redirection}"

    ran = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, check=False)

    assert ran.returncode == 74
    assert ran.stderr.count(b"error: ") == 1


def test_a_closed_stderr_changes_nothing() -> None:
    """The verdict and the exit code stay."""
    line = f"{sys.executable} -m contacts_audit audit {' '.join(CONTOSO)} 2>&-"

    ran = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, check=False)

    assert ran.returncode == 4
    assert b"compliant" in ran.stdout


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "de_DE.ISO-8859-1"])
def test_output_is_utf_8_whatever_the_locale(azure: AzureDouble, start: Start, locale: str) -> None:
    """Lines end in LF."""
    azure.add("Zürich 😀", readable=False)

    process = start("audit", LC_ALL=locale, LANG=locale, PYTHONIOENCODING="latin-1")
    out, err = process.communicate(timeout=60)

    assert "Zürich 😀" in out.decode()
    assert "Zürich 😀" in err.decode()
    assert b"\r" not in out


def test_a_report_may_be_stdout(tmp_path: Path) -> None:
    """/dev/stdout is written through, also if it is a file, and is not renamed over."""
    line = f"{sys.executable} -m contacts_audit audit -q {' '.join(CONTOSO)} --report /dev/stdout"

    piped = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, check=False)
    (tmp_path / "file").touch()
    inode = (tmp_path / "file").stat().st_ino
    both = f"{line} -o tsv >{tmp_path}/file"
    subprocess.run(["sh", "-c", both], cwd=ROOT, check=False)

    assert piped.returncode == 4
    assert piped.stdout.startswith(b"{")
    report, _, table = (tmp_path / "file").read_bytes().partition(b"\n}\n")
    assert report.startswith(b"{")
    assert table.count(b"\n") == 10
    assert (tmp_path / "file").stat().st_ino == inode


def test_version_and_help_import_nothing_heavy() -> None:
    """They need no network, no credential, and none of the libraries for these."""
    heavy = "{'requests', 'msal', 'jq', 'email_validator', 'urllib3'}"
    code = (
        "import sys; from contacts_audit.cli.app import run; from contacts_audit.cli.host import "
        "Host; from contacts_audit.cli.terminal import Screen; "
        "from contacts_audit.core.shutdown import Shutdown; "
        "code = run(['audit', '--help'], Host({}, None, Screen.of_process(), Shutdown())); "
        f"sys.exit(str({heavy} & {{*sys.modules}}) if {heavy} & {{*sys.modules}} else code)"
    )

    help_ = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    version = replayed("--version")

    assert help_.returncode == 0, help_.stderr
    assert version.stdout == b"contacts-audit 0.2.0\n"


def test_the_module_is_the_program() -> None:
    """`python -m contacts_audit` is `contacts-audit`, including the name in the help."""
    script = Path(sys.executable).parent / "contacts-audit"

    ran = subprocess.run([script, "--help"], capture_output=True, check=True, cwd=ROOT)

    assert ran.stdout == replayed("--help").stdout
    assert b"Usage: contacts-audit" in ran.stdout


def test_a_thread_ends_with_its_task() -> None:
    """It releases what it held, such as a connection."""
    seen: list[threading.Thread] = []

    in_thread(lambda: seen.append(threading.current_thread()), deadline=time.monotonic() + 60)
    seen[0].join(60)

    assert not seen[0].is_alive()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_shows_each_value_unbroken(command: str) -> None:
    """At 80 columns each value can be copied."""
    told = replayed(command, "--help", COLUMNS="80").stdout.decode()
    words = {word.strip(",.│") for word in told.split()}

    assert command != "audit" or CHOICES.keys() <= words
    for option, values in CHOICES.items():
        assert option not in words or {*values} <= words


def test_two_dashes_before_a_command_change_nothing() -> None:
    """They end the options of the program, which are only --help and --version."""
    assert replayed("--", "audit", *CONTOSO).stdout == replayed("audit", *CONTOSO).stdout


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["no", "dumb"])
@pytest.mark.parametrize("arguments", [("audit", *CONTOSO), ("audit", "--help")], ids=["", "help"])
def test_a_plain_terminal_gets_no_escape_code(
    arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    """Neither for a table, a bar, nor help; no line is longer than the terminal."""
    out = on_a_terminal(*arguments, **variables)

    assert "\x1b" not in out
    table = [line for line in out.replace("\r", "").split("\n") if "compliant  " in line]
    assert all(len(line) <= 80 for line in table)


def test_a_terminal_gets_color() -> None:
    """Each verdict has a color."""
    assert "\x1b[3" in on_a_terminal("audit", *CONTOSO)


def test_no_variable_forces_color_into_a_file() -> None:
    """Variables of a build server do not put escape codes into a file."""
    ran = replayed("audit", "--help", FORCE_COLOR="1", GITHUB_ACTIONS="true", PY_COLORS="1")

    assert (ran.returncode, b"\x1b" in ran.stdout) == (0, False)


def test_a_token_on_a_terminal_gives_a_warning(azure: AzureDouble) -> None:
    """Somebody may see it."""
    out = on_a_terminal("token", **surroundings(azure))

    assert "warning: this is a secret" in out


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """Run the program on a terminal of 80 columns, and return all that it shows."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", **variables}
    process = subprocess.Popen(
        program(*arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=ROOT,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    process.wait(timeout=60)
    return shown.decode()


def test_cron_needs_nothing_but_a_path(azure: AzureDouble) -> None:
    """It runs in `/` with an empty environment, as from a crontab."""
    azure.add("Prod", contacts_2017=GOOD)
    variables = surroundings(azure, PYTHONPATH=str(ROOT))

    ran = subprocess.run(
        program("audit", "--quiet"), env=variables, cwd="/", capture_output=True, check=False
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")

"""Stdout and stderr that are closed, full or left by their reader; widths that are none."""

import errno
import os
import subprocess
import sys

import pytest
from conftest import ROOT, program

from contacts_audit.cli import terminal
from contacts_audit.cli.app import COMMANDS

SAID = [
    (),
    ("--help",),
    ("-h",),
    ("--version",),
    ("audit", "--json-schema"),
    ("completion", "bash"),
    ("completion", "bash", "--", "aud"),
    ("audit", "--replay", "fixtures/contoso"),
    ("audit", "--replay", "fixtures/contoso", "--jq", ".summary"),
    *((command, "--help") for command in COMMANDS),
]


def shell(redirection: str, *words: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the program from a shell that redirects."""
    return subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *program(*words)],
        env={"PATH": os.environ["PATH"], **variables},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_a_full_or_closed_stdout_is_74(words: tuple[str, ...]) -> None:
    """With one line on stderr and no traceback, whatever is printed."""
    for redirection in (">/dev/full", ">&-", "</dev/null >&- <&-"):
        ran = shell(redirection, *words)

        assert ran.returncode == 74, (redirection, ran.stderr)
        assert ran.stderr.splitlines()[-1].startswith(b"error: stdout ")
        assert b"Traceback" not in ran.stderr
        assert b"Exception" not in ran.stderr


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_a_closed_pipe_is_141(words: tuple[str, ...]) -> None:
    """As for a program in C that SIGPIPE ends; nothing is printed on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        program(*words),
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert ran.returncode == 141, ran.stderr
    assert b"rror" not in ran.stderr.replace(b"403 AuthorizationFailed", b"")


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("--version",), 0),
        ((), 2),
        (("nobody",), 2),
        (("audit", "--nobody"), 2),
        (("audit", "--replay", "/nonexistent"), 2),
        (("audit", "--replay", "fixtures/contoso", "-v"), 4),
        (("completion", "fish"), 0),
    ],
    ids=["help", "version", "nothing", "command", "option", "file", "audit", "completion"],
)
def test_a_full_stderr_does_not_change_the_exit_code(
    words: tuple[str, ...], code: int, redirection: str
) -> None:
    """stdout is the same, too."""
    told, ran = shell("2>/dev/null", *words), shell(redirection, *words)

    assert (ran.returncode, told.returncode) == (code, code)
    assert (ran.stdout, ran.stderr) == (told.stdout, b"")


@pytest.mark.parametrize("redirection", [">&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_descriptor_of_a_closed_stream(redirection: str) -> None:
    """Otherwise the output of a library would go into that file. Lost output is reported."""
    code = (
        "import os\n"
        "from contacts_audit.cli.stdout import fill_closed_streams\n"
        "fill_closed_streams()\n"
        "handle = os.open('/dev/null', os.O_RDONLY)\n"
        "try: os.write(1, b'x')\n"
        "except OSError as error: os._exit(10 * handle + error.errno)\n"
    )
    ran = subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert (ran.returncode // 10 >= 3, ran.returncode % 10) == (True, errno.EBADF)


def test_a_closed_stdout_does_not_become_a_report() -> None:
    """A file that is opened does not get the descriptor of a closed stdout."""
    words = ("audit", "-q", "--replay", "fixtures/contoso", "--report", "/dev/stdout")

    ran = shell(">&-", *words)

    assert (ran.returncode, ran.stderr.count(b"\n")) == (74, 1), ran.stderr


WIDTHS = ["0", "-1", "abc", "1", "100000", "9" * 5000, "²", "٣", "", " 80 ", "00", "1e2"]


@pytest.mark.parametrize("name", ["COLUMNS", "TERMINAL_WIDTH", "LINES"])
@pytest.mark.parametrize("width", WIDTHS, ids=lambda text: text[:8])
def test_help_is_printed_in_any_width(name: str, width: str) -> None:
    """Complete and readable, also if both variables are set."""
    ran = shell("", "audit", "--help", **{"COLUMNS": "90", name: width})

    text = ran.stdout.decode()
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "--subscriptions-from" in text
    assert 30 < max(map(len, text.splitlines())) <= terminal.MAX_WIDTH


@pytest.mark.parametrize(
    ("width", "meant"),
    [
        ("0", None),
        ("-1", None),
        ("²", None),
        ("1", None),
        ("0080", "80"),
        ("100000", "500"),
        ("9" * 5000, "500"),
    ],
)
def test_a_width_is_a_number_within_limits(width: str, meant: str | None) -> None:
    """Zero and what is no number are ignored, and a huge width is limited."""
    environment = {"COLUMNS": width}

    terminal.fix_widths(environment)

    assert environment.get("COLUMNS") == meant


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_a_short_name(command: str) -> None:
    """`-h` is `--help`, of each command."""
    short, long = shell("", command, "-h"), shell("", command, "--help")

    assert (short.returncode, short.stdout) == (0, long.stdout)
    assert b"-h" in short.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_value_of_an_option_has_a_name(command: str) -> None:
    """A word, not a letter: ADDRESS, SECONDS, VERSION."""
    text = shell("", command, "--help", COLUMNS="200").stdout.decode()

    for letter in "APVDSN":
        assert f" {letter}  " not in text, letter

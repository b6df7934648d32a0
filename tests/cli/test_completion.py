"""Completion: what may come next, and real shells that ask for it."""

import fcntl
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, program, run_in

from contacts_audit.cli import app, complete
from contacts_audit.cli.complete import FILES, FOLDERS, SUBSCRIPTIONS, Shell
from contacts_audit.cli.completion import SCRIPTS
from contacts_audit.cli.options.declare import choices

TABLE = ROOT / "contacts_audit/cli/completion.json"
KINDS = {  # what to complete for a metavar; for others nothing is known
    "FILE": FILES,
    "OLD.json": FILES,
    "PATH": FILES,
    "OLD": FILES,
    "NEW": FILES,
    "REPORT...": FILES,
    "PLAN": FILES,
    "BACKUP": FILES,
    "DIR": FOLDERS,
    "ID_OR_NAME": SUBSCRIPTIONS,
    "SUBSCRIPTION": SUBSCRIPTIONS,
    "VERSION": "2017-08-01-preview|2020-01-01-preview|2023-12-01-preview",
}
BIN = Path(sys.executable).parent
PROD = "e6bd53fe-b19a-4834-a49e-f34c4fd55ca1"


def offered(*words: str, shell: str = "zsh", **environment: str) -> list[str]:
    """Return what may stand in the place of the last of *words*, its kind first."""
    return complete.answer(shell, words, environment).splitlines()


def described(commands: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of completion.json: arguments and kinds of options per command."""
    return {
        name: {
            "arguments": [
                _kind(one) for one in command.params if one.param_type_name == "argument"
            ],
            "options": {
                option: _kind(one)
                for one in command.params
                if one.param_type_name == "option"
                for option in one.opts
            }
            | {"--help": "", "-h": ""},
        }
        for name, command in commands.items()
    }


def _kind(parameter: Any) -> str:
    """Return what to complete: a kind, values separated by |, or "" for a flag."""
    if getattr(parameter, "is_flag", False):
        return ""
    values = "|".join(choices(parameter.type_descriptor.annotation))
    return values or KINDS.get((parameter.metavar or "").strip("[]"), "text")


def test_completion_json_lists_the_options_of_the_commands() -> None:
    """`make completion` writes the file again."""
    commands = {name: app._program(name).commands[name] for name in app.COMMANDS}
    text = json.dumps(described(commands), indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        TABLE.write_text(text)

    assert TABLE.read_text() == text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["aud"], ["audit"], id="a command"),
        pytest.param(["--ver"], ["--version"], id="an option of the program"),
        pytest.param(["-"], ["-h", "--help", "--version"], id="all of them"),
        pytest.param(["audit", "--out"], ["--output"], id="an option"),
        pytest.param(["audit", "--output", "j"], ["json", "jsonl", "junit"], id="its value"),
        pytest.param(["audit", "-o", "J"], ["json", "jsonl", "junit"], id="in any case"),
        pytest.param(["audit", "--output=ta"], ["--output=table"], id="behind ="),
        pytest.param(["audit", "-ota"], ["-otable"], id="behind its letter"),
        pytest.param(["plan", "--minimum-severity", "h"], ["High"], id="of another enum"),
        pytest.param(["audit", "--cloud=azurech"], ["--cloud=AzureChinaCloud"], id="both"),
        pytest.param(["audit", "-q", "--check", "own"], ["owner-notified"], id="after a flag"),
        pytest.param(["-h", "doctor", "-o", "t"], ["text"], id="of another command"),
        pytest.param(["audit", "--workers", ""], [], id="a number"),
        pytest.param(["audit", "x", "y", "z"], [], id="no argument"),
        pytest.param(["nobody", "--o"], [], id="no command"),
        pytest.param(["audit", "--nobody", "x"], [], id="an unknown option"),
        pytest.param(["completion", "po"], ["powershell"], id="an argument"),
        pytest.param(["fetch", "--api-version", "2023"], ["2023-12-01-preview"], id="version"),
        pytest.param(["audit", "--", "--o"], [], id="after the end of options"),
    ],
)
def test_possible_next_words(words: list[str], expected: list[str]) -> None:
    """Commands, options, values; in any case, with and without `=`."""
    assert offered(*words) == ["words", *expected]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["audit", "--report", ""], "files"),
        (["audit", "--policy=x"], "files"),
        (["audit", "--replay", "fix"], "folders"),
        (["audit", "--record="], "folders"),
        (["apply", ""], "files"),
        (["apply", "--yes", "pl"], "files"),
        (["diff", "old.json", "n"], "files"),
        (["merge", "a", "b", "c"], "files"),
    ],
)
def test_the_shell_completes_file_names(words: list[str], kind: str) -> None:
    """The script leaves them to the shell."""
    assert offered(*words) == [kind]


def test_a_dot_stands_for_an_empty_word_in_powershell() -> None:
    """Older versions do not pass an empty word."""
    assert offered("audit", "-o", ".ta", shell="powershell") == ["words", "table"]
    assert offered("doctor", "-o", ".", shell="powershell") == ["words", "text", "json"]


@pytest.mark.parametrize("spelt", [["--replay", "fixtures/contoso"], ["--replay=fixtures/contoso"]])
@pytest.mark.parametrize("place", [["audit", "-s"], ["audit", "--exclude"], ["explain"]])
def test_subscriptions_of_a_recording(spelt: list[str], place: list[str]) -> None:
    """By name in any case, and by id; only where a recording is named."""
    words = [place[0], *spelt, *place[1:]]

    assert offered(*words, "prod") == ["words", "Production"]
    assert offered(*words, "e6bd") == ["words", PROD]
    assert len(offered(*words, "")) == 21
    assert offered(*place, "prod") == ["words"]
    variable = {"CONTACTS_AUDIT_REPLAY": "fixtures/contoso"}
    assert offered(*place, "prod", **variable) == ["words", "Production"]
    assert offered("audit", *spelt, "--exclude=Prod") == ["words", "--exclude=Production"]


def test_a_recording_may_hold_anything(tmp_path: Path) -> None:
    """Invalid files and names with control characters are skipped."""
    row = {"subscriptionId": PROD, "displayName": "Good one"}
    evil = {"subscriptionId": PROD, "displayName": "Bad\x1b[2J"}
    several = {"response": {"json": {"value": [evil, row]}}}
    half = {"response": {"json": {"value": [{"displayName": "x"}]}}}
    for number, text in enumerate(
        ["", "[" * 100_000, "[]", json.dumps(half), json.dumps(several), '{"response": {}}']
    ):
        (tmp_path / f"{number:05}-subscriptions.json").write_text(text)
    (tmp_path / "00009-subscriptions.json").mkdir()

    assert offered("audit", "--replay", str(tmp_path), "-s", "") == ["words", "Good one", PROD]
    assert offered("audit", "--replay", "/nonexistent", "-s", "") == ["words"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(["audit", "--output", "=", "js"], ["json", "jsonl"], id="broken at ="),
        pytest.param(["audit", "--output", "="], ["table"], id="nothing behind ="),
        pytest.param(["audit", "--output=js"], ["--output=json", "--output=jsonl"], id="whole"),
        pytest.param(["explain", "corp"], ["Corporate\\ Portal"], id="escaped"),
        pytest.param(["explain", "Corporate\\ P"], ["Corporate\\ Portal"], id="begun so"),
        pytest.param(["explain", '"Corporate P'], ["Corporate Portal"], id="in quotes"),
        pytest.param(["explain", "'Corporate P"], ["Corporate Portal"], id="in others"),
        pytest.param(["explain", "Site", ":", "\\ W"], ["\\ West"], id="broken at :"),
    ],
)
def test_words_as_bash_splits_them(tmp_path: Path, raw: list[str], expected: list[str]) -> None:
    """Split at `=` and `:`, and as they were typed; a completion replaces the last part."""
    names = ["Corporate Portal", "Site: West", "Other"]
    rows = [{"subscriptionId": PROD, "displayName": name} for name in names]
    kept = {"response": {"text": json.dumps({"value": rows})}}
    (tmp_path / "00001-subscriptions.json").write_text(json.dumps(kept))

    found = offered(*raw, shell="bash", CONTACTS_AUDIT_REPLAY=str(tmp_path))

    assert found[1 : len(expected) + 1] == expected


ASKED = ("completion", "zsh", "--", "audit", "--replay", "fixtures/contoso", "-s", "Prod")


def test_completion_loads_no_command() -> None:
    """And no library: completion must take less than half a second."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *program(*ASKED)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    ours = {name for name in loaded if name.startswith("contacts_audit")}

    assert ran.stdout == "words\nProduction\n"
    assert ours == {
        "contacts_audit",
        "contacts_audit.cli",
        "contacts_audit.cli.stdout",
        "contacts_audit.cli.complete",
        "contacts_audit.core",
        "contacts_audit.core.bounded_read",
    }
    assert not {"typer", "rich", "requests", "msal", "jq", "pydantic", "pathlib", "enum"} & (
        loaded - started_with()
    )


def started_with() -> set[str]:
    """Return what Python itself loads."""
    ran = subprocess.run(
        [sys.executable, "-c", "import runpy, re, json, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {*ran.stdout.split()}


@pytest.mark.parametrize("shell", Shell)
def test_the_script_is_printed(shell: Shell) -> None:
    """On stdout, and nothing is installed."""
    ran = run_in({}, "completion", shell)

    assert (ran.code, ran.text, ran.err) == (0, SCRIPTS[shell], "")
    assert set(Shell) == set(SCRIPTS)


def test_an_unknown_shell_is_wrong_usage() -> None:
    """The known ones are named; no shell at all is wrong usage, too."""
    unknown, none = run_in({}, "completion", "tcsh"), run_in({}, "completion")

    assert (unknown.code, none.code, unknown.out) == (2, 2, b"")
    assert "powershell" in unknown.err


# Real shells


SHOW = {
    "bash": 'bind -x \'"\\C-g": printf "<<%s>>\\n" "$READLINE_LINE"\'',
    "zsh": "show() { print -r -- \"<<$BUFFER>>\" }; zle -N show; bindkey '^G' show",
    "fish": "bind \\cg 'printf \"<<%s>>\\n\" (commandline)'",
}
STARTED = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SOURCED = {
    "bash": "source <(contacts-audit completion bash)",
    "zsh": "autoload -Uz compinit; compinit -D -u; source <(contacts-audit completion zsh)",
    "fish": "contacts-audit completion fish | source",
}


class Terminal:
    """A shell at a terminal, whose line can be looked at."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            STARTED[shell],
            env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        for line in (SOURCED[shell], SHOW[shell], "echo rea''dy"):
            os.write(self._ours, line.encode() + b"\n")
        self._until(b"ready\r\n")

    def _until(self, mark: bytes) -> bytes:
        end, seen = time.monotonic() + 60, b""
        while mark not in seen:
            assert select.select([self._ours], [], [], end - time.monotonic())[0], seen
            seen += os.read(self._ours, 65536)
        return seen

    def completed(self, typed: str) -> str:
        """Type this and a tab, and return what the line is then; it is thrown away."""
        os.write(self._ours, typed.encode() + b"\t")
        time.sleep(0.5)  # a tab and the next key in one read would be text that was pasted
        shown = b""
        os.write(self._ours, b"\x07")
        while not shown.rstrip().endswith(b">>") and b">>\r" not in shown and b">>\n" not in shown:
            shown += self._until(b">>")
        line = shown.rpartition(b">>")[0].rpartition(b"<<")[2].decode()
        os.write(self._ours, b"\x15")
        return line

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """Start a real shell, in a folder that holds a recording and files to find."""
    shell: str = request.param
    if shutil.which(shell) is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail(f"missing: {shell}")
    if shutil.which(shell) is None:
        pytest.skip(f"missing: {shell}")
    folder = tmp_path_factory.mktemp(shell)
    (folder / "records").symlink_to(ROOT / "fixtures/contoso")
    (folder / "policy.toml").touch()
    started = Terminal(shell, folder)
    yield started
    started.close()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("contacts-audit aud", "contacts-audit audit "),
        ("contacts-audit audit --outp", "contacts-audit audit --output "),
        ("contacts-audit audit --output mark", "contacts-audit audit --output markdown "),
        ("contacts-audit audit -o MARK", "contacts-audit audit -o markdown "),
        ("contacts-audit audit --output=mark", "contacts-audit audit --output=markdown "),
        ("contacts-audit audit --policy pol", "contacts-audit audit --policy policy.toml "),
        ("contacts-audit audit --policy=pol", "contacts-audit audit --policy=policy.toml "),
        ("contacts-audit audit --replay rec", "contacts-audit audit --replay records/"),
        (
            "contacts-audit audit --replay records -s Prod",
            "contacts-audit audit --replay records -s Production ",
        ),
        (
            "contacts-audit explain --replay=records corp",
            "contacts-audit explain --replay=records Corporate\\ Portal ",
        ),
        (
            "contacts-audit explain --replay records 'Corp",
            "contacts-audit explain --replay records 'Corporate Portal' ",
        ),
        (
            "contacts-audit audit --replay records --exclude=e6bd",
            f"contacts-audit audit --replay records --exclude={PROD} ",
        ),
    ],
)
def test_a_real_shell_completes(terminal: Terminal, typed: str, line: str) -> None:
    """As a person sees it at the prompt."""
    assert terminal.completed(typed) == line


def test_the_program_completes_from_a_process() -> None:
    """Words that hold no UTF-8 come back as they are."""
    ran = subprocess.run(
        [*program("completion", "zsh", "--"), b"audit", b"--output=\xff"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )

    assert ran.stdout == b"words\n"

"""
Tries every command once: `make smoke PYTHON=python3.13`, and of what `make dist` built.

It runs as the user's process does, in an empty folder: on a copy of the recording fixtures/contoso,
and signed in to the double, where it writes, too.  `python -m smoke.run PROGRAM [ARGUMENT...]`
tries another program than the one that is installed beside this Python.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from azure_double import AzureDouble
from conftest import ROOT, surroundings

from contacts_audit import __version__
from contacts_audit.cli.app import COMMANDS
from contacts_audit.report import SUFFIXES, Format

REPLAY = ("--replay", "contoso")
MUTED = "eee40e87-51fe-4daf-9dbc-2c665f52d752"
ADDRESS = "soc@contoso.com"


class Wrong(Exception):
    """The program did not do what it should."""


class Smoke:
    """A program that is tried in a folder, and what was tried of it."""

    def __init__(self, program: Sequence[str], folder: Path, variables: Mapping[str, str]):
        self.program, self.folder, self.variables = program, folder, variables
        self.tried: set[str] = set()
        self.runs = 0

    def __call__(self, *arguments: str, code: int = 0, shows: str = "") -> str:
        """
        Run the program; return what stdout shows.

        Raises:
            Wrong: it ends with another *code*, shows not what it should, or a traceback.
        """
        ran = subprocess.run(
            [*self.program, *arguments],
            env=self.variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.runs += 1
        if "--help" not in arguments:
            self.tried.add(arguments[0])
        if ran.returncode != code or shows not in ran.stdout or "Traceback" in ran.stderr:
            raise Wrong(
                f"{arguments} ended with {ran.returncode}, not {code}, or does not show {shows!r}"
                f"\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
            )
        return ran.stdout


def alone(run: Smoke) -> None:
    """Try what needs no cloud: the version, each help, completion, a policy."""
    run("--version", shows=f"contacts-audit {__version__}\n")
    for command in COMMANDS:
        run(command, "--help", shows=f"Usage: contacts-audit {command}")
    for shell, word in (("bash", "complete -F"), ("zsh", "compdef"), ("fish", "complete -c")):
        run("completion", shell, shows=word)
    run("completion", "powershell", shows="Register-ArgumentCompleter")
    run("completion", "bash", "--", "audit", "--rep", shows="--report")  # from completion.json
    shutil.copy(ROOT / "docs/policy-example.toml", run.folder)
    run("policy", "check", "policy-example.toml")


def replayed(run: Smoke) -> None:
    """Try what a recording can answer: each command that reads, each format."""
    for form in Format:
        run("audit", *REPLAY, "-o", form, code=4)
    files = [f"report{suffix}" for suffix in SUFFIXES]
    run("audit", *REPLAY, "-q", *(word for name in files for word in ("--report", name)), code=4)
    for name in files:
        if not (run.folder / name).stat().st_size:
            raise Wrong(f"{name} is empty")
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    if not all(part in page for part in ("<style>", "<script", "Corporate Portal")):
        raise Wrong("the page lacks its style, its script or its rows")
    run("audit", *REPLAY, "--jq", ".summary.in_scope", code=4, shows="10\n")
    json.loads(run("audit", "--json-schema"))
    run("audit", *REPLAY, "--check", "deliverable", code=4)
    run("emails", *REPLAY, code=4, shows='"secops@contoso.com"')
    run("fetch", *REPLAY, code=4, shows="Microsoft.Security/securityContacts")
    run("explain", *REPLAY, MUTED, code=3, shows="is disabled")
    run("diff", "report.json", "report.json")
    run("merge", "report.json", "-o", "json", code=4, shows='"in_scope": 10')
    (run.folder / "reports").mkdir()
    shutil.copy(run.folder / "report.json", run.folder / "reports")
    run("history", "reports", shows="2026-")
    run("history", "reports", "-o", "html", shows="<style>")
    run("plan", *REPLAY, "--email", ADDRESS, code=4, shows=ADDRESS)


def signed_in(run: Smoke) -> None:
    """Try what needs a cloud: sign-in, diagnosis, and what writes."""
    state = ("--state-dir", "state")
    run("token", "-o", "raw", shows=".")
    run("doctor", shows="ok")
    run("audit", code=3, shows="non-compliant")
    run("plan", "--email", ADDRESS, "--save", "plan.json", code=3)
    run("apply", "plan.json", "--yes", *state)
    run("audit", shows=ADDRESS)
    run("restore", *state, shows="backup-")
    (backup,) = (run.folder / "state").glob("backup-*.json")
    run("restore", str(backup), "--yes", *state)
    run("audit", code=3, shows="non-compliant")


PARTS: tuple[Callable[[Smoke], None], ...] = (alone, replayed, signed_in)


def smoke(program: Sequence[str], **variables: str) -> int:
    """
    Try all of *program* in an empty folder; return how often it ran.

    Raises:
        Wrong: something is not as it should be, or a command was not tried.
    """
    with tempfile.TemporaryDirectory() as name, AzureDouble() as azure:
        folder = Path(name)
        shutil.copytree(ROOT / "fixtures/contoso", folder / "contoso")
        azure.add("Prod")
        run = Smoke(program, folder, surroundings(azure, **variables))
        for part in PARTS:
            part(run)
        if missing := set(COMMANDS) - run.tried:
            raise Wrong(f"nothing tried {', '.join(sorted(missing))}")
        return run.runs


def main() -> int:
    """Try the program of the command line, else the installed one."""
    program = sys.argv[1:] or [str(Path(sys.executable).with_name("contacts-audit"))]
    try:
        runs = smoke(program)
    except Wrong as error:
        sys.stderr.write(f"smoke: {program[0]}: {error}\n")
        return 1
    print(f"smoke: {runs} runs of {program[0]} under Python {sys.version.split()[0]}: all as told")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

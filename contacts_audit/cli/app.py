"""Finds the command, runs it, and returns its exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from contacts_audit import __version__
from contacts_audit.cli.fast_options import LeanCommand, LeanGroup
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import (
    defaults_from,
    nearest_choice,
    unknown_variables,
    variable_of,
)
from contacts_audit.cli.terminal import Screen, mend_widths, plain
from contacts_audit.core.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.core.sanitize import told_in_public
from contacts_audit.core.shutdown import Ending, Stopped

EPILOG = (
    "Every option --NAME has a variable CONTACTS_AUDIT_NAME (in capitals, '-' as '_'), except "
    "those that say what is written. The command line takes precedence. See docs/options.md."
)

COMMANDS = {  # and the module of each, which is imported only when it is needed
    "audit": "audit",
    "emails": "emails",
    "fetch": "fetch",
    "token": "token",
    "explain": "explain",
    "diff": "diff",
    "merge": "merge",
    "history": "history",
    "policy": "policy",
    "doctor": "doctor",
    "plan": "plan",
    "apply": "writing",
    "restore": "restore",
    "completion": "completing",
}
ELSEWHERE = {  # what other tools call an option of ours
    "--format": "--output",
    "--query": "--jq",
    "--filter": "--jq",
}
INSTEAD = {  # what other tools begin with
    "help": "--help",
    "version": "--version",
    "--install-completion": "completion",
    "--show-completion": "completion",
}
PAGES = {  # in docs/, where they have more to say
    "audit": "audit",
    "emails": "pipeline",
    "fetch": "pipeline",
    "token": "pipeline",
    "explain": "audit",
    "diff": "reports",
    "merge": "scheduling",
    "history": "reports",
    "policy": "policy",
    "doctor": "troubleshooting",
    "plan": "remediation",
    "apply": "remediation",
    "restore": "remediation",
    "completion": "options",
}
NAMES_OF_HELP = {"help_option_names": ["--help", "-h"]}


def contacts_audit(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", metavar=" ", help="Print the version and exit.")
    ] = False,
) -> None:
    """Audit and fix the security contacts of Microsoft Defender for Cloud."""
    if version:
        context.obj.screen.data(f"contacts-audit {__version__}\n")
        raise typer.Exit


def start() -> NoReturn:
    """Run the program as a process: signals end it, and no thread can keep it."""
    ending = Ending()
    ending.listen()
    if plain() or sys.stdout is None or not sys.stdout.isatty():
        os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"  # FORCE_COLOR is for others
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]  # empty is unset, for the libraries, too
    mend_widths(os.environ)
    try:
        screen = Screen.of_process()
        stdin = None if sys.stdin is None else sys.stdin.buffer
        code = run(sys.argv[1:], Host(os.environ, stdin, screen, ending))
    except Stopped as stopped:
        code = stopped.exit_code
    ending.end()
    os._exit(code)


def run(arguments: Sequence[str], host: Host) -> int:
    """Run the program with *arguments* in *host*, and return its exit code."""
    try:
        return _dispatched(arguments, host)
    except typer.TyperException as error:
        if error.format_message():  # without arguments, the help says it all
            host.screen.fail(UsageError(_told(error, arguments, host), "see --help"))
        return ExitCode.USAGE
    except ContactsAuditError as error:
        if error.exit_code is not ExitCode.PIPE_CLOSED:
            host.screen.fail(error)
        return error.exit_code
    except Exception:  # noqa: BLE001 - a crash must never look like a finding
        trace = told_in_public(traceback.format_exc(), host.environment or {})
        host.screen.crash(trace)
        return ExitCode.FAILED


def _dispatched(arguments: Sequence[str], host: Host) -> int:
    first = next((word for word in arguments if word != "--"), None)
    name = first if first in COMMANDS else None
    program = _program(name)
    defaults = {}
    if name:
        command = program.commands[name]
        defaults = {name: defaults_from(host.environment, command)}
        host.warnings = unknown_variables(
            host.environment, command, lambda: [_program(one).commands[one] for one in COMMANDS]
        )
    code = program.main(
        list(arguments),
        prog_name="contacts-audit",
        standalone_mode=False,
        default_map=defaults,
        obj=host,
    )
    return code if isinstance(code, int) else ExitCode.CLEAN


@cache
def _program(name: str | None) -> Any:
    """Build the command of this *name*, once; or all of them, to be listed and not to be run."""
    app = typer.Typer(
        cls=LeanGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        epilog=EPILOG,
        context_settings=NAMES_OF_HELP,
    )
    app.callback()(contacts_audit)
    for command in COMMANDS if name is None else [name]:
        run = getattr(import_module(f"contacts_audit.cli.{COMMANDS[command]}"), command)
        settings: Any = {
            "cls": LeanCommand,
            "help": run.__doc__,
            "epilog": f"More: docs/{PAGES[command]}.md",
            "context_settings": NAMES_OF_HELP,
        }
        app.command(command, **settings)(run if name else _listed)
    return typer.main.get_command(app)


def _listed() -> NoReturn:
    """Stand in a list for a command: to read the options of all takes as long as the rest."""
    raise NotImplementedError("a command that is only listed was run")


def _told(error: Any, arguments: Sequence[str], host: Host) -> str:
    """Say what is wrong with an option, and which variable it came from, if from one."""
    ours = ELSEWHERE.get(getattr(error, "option_name", ""))
    if ours is not None and any(ours in one.opts for one in error.ctx.command.params):
        error.possibilities = [ours]
    message = str(error.format_message()).replace("Value error, ", "")
    parameter = getattr(error, "param", None)
    message += nearest_choice(message)
    if arguments and (meant := INSTEAD.get(arguments[0])):
        message += f" Did you mean {meant}?"
    if parameter is None or any(_given(option, arguments) for option in parameter.opts):
        return message
    variable = variable_of(parameter)
    return f"{message} (from {variable})" if host.environment.get(variable) else message


def _given(option: str, arguments: Sequence[str]) -> bool:
    return any(
        argument == option
        or argument.startswith(f"{option}=")
        or (not option.startswith("--") and argument.startswith(option))
        for argument in arguments
    )

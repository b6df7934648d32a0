"""Finds the command, runs it, and returns its exit code."""

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from contacts_audit import __version__
from contacts_audit.cli.fast_options import FastCommand, FastGroup
from contacts_audit.cli.host import Host
from contacts_audit.cli.options import variables
from contacts_audit.cli.terminal import Screen, fix_widths, plain
from contacts_audit.core.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.core.sanitize import without_credentials
from contacts_audit.core.shutdown import Shutdown, Stopped

EPILOG = (
    "Variables set options: CONTACTS_AUDIT_NAME sets --NAME (in capitals, '-' as '_'), except for "
    "options that decide what is written. The command line takes precedence. See docs/options.md."
)

PAGES = {  # each command, which is in the module of its name, and its page in docs/
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
COMMANDS = tuple(PAGES)
OPTIONS_OF_OTHERS = {  # names of our options in other tools
    "--format": "--output",
    "--query": "--jq",
    "--filter": "--jq",
}
COMMANDS_OF_OTHERS = {  # first words in other tools
    "help": "--help",
    "version": "--version",
    "--install-completion": "completion",
    "--show-completion": "completion",
}
NAMES_OF_HELP = {"help_option_names": ["--help", "-h"]}
BUG = "error: this is a bug in contacts-audit: please report it with the lines above"
_BUILT = threading.local()


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
    """Run the program as a process. A signal ends it, even while threads work."""
    shutdown = Shutdown()
    shutdown.handle_signals()
    if plain() or sys.stdout is None or not sys.stdout.isatty():
        os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"  # or FORCE_COLOR colors a pipe
    for name in [name for name, value in os.environ.items() if not value]:
        del os.environ[name]  # for libraries, too, empty means unset
    fix_widths(os.environ)
    try:
        screen = Screen.of_process()
        stdin = None if sys.stdin is None else sys.stdin.buffer
        code = run(sys.argv[1:], Host(os.environ, stdin, screen, shutdown))
    except Stopped as stopped:
        code = stopped.exit_code
    shutdown.finish()
    os._exit(code)


def run(arguments: Sequence[str], host: Host) -> int:
    """Run the program with *arguments* in *host*, and return its exit code."""
    try:
        return _dispatch(arguments, host)
    except typer.TyperException as error:
        if error.format_message():  # without arguments, help was printed
            host.screen.fail(UsageError(_usage_message(error, arguments, host), "see --help"))
        return ExitCode.USAGE
    except ContactsAuditError as error:
        if error.exit_code is not ExitCode.PIPE_CLOSED:
            host.screen.fail(error)
        return error.exit_code
    except Exception:  # noqa: BLE001 - a crash must never look like a finding
        trace = without_credentials(traceback.format_exc(), host.environment or {})
        for line in (*trace.splitlines(), BUG):
            host.screen.log(line)
        return ExitCode.FAILED


def _dispatch(arguments: Sequence[str], host: Host) -> int:
    first = next((word for word in arguments if word != "--"), None)
    name = first if first in COMMANDS else None
    program = _program(name)
    defaults = {}
    if name:
        command = program.commands[name]
        defaults = {name: variables.defaults_from(host.environment, command)}
        host.warnings = variables.unknown_variables(
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


def _program(name: str | None) -> Any:
    """Build the command *name* once a thread: typer keeps the arguments of a call in one dict."""
    programs = vars(_BUILT)
    if str(name) not in programs:
        programs[str(name)] = _build(name)
    return programs[str(name)]


def _build(name: str | None) -> Any:
    """Build the command *name*; without a name build all, to be listed and not run."""
    app = typer.Typer(
        cls=FastGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        epilog=EPILOG,
        context_settings=NAMES_OF_HELP,
    )
    app.callback()(contacts_audit)
    for command in COMMANDS if name is None else [name]:
        run = getattr(import_module(f"contacts_audit.cli.{command}"), command)
        app.command(
            command,
            cls=FastCommand,
            help=run.__doc__,
            epilog=f"More: docs/{PAGES[command]}.md",
            context_settings=NAMES_OF_HELP,
        )(run if name else _listed)
    return typer.main.get_command(app)


def _listed() -> NoReturn:
    """Replace a command in a list: reading the options of all commands is slow."""
    raise NotImplementedError("a command that is only listed cannot run")


def _usage_message(error: Any, arguments: Sequence[str], host: Host) -> str:
    """Return what is wrong with an option, and the variable that set it, if one did."""
    ours = OPTIONS_OF_OTHERS.get(getattr(error, "option_name", ""))
    if ours is not None and any(ours in one.opts for one in error.ctx.command.params):
        error.possibilities = [ours]
    message = str(error.format_message()).replace("Value error, ", "")
    parameter = getattr(error, "param", None)
    message += variables.nearest_choice(message)
    if arguments and (meant := COMMANDS_OF_OTHERS.get(arguments[0])):
        message += f" Did you mean {meant}?"
    if parameter is None or any(_given(option, arguments) for option in parameter.opts):
        return message
    variable = variables.variable_of(parameter)
    return f"{message} (from {variable})" if host.environment.get(variable) else message


def _given(option: str, arguments: Sequence[str]) -> bool:
    return any(
        argument == option
        or argument.startswith(f"{option}=" if option.startswith("--") else option)
        for argument in arguments
    )

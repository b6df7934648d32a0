"""The variables CONTACTS_AUDIT_*, which stand for options."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from contacts_audit.cli.host import Host

PREFIX = "CONTACTS_AUDIT_"
NO_VARIABLE = frozenset({"--token-file", "--help"})
OF_WRITING = frozenset({"Changes", "Writing"})  # panels whose options say what is written
HARMLESS = frozenset({"--failing-only", "--max-changes", "--state-dir"})  # but for these
ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})


def variable_of(parameter: Any) -> str:
    """Return the variable that stands for an option; the empty name where there is none."""
    option = _name(parameter)
    return _spelt(option) if option.startswith("--") and not _is_typed(parameter) else ""


def warn_of_ignored(host: "Host", command: Any) -> None:
    """
    Warn of variables that are set although the options of *command* are for the command line.

    What is written, what takes a guard off, and where a token lies is never said by a variable: one
    that was forgotten in an environment would change what a command does.
    """
    names = (_spelt(_name(each)) for each in command.params if _is_typed(each))
    found = [name for name in names if host.variable(name) and name != _spelt("--help")]
    if found:
        host.screen.warn(f"ignored: {', '.join(found)} -- give the option on the command line")


def _name(parameter: Any) -> str:
    option: str = max(parameter.opts, key=len)
    return option


def _spelt(option: str) -> str:
    """Return *option* as a variable is spelt; the empty name for an argument."""
    if not option.startswith("--"):
        return ""
    return PREFIX + option.removeprefix("--").upper().replace("-", "_")


def _is_typed(parameter: Any) -> bool:
    """Say whether an option has to stand on the command line."""
    option = _name(parameter)
    writes = getattr(parameter, "rich_help_panel", None) in OF_WRITING
    return option in NO_VARIABLE or (writes and option not in HARMLESS)


def unknown_variables(
    environment: Mapping[str, str], command: Any, all_commands: Callable[[], Sequence[Any]]
) -> list[str]:
    """
    Return what is to be said of variables CONTACTS_AUDIT_* that stand for no option of any command.

    *all_commands* is asked where *command* does not know a variable: it takes a while.
    """
    ours = {name for name, value in environment.items() if name.startswith(PREFIX) and value}
    if not (strange := ours - _variables([command])):
        return []
    known = _variables(all_commands())
    words = [one.removeprefix(PREFIX) for one in known]
    said = []
    for name in sorted(strange - known):
        near = difflib.get_close_matches(name.removeprefix(PREFIX)[:100], words, n=1)
        hint = f" -- did you mean {PREFIX}{near[0]}?" if near else ""
        said.append(f"{name} is not a variable of this program, and is ignored{hint}")
    return said


def nearest_choice(message: str) -> str:
    """Return what was meant where *message* refuses a value that is nearly one of the choices."""
    refused, _, known = message.partition("' is not one of ")
    choices = {one.casefold(): one for one in re.findall("'([^']+)'", known)}
    wrong = refused.rpartition(": '")[2][:100].casefold()
    near = difflib.get_close_matches(wrong, choices, n=1)
    return f" Did you mean {choices[near[0]]}?" if near else ""


def _variables(commands: Sequence[Any]) -> set[str]:
    """Return the names of all options as variables, also of those that none stands for."""
    options = (one for command in commands for one in command.params)
    return {_spelt(max(one.opts, key=len)) for one in options}


def defaults_from(environment: Mapping[str, str], command: Any) -> dict[str, Any]:
    """
    Return what the variables CONTACTS_AUDIT_* say, as defaults of *command*: argv goes before.

    Raises:
        typer.BadParameter: a flag's variable is neither yes nor no.
    """
    said: dict[str, Any] = {}
    for parameter in command.params:
        variable = variable_of(parameter)
        text = environment.get(variable, "") if variable else ""
        if not text:
            continue
        if parameter.multiple:
            said[parameter.name] = [
                part.strip() for part in re.split("[\n;]", text) if part.strip()
            ]
        elif getattr(parameter, "is_flag", False):
            if text.lower() not in ON | OFF:
                raise typer.BadParameter(f"{text!r} is neither yes nor no", param_hint=variable)
            said[parameter.name] = text.lower() in ON
        else:
            said[parameter.name] = text
    return said

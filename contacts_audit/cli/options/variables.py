"""The variables CONTACTS_AUDIT_*, which set options."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from contacts_audit.cli.host import Host

PREFIX = "CONTACTS_AUDIT_"
NO_VARIABLE = frozenset({"--token-file", "--help"})
WRITING_PANELS = frozenset({"Changes", "Writing"})  # their options decide what is written
ALLOWED_OF_WRITING = frozenset({"--failing-only", "--max-changes", "--state-dir"})
ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})


def variable_of(parameter: Any) -> str:
    """Return the name of the variable that sets an option, "" if none does."""
    return "" if _is_command_line_only(parameter) else _variable(parameter)


def warn_of_ignored(host: "Host", command: Any) -> None:
    """
    Warn of variables that name options of *command* that only the command line can set.

    These options decide what is written, remove a guard, or say where a token is. A variable that
    was forgotten in the environment must not do that.
    """
    names = (_variable(each) for each in command.params if _is_command_line_only(each))
    ignored = [name for name in names if host.variable(name) and name != f"{PREFIX}HELP"]
    if ignored:
        host.screen.warn(f"ignored: {', '.join(ignored)} -- give the option on the command line")


def _name(parameter: Any) -> str:
    option: str = max(parameter.opts, key=len)
    return option


def _variable(parameter: Any) -> str:
    """Return the name of an option spelled as a variable, "" for an argument."""
    if not (option := _name(parameter)).startswith("--"):
        return ""
    return PREFIX + option.removeprefix("--").upper().replace("-", "_")


def _is_command_line_only(parameter: Any) -> bool:
    option = _name(parameter)
    writes = getattr(parameter, "rich_help_panel", None) in WRITING_PANELS
    return option in NO_VARIABLE or (writes and option not in ALLOWED_OF_WRITING)


def unknown_variables(
    environment: Mapping[str, str], command: Any, all_commands: Callable[[], Sequence[Any]]
) -> list[str]:
    """
    Return a warning for each variable CONTACTS_AUDIT_* that names no option of any command.

    *all_commands* is slow: it is called only if *command* does not know a variable.
    """
    ours = {name for name, value in environment.items() if name.startswith(PREFIX) and value}
    if not (others := ours - _variables([command])):
        return []
    known = _variables(all_commands())
    words = [one.removeprefix(PREFIX) for one in known]
    warnings = []
    for name in sorted(others - known):
        near = difflib.get_close_matches(name.removeprefix(PREFIX)[:100], words, n=1)
        hint = f" -- did you mean {PREFIX}{near[0]}?" if near else ""
        warnings.append(f"{name} is not a variable of this program, and is ignored{hint}")
    return warnings


def nearest_choice(message: str) -> str:
    """Return a suggestion if typer's *message* refuses a value that is close to a choice."""
    refused, _, known = message.partition("' is not one of ")
    choices = {one.casefold(): one for one in re.findall("'([^']+)'", known)}
    wrong = refused.rpartition(": '")[2][:100].casefold()
    near = difflib.get_close_matches(wrong, choices, n=1)
    return f" Did you mean {choices[near[0]]}?" if near else ""


def _variables(commands: Sequence[Any]) -> set[str]:
    """Return the variables of all options, also of those that no variable sets."""
    return {_variable(one) for command in commands for one in command.params}


def defaults_from(environment: Mapping[str, str], command: Any) -> dict[str, Any]:
    """
    Return the values that variables give to options of *command*; the command line overrides them.

    Raises:
        typer.BadParameter: the variable of a flag is neither yes nor no.
    """
    defaults: dict[str, Any] = {}
    for parameter in command.params:
        variable = variable_of(parameter)
        text = environment.get(variable, "") if variable else ""
        if not text:
            continue
        value: Any = text
        if parameter.multiple:
            value = [part.strip() for part in re.split("[\n;]", text) if part.strip()]
        elif getattr(parameter, "is_flag", False):
            if text.lower() not in ON | OFF:
                raise typer.BadParameter(f"{text!r} is neither yes nor no", param_hint=variable)
            value = text.lower() in ON
        defaults[parameter.name] = value
    return defaults

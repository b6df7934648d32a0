"""Option groups as dataclasses for typer, and the variables of options."""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from contacts_audit.cli.host import Host

PREFIX = "CONTACTS_AUDIT_"
NO_VARIABLE = frozenset({"--token-file", "--help"})
OF_WRITING = frozenset({"Changes", "Writing"})  # panels whose options say what is written
HARMLESS = frozenset({"--failing-only", "--max-changes", "--state-dir"})  # but for these
ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """
    Let *command* take groups of options: typer sees the options, *command* the groups.

    A parameter that is annotated with a dataclass is a group.
    """
    groups: dict[str, Any] = {}
    flat: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            flat += [_parameter(item) for item in fields(parameter.annotation)]
        else:
            flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    def run(**given: Any) -> None:
        if "context" in given and not given.get("quiet"):
            _warn(given["context"].obj, held=bool(given.get("only_changes")))
        for name, group in groups.items():
            given[name] = group(**{item.name: given.pop(item.name) for item in fields(group)})
        command(**given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _warn(host: Any, *, held: bool) -> None:
    """Tell what was found wrong before the command was known to run; *held* until it says more."""
    if held:
        host.screen.hold()
    for line in host.warnings:
        host.screen.warn(line)


def _parameter(item: Any) -> inspect.Parameter:
    default = item.default if item.default is not MISSING else item.default_factory()
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=item.type
    )


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


def words(group: Any, *leave_out: str, blank: str) -> tuple[str, ...]:
    """
    Return the options that the dataclass *group* holds, as words for a command line.

    Options that have their default are not among them, nor those named in *leave_out*; *blank*
    stands for stdin, which is read by now.
    """
    said: list[str] = []
    for item in fields(group):
        value = getattr(group, item.name)
        if item.name in leave_out or value == _parameter(item).default or value is None:
            continue
        (told,) = cast(Any, item.type).__metadata__
        option = min((told.default, *told.param_decls), key=len)
        if value is True:
            said.append(option)
        for one in value if isinstance(value, list) else [] if value is True else [value]:
            said += [option, blank if str(one) == "-" else str(one)]
    return tuple(said)

"""The command completion: prints a shell completion script."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from contacts_audit.cli.complete import FILES, FOLDERS, SUBSCRIPTIONS
from contacts_audit.cli.completion_scripts import SCRIPTS
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.declare import argument, choices, grouped

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


class Shell(StrEnum):
    """The shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@grouped
def completion(
    host: Host, shell: Shell = argument("SHELL", "The shell: bash, zsh, fish or powershell.")
) -> None:
    """
    Print a shell completion script. Its first lines say where to put it.

    No file is changed.
    """
    host.screen.data(SCRIPTS[shell])


def described(commands: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of `completion.json`: arguments and kinds of options per command."""
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

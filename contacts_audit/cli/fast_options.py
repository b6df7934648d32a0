"""
Reads options without loading pydantic, which typer would load.

Loading it takes longer than everything else that a short run does, and more memory than 10,000
subscriptions.  What is plain is taken as it is; whatever else is left to typer, errors included.
"""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.core import TyperCommand, TyperGroup, TyperOption

from contacts_audit.cli.options.variables import warn_of_ignored
from contacts_audit.cli.terminal import Screen


class LeanCommand(TyperCommand):
    """A command of lean options, whose help tells where it could not be printed."""

    def get_help(self, ctx: Any) -> str:
        """Print the help, and return nothing more to print."""
        return _printed(super().get_help, ctx)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, unless only its help was asked for; say what it ignores."""
        if not (ctx.params.get("quiet") or ctx.params.get("only_changes")):
            warn_of_ignored(ctx.obj, self)
        return super().invoke(ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, `--help` among them."""
        return _lean(super().get_params(ctx))


class LeanGroup(TyperGroup):
    """A program of lean options, whose help tells where it could not be printed."""

    def get_help(self, ctx: Any) -> str:
        """Print the help, and return nothing more to print."""
        return _printed(super().get_help, ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, `--help` among them."""
        return _lean(super().get_params(ctx))


def _lean(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if type(parameter) is TyperOption:
            parameter.__class__ = _LeanOption
            if parameter.name == "help":
                parameter.metavar = " "  # it takes no value; typer would show a type
                parameter.callback = _show_help
    return parameters


def _show_help(ctx: Any, parameter: Any, value: Any) -> None:
    """End with the help; typer's own would print a line end to a stdout that may be broken."""
    if value and not ctx.resilient_parsing:
        ctx.get_help()
        ctx.exit()


class _Captured(io.StringIO):
    def isatty(self) -> bool:
        """Let the help have the colors that it would have at stdout."""
        return sys.__stdout__ is not None and sys.__stdout__.isatty()


def _printed(help: Callable[[Any], str], ctx: Any) -> str:
    """
    Print what rich would print to stdout by itself, and what *help* returns where it does not.

    Raises:
        OutputError: it could not be printed.
    """
    with redirect_stdout(_Captured()) as captured:
        plain = help(ctx)
    out = None if sys.stdout is None else sys.stdout.buffer
    Screen(out, None).data(f"{captured.getvalue()}{plain}\n")
    return ""


class _LeanOption(TyperOption):
    def process_value(self, ctx: Any, value: Any) -> Any:
        """As typer does, where the value is plain."""
        described = getattr(self, "type_descriptor", None)  # a later typer may have another way
        if described is None or self.required:
            return super().process_value(ctx, value)
        known, read = _plain(described.annotation, value, described.parameter_info.parser)
        if not known:
            return super().process_value(ctx, value)
        return read if self.callback is None else self.callback(ctx, self, read)


def _plain(wanted: Any, value: Any, reader: Callable[[Any], Any] | None) -> tuple[bool, Any]:
    """Return whether *value* is plainly of the type *wanted*, and what is read from it."""
    if get_origin(wanted) is list:
        if isinstance(value, str):
            return False, None
        read = [_plain(get_args(wanted)[0], item, reader) for item in value or ()]
        return all(known for known, _ in read), [item for _, item in read]
    if value is None:
        return True, None
    if reader is not None:
        try:
            return True, reader(value)
        except ValueError:
            return False, None
    if wanted is str:
        return isinstance(value, str), value
    if wanted is Path:
        return isinstance(value, str), Path(value)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        found = [each for each in wanted if value in (each, each.value)]
        return len(found) == 1, next(iter(found), None)
    return False, None

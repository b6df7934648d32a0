"""
Parses options without pydantic, which typer would load.

Loading it takes longer than the rest of a short run, and more memory than 10,000 subscriptions.
Only plain values are parsed here. Typer parses all others, and reports errors.
"""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from contacts_audit.cli.options.variables import warn_of_ignored
from contacts_audit.cli.terminal import Screen


class FastCommand(TyperCommand):
    """A command with fast options. Its help fails visibly where it cannot be printed."""

    def get_help(self, ctx: Any) -> str:
        """Print the help, and return nothing more to print."""
        return _printed(super().get_help, ctx)

    def invoke(self, ctx: Any) -> Any:
        """Warn of ignored variables, and run the command."""
        if not (ctx.params.get("quiet") or ctx.params.get("only_changes")):
            warn_of_ignored(ctx.obj, self)
        return super().invoke(ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, `--help` among them."""
        return _fast(super().get_params(ctx))


class FastGroup(TyperGroup):
    """A program with fast options. Its help fails visibly where it cannot be printed."""

    def get_help(self, ctx: Any) -> str:
        """Print the help, and return nothing more to print."""
        return _printed(super().get_help, ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, `--help` among them."""
        return _fast(super().get_params(ctx))


def _fast(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if type(parameter) is TyperArgument:
            parameter.__class__ = _Argument
        elif type(parameter) is TyperOption:
            parameter.__class__ = _FastOption
            if parameter.name == "help":
                parameter.metavar = " "  # it takes no value; typer would show a type
                parameter.callback = _show_help
    return parameters


def _show_help(ctx: Any, parameter: Any, value: Any) -> None:
    """Print help and exit; typer would print a line end to a stdout that may be broken."""
    if value and not ctx.resilient_parsing:
        ctx.get_help()
        ctx.exit()


class _Captured(io.StringIO):
    def isatty(self) -> bool:
        """Give the help the colors that it has on stdout."""
        return sys.__stdout__ is not None and sys.__stdout__.isatty()


def _printed(help: Callable[[Any], str], ctx: Any) -> str:
    """
    Print what *help* returns, and what rich prints to stdout meanwhile.

    Raises:
        OutputError: stdout could not be written.
    """
    with redirect_stdout(_Captured()) as captured:
        plain = help(ctx)
    out = None if sys.stdout is None else sys.stdout.buffer
    Screen(out, None).data(f"{captured.getvalue()}{plain}\n")
    return ""


class _FastOption(TyperOption):
    def process_value(self, ctx: Any, value: Any) -> Any:
        """Parse a plain value; leave others to typer."""
        _refuse_blank(value)
        described = getattr(self, "type_descriptor", None)  # a later typer may not have it
        if described is None or self.required:
            return super().process_value(ctx, value)
        known, read = _plain(described.annotation, value, described.parameter_info.parser)
        if not known:
            return super().process_value(ctx, value)
        return read if self.callback is None else self.callback(ctx, self, read)


class _Argument(TyperArgument):
    def process_value(self, ctx: Any, value: Any) -> Any:
        """Let typer parse it."""
        _refuse_blank(value)
        return super().process_value(ctx, value)


def _refuse_blank(value: Any) -> None:
    """Refuse a blank *value*, or one in it: as a path it would be the current folder."""
    given = value if isinstance(value, list | tuple) else [value]
    for blank in (text for text in given if isinstance(text, str) and not text.strip()):
        raise typer.BadParameter(f"{blank!r} is empty")


def _plain(wanted: Any, value: Any, reader: Callable[[Any], Any] | None) -> tuple[bool, Any]:
    """Return whether *value* is plainly of type *wanted*, and the parsed value."""
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

"""How an option is declared, and how its value is read."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import typer


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of the help. Call it to declare an option that is shown there."""

    title: str

    def __call__(
        self,
        spelling: str,
        help: str,
        parser: Callable[[Any], Any] | None = None,
        values: type[StrEnum] | None = None,
    ) -> Any:
        """
        Return a typer option.

        *spelling* is its names and its metavar, such as "--output -o FORMAT". Without a metavar the
        option is a flag. *help* says everything, also the default; {} in it stands for *values*.
        *parser* returns the value of a text, and raises typer.BadParameter.
        """
        words = spelling.split()
        names = [word for word in words if word.startswith("-")]
        metavar = " ".join(words[len(names) :])
        return typer.Option(
            *names,
            metavar=metavar or " ",  # typer would show a type for a flag, and break values anywhere
            help=help.format(", ".join(values)) if values else help,
            parser=parser,
            rich_help_panel=self.title,
            show_default=False,
        )


SCOPE = Panel("Scope")
IDENTITY = Panel("Identity")
CLOUD = Panel("Cloud")
NETWORK = Panel("Network")
RECORDINGS = Panel("Recordings")
CHECKS = Panel("Checks")
CHANGES = Panel("Changes")
WRITING = Panel("Writing")
OUTPUT = Panel("Output")


def printed_as(formats: type[StrEnum]) -> Any:
    """Return the option that chooses among *formats*; the first is the default."""
    help = f"Choose the format: {{}}. Default: {next(iter(formats))}."
    return OUTPUT("--output -o FORMAT", help, values=formats)


def count(given: str | int) -> int:
    """Return a number from 1 to 1024; typer passes the default, too."""
    text = str(given)
    if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= 1024:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a whole number from 1 to 1024")


def whole(given: str | int) -> int:
    """Return a number from 0 to 999999999."""
    text = str(given)
    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a whole number from 0")


def name_server(given: str) -> str:
    """Return the address of a name server, as given."""
    from contacts_audit.mail.server_address import parse_server

    try:
        parse_server(given)
    except ValueError as error:
        raise typer.BadParameter(f"{given!r} is not an IP address, or IP:PORT") from error
    return given


def seconds(given: str | float) -> float:
    """Return a positive number of seconds; typer passes the default, too."""
    text = str(given)
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number) and 0 < number <= 1e6:
        return number
    raise typer.BadParameter(f"{text!r} is not a number of seconds above 0, up to 1000000")

"""Options read without pydantic are what typer reads with it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperCommand

from contacts_audit.cli.fast_options import FastCommand


class Colour(StrEnum):
    """What an option may choose."""

    RED = "red"
    GREEN = "green"


def seconds(value: str | float) -> float:
    """Read an option by a function of its own; its default goes through it, too."""
    return float(str(value).removesuffix("s"))


def read(kind: type[TyperCommand], arguments: list[str]) -> Any:
    """Return what a command of *kind* gets from *arguments*, or what it says of them."""
    got: list[Any] = []

    def command(
        text: Annotated[str | None, typer.Option()] = None,
        path: Annotated[Path | None, typer.Option()] = None,
        colour: Annotated[Colour, typer.Option()] = Colour.RED,
        maybe: Annotated[Colour | None, typer.Option()] = None,
        several: Annotated[list[str] | None, typer.Option()] = None,
        colours: Annotated[list[Colour] | None, typer.Option()] = None,
        number: Annotated[int, typer.Option()] = 7,
        wait: Annotated[float, typer.Option(parser=seconds)] = 1.0,
        flag: Annotated[bool, typer.Option("--flag")] = False,
    ) -> None:
        got.append((text, path, colour, maybe, several or [], colours or [], number, wait, flag))

    app = typer.Typer(add_completion=False)
    app.command(cls=kind)(command)
    try:
        typer.main.get_command(app).main(arguments, standalone_mode=False)
    except typer.TyperException as error:
        return error.format_message()
    (values,) = got
    return [(type(value), value) for value in values]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--text", "a"],
        ["--text", "a", "--text", "b"],
        ["--text"],
        ["--path", "a/../b"],
        ["--colour", "green"],
        ["--colour", "Green"],
        ["--colour", "RED"],
        ["--maybe", "green"],
        ["--maybe", "blue"],
        ["--several", "a", "--several", "b", "--several", "a"],
        ["--colours", "red", "--colours", "green"],
        ["--colours", "red", "--colours", "blue"],
        ["--number", "8"],
        ["--number", " 8"],
        ["--number", "8.0"],
        ["--number", "x"],
        ["--wait", "2s"],
        ["--wait", "s"],
        ["--flag"],
        ["--no-flag"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_options_are_parsed_as_typer_parses_them(arguments: list[str]) -> None:
    """Values have the same types, and errors the same text."""
    assert read(FastCommand, arguments) == read(TyperCommand, arguments)


@pytest.mark.parametrize(
    "arguments", [["--text", ""], ["--path", " "], ["--several", "a", "--several", "\t"]], ids=str
)
def test_a_blank_value_is_refused(arguments: list[str]) -> None:
    """typer takes it: as a path it is the current folder."""
    assert read(FastCommand, arguments) == (
        f"Invalid value for {arguments[0]!r}: {arguments[-1]!r} is empty"
    )

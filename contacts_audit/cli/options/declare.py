"""How options are declared, alone or in groups, and how a command gets them from typer."""

import inspect
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, field, fields, is_dataclass
from enum import EnumType, StrEnum
from typing import Annotated, Any, NamedTuple, get_args

import typer

from contacts_audit.cli.terminal import log_to
from contacts_audit.core.model import FILE
from contacts_audit.core.redaction import shown_address

KEYWORD = inspect.Parameter.KEYWORD_ONLY


class Panel(NamedTuple):
    """A panel of the help. Call it to declare an option that is shown there."""

    title: str

    def __call__(
        self,
        spelling: str,
        help: str,
        default: Any = None,
        *,
        repeated: bool = False,
        parser: Callable[[Any], Any] | None = None,
    ) -> Any:
        """
        Return an option, for a parameter of a command or a field of a group.

        *spelling* is its names and its metavar, such as "--output -o FORMAT". Without a metavar the
        option is a flag. *help* says everything, also the default; {} in it stands for the values
        to choose from. *parser* returns the value of a text, and raises typer.BadParameter. The
        value of a *repeated* option is a list.
        """
        words = spelling.split()
        names = [word for word in words if word.startswith("-")]
        metavar = " ".join(words[len(names) :])

        def info(kind: Any) -> Any:
            return typer.Option(
                *names,
                metavar=metavar or " ",  # typer would show a type for a flag, and break values
                help=help.format(", ".join(choices(kind))),
                parser=parser,
                rich_help_panel=self.title,
                show_default=False,
            )

        told = {"names": names, "info": info}
        if repeated:
            return field(default_factory=list, metadata=told)
        return field(default=default if metavar else False, metadata=told)


SCOPE = Panel("Scope")
IDENTITY = Panel("Identity")
CLOUD = Panel("Cloud")
NETWORK = Panel("Network")
RECORDINGS = Panel("Recordings")
CHECKS = Panel("Checks")
CHANGES = Panel("Changes")
WRITING = Panel("Writing")
OUTPUT = Panel("Output")
OPTIONS = Panel("Options")


def printed_as(formats: type[StrEnum]) -> Any:
    """Return the option that chooses among *formats*; the first is the default."""
    first = next(iter(formats))
    return OUTPUT("--output -o FORMAT", f"Choose the format: {{}}. Default: {first}.", first)


def argument(metavar: str, help: str, default: Any = MISSING) -> Any:
    """Return an argument of a command; without a *default* it is required."""

    def info(_: Any) -> Any:
        return typer.Argument(metavar=metavar, help=help, show_default=False)

    return field(default=default, metadata={"info": info})


def choices(kind: Any) -> tuple[str, ...]:
    """Return the values of the enum in the type *kind*, such as `list[Check]`; else nothing."""
    enums = (one for one in (kind, *get_args(kind)) if isinstance(one, EnumType))
    return tuple(map(str, next(enums, ())))


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Let typer run *command*, which takes the host, then options, arguments and groups of options.

    A parameter, or a field of a group, that is annotated with a dataclass is a group.
    """
    _, *parameters = inspect.signature(command).parameters.values()
    groups: dict[str, Any] = {}
    flat = [inspect.Parameter("context", KEYWORD, annotation=typer.Context)]
    for one in parameters:
        if isinstance(one.default, Field):
            flat.append(_parameter(one.name, one.annotation, one.default))
        else:
            groups[one.name] = one.annotation
            flat += _options(one.annotation)

    def run(context: Any, **given: Any) -> Any:
        host, sources = context.obj, {name: context.get_parameter_source(name) for name in given}
        host.typed = {name for name, one in sources.items() if one and one.name == "COMMANDLINE"}
        _begin(host, given)
        return command(host, **{name: _filled(groups[name], given) for name in groups}, **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _begin(host: Any, given: dict[str, Any]) -> None:
    """Print the warnings about variables, and start the log, as the options of the run say."""
    if not given.get("quiet"):
        if given.get("only_changes"):
            host.screen.hold()
        for line in host.warnings:
            host.screen.warn(line)
    if "debug" in given:
        log_to(host.screen, verbose=given["verbose"], debug=given["debug"])


def _options(group: Any) -> Iterator[inspect.Parameter]:
    """Yield the options of *group* and of the groups in it."""
    for item in fields(group):
        if is_dataclass(item.type):
            yield from _options(item.type)
        else:
            yield _parameter(item.name, item.type, item)


def _parameter(name: str, kind: Any, declared: Any) -> inspect.Parameter:
    annotation: Any = Annotated[kind, declared.metadata["info"](kind)]
    return inspect.Parameter(name, KEYWORD, default=_default(declared), annotation=annotation)


def _filled(group: Any, given: dict[str, Any]) -> Any:
    """Return *group* with its values, which are taken out of *given*."""
    values = {}
    for item in fields(group):
        inner = is_dataclass(item.type)
        values[item.name] = _filled(item.type, given) if inner else given.pop(item.name)
    return group(**values)


def _default(item: Any) -> Any:
    if item.default is not MISSING:
        return item.default
    return inspect.Parameter.empty if item.default_factory is MISSING else item.default_factory()


def words(group: Any, *leave_out: str) -> tuple[str, ...]:
    """
    Return the options in *group* as words of a command line.

    Left out are options that have their default, and the fields *leave_out*. FILE replaces "-":
    stdin was read already.
    """
    found: list[str] = []
    for item in fields(group):
        value = getattr(group, item.name)
        if item.name in leave_out or value == _default(item) or value is None:
            continue
        if is_dataclass(item.type):
            found += words(value, *leave_out)
            continue
        option = min(item.metadata["names"], key=len)
        for one in value if isinstance(value, list) else [value]:
            found += [option] if one is True else [option, FILE if str(one) == "-" else str(one)]
    return tuple(found)


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


def audience(given: str) -> str:
    """Return the URI or the id of a resource, https://www.rfc-editor.org/rfc/rfc3986#section-2."""
    if re.fullmatch(r"[!#-;=?-\[\]_a-z~]+", given):
        return given
    raise typer.BadParameter(f"{shown_address(given)!r} is not a URI or an id")


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

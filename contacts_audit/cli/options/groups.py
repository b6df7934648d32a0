"""Groups of options: typer sees single options, a command gets dataclasses."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, cast


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """
    Let *command* take groups of options.

    A parameter, or a field of a group, that is annotated with a dataclass is a group.
    """
    parameters = inspect.signature(command).parameters.values()
    groups = {one.name: one.annotation for one in parameters if is_dataclass(one.annotation)}
    flat: list[inspect.Parameter] = []
    for parameter in parameters:
        if parameter.name in groups:
            flat += _options(parameter.annotation)
        else:
            flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    def run(**given: Any) -> None:
        if "context" in given and not given.get("quiet"):
            _warn(given["context"].obj, held=bool(given.get("only_changes")))
        command(**{name: _filled(group, given) for name, group in groups.items()}, **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _options(group: Any) -> Iterator[inspect.Parameter]:
    """Yield the options of *group* and of the groups in it."""
    for item in fields(group):
        if is_dataclass(item.type):
            yield from _options(item.type)
        else:
            kind, default = inspect.Parameter.KEYWORD_ONLY, _default(item)
            yield inspect.Parameter(item.name, kind, default=default, annotation=item.type)


def _filled(group: Any, given: dict[str, Any]) -> Any:
    """Return *group* with its values, which are taken out of *given*."""
    values = {}
    for item in fields(group):
        inner = is_dataclass(item.type)
        values[item.name] = _filled(item.type, given) if inner else given.pop(item.name)
    return group(**values)


def _warn(host: Any, *, held: bool) -> None:
    """Print the warnings about variables; hold them back if *held*."""
    if held:
        host.screen.hold()
    for line in host.warnings:
        host.screen.warn(line)


def _default(item: Any) -> Any:
    return item.default if item.default is not MISSING else item.default_factory()


def words(group: Any, *leave_out: str, blank: str) -> tuple[str, ...]:
    """
    Return the options in *group* as words of a command line.

    Left out are options that have their default, and the fields *leave_out*. *blank* replaces "-":
    stdin was read already.
    """
    found: list[str] = []
    for item in fields(group):
        value = getattr(group, item.name)
        if item.name in leave_out or value == _default(item) or value is None:
            continue
        if is_dataclass(item.type):
            found += words(value, *leave_out, blank=blank)
            continue
        (declared,) = cast(Any, item.type).__metadata__
        option = min((declared.default, *declared.param_decls), key=len)
        if value is True:
            found.append(option)
        for one in value if isinstance(value, list) else [] if value is True else [value]:
            found += [option, blank if str(one) == "-" else str(one)]
    return tuple(found)

"""Each group of options, once; and the variables that stand for them."""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.model import Check, Profile

PREFIX = "CONTACTS_AUDIT_"
NO_VARIABLE = frozenset({"--token-file", "--help"})
ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off"})


def count(given: str | int) -> int:
    """Read a number of workers; typer hands over the default, too."""
    text = str(given)
    if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= 1024:
        return int(text)
    raise typer.BadParameter(f"{text!r} is no whole number from 1 to 1024")


def seconds(given: str | float) -> float:
    """Read a positive number of seconds; typer hands over the default, too."""
    text = str(given)
    try:
        number = float(text) if text.isascii() else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number) and 0 < number <= 1e6:
        return number
    raise typer.BadParameter(f"{text!r} is no number of seconds greater than 0")


def _option(*names: str, panel: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel=panel, help=help, show_default=False, **more)


Subscriptions = Annotated[
    list[str],
    _option(
        "--subscription",
        "-s",
        panel="Scope",
        metavar="ID_OR_NAME",
        help="Take this subscription; repeatable.  Default: all that are visible.",
    ),
]
Current = Annotated[
    bool, _option("--current", panel="Scope", help="Take the default subscription of az.")
]


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """Which subscriptions."""

    subscription: Subscriptions = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        _option(
            "--subscriptions-from",
            panel="Scope",
            metavar="FILE",
            help="Take those in FILE ('-': stdin), one a line; repeatable.",
        ),
    ] = field(default_factory=list)
    current: Current = False
    exclude: Annotated[
        list[str],
        _option(
            "--exclude",
            panel="Scope",
            metavar="ID_OR_NAME",
            help="Leave this subscription out; repeatable.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Who asks."""

    auth: Annotated[
        Auth,
        _option(
            "--auth",
            panel="Identity",
            help="Choose the credential.  Default: auto, the first that is configured.",
        ),
    ] = Auth.AUTO
    tenant: Annotated[
        list[str],
        _option("--tenant", panel="Identity", metavar="ID", help="Sign in to this tenant."),
    ] = field(default_factory=list)
    token_file: Annotated[
        str | None,
        _option(
            "--token-file",
            panel="Identity",
            metavar="FILE",
            help="Read the token of --auth token from FILE ('-': stdin).",
        ),
    ] = None
    auth_timeout: Annotated[
        float,
        _option(
            "--auth-timeout",
            panel="Identity",
            metavar="S",
            parser=seconds,
            help="Give a sign-in S seconds.  Default: 60.",
        ),
    ] = 60.0


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Which Azure."""

    cloud: Annotated[
        CloudName, _option("--cloud", panel="Cloud", help="Choose the cloud.  Default: AzureCloud.")
    ] = CloudName.AZURE
    arm_endpoint: Annotated[
        str | None,
        _option(
            "--arm-endpoint",
            panel="Cloud",
            metavar="URL",
            help="Use the Resource Manager of a cloud of one's own.",
        ),
    ] = None
    authority_host: Annotated[
        str | None,
        _option(
            "--authority-host",
            panel="Cloud",
            metavar="URL",
            help="Sign in there.  Default: AZURE_AUTHORITY_HOST, else the cloud's.",
        ),
    ] = None
    audience: Annotated[
        str | None,
        _option(
            "--audience",
            panel="Cloud",
            metavar="URI",
            help="Ask for tokens for this audience.  Default: the cloud's.",
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        _option(
            "--ca-bundle",
            panel="Network",
            metavar="FILE",
            help="Trust these certificates.  Default: REQUESTS_CA_BUNDLE, else certifi's.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How hard, and how long."""

    workers: Annotated[
        int,
        _option(
            "--workers",
            panel="Network",
            metavar="N",
            parser=count,
            help="Read N subscriptions at a time.  Default: 32.",
        ),
    ] = 32
    timeout: Annotated[
        float,
        _option(
            "--timeout",
            panel="Network",
            metavar="S",
            parser=seconds,
            help="Give an attempt S seconds, from connect to last byte.  Default: 15.",
        ),
    ] = 15.0
    budget: Annotated[
        float,
        _option(
            "--budget",
            panel="Network",
            metavar="S",
            parser=seconds,
            help="Give a subscription S seconds with its retries.  Default: 90.",
        ),
    ] = 90.0
    deadline: Annotated[
        float,
        _option(
            "--deadline",
            panel="Network",
            metavar="S",
            parser=seconds,
            help="Give the run S seconds; what is left is unreadable.  Default: 1800.",
        ),
    ] = 1800.0
    record: Annotated[
        Path | None,
        _option(
            "--record",
            panel="Recordings",
            metavar="DIR",
            help="Keep each exchange with Azure in DIR, new or empty; no token.",
        ),
    ] = None
    mask: Annotated[
        bool,
        _option(
            "--mask",
            panel="Recordings",
            help="Pseudonymise ids, names and addresses in what is recorded.",
        ),
    ] = False
    replay: Annotated[
        Path | None,
        _option(
            "--replay",
            panel="Recordings",
            metavar="DIR",
            help="Run on a recording: offline, and without credentials.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """How much is told on stderr."""

    verbose: Annotated[
        bool, _option("--verbose", "-v", panel="Output", help="Say what is done on stderr.")
    ] = False
    debug: Annotated[
        bool, _option("--debug", panel="Output", help="Say each exchange on stderr; no secret.")
    ] = False


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """What is judged."""

    check: Annotated[
        list[Check],
        _option("--check", panel="Checks", help="Judge by this check; repeatable."),
    ] = field(default_factory=list)
    profile: Annotated[
        Profile | None,
        _option(
            "--profile",
            panel="Checks",
            help="Judge by these checks.  Default: conformity, unless --check is given.",
        ),
    ] = None


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
        for name, group in groups.items():
            given[name] = group(**{item.name: given.pop(item.name) for item in fields(group)})
        command(**given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _parameter(item: Any) -> inspect.Parameter:
    default = item.default if item.default is not MISSING else item.default_factory()
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=item.type
    )


def defaults_from(environment: Mapping[str, str], command: Any) -> dict[str, Any]:
    """
    Return what the variables CONTACTS_AUDIT_* say, as defaults of *command*: argv goes before.

    Raises:
        typer.BadParameter: a flag's variable is neither yes nor no.
    """
    said: dict[str, Any] = {}
    for parameter in command.params:
        option = max(parameter.opts, key=len)
        variable = PREFIX + option.lstrip("-").upper().replace("-", "_")
        text = environment.get(variable, "")
        if not text or not option.startswith("--") or option in NO_VARIABLE:
            continue
        if parameter.multiple:
            said[parameter.name] = [part for part in re.split("[\n;]", text) if part.strip()]
        elif getattr(parameter, "is_flag", False):
            if text.lower() not in ON | OFF:
                raise typer.BadParameter(f"{text!r} is neither yes nor no", param_hint=variable)
            said[parameter.name] = text.lower() in ON
        else:
            said[parameter.name] = text
    return said

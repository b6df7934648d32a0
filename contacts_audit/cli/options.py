"""Each group of options, once."""

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.core.model import Check, Profile, Verdict
from contacts_audit.report import Format
from contacts_audit.report.order import Sort


class RiskLevel(StrEnum):
    """The risk levels of an attack path."""

    CRITICAL = "Critical"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


def count(given: str | int) -> int:
    """Read a number of workers; typer hands over the default, too."""
    text = str(given)
    if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= 1024:
        return int(text)
    raise typer.BadParameter(f"{text!r} is no whole number from 1 to 1024")


def whole(given: str | int) -> int:
    """Read a number of things, none of them included."""
    text = str(given)
    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    raise typer.BadParameter(f"{text!r} is no whole number from 0")


def seconds(given: str | float) -> float:
    """Read a positive number of seconds; typer hands over the default, too."""
    text = str(given)
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number) and 0 < number <= 1e6:
        return number
    raise typer.BadParameter(f"{text!r} is no number of seconds above 0, up to 1000000")


def flag(*names: str, **more: Any) -> Any:
    """Return an option that takes no value; typer would show a type."""
    return option(*names, metavar=" ", **more)


def option(*names: str, panel: str, help: str, **more: Any) -> Any:
    """Return a typer option of which *help* says everything."""
    return typer.Option(*names, rich_help_panel=panel, help=help, show_default=False, **more)


def choice(kind: type[StrEnum], *names: str, help: str, **more: Any) -> Any:
    """Return an option with its values where *help* says {}; typer would break them anywhere."""
    return option(*names, help=help.format(", ".join(kind)), **more)


def printed_as(kind: type[StrEnum]) -> Any:
    """Return the option that chooses among formats; the first is the default."""
    help = f"Print it so: {{}}.  Default: {next(iter(kind))}."
    return choice(kind, "--output", "-o", panel="Output", metavar="FORMAT", help=help)


Current = Annotated[
    bool, flag("--current", panel="Scope", help="Take the default subscription of az.")
]


RunId = Annotated[
    str | None,
    option(
        "--run-id",
        panel="Scope",
        metavar="ID",
        help="Name the run that a shard belongs to.  Default: the name of the Kubernetes Job.",
    ),
]


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """Which subscriptions."""

    subscription: Annotated[
        list[str],
        option(
            "--subscription",
            "-s",
            panel="Scope",
            metavar="ID_OR_NAME",
            help="Take this subscription; repeatable.  Default: all that are visible.",
        ),
    ] = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        option(
            "--subscriptions-from",
            panel="Scope",
            metavar="FILE",
            help="Take those in FILE ('-': stdin), one a line; repeatable.",
        ),
    ] = field(default_factory=list)
    management_group: Annotated[
        list[str],
        option(
            "--management-group",
            panel="Scope",
            metavar="ID",
            help="Take those under this management group, on all levels; repeatable.",
        ),
    ] = field(default_factory=list)
    current: Current = False
    exclude: Annotated[
        list[str],
        option(
            "--exclude",
            panel="Scope",
            metavar="ID_OR_NAME",
            help="Leave this subscription out; repeatable.",
        ),
    ] = field(default_factory=list)
    shard: Annotated[
        str | None,
        option(
            "--shard",
            panel="Scope",
            metavar="I/N",
            help="Of all that, take the I-th of N parts, from 0; auto/N: JOB_COMPLETION_INDEX.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Who asks."""

    auth: Annotated[
        Auth,
        choice(
            Auth,
            "--auth",
            panel="Identity",
            metavar="METHOD",
            help="Choose the credential: {}.  Default: auto, the first that is configured.",
        ),
    ] = Auth.AUTO
    tenant: Annotated[
        list[str],
        option(
            "--tenant",
            panel="Identity",
            metavar="ID",
            help="Sign in to this tenant; repeatable.  Default: the credential's.",
        ),
    ] = field(default_factory=list)
    identity_client_id: Annotated[
        str | None,
        option(
            "--identity-client-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity of this client id.",
        ),
    ] = None
    identity_resource_id: Annotated[
        str | None,
        option(
            "--identity-resource-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity of this resource id.",
        ),
    ] = None
    identity_object_id: Annotated[
        str | None,
        option(
            "--identity-object-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity of this object id.",
        ),
    ] = None
    token_file: Annotated[
        str | None,
        option(
            "--token-file",
            panel="Identity",
            metavar="FILE",
            help="Sign in with the token in FILE ('-': stdin).",
        ),
    ] = None
    auth_timeout: Annotated[
        float | None,
        option(
            "--auth-timeout",
            panel="Identity",
            metavar="SECONDS",
            parser=seconds,
            help="Give a sign-in this long.  Default: 60; 120 for a machine's metadata service.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Which Azure."""

    cloud: Annotated[
        CloudName,
        choice(
            CloudName,
            "--cloud",
            panel="Cloud",
            metavar="CLOUD",
            help="Choose the cloud: {}.  Default: AzureCloud.",
        ),
    ] = CloudName.AZURE
    arm_endpoint: Annotated[
        str | None,
        option(
            "--arm-endpoint",
            panel="Cloud",
            metavar="URL",
            help="Use the Resource Manager of a cloud of one's own, and what it tells of itself.",
        ),
    ] = None
    authority_host: Annotated[
        str | None,
        option(
            "--authority-host",
            panel="Cloud",
            metavar="URL",
            help="Sign in there.  Default: AZURE_AUTHORITY_HOST, else the cloud's own.",
        ),
    ] = None
    audience: Annotated[
        str | None,
        option(
            "--audience",
            panel="Cloud",
            metavar="URI",
            help="Ask for tokens for this audience.  Default: the cloud's own.",
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        option(
            "--ca-bundle",
            panel="Network",
            metavar="FILE",
            help="Trust these certificates.  Default: REQUESTS_CA_BUNDLE, else certifi's.",
        ),
    ] = None
    no_strict_certificates: Annotated[
        bool,
        flag(
            "--no-strict-certificates",
            panel="Network",
            help="Verify certificates without the strict rules (RFC 5280) of Python 3.13.",
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How hard, and how long."""

    workers: Annotated[
        int,
        option(
            "--workers",
            panel="Network",
            metavar="COUNT",
            parser=count,
            help="Read this many subscriptions at a time.  Default: 32.",
        ),
    ] = 32
    timeout: Annotated[
        float,
        option(
            "--timeout",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Give an attempt this long, from connect to last byte.  Default: 15.",
        ),
    ] = 15.0
    budget: Annotated[
        float,
        option(
            "--budget",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Give a subscription this long with its retries.  Default: 90.",
        ),
    ] = 90.0
    deadline: Annotated[
        float,
        option(
            "--deadline",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Give the run this long; what is left is unreadable.  Default: 1800.",
        ),
    ] = 1800.0
    record: Annotated[
        Path | None,
        option(
            "--record",
            panel="Recordings",
            metavar="DIR",
            help="Keep each exchange with Azure in DIR, new or empty; no token.",
        ),
    ] = None
    mask: Annotated[
        bool,
        flag(
            "--mask",
            panel="Recordings",
            help="Pseudonymise ids, names and addresses in what is recorded.",
        ),
    ] = False
    replay: Annotated[
        Path | None,
        option(
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
        bool, flag("--verbose", "-v", panel="Output", help="Say what is done on stderr.")
    ] = False
    debug: Annotated[
        bool, flag("--debug", panel="Output", help="Say each exchange on stderr; no secret.")
    ] = False


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """What is judged."""

    check: Annotated[
        list[Check],
        choice(
            Check,
            "--check",
            panel="Checks",
            metavar="NAME",
            help="Judge by this check; repeatable: {}.",
        ),
    ] = field(default_factory=list)
    profile: Annotated[
        Profile | None,
        choice(
            Profile,
            "--profile",
            panel="Checks",
            metavar="NAME",
            help="Judge by the checks of a profile: {}.  Default: conformity, unless --check is "
            "given.",
        ),
    ] = None
    attack_path_level: Annotated[
        RiskLevel | None,
        choice(
            RiskLevel,
            "--attack-path-level",
            panel="Checks",
            metavar="RISK",
            help="Want mail for attack paths from this risk on: {}.  Default: Critical.",
        ),
    ] = None
    required_email: Annotated[
        list[str],
        option(
            "--required-email",
            metavar="ADDRESS",
            panel="Checks",
            help="Want this address, by the check required-email; repeatable.",
        ),
    ] = field(default_factory=list)
    allowed_domain: Annotated[
        list[str],
        option(
            "--allowed-domain",
            metavar="DOMAIN",
            panel="Checks",
            help="Want addresses of this domain, by the check allowed-domain; repeatable.",
        ),
    ] = field(default_factory=list)
    minimum_emails: Annotated[
        int | None,
        option(
            "--minimum-emails",
            metavar="COUNT",
            panel="Checks",
            parser=count,
            help="Want this many addresses, by the check minimum-emails.",
        ),
    ] = None
    policy: Annotated[
        str | None,
        option(
            "--policy",
            metavar="FILE",
            panel="Checks",
            help="Judge by this TOML: settings, overrides, waivers.  Options go before it.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where the report goes, and how it looks."""

    output: Annotated[Format | None, printed_as(Format)] = None
    sort: Annotated[
        Sort | None,
        choice(
            Sort,
            "--sort",
            metavar="ORDER",
            panel="Output",
            help="Order the rows of table, Markdown and HTML: {}.  Default: verdict, with what "
            "fails first; for a table that is not at a terminal: azure.",
        ),
    ] = None
    only: Annotated[
        list[Verdict],
        choice(
            Verdict,
            "--only",
            metavar="VERDICT",
            panel="Output",
            help="Print only the rows of this verdict; repeatable: {}.  Summary, exit code and "
            "--report files stay whole.",
        ),
    ] = field(default_factory=list)
    report: Annotated[
        list[Path],
        option(
            "--report",
            metavar="PATH",
            panel="Output",
            help="Also write the report to PATH, in the format of its suffix "
            "(.json .jsonl .csv .tsv .md .html .xml .ocsf.json .prom); repeatable.",
        ),
    ] = field(default_factory=list)
    baseline: Annotated[
        Path | None,
        option(
            "--baseline",
            metavar="OLD.json",
            panel="Output",
            help="Compare with this JSON report; one that does not exist is an empty one.",
        ),
    ] = None
    only_changes: Annotated[
        bool,
        flag(
            "--only-changes",
            panel="Output",
            help="Print what differs from --baseline; where nothing does, nothing at all.",
        ),
    ] = False
    jq: Annotated[
        str | None,
        option(
            "--jq",
            metavar="FILTER",
            panel="Output",
            help="Print what the jq FILTER makes of the JSON report.",
        ),
    ] = None
    raw: Annotated[
        bool,
        flag(
            "--raw-output",
            "-r",
            panel="Output",
            help="With --jq: print strings without quotes.",
        ),
    ] = False
    quiet: Annotated[
        bool,
        flag(
            "--quiet",
            "-q",
            panel="Output",
            help="Silence progress, summary, warnings and the table; an explicit -o, --jq or "
            "--only-changes still prints.",
        ),
    ] = False

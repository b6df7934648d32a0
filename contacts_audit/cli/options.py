"""The options that several commands share, in groups."""

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
    help = f"Choose the format: {{}}. Default: {next(iter(kind))}."
    return choice(kind, "--output", "-o", panel="Output", metavar="FORMAT", help=help)


Current = Annotated[
    bool, flag("--current", panel="Scope", help="Use the default subscription of az.")
]


RunId = Annotated[
    str | None,
    option(
        "--run-id",
        panel="Scope",
        metavar="ID",
        help="Set the id that all shards of a run share. Default: the name of the Kubernetes Job.",
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
            help="Include this subscription. Can be repeated. Default: all that are visible.",
        ),
    ] = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        option(
            "--subscriptions-from",
            panel="Scope",
            metavar="FILE",
            help="Include those in FILE ('-': stdin), one per line. Can be repeated.",
        ),
    ] = field(default_factory=list)
    management_group: Annotated[
        list[str],
        option(
            "--management-group",
            panel="Scope",
            metavar="ID",
            help="Include all below this management group, at every level. Can be repeated.",
        ),
    ] = field(default_factory=list)
    current: Current = False
    exclude: Annotated[
        list[str],
        option(
            "--exclude",
            panel="Scope",
            metavar="ID_OR_NAME",
            help="Exclude this subscription. Can be repeated.",
        ),
    ] = field(default_factory=list)
    shard: Annotated[
        str | None,
        option(
            "--shard",
            panel="Scope",
            metavar="I/N",
            help="Use only part I of N, counted from 0. auto/N: I is JOB_COMPLETION_INDEX.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """How to sign in."""

    auth: Annotated[
        Auth,
        choice(
            Auth,
            "--auth",
            panel="Identity",
            metavar="METHOD",
            help="Choose how to sign in: {}. Default: auto, the first that is configured.",
        ),
    ] = Auth.AUTO
    tenant: Annotated[
        list[str],
        option(
            "--tenant",
            panel="Identity",
            metavar="ID",
            help="Sign in to this tenant. Can be repeated. Default: the credential's own.",
        ),
    ] = field(default_factory=list)
    identity_client_id: Annotated[
        str | None,
        option(
            "--identity-client-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity with this client id.",
        ),
    ] = None
    identity_resource_id: Annotated[
        str | None,
        option(
            "--identity-resource-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity with this resource id.",
        ),
    ] = None
    identity_object_id: Annotated[
        str | None,
        option(
            "--identity-object-id",
            panel="Identity",
            metavar="ID",
            help="Use the user-assigned managed identity with this object id.",
        ),
    ] = None
    token_file: Annotated[
        str | None,
        option(
            "--token-file",
            panel="Identity",
            metavar="FILE",
            help="Use the access token in FILE ('-': stdin).",
        ),
    ] = None
    auth_timeout: Annotated[
        float | None,
        option(
            "--auth-timeout",
            panel="Identity",
            metavar="SECONDS",
            parser=seconds,
            help="Limit the time for signing in. Default: 60; 120 for the metadata service of a "
            "machine.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Which cloud, and which certificates are trusted."""

    cloud: Annotated[
        CloudName,
        choice(
            CloudName,
            "--cloud",
            panel="Cloud",
            metavar="CLOUD",
            help="Choose the cloud: {}. Default: AzureCloud.",
        ),
    ] = CloudName.AZURE
    arm_endpoint: Annotated[
        str | None,
        option(
            "--arm-endpoint",
            panel="Cloud",
            metavar="URL",
            help="Use another cloud, such as Azure Stack, by the URL of its Resource Manager.",
        ),
    ] = None
    authority_host: Annotated[
        str | None,
        option(
            "--authority-host",
            panel="Cloud",
            metavar="URL",
            help="Sign in at this URL. Default: AZURE_AUTHORITY_HOST, or the cloud's own.",
        ),
    ] = None
    audience: Annotated[
        str | None,
        option(
            "--audience",
            panel="Cloud",
            metavar="URI",
            help="Request tokens for this audience. Default: the cloud's own.",
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        option(
            "--ca-bundle",
            panel="Network",
            metavar="FILE",
            help="Trust the certificates in this file or folder. Default: REQUESTS_CA_BUNDLE, or "
            "certifi's.",
        ),
    ] = None
    no_strict_certificates: Annotated[
        bool,
        flag(
            "--no-strict-certificates",
            panel="Network",
            help="Verify certificates, but without the strict rules (RFC 5280) of Python 3.13.",
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Concurrency, time limits and recordings."""

    workers: Annotated[
        int | None,
        option(
            "--workers",
            panel="Network",
            metavar="COUNT",
            parser=count,
            help="Read this many subscriptions at the same time. Default: as many as Azure "
            "answers without slowing down, up to 256.",
        ),
    ] = None
    timeout: Annotated[
        float,
        option(
            "--timeout",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Limit one attempt, from connecting to the last byte. Default: 15.",
        ),
    ] = 15.0
    budget: Annotated[
        float,
        option(
            "--budget",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Limit one subscription, retries included. Default: 90.",
        ),
    ] = 90.0
    deadline: Annotated[
        float,
        option(
            "--deadline",
            panel="Network",
            metavar="SECONDS",
            parser=seconds,
            help="Limit the run. What is left then is reported as unreadable. Default: 1800.",
        ),
    ] = 1800.0
    record: Annotated[
        Path | None,
        option(
            "--record",
            panel="Recordings",
            metavar="DIR",
            help="Record every exchange with Azure in DIR (new or empty), without tokens.",
        ),
    ] = None
    mask: Annotated[
        bool,
        flag(
            "--mask",
            panel="Recordings",
            help="Replace ids, names and addresses in the recording by pseudonyms.",
        ),
    ] = False
    replay: Annotated[
        Path | None,
        option(
            "--replay",
            panel="Recordings",
            metavar="DIR",
            help="Run on a recording, offline and without credentials.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """How much is logged."""

    verbose: Annotated[
        bool, flag("--verbose", "-v", panel="Output", help="Log what is done to stderr.")
    ] = False
    debug: Annotated[
        bool,
        flag(
            "--debug",
            panel="Output",
            help="Log every exchange with Azure to stderr, without secrets.",
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """Which checks are run."""

    check: Annotated[
        list[Check],
        choice(
            Check,
            "--check",
            panel="Checks",
            metavar="NAME",
            help="Run this check. Can be repeated: {}.",
        ),
    ] = field(default_factory=list)
    profile: Annotated[
        Profile | None,
        choice(
            Profile,
            "--profile",
            panel="Checks",
            metavar="NAME",
            help="Run the checks of a profile: {}. Default: conformity, unless --check is given.",
        ),
    ] = None
    attack_path_level: Annotated[
        RiskLevel | None,
        choice(
            RiskLevel,
            "--attack-path-level",
            panel="Checks",
            metavar="RISK",
            help="Require mail for attack paths from this risk level on: {}. Default: Critical.",
        ),
    ] = None
    required_email: Annotated[
        list[str],
        option(
            "--required-email",
            metavar="ADDRESS",
            panel="Checks",
            help="Require this email address (check required-email). Can be repeated.",
        ),
    ] = field(default_factory=list)
    allowed_domain: Annotated[
        list[str],
        option(
            "--allowed-domain",
            metavar="DOMAIN",
            panel="Checks",
            help="Allow only addresses of this domain (check allowed-domain). Can be repeated.",
        ),
    ] = field(default_factory=list)
    minimum_emails: Annotated[
        int | None,
        option(
            "--minimum-emails",
            metavar="COUNT",
            panel="Checks",
            parser=count,
            help="Require this many addresses (check minimum-emails).",
        ),
    ] = None
    policy: Annotated[
        str | None,
        option(
            "--policy",
            metavar="FILE",
            panel="Checks",
            help="Read checks, overrides and waivers from this TOML file. Options override it.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where the report goes, and its format."""

    output: Annotated[Format | None, printed_as(Format)] = None
    sort: Annotated[
        Sort | None,
        choice(
            Sort,
            "--sort",
            metavar="ORDER",
            panel="Output",
            help="Sort the rows of table, Markdown and HTML: {}. Default: verdict, with failures "
            "first. For a table that is piped: azure.",
        ),
    ] = None
    only: Annotated[
        list[Verdict],
        choice(
            Verdict,
            "--only",
            metavar="VERDICT",
            panel="Output",
            help="Print only rows with this verdict. Can be repeated: {}. Summary, exit code and "
            "--report files stay complete.",
        ),
    ] = field(default_factory=list)
    report: Annotated[
        list[Path],
        option(
            "--report",
            metavar="PATH",
            panel="Output",
            help="Also write the report to PATH, in the format of its suffix "
            "(.json .jsonl .csv .tsv .md .html .xml .ocsf.json .prom). Can be repeated.",
        ),
    ] = field(default_factory=list)
    baseline: Annotated[
        Path | None,
        option(
            "--baseline",
            metavar="OLD.json",
            panel="Output",
            help="Compare with this JSON report. A file that does not exist counts as empty.",
        ),
    ] = None
    only_changes: Annotated[
        bool,
        flag(
            "--only-changes",
            panel="Output",
            help="Print only what differs from --baseline. If nothing does, print nothing.",
        ),
    ] = False
    jq: Annotated[
        str | None,
        option(
            "--jq",
            metavar="FILTER",
            panel="Output",
            help="Filter the JSON report with this jq program.",
        ),
    ] = None
    raw: Annotated[
        bool,
        flag(
            "--raw-output",
            "-r",
            panel="Output",
            help="With --jq, print strings without quotes.",
        ),
    ] = False
    quiet: Annotated[
        bool,
        flag(
            "--quiet",
            "-q",
            panel="Output",
            help="Hide progress, summary, warnings and the table. An explicit -o, --jq or "
            "--only-changes still prints.",
        ),
    ] = False

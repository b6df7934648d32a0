"""The options that say how Azure is reached: identity, cloud and network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.cli.options.declare import (
    CLOUD,
    IDENTITY,
    NETWORK,
    RECORDINGS,
    count,
    seconds,
)


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """How to sign in."""

    auth: Annotated[
        Auth,
        IDENTITY(
            "--auth METHOD",
            "Choose how to sign in: {}. Default: auto, the first that is configured.",
            values=Auth,
        ),
    ] = Auth.AUTO
    tenant: Annotated[
        list[str],
        IDENTITY(
            "--tenant ID",
            "Sign in to this tenant. Can be repeated. Default: the tenant of the credential.",
        ),
    ] = field(default_factory=list)
    identity_client_id: Annotated[
        str | None,
        IDENTITY(
            "--identity-client-id ID",
            "Use the user-assigned managed identity with this client id.",
        ),
    ] = None
    identity_resource_id: Annotated[
        str | None,
        IDENTITY(
            "--identity-resource-id ID",
            "Use the user-assigned managed identity with this resource id.",
        ),
    ] = None
    identity_object_id: Annotated[
        str | None,
        IDENTITY(
            "--identity-object-id ID",
            "Use the user-assigned managed identity with this object id.",
        ),
    ] = None
    token_file: Annotated[
        str | None,
        IDENTITY("--token-file FILE", "Use the access token in FILE ('-': stdin)."),
    ] = None
    auth_timeout: Annotated[
        float | None,
        IDENTITY(
            "--auth-timeout SECONDS",
            "Limit the time for sign-in. Default: 60, or 120 for the managed identity of a "
            "virtual machine.",
            parser=seconds,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Which cloud, and which certificates are trusted."""

    cloud: Annotated[
        CloudName,
        CLOUD("--cloud CLOUD", "Choose the cloud: {}. Default: AzureCloud.", values=CloudName),
    ] = CloudName.AZURE
    arm_endpoint: Annotated[
        str | None,
        CLOUD(
            "--arm-endpoint URL",
            "Use another cloud, such as Azure Stack: the URL of its Resource Manager.",
        ),
    ] = None
    authority_host: Annotated[
        str | None,
        CLOUD(
            "--authority-host URL",
            "Sign in at this URL. Default: AZURE_AUTHORITY_HOST, or the cloud's own.",
        ),
    ] = None
    audience: Annotated[
        str | None,
        CLOUD("--audience URI", "Request tokens for this audience. Default: the cloud's own."),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        NETWORK(
            "--ca-bundle FILE",
            "Trust the certificates in this file or folder. Default: REQUESTS_CA_BUNDLE, or "
            "the CA certificates of Mozilla.",
        ),
    ] = None
    no_strict_certificates: Annotated[
        bool,
        NETWORK(
            "--no-strict-certificates",
            "Verify certificates without the strict RFC 5280 rules of Python 3.13.",
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Concurrency, time limits and recordings."""

    workers: Annotated[
        int | None,
        NETWORK(
            "--workers COUNT",
            "Read this many subscriptions in parallel. Default: as many as Azure answers without "
            "slowing down, up to 256.",
            parser=count,
        ),
    ] = None
    timeout: Annotated[
        float,
        NETWORK(
            "--timeout SECONDS",
            "Limit each attempt of a request, from connecting to the last byte. Default: 15.",
            parser=seconds,
        ),
    ] = 15.0
    budget: Annotated[
        float,
        NETWORK(
            "--budget SECONDS",
            "Limit the time for one subscription, including retries. Default: 90.",
            parser=seconds,
        ),
    ] = 90.0
    deadline: Annotated[
        float,
        NETWORK(
            "--deadline SECONDS",
            "Limit the whole run. What is not read by then is unreadable. Default: 1800.",
            parser=seconds,
        ),
    ] = 1800.0
    record: Annotated[
        Path | None,
        RECORDINGS(
            "--record DIR",
            "Record every exchange with Azure in DIR (new or empty), without tokens.",
        ),
    ] = None
    mask: Annotated[
        bool,
        RECORDINGS("--mask", "In the recording, replace ids, names and addresses with pseudonyms."),
    ] = False
    replay: Annotated[
        Path | None,
        RECORDINGS("--replay DIR", "Run from a recording, offline and without credentials."),
    ] = None


@dataclass(frozen=True, slots=True)
class AzureOptions:
    """How Azure is reached."""

    identity: IdentityOptions = field(default_factory=IdentityOptions)
    cloud: CloudOptions = field(default_factory=CloudOptions)
    network: NetworkOptions = field(default_factory=NetworkOptions)

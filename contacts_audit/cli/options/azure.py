"""The options that say how Azure is reached: identity, cloud and network."""

from dataclasses import dataclass, field
from pathlib import Path

from contacts_audit.azure.kinds import Auth, CloudName
from contacts_audit.cli.options.declare import (
    CLOUD,
    IDENTITY,
    NETWORK,
    RECORDINGS,
    audience,
    count,
    seconds,
)
from contacts_audit.cli.options.output import LogOptions
from contacts_audit.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """How to sign in."""

    auth: Auth = IDENTITY(
        "--auth METHOD",
        "Choose how to sign in: {}. Default: auto, the first that is configured.",
        Auth.AUTO,
    )
    tenant: list[str] = IDENTITY(
        "--tenant ID",
        "Sign in to this tenant. Can be repeated. Default: the tenant of the credential.",
        repeated=True,
    )
    identity_client_id: str | None = IDENTITY(
        "--identity-client-id ID", "Use the user-assigned managed identity with this client id."
    )
    identity_resource_id: str | None = IDENTITY(
        "--identity-resource-id ID", "Use the user-assigned managed identity with this resource id."
    )
    identity_object_id: str | None = IDENTITY(
        "--identity-object-id ID", "Use the user-assigned managed identity with this object id."
    )
    token_file: str | None = IDENTITY(
        "--token-file FILE", "Use the access token in FILE ('-': stdin)."
    )
    auth_timeout: float | None = IDENTITY(
        "--auth-timeout SECONDS",
        "Limit the time for sign-in. Default: 60, or 120 for the managed identity of a "
        "virtual machine.",
        parser=seconds,
    )


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Which cloud, and which certificates are trusted."""

    cloud: CloudName = CLOUD(
        "--cloud CLOUD", "Choose the cloud: {}. Default: AzureCloud.", CloudName.AZURE
    )
    arm_endpoint: str | None = CLOUD(
        "--arm-endpoint URL",
        "Use another cloud, such as Azure Stack: the URL of its Resource Manager.",
    )
    authority_host: str | None = CLOUD(
        "--authority-host URL",
        "Sign in at this URL. Default: AZURE_AUTHORITY_HOST, or the cloud's own.",
    )
    audience: str | None = CLOUD(
        "--audience URI",
        "Request tokens for this audience. Default: the cloud's own.",
        parser=audience,
    )
    ca_bundle: Path | None = NETWORK(
        "--ca-bundle FILE",
        "Trust the certificates in this file or folder. Default: REQUESTS_CA_BUNDLE, or "
        "the CA certificates of Mozilla.",
    )
    no_strict_certificates: bool = NETWORK(
        "--no-strict-certificates",
        "Verify certificates without the strict RFC 5280 rules of Python 3.13.",
    )


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Concurrency, time limits and recordings."""

    workers: int | None = NETWORK(
        "--workers COUNT",
        "Read this many subscriptions in parallel. Default: as many as Azure answers without "
        "slowing down, up to 256.",
        parser=count,
    )
    timeout: float = NETWORK(
        "--timeout SECONDS",
        "Limit each attempt of a request, from connecting to the last byte. Default: 15.",
        15.0,
        parser=seconds,
    )
    budget: float = NETWORK(
        "--budget SECONDS",
        "Limit the time for one subscription, including retries. Default: 90.",
        90.0,
        parser=seconds,
    )
    deadline: float = NETWORK(
        "--deadline SECONDS",
        "Limit the whole run. What is not read by then is unreadable. Default: 1800.",
        1800.0,
        parser=seconds,
    )
    record: Path | None = RECORDINGS(
        "--record DIR", "Record every exchange with Azure in DIR (new or empty), without tokens."
    )
    mask: bool = RECORDINGS(
        "--mask", "In the recording, replace ids, names and addresses with pseudonyms."
    )
    replay: Path | None = RECORDINGS(
        "--replay DIR", "Run from a recording, offline and without credentials."
    )

    def check_live(self) -> None:
        """Raise UsageError if a recording is replayed."""
        if self.replay is not None:
            hint = "remove --replay, and unset CONTACTS_AUDIT_REPLAY"
            raise UsageError("a recording cannot be written to", hint)


@dataclass(frozen=True, slots=True)
class AzureOptions:
    """How Azure is reached, and what is logged of it."""

    log: LogOptions = field(default_factory=LogOptions)
    identity: IdentityOptions = field(default_factory=IdentityOptions)
    cloud: CloudOptions = field(default_factory=CloudOptions)
    network: NetworkOptions = field(default_factory=NetworkOptions)

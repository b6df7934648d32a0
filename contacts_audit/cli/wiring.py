"""Puts the parts together for one command, from its options and its surroundings."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import CloudOptions, IdentityOptions, NetworkOptions, ScopeOptions
from contacts_audit.errors import UsageError

if TYPE_CHECKING:
    from contacts_audit.azure.client import Client, Limits, TokenSource
    from contacts_audit.azure.clouds import Cloud
    from contacts_audit.azure.credentials import Credential, SignIn
    from contacts_audit.azure.tape import Recorder
    from contacts_audit.azure.tokens import AccessToken
    from contacts_audit.scope import Scope, Selector


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to Azure, or to a recording of it."""

    cloud: "Cloud"
    client: "Client"
    tokens: "TokenSource"
    recorder: "Recorder | None"
    recorded_tenants: tuple[str, ...] = ()

    def tenants(self) -> tuple[str, ...]:
        """Return the tenant that was signed in to."""
        tenant = self.tokens.token().tenant
        return (tenant,) if tenant else self.recorded_tenants


class _Unsigned:
    """What a recording is asked with: it plays a renewal again where there was one."""

    def token(self) -> "AccessToken":
        from contacts_audit.azure.tokens import AccessToken

        return AccessToken("none", None)

    def renew(self, rejected: object, claims: str | None) -> bool:
        return True


def connect(
    host: Host, identity: IdentityOptions, cloud_options: CloudOptions, network: NetworkOptions
) -> Connection:
    """
    Return the way to Azure that the options choose; nothing is sent yet.

    Raises:
        ContactsAuditError: the options contradict each other, or lead nowhere.
    """
    if network.replay is not None:
        if network.record is not None:
            raise UsageError("--record and --replay exclude each other", "give one of them")
        return _replayed(host, network, network.replay)
    from contacts_audit.azure.client import Client
    from contacts_audit.azure.tape import Recorder
    from contacts_audit.azure.tokens import Tokens

    if network.mask and network.record is None:
        raise UsageError("--mask needs --record", "give a folder by --record")
    chosen = sign_in(host, identity, cloud_options, connections=network.workers)
    wire = chosen.wire()
    tokens = Tokens(credential(identity, chosen).acquire)
    recorder = None
    if network.record is not None:
        recorder = Recorder(network.record, chosen.cloud, mask=network.mask)
    client = Client(chosen.cloud.arm, wire, tokens, _limits(network), tape=recorder)
    return Connection(chosen.cloud, client, tokens, recorder)


def sign_in(
    host: Host, identity: IdentityOptions, cloud_options: CloudOptions, *, connections: int = 1
) -> "SignIn":
    """
    Return what a credential may look at.

    Raises:
        UsageError: an address is wrong, or `--tenant` is given twice.
    """
    import functools

    from contacts_audit.azure import clouds
    from contacts_audit.azure.credentials import SignIn
    from contacts_audit.azure.wire import Wire

    if len(identity.tenant) > 1:
        raise UsageError("--tenant may be given once", "run once for each tenant")
    cloud = clouds.choose(
        cloud_options.cloud,
        arm_endpoint=cloud_options.arm_endpoint,
        authority_host=cloud_options.authority_host or host.variable("AZURE_AUTHORITY_HOST"),
        audience=cloud_options.audience,
    )
    token = None
    if identity.token_file is not None:
        token = host.read(identity.token_file, "--token-file").decode("utf-8-sig", "replace")
    bundle = None if cloud_options.ca_bundle is None else str(cloud_options.ca_bundle)
    wire = functools.cache(
        lambda: Wire(ca_bundle=bundle, connections=connections, stopped=host.ending.stopped)
    )
    return SignIn(
        cloud,
        {name: value for name, value in host.environment.items() if value},
        wire,
        identity.auth_timeout,
        host.ending,
        identity.tenant[0] if identity.tenant else None,
        token=token,
    )


def credential(identity: IdentityOptions, chosen: "SignIn") -> "Credential":
    """
    Return the credential that is used, and say so at `-v`.

    Raises:
        AuthError: it is not configured.
    """
    import logging

    from contacts_audit.azure import credentials

    found = credentials.choose(identity.auth, chosen)
    logging.getLogger(__name__).info("credential: %s", found.name)
    return found


def enter(
    host: Host,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud_options: CloudOptions,
    network: NetworkOptions,
) -> "tuple[Connection, Scope]":
    """
    Sign in, read the list of subscriptions whole, and return the way to Azure and the scope.

    Raises:
        ContactsAuditError: one of these failed; nothing was read of any subscription.
    """
    from contacts_audit.audit import apart
    from contacts_audit.azure.az import default_subscription
    from contacts_audit.azure.subscriptions import visible
    from contacts_audit.scope import Selector, resolve, selector

    stdin_once(*scope.subscriptions_from, identity.token_file)
    unwanted = [selector(text, "--exclude") for text in scope.exclude]
    wanted = selectors(host, scope)
    connection = connect(host, identity, cloud_options, network)
    if scope.current:
        found = default_subscription(host.environment, connection.cloud.known_name)
        wanted = [*(wanted or ()), Selector(found, "--current")]
    deadline = connection.client.limits.deadline
    listed = apart(lambda: list(visible(connection.client)), deadline=deadline)
    if connection.recorder is not None:
        connection.recorder.signed_in(connection.tenants())
    resolved = resolve(listed, wanted, unwanted)
    for warning in resolved.warnings:
        host.screen.warn(warning)
    return connection, resolved


def selectors(host: Host, scope: ScopeOptions) -> "list[Selector] | None":
    """
    Return what options and files select, None where they say nothing.

    Raises:
        UsageError: a value or a file cannot be used.
    """
    from contacts_audit.scope import selector
    from contacts_audit.scope import selectors as in_lines

    if not (scope.subscription or scope.subscriptions_from):
        return None
    wanted = [selector(text, "--subscription") for text in scope.subscription]
    for name in scope.subscriptions_from:
        option = f"--subscriptions-from {name}"
        try:
            lines = host.read(name, "--subscriptions-from").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{option}: it is no UTF-8 text: {error.reason}") from error
        wanted += in_lines(lines, option)
    return wanted


def stdin_once(*names: str | None) -> None:
    """
    Check that stdin is asked for once at most.

    Raises:
        UsageError: it is asked for twice.
    """
    if sum(name == "-" for name in names) > 1:
        raise UsageError("stdin ('-') can be read once only", "give files")


def _replayed(host: Host, network: NetworkOptions, folder: Path) -> Connection:
    from contacts_audit.azure.client import Client
    from contacts_audit.azure.player import Player, Recording
    from contacts_audit.azure.wire import Wire

    recording = Recording.read(folder)
    wire = Wire(stopped=host.ending.stopped, adapter=Player(recording))
    tokens = _Unsigned()
    client = Client(recording.cloud.arm, wire, tokens, _limits(network), pause=lambda seconds: None)
    return Connection(recording.cloud, client, tokens, None, recording.tenants)


def _limits(network: NetworkOptions) -> "Limits":
    from contacts_audit.azure.client import Limits

    return Limits(network.timeout, network.budget, time.monotonic() + network.deadline)

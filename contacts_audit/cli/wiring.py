"""Connects the parts that a command needs."""

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import CloudOptions, IdentityOptions, NetworkOptions, ScopeOptions
from contacts_audit.cli.signing import credential, introduce, sign_in
from contacts_audit.core.errors import UsageError

if TYPE_CHECKING:
    from contacts_audit.audit.scope import Scope, Selector
    from contacts_audit.azure.arm.client import Limits
    from contacts_audit.azure.arm.width import Width
    from contacts_audit.azure.tenants import Connection


def connect(
    host: Host, identity: IdentityOptions, cloud_options: CloudOptions, network: NetworkOptions
) -> "Connection":
    """
    Return the ways to Azure that the options choose; nothing is sent yet.

    Raises:
        ContactsAuditError: the options contradict each other, or lead nowhere.
    """
    if network.mask and network.record is None:
        raise UsageError("--mask needs --record", "give a folder by --record")
    if network.replay is not None:
        if network.record is not None:
            raise UsageError("--record and --replay exclude each other", "give one of them")
        return _replayed(host, network, network.replay)
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.auth.token_provider import Tokens
    from contacts_audit.azure.tenants import Connection, Tenant

    width = _width(network)
    chosen = sign_in(host, identity, cloud_options, connections=width.most)
    wire, limits = chosen.wire(), _limits(network)
    credentials = [
        (tenant, credential(host, identity, replace(chosen, tenant=tenant)))
        for tenant in (*identity.tenant,) or (None,)
    ]
    recorder = None
    if network.record is not None:
        from contacts_audit.azure.recording.recorder import Recorder

        several = len(credentials) > 1
        recorder = Recorder(network.record, chosen.cloud, mask=network.mask, several=several)
    tenants = []
    for tenant, found in credentials:
        tokens = Tokens(found.acquire)
        client = Client(chosen.cloud.arm, wire, tokens, limits, tape=recorder, width=width)
        tenants.append(Tenant(client, tokens, tenant, found))
    return Connection(chosen.cloud, limits, width, tuple(tenants), recorder)


def _load() -> None:
    import contacts_audit.audit  # noqa: F401 - and jq with it


def enter(
    host: Host,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud_options: CloudOptions,
    network: NetworkOptions,
    meanwhile: Callable[[], None] = _load,
    named: str = "--subscription",
) -> "tuple[Connection, Scope]":
    """
    Sign in, read the list of subscriptions whole, and return the ways to Azure and the scope.

    While token and list are on their way, *meanwhile* loads what comes after them.  Errors of a
    selected subscription name what gave it as *named*.

    Raises:
        ContactsAuditError: one of these failed; nothing was read of any subscription.
    """
    from contacts_audit.audit.scope import Selector, group_id, resolve, selector, shard
    from contacts_audit.core.workers import apart, started

    unwanted = [selector(text, "--exclude") for text in scope.exclude]
    wanted = selectors(host, scope, named)
    groups = [group_id(text) for text in scope.management_group]
    index = host.variable("JOB_COMPLETION_INDEX")
    part = None if scope.shard is None else shard(scope.shard, index)
    connection = connect(host, identity, cloud_options, network)
    if scope.current:
        from contacts_audit.azure.auth.azure_cli import default_subscription

        found = default_subscription(host.environment, connection.cloud.known_name)
        wanted = [*(wanted or ()), Selector(found, "--current")]
    deadline = connection.limits.deadline
    started(meanwhile)
    apart(connection.sign_in, deadline=deadline)
    introduce(host, *connection.identities()[:1])
    listed = apart(connection.visible, deadline=deadline)
    introduce(host, *connection.identities()[1:])
    for group in groups:
        under = apart(functools.partial(connection.descendants, group), deadline=deadline)
        option = f"--management-group {group}"
        if not under.subscriptions:
            host.screen.warn(f"{option}: it holds no subscription")
        wanted = [*(wanted or ()), *(Selector(each, option) for each in under.subscriptions)]
    resolved = resolve(listed, wanted, unwanted, part)
    for warning in resolved.warnings:
        host.screen.warn(warning)
    return connection, resolved


def selectors(
    host: Host, scope: ScopeOptions, named: str = "--subscription"
) -> "list[Selector] | None":
    """
    Return what options and files select, None where they say nothing.

    Raises:
        UsageError: a value or a file cannot be used.
    """
    from contacts_audit.audit.scope import selector
    from contacts_audit.audit.scope import selectors as in_lines

    if not (scope.subscription or scope.subscriptions_from):
        return None
    wanted = [selector(text, named) for text in scope.subscription]
    for name in scope.subscriptions_from:
        option = f"--subscriptions-from {name}"
        try:
            lines = host.read(name, "--subscriptions-from").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{option}: it is no UTF-8 text: {error.reason}") from error
        wanted += in_lines(lines, option)
    return wanted


def _replayed(host: Host, network: NetworkOptions, folder: Path) -> "Connection":
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.transport import Wire
    from contacts_audit.azure.recording.replay import Player, Recording, Unsigned
    from contacts_audit.azure.tenants import Connection, Tenant

    recording = Recording.read(folder)
    moment = recording.recorded.strftime("%Y-%m-%dT%H:%M:%SZ")
    named = host.variable("CONTACTS_AUDIT_REPLAY") == str(folder)
    source = "CONTACTS_AUDIT_REPLAY" if named else "--replay"
    host.screen.say(f"{source}: {folder} was recorded {moment}; this is not the state of today")
    wire, limits = Wire(stopped=host.ending.stopped, adapter=Player(recording)), _limits(network)
    width, tenants = _width(network), []
    for tenant in recording.tenants or (None,):
        tokens = Unsigned(tenant)
        client = Client(
            recording.cloud.arm, wire, tokens, limits, width=width, pause=lambda seconds: None
        )
        tenants.append(Tenant(client, tokens))
    return Connection(recording.cloud, limits, width, tuple(tenants), recorded=recording.recorded)


def _width(network: NetworkOptions) -> "Width":
    """Return as many requests under way as was asked for, or as will be found."""
    from contacts_audit.azure.arm.width import Width

    return Width() if network.workers is None else Width(network.workers, network.workers)


def _limits(network: NetworkOptions) -> "Limits":
    from contacts_audit.azure.arm.client import Limits

    return Limits(network.timeout, network.budget, time.monotonic() + network.deadline)

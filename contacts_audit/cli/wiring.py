"""Connects the parts of a command: signs in, lists and selects subscriptions, starts threads."""

import functools
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions, NetworkOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.sign_in import credential, show_identity, sign_in
from contacts_audit.core.errors import UsageError

if TYPE_CHECKING:
    from contacts_audit.audit.scope import Scope
    from contacts_audit.audit.selectors import Selector
    from contacts_audit.azure.arm.client import Limits
    from contacts_audit.azure.arm.concurrency import Concurrency
    from contacts_audit.azure.tenants import Connection

T = TypeVar("T")
R = TypeVar("R")


def connect(host: Host, azure: AzureOptions) -> "Connection":
    """
    Return the connection that the options choose; nothing is sent yet.

    Raises:
        ContactsAuditError: the options contradict each other, or cannot be used.
    """
    network = azure.network
    if network.mask and network.record is None:
        raise UsageError("--mask needs --record", "add --record DIR")
    if network.replay is not None:
        if network.record is not None:
            raise UsageError("--record and --replay cannot be combined", "remove one of them")
        return _replayed(host, network, network.replay)
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.auth.token_provider import TokenProvider
    from contacts_audit.azure.tenants import Connection, Tenant

    chosen, concurrency = sign_in(host, azure.identity, azure.cloud), _concurrency(network)
    transport, limits = chosen.transport(), _limits(network)
    credentials = [
        (tenant, credential(host, azure.identity, chosen._replace(tenant=tenant)))
        for tenant in (*azure.identity.tenant,) or (None,)
    ]
    recorder = None
    if network.record is not None:
        from contacts_audit.azure.recording.recorder import Recorder

        several = len(credentials) > 1
        recorder = Recorder(network.record, chosen.cloud, mask=network.mask, several=several)
    tenants = []
    for tenant, found in credentials:
        tokens = TokenProvider(found.acquire)
        client = Client(
            chosen.cloud.arm, transport, tokens, limits, recorder=recorder, concurrency=concurrency
        )
        tenants.append(Tenant(client, tokens, tenant, found))
    return Connection(chosen.cloud, limits, concurrency, tuple(tenants), recorder)


def _preload() -> None:
    import contacts_audit.azure.contacts.read  # noqa: F401 - and jq with it


def connect_and_select(
    host: Host,
    scope: ScopeOptions,
    azure: AzureOptions,
    option: str = "--subscription",
) -> "tuple[Connection, Scope]":
    """
    Sign in, list the subscriptions, and return the connection and those in scope.

    What reads contacts is loaded while the list is on its way. Errors of a selected subscription
    name the *option* that selected it.

    Raises:
        ContactsAuditError: one of these failed; no subscription was read.
    """
    from contacts_audit.audit.scope import resolve_scope
    from contacts_audit.audit.selectors import parse_group_id, parse_selector
    from contacts_audit.audit.shards import parse_shard
    from contacts_audit.core.workers import in_thread, started

    unwanted = [parse_selector(text, "--exclude") for text in scope.exclude]
    wanted = selectors(host, scope, option)
    groups = [parse_group_id(text) for text in scope.management_group]
    index = host.variable("JOB_COMPLETION_INDEX")
    part = None if scope.shard is None else parse_shard(scope.shard, index)
    connection = connect(host, azure)
    if scope.current:
        wanted = [*(wanted or ()), _current(host, connection)]
    deadline = connection.limits.deadline
    in_thread(connection.sign_in, deadline=deadline)
    show_identity(host, *connection.identities()[:1])
    started(_preload)
    listed = in_thread(connection.visible, deadline=deadline)
    show_identity(host, *connection.identities()[1:])
    for group in groups:
        wanted = [*(wanted or ()), *_in_group(host, connection, group)]
    resolved = resolve_scope(listed, wanted, unwanted, part)
    for warning in resolved.warnings:
        host.screen.warn(warning)
    return connection, resolved


def _current(host: Host, connection: "Connection") -> "Selector":
    """Return the default subscription of az."""
    from contacts_audit.audit.selectors import Selector
    from contacts_audit.azure.auth.azure_cli_profile import default_subscription

    found = default_subscription(host.environment, connection.cloud.known_name)
    return Selector(found, "--current")


def _in_group(host: Host, connection: "Connection", group: str) -> "list[Selector]":
    """Return the subscriptions in the management group *group*, at every level."""
    from contacts_audit.audit.selectors import Selector
    from contacts_audit.core.workers import in_thread

    read = functools.partial(connection.descendants, group)
    under = in_thread(read, deadline=connection.limits.deadline)
    option = f"--management-group {group}"
    if not under.subscriptions:
        host.screen.warn(f"{option}: it contains no subscriptions")
    return [Selector(each, option) for each in under.subscriptions]


def selectors(
    host: Host, scope: ScopeOptions, option: str = "--subscription"
) -> "list[Selector] | None":
    """
    Return what options and files select, None where neither is given.

    Raises:
        UsageError: a value or a file cannot be used.
    """

    from contacts_audit.audit.selectors import parse_selector, parse_selectors

    if not (scope.subscription or scope.subscriptions_from):
        return None
    wanted = [parse_selector(text, option) for text in scope.subscription]
    for name in scope.subscriptions_from:
        source = f"--subscriptions-from {name}"
        try:
            lines = host.read(name, "--subscriptions-from").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{source}: it is not UTF-8 text: {error.reason}") from error
        wanted += parse_selectors(lines, source)
    return wanted


def _replayed(host: Host, network: NetworkOptions, folder: Path) -> "Connection":
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.transport import Transport
    from contacts_audit.azure.recording.folder import Recording
    from contacts_audit.azure.recording.replay import ReplayAdapter, ReplayTokens
    from contacts_audit.azure.tenants import Connection, Tenant
    from contacts_audit.report.wording import NOT_TODAY

    recording = Recording.read(folder)
    moment = recording.recorded.strftime("%Y-%m-%dT%H:%M:%SZ")
    named = host.variable("CONTACTS_AUDIT_REPLAY") == str(folder)
    source = "CONTACTS_AUDIT_REPLAY" if named else "--replay"
    host.screen.notice(f"{source}: {folder} was recorded {moment}; {NOT_TODAY}")
    transport, limits = (
        Transport(stopped=host.shutdown.stopped, adapter=ReplayAdapter(recording)),
        _limits(network),
    )
    concurrency, tenants = _concurrency(network), []
    for tenant in recording.tenants or (None,):
        tokens = ReplayTokens(tenant)
        client = Client(
            recording.cloud.arm,
            transport,
            tokens,
            limits,
            concurrency=concurrency,
            pause=lambda seconds: None,
        )
        tenants.append(Tenant(client, tokens))
    return Connection(
        recording.cloud,
        limits,
        concurrency,
        tuple(tenants),
        recorded=recording.recorded,
        mail=recording.mail,
    )


def _concurrency(network: NetworkOptions) -> "Concurrency":
    """Return the number of requests under way that --workers gives, or one that is found."""
    from contacts_audit.azure.arm.concurrency import Concurrency

    return (
        Concurrency() if network.workers is None else Concurrency(network.workers, network.workers)
    )


def _limits(network: NetworkOptions) -> "Limits":
    from contacts_audit.azure.arm.client import Limits

    return Limits(network.timeout, network.budget, time.monotonic() + network.deadline)


def for_each(
    host: Host,
    connection: "Connection",
    items: Collection[T],
    work: Callable[[T], R],
    late: Callable[[T], R],
    broken: Callable[[T, Exception], R],
) -> list[R]:
    """
    Return the result of *work* for each of *items*, in their order, made in parallel.

    *late* makes the result of an item that the deadline left out, *broken* that of an item whose
    work failed unexpectedly.
    """
    from contacts_audit.core.workers import in_order

    done = in_order(
        work,
        items,
        workers=connection.concurrency.limit,
        deadline=connection.limits.deadline,
        timed_out=late,
        broken=broken,
    )
    return list(host.screen.progress(done, len(items)))

"""Reads the pages of all subscriptions in parallel, and returns them in order."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import CloudOptions, IdentityOptions, NetworkOptions, ScopeOptions
from contacts_audit.cli.wiring import enter
from contacts_audit.core.errors import AuthError, AzureError
from contacts_audit.core.model import Fault, Skipped, Subscription, Unread

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.arm.protocol import Answer
    from contacts_audit.azure.contacts.read import LeftOut

SHOWN = 3  # contacts that a line names
MOST_WAITING = 32 * 1024 * 1024  # bytes that were read and cannot be printed yet


@dataclass(slots=True)
class Missed:
    """The contacts that the documented filter leaves out for their type alone."""

    number: int = 0
    shown: "list[LeftOut]" = field(default_factory=list)

    def add(self, one: "LeftOut") -> None:
        """Count *one*."""
        self.number += 1
        if len(self.shown) < SHOWN:
            self.shown.append(one)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage prints for a subscription, *rest* what may follow, and what went wrong then."""

    subscription: Subscription
    pieces: Sequence[bytes]
    rest: "Iterator[Answer] | None" = None
    fault: Fault | None = None
    skipped: bool = False
    missed: Missed | None = None


class _Room:
    """Bounds what was read and waits to be printed; whoever is ahead waits while it is too much."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0  # bytes
        self._turn = 0

    def enter(self, number: int) -> None:
        """Wait until there is room, or it is the turn of *number*."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting < MOST_WAITING or number <= self._turn)

    def take(self, stage: Stage) -> None:
        """Keep that *stage* was read."""
        with self._changed:
            self._waiting += sum(map(len, stage.pieces))

    def leave(self, stage: Stage) -> None:
        """Keep that *stage* was printed."""
        with self._changed:
            self._waiting -= sum(map(len, stage.pieces))
            self._turn += 1
            self._changed.notify_all()


def stages(
    host: Host,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    read: "Callable[[Client, Subscription], Stage]",
    again: "Callable[[Subscription, Iterator[Answer]], Stage] | None" = None,
) -> Iterator[Stage]:
    """Yield what is printed of each subscription in scope, in order; *again* reads what follows."""
    connection, found = enter(host, scope, identity, cloud, network)
    from contacts_audit.audit.auditor import broken, out_of_time, unasked
    from contacts_audit.core.workers import in_order

    room, deadline = _Room(), connection.limits.deadline

    def work(numbered: tuple[int, Subscription]) -> Stage:
        number, subscription = numbered
        outcome: Any = unasked(subscription)
        if outcome is not None:
            return _unread(outcome)
        room.enter(number)
        stage = _caught(subscription, lambda: read(connection.client(subscription), subscription))
        room.take(stage)
        return stage

    def follow(stage: Stage) -> Stage:
        one, rest = stage.subscription, stage.rest
        return stage if rest is None or again is None else _caught(one, lambda: again(one, rest))

    coming = in_order(
        work,
        enumerate(found.subscriptions),
        workers=connection.width.limit,
        deadline=deadline,
        late=lambda numbered: _unread(out_of_time(numbered[1])),
        broken=lambda numbered, error: _unread(broken(numbered[1], error)),
    )
    for stage in host.screen.progress(coming, len(found.subscriptions)):
        yield stage
        room.leave(stage)
        while stage.rest is not None:
            (stage,) = in_order(
                follow,
                [stage],
                workers=1,
                deadline=deadline,
                late=lambda each: _unread(out_of_time(each.subscription)),
                broken=lambda each, error: _unread(broken(each.subscription, error)),
            )
            yield stage


def _caught(subscription: Subscription, read: Callable[[], Stage]) -> Stage:
    try:
        return read()
    except (AzureError, AuthError) as error:
        return Stage(subscription, (), fault=fault_of(error, subscription))


def fault_of(error: AzureError | AuthError, subscription: Subscription) -> Fault:
    """Return the facts of *error*, and a hint that names *subscription*."""
    from contacts_audit.audit.auditor import fault

    return fault(error, subscription)


def _unread(outcome: Skipped | Unread) -> Stage:
    if isinstance(outcome, Unread):
        return Stage(outcome.subscription, (), fault=outcome.fault)
    return Stage(outcome.subscription, (), skipped=True)


def was_read(host: Host, stage: Stage) -> bool:
    """Print what went wrong with a subscription; return whether it was read, or need not be."""
    if stage.skipped:
        host.screen.note(f"{stage.subscription.label}: skipped, it is {stage.subscription.state}")
    if stage.fault is not None:
        host.screen.fault(stage.subscription, stage.fault)
    return stage.fault is None

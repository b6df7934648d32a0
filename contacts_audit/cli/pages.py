"""For fetch and emails: reads all subscriptions in parallel, and yields their pages in order."""

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.wiring import connect_and_select
from contacts_audit.core.errors import AuthError, AzureError
from contacts_audit.core.model import Fault, Skipped, Subscription, Unread

if TYPE_CHECKING:
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.contacts.read import LeftOut
    from contacts_audit.azure.tenants import Connection

SHOWN = 3  # contacts that a line names
MAX_BUFFERED = 32 * 1024 * 1024  # bytes that were read and not printed yet


@dataclass(slots=True)
class Missed:
    """The contacts that the documented filter leaves out because of their type alone."""

    number: int = 0
    shown: "list[LeftOut]" = field(default_factory=list)

    def add(self, one: "LeftOut") -> None:
        """Count *one*."""
        self.number += 1
        if len(self.shown) < SHOWN:
            self.shown.append(one)


class Page(NamedTuple):
    """
    What is printed of a subscription, and how reading it went.

    *rest* reads the next page, if any. *fault* says why a page could not be read.
    """

    subscription: Subscription
    pieces: Sequence[bytes]
    rest: "Callable[[], Page] | None" = None
    fault: Fault | None = None
    skipped: bool = False
    missed: Missed | None = None


class _Buffer:
    """Bounds what was read and is not printed yet; readers wait while it is too much."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0  # bytes
        self._turn = 0

    def wait(self, number: int) -> None:
        """Wait until there is room, or it is the turn of *number*."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting < MAX_BUFFERED or number <= self._turn)

    def add(self, page: Page) -> None:
        """Count *page*, which was read."""
        with self._changed:
            self._waiting += sum(map(len, page.pieces))

    def remove(self, page: Page) -> None:
        """Stop counting *page*, which was printed."""
        with self._changed:
            self._waiting -= sum(map(len, page.pieces))
            self._turn += 1
            self._changed.notify_all()


def pages(
    host: Host,
    scope: ScopeOptions,
    azure: AzureOptions,
    read: "Callable[[Client, Subscription], Page]",
) -> Iterator[Page]:
    """Yield the pages of each subscription in scope, in order; *read* returns its first one."""
    connection, found = connect_and_select(host, scope, azure)
    from contacts_audit.audit.unread import unasked

    buffer = _Buffer()

    def first(number: int, subscription: Subscription) -> Page:
        outcome: Any = unasked(subscription)
        if outcome is not None:
            return _unread(outcome)
        buffer.wait(number)
        page = read(connection.client(subscription), subscription)
        buffer.add(page)
        return page

    begun = (
        Page(one, (), functools.partial(first, number, one))
        for number, one in enumerate(found.subscriptions)
    )
    for page in host.screen.progress(_following(connection, begun), len(found.subscriptions)):
        yield page
        buffer.remove(page)
        while page.rest is not None:
            (page,) = _following(connection, [page])
            yield page


def _following(connection: "Connection", pages: Iterable[Page]) -> Iterator[Page]:
    """Yield the page that follows each of *pages*."""
    from contacts_audit.audit.unread import broken, out_of_time
    from contacts_audit.core.workers import in_order

    return in_order(
        _next,
        pages,
        workers=connection.concurrency.limit,
        deadline=connection.limits.deadline,
        timed_out=lambda page: _unread(out_of_time(page.subscription)),
        broken=lambda page, error: _unread(broken(page.subscription, error)),
    )


def _next(page: Page) -> Page:
    try:
        return page if page.rest is None else page.rest()
    except (AzureError, AuthError) as error:
        return Page(page.subscription, (), fault=fault_of(error, page.subscription))


def fault_of(error: AzureError | AuthError, subscription: Subscription) -> Fault:
    """Return *error* as a fault with a hint that names *subscription*."""
    from contacts_audit.audit.unread import fault

    return fault(error, subscription)


def _unread(outcome: Skipped | Unread) -> Page:
    if isinstance(outcome, Unread):
        return Page(outcome.subscription, (), fault=outcome.fault)
    return Page(outcome.subscription, (), skipped=True)


def was_read(host: Host, page: Page) -> bool:
    """Print the fault of *page*, if any; return whether there is none."""
    if page.skipped:
        host.screen.note(f"{page.subscription.label}: skipped: {page.subscription.state_message}")
    if page.fault is not None:
        host.screen.fault(page.subscription, page.fault)
    return page.fault is None

"""Reads the current contacts of a subscription, every field included, before and after a write."""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.arm.retry import Budget
from contacts_audit.azure.contacts import read
from contacts_audit.azure.contacts.api_versions import Versions
from contacts_audit.azure.contacts.records import Record, Snapshot, records
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.model import Subscription
from contacts_audit.core.workers import in_order


@dataclass(frozen=True, slots=True)
class SnapshotReader:
    """
    Reads snapshots, each through the client that *client* returns; safe for all threads.

    Each method raises AzureError where one of the API versions cannot be read, or none is offered,
    and AuthError where there is no token.
    """

    client: Callable[[Subscription], Client]
    _versions: Versions = field(default_factory=Versions)

    def within(self, budget: Budget) -> "SnapshotReader":
        """Return a reader whose requests spend *budget*, which other requests may share."""
        return replace(self, client=lambda subscription: self.client(subscription).within(budget))

    def read(self, subscription: Subscription, versions: Iterable[str] | None = None) -> Snapshot:
        """Return what *subscription* shows at *versions*, by default at 2017 and the newest."""
        found: dict[str, tuple[Record, ...]] = {}
        until = self.client(subscription).limits.until()
        if versions is not None:
            return Snapshot({one: self.at(subscription, one, until) for one in versions})
        for version in (protocol.V2017, protocol.V2023, protocol.V2020):
            if version == protocol.V2020 and protocol.V2023 in found:
                break
            shown = self._versions.read(
                version, subscription.id, lambda one: self.at(subscription, one, until)
            )
            if shown is not None:
                found[version] = shown
        if not found:
            raise AzureError(
                Reason.VERSION_UNAVAILABLE, "no api-version of securityContacts is offered here"
            )
        return Snapshot(found)

    def at_once(self, subscription: Subscription, versions: Collection[str]) -> Snapshot:
        """Return what *subscription* shows, asking for each of *versions* at the same time."""

        def read(version: str) -> tuple[Record, ...] | AzureError | AuthError:
            try:
                return self.at(subscription, version)
            except (AzureError, AuthError) as error:
                return error  # it is raised when no request is under way any more

        came = in_order(read, versions, workers=len(versions), deadline=math.inf, timed_out=read)
        found = {}
        for version, one in [*zip(versions, came, strict=True)]:
            if isinstance(one, Exception):
                raise one
            found[version] = one
        return Snapshot(found)

    def at(
        self, subscription: Subscription, version: str, until: Budget | float | None = None
    ) -> tuple[Record, ...]:
        """Return the contacts at *version*; *until* is a budget, or an end in monotonic seconds."""
        client = self.client(subscription)
        url = protocol.contacts_url(client.endpoint, subscription.id, version)
        until = until or client.limits.until()
        pages = client.pages(url, most=read.MOST_PAGES, until=until)
        return tuple(record for answer in pages for record in records(answer))

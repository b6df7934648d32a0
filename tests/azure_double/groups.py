"""Management groups: the subscriptions and groups below each one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .subscriptions import Json, Subscription
from .wire import HeaderValue

TYPE = "Microsoft.Management/managementGroups"


@dataclass(frozen=True, slots=True)
class Group:
    """A management group: its tenant, its direct *subscriptions*, and the id of its *parent*."""

    id: str
    name: str
    tenant: str
    parent: str | None = None
    subscriptions: tuple[Subscription, ...] = ()

    @property
    def scope(self) -> str:
        """The group's resource id."""
        return scope(self.id)


def scope(group_id: str) -> str:
    """Return the resource id of the group with that id."""
    return f"/providers/{TYPE}/{group_id}"


def find(groups: Sequence[Group], group_id: str, tenant: str) -> Group | None:
    """Return the tenant's group with that id, in any case."""
    wanted = group_id.lower()
    return next(
        (each for each in groups if each.id.lower() == wanted and each.tenant == tenant), None
    )


def headers(request_id: HeaderValue) -> dict[str, HeaderValue]:
    """Return the headers of this service: its request ids begin with a region."""
    return {
        "client-request-id": request_id,
        "request-id": request_id,
        "x-ba-restapi": "3.2024.0801.5",
        "x-ms-request-id": f"westeurope:{request_id}",
        "x-ms-ratelimit-remaining-tenant-reads": "249",
        "x-ms-ratelimit-remaining-managementgroups-requests": "599",
    }


def descendants(groups: Sequence[Group], top: Group) -> Iterator[Json]:
    """Yield all below *top*, at each level first the groups, then the subscriptions."""
    for group in groups:
        if (group.parent or "").lower() == top.id.lower() and group.tenant == top.tenant:
            yield _item(group.scope, TYPE, group.id, group.name, top)
            yield from descendants(groups, group)
    for each in top.subscriptions:
        yield _item(each.scope, "/subscriptions", each.id, each.name, top)


def _item(resource_id: str, kind: str, name: str, display_name: str | None, parent: Group) -> Json:
    return {
        "id": resource_id,
        "type": kind,
        "name": name,
        "properties": {"displayName": display_name, "parent": {"id": parent.scope}},
    }

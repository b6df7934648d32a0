"""
What the signed-in identity may do in a subscription, by what Azure lists; nothing is written.

The list holds one entry for each role that it has there, inherited ones included:
https://learn.microsoft.com/rest/api/authorization/permissions
A deny assignment, a lock or a policy of Azure can refuse a write all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contacts_audit.azure.arm import hints, paging, protocol
from contacts_audit.azure.arm.client import Client

MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Permission:
    """The *actions* that one role allows, but for its *not_actions*; `*` stands for anything."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """
        Say whether this role allows *action*.

        https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions-format
        """
        excluded = any(_matches(pattern, action) for pattern in self.not_actions)
        return not excluded and any(_matches(pattern, action) for pattern in self.actions)


def permissions(client: Client, subscription_id: str) -> Iterator[Permission]:
    """
    Yield what each role of the signed-in identity allows in the subscription.

    Raises:
        AzureError: the list cannot be read whole.
        AuthError: no token is to be had.
    """
    url = protocol.permissions_url(client.endpoint, subscription_id)
    pages = client.pages(url, most=MOST_PAGES, until=client.limits.until())
    with hints.hinting(hints.PERMISSIONS):
        for item, page in paging.items(pages, "the list of permissions"):
            keys = ("actions", "notActions")
            lists: list[Any] = [isinstance(item, dict) and (item.get(key) or []) for key in keys]
            if not all(map(_are_patterns, lists)):
                raise protocol.malformed(page, "the list of permissions holds something else")
            yield Permission(*map(tuple, lists))


def _are_patterns(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _matches(pattern: str, action: str) -> bool:
    """
    Compare without case; only `*` stands for anything.

    It takes time that grows with both lengths: a pattern may be megabytes long.
    """
    start, *parts = pattern.casefold().split("*")
    action = action.casefold()
    if not parts:
        return start == action
    *middle, end = parts
    at = len(start)
    for part in middle:
        found = action.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return action.startswith(start) and action.endswith(end) and at + len(end) <= len(action)

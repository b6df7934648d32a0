"""
Asks Azure for the subscriptions that a credential can see, and those of a management group.

https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from contacts_audit.azure.arm import paging, protocol
from contacts_audit.azure.arm.client import Client
from contacts_audit.azure.kinds import GUID as GUID
from contacts_audit.core.model import Subscription
from contacts_audit.core.sanitize import whole_characters
from contacts_audit.core.workers import ahead

MOST_PAGES = 5000
_GROUP = "/providers/Microsoft.Management/managementGroups/([^/]+)"
GROUP = re.compile(_GROUP, re.IGNORECASE)
SUBSCRIPTION = re.compile(f"(?:{_GROUP})?/subscriptions/({GUID.pattern})", re.IGNORECASE)


def visible(client: Client, tenant: str | None = None) -> Iterator[Subscription]:
    """
    Yield each subscription as often as Azure lists it, in its order, its id in lower case.

    It is of *tenant*, which was signed in to, also where another one has delegated it.

    Raises:
        AzureError: the list cannot be read whole.
        AuthError: no token is to be had.
    """
    pages = client.pages(protocol.subscriptions_url(client.endpoint), most=MOST_PAGES)
    for item, page in paging.items(ahead(pages), "the list of subscriptions"):
        subscription = _subscription(item, tenant)
        if subscription is None:
            raise protocol.malformed(page, "the list of subscriptions holds something else")
        yield subscription


class Descendants(NamedTuple):
    """What is under a management group, on all levels: ids in lower case."""

    subscriptions: tuple[str, ...]
    groups: tuple[str, ...]


def descendants(client: Client, group: str) -> Descendants:
    """
    Return what is under the management group *group*.

    Raises:
        AzureError: the list cannot be read whole.
        AuthError: no token is to be had.
    """
    subscriptions: list[str] = []
    groups: list[str] = []
    pages = client.pages(protocol.descendants_url(client.endpoint, group), most=MOST_PAGES)
    for item, page in paging.items(ahead(pages), "the management group"):
        match item:
            case {"id": str(path)} if found := SUBSCRIPTION.fullmatch(path):
                subscriptions.append(found[2].lower())  # its state is that of the list alone
            case {"id": str(path)} if found := GROUP.fullmatch(path):
                groups.append(found[1].lower())  # what is in it is listed, too
            case _:
                raise protocol.malformed(page, "the management group holds something else")
    return Descendants(tuple(subscriptions), tuple(groups))


def _subscription(item: Any, tenant: str | None) -> Subscription | None:
    match item:
        case {"subscriptionId": str(found)} if GUID.fullmatch(found):
            home, state = _text(item, "tenantId"), _text(item, "state")
            return Subscription(
                found.lower(),
                _text(item, "displayName"),
                state and sys.intern(state),  # a few words, for a hundred thousand
                tenant or (home and home.lower()),
            )
    return None


def _text(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    return whole_characters(value) if isinstance(value, str) else None

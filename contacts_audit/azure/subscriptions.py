"""
The subscriptions that a credential can see.

https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

import re
from collections.abc import Iterator
from typing import Any

from contacts_audit.azure import arm
from contacts_audit.azure.client import Client
from contacts_audit.model import Subscription

MOST_PAGES = 5000
GUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def visible(client: Client) -> Iterator[Subscription]:
    """
    Yield each subscription once, in Azure's order, its id in lower case.

    Raises:
        AzureError: the list cannot be read whole.
        AuthError: no token is to be had.
    """
    seen: set[str] = set()
    for answer in client.pages(arm.subscriptions_url(client.endpoint), most=MOST_PAGES):
        match arm.document(answer):
            case {"value": list(items)}:
                pass
            case _:
                raise arm.malformed(answer, "the list of subscriptions has no array 'value'")
        for item in items:
            subscription = _subscription(item)
            if subscription is None:
                raise arm.malformed(answer, "the list of subscriptions holds something else")
            if subscription.id not in seen:
                seen.add(subscription.id)
                yield subscription


def _subscription(item: Any) -> Subscription | None:
    match item:
        case {"subscriptionId": str(found)} if GUID.fullmatch(found):
            tenant = _text(item, "tenantId")
            return Subscription(
                found.lower(),
                _text(item, "displayName"),
                _text(item, "state"),
                tenant and tenant.lower(),
            )
    return None


def _text(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) else None

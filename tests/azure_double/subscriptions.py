"""The subscriptions and their security contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SINCE = {"2020-01-01": ("managedByTenants", "tenantId"), "2021-01-01": ("tags",)}
"""Which keys an item of the list of subscriptions has since which api-version."""


@dataclass
class Subscription:
    """
    A subscription, its contacts, and what the caller may see.

    *contact* is the one document, with the properties of 2023-12-01-preview. *contacts_2017* are
    its addresses that were written at 2017, with their names. Either is enough: each version shows
    the whole document. *emptied*: 2017 deleted every address, and left a document without
    contacts. *parted*: 2017 has its own document, so neither shows the other. *revision* counts
    the writes, and *written* is the time of the last one.

    *answers* replaces the body of a list of contacts, by api-version: bytes are sent unchanged,
    anything else as JSON. *hides_2017* hides *contacts_2017* from reads at 2017 as long as there
    is a *contact*, if 2017 has its own document. *delegated_to* holds the ids of tenants with
    access by Azure Lighthouse. *permissions* are those that Azure lists, by default those of the
    roles for *readable* and *writable*.
    """

    id: str
    name: str | None = "Prod"
    state: str = "Enabled"
    tenant_id: str = ""
    contacts_2017: list[Json] = field(default_factory=list)
    contact: Json | None = None
    hides_2017: bool = False
    emptied: bool = False
    parted: bool = False
    revision: int = 0
    written: float = 0.0
    registered: bool = True
    readable: bool = True
    writable: bool = True
    visible: bool = True
    permissions: list[Json] | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    delegated_to: list[str] = field(default_factory=list)

    @property
    def scope(self) -> str:
        """The resource id of the subscription."""
        return f"/subscriptions/{self.id}"

    @property
    def allowed(self) -> list[Json]:
        """The permissions of the caller that Azure lists: one item for each role."""
        if self.permissions is not None:
            return self.permissions
        security = "Microsoft.Security/*" if self.writable else "Microsoft.Security/*/read"
        role: Json = {
            "actions": ["Microsoft.Authorization/*/read", security],
            "notActions": [],
            "dataActions": [],
            "notDataActions": [],
        }
        return [role] if self.readable else []


def listed(subscription: Subscription, version: str = "2022-12-01") -> Json:
    """Return *subscription* as an item of the list at that api-version."""
    item: Json = {
        "id": subscription.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [{"tenantId": tenant} for tenant in subscription.delegated_to],
        "tags": {},
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }
    unknown = {name for since, names in SINCE.items() if version < since for name in names}
    if subscription.id[-1] in "02468ace":  # some items of one list were recorded without tags
        unknown.add("tags")
    return {key: value for key, value in item.items() if key not in unknown}


class Register:
    """Finds a subscription by id in a list that may change at any time."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def find(self, subscriptions: list[Subscription], subscription_id: str) -> Subscription | None:
        """Return the visible subscription with that id, in any case."""
        wanted = subscription_id.lower()
        found = self._look(subscriptions, wanted)
        if found is None:
            self._places = {each.id.lower(): place for place, each in enumerate(subscriptions)}
            found = self._look(subscriptions, wanted)
        return found if found and found.visible else None

    def _look(self, subscriptions: list[Subscription], wanted: str) -> Subscription | None:
        place = self._places.get(wanted, len(subscriptions))
        if place < len(subscriptions) and subscriptions[place].id.lower() == wanted:
            return subscriptions[place]
        return None

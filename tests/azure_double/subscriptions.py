"""The subscriptions, which are all that this Azure remembers about security contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Subscription:
    """
    A subscription, the contacts in it, and what its reader may see.

    *contact* is the one that the newer api-versions know, with the properties
    that 2023-12-01-preview gives it.  *answers* replaces the body of a list of
    contacts, by api-version: bytes are sent as they are, anything else as JSON.
    *hides_2017* keeps *contacts_2017* from reads at 2017 for as long as there is a *contact*.
    *delegated_to* holds the ids of the tenants that Azure Lighthouse lets in.
    """

    id: str
    name: str | None = "Prod"
    state: str = "Enabled"
    tenant_id: str = ""
    contacts_2017: list[Json] = field(default_factory=list)
    contact: Json | None = None
    hides_2017: bool = False
    registered: bool = True
    readable: bool = True
    writable: bool = True
    visible: bool = True
    answers: dict[str, Any] = field(default_factory=dict)
    delegated_to: list[str] = field(default_factory=list)

    @property
    def scope(self) -> str:
        """The subscription's resource id."""
        return f"/subscriptions/{self.id}"


def listed(subscription: Subscription) -> Json:
    """Return *subscription* as an item of the list of subscriptions."""
    return {
        "id": subscription.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [{"tenantId": tenant} for tenant in subscription.delegated_to],
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


class Register:
    """Finds a subscription by its id in a list that may change at any time."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def find(self, subscriptions: list[Subscription], subscription_id: str) -> Subscription | None:
        """Return the visible subscription of that id, in whatever case it is written."""
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

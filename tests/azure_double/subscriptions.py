"""The subscriptions, which are all that this Azure remembers about security contacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SINCE = {"2020-01-01": ("managedByTenants", "tenantId"), "2021-01-01": ("tags",)}
"""Which keys an item of the list of subscriptions has since which api-version."""


@dataclass
class Subscription:
    """
    A subscription, the contacts in it, and what its reader may see.

    *contact* is the one document, with the properties that 2023-12-01-preview gives it;
    *contacts_2017* are those of its addresses that were written at 2017, with the names that
    they were given there.  Either is enough: each version shows the document in its own words.
    *emptied* says that 2017 deleted every address, which leaves a document without contacts,
    *parted* that 2017 has a document of its own, so that neither shows what the other holds,
    *revision* counts the writes, and *written* is when the last one was.

    *answers* replaces the body of a list of contacts, by api-version: bytes are sent as they
    are, anything else as JSON.  *hides_2017* keeps *contacts_2017* from reads at 2017 for as
    long as there is a *contact*, where 2017 has a document of its own.  *delegated_to* holds
    the ids of the tenants that Azure Lighthouse lets in.  *permissions* are those that
    Azure lists, or else they are the ones of the role that *readable* and *writable* stand for.
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
        """The subscription's resource id."""
        return f"/subscriptions/{self.id}"

    @property
    def allowed(self) -> list[Json]:
        """What Azure lists of the caller's permissions: an item for each role, none without."""
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
    """Return *subscription* as an item of the list of subscriptions at that api-version."""
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

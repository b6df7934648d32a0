"""One state of a subscription's contacts, seen through three api-versions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from .respelling import respelled
from .subscriptions import Json, Subscription
from .wire import compact
from .world import World

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
TYPE = "Microsoft.Security/securityContacts"


def view(world: World, subscription: Subscription, version: str) -> list[Json]:
    """Return the contacts that a list at *version* holds."""
    kind = _items_2017 if version == V2017 else _items_2020 if version == V2020 else _items
    items = kind(world, subscription)
    if not world.respells:
        return items
    return [{**item, "properties": respelled(item["properties"])} for item in items]


def one(world: World, subscription: Subscription, version: str, name: str) -> Json | None:
    """Return the contact of that *name* that shows at *version*."""
    for contact in view(world, subscription, version):
        if contact["name"].lower() == name.lower():
            return contact
    return None


def kept(world: World, subscription: Subscription, version: str, name: str) -> Json | None:
    """Return the contact of that *name* even if it is hidden from reads at *version*."""
    return one(world, replace(subscription, hides_2017=False), version, name)


def list_body(world: World, subscription: Subscription, version: str) -> object:
    """Return the body of a whole list at *version*: 2020 answers with a bare array."""
    contacts = view(world, subscription, version)
    bare = version == V2020 and (contacts or world.empty_2020_list == "array")
    return contacts if bare else {"value": contacts}


def _items_2017(world: World, subscription: Subscription) -> list[Json]:
    newer = subscription.contact
    hidden = subscription.hides_2017 and newer is not None
    records = [] if hidden else list(subscription.contacts_2017)
    if world.shows_newer_at_2017 and newer is not None:
        records.append({"name": "default", "properties": _as_2017(newer)})
    return [_item_2017(subscription, record) for record in records]


def _items(world: World, subscription: Subscription) -> list[Json]:
    contact = subscription.contact
    if contact is None and world.shows_2017_at_newer and subscription.contacts_2017:
        contact = from_2017(subscription.contacts_2017)
    return [] if contact is None else [_item(subscription, contact)]


def _items_2020(world: World, subscription: Subscription) -> list[Json]:
    items = _items(world, subscription)
    return [{**item, "properties": _as_2020(item["properties"])} for item in items]


def _item_2017(subscription: Subscription, record: Json) -> Json:
    name = record["name"]
    return {
        "etag": "",
        "id": f"{subscription.scope}/providers/{TYPE}/{name}",
        "name": name,
        "type": TYPE,
        "properties": record["properties"],
    }


def _item(subscription: Subscription, properties: Json) -> Json:
    return {
        "properties": properties,
        "id": f"{subscription.scope}/providers/{TYPE}/default",
        "name": "default",
        "type": TYPE,
        "etag": _etag(subscription, properties),
        "location": "West Europe",
    }


def _etag(subscription: Subscription, properties: Json) -> str:
    """An etag as Cosmos DB writes it; it changes when the contact does, and is of no version."""
    digest = hashlib.sha256(compact([subscription.id, properties])).hexdigest()
    return f'"{digest[:8]}-0000-0d00-0000-{digest[8:16]}0000"'


def _on(value: Any) -> str:
    return "On" if value else "Off"


def _alert_source(contact: Json) -> Json | None:
    sources = contact.get("notificationsSources") or []
    return next((each for each in sources if each.get("sourceType") == "Alert"), None)


def _as_2020(contact: Json) -> Json:
    """Return the properties of a newer contact as 2020 spells them."""
    new = {"isEnabled", "notificationsSources"}
    properties = {key: value for key, value in contact.items() if key not in new}
    if new & contact.keys():
        source = _alert_source(contact) or {}
        alerts: Json = {"state": _on(source and contact.get("isEnabled", True))}
        if "minimalSeverity" in source:
            alerts["minimalSeverity"] = source["minimalSeverity"]
        properties["alertNotifications"] = alerts
    return properties


def _as_2017(contact: Json) -> Json:
    """Return what 2017 can say of a newer contact: one address, On or Off."""
    enabled = contact.get("isEnabled", True)
    by_role = contact.get("notificationsByRole") or {}
    return {
        "email": (contact.get("emails") or "").replace(",", ";").split(";")[0].strip(),
        "phone": contact.get("phone") or "",
        "alertNotifications": _on(enabled and _alert_source(contact)),
        "alertsToAdmins": _on(enabled and by_role.get("state") == "On"),
    }


def from_2017(records: list[Json]) -> Json:
    """Return what the newer api-versions could say of 2017's *records*."""
    each = [record["properties"] for record in records]
    alerts = any(properties.get("alertNotifications") == "On" for properties in each)
    admins = any(properties.get("alertsToAdmins") == "On" for properties in each)
    return {
        "emails": ";".join(properties.get("email", "") for properties in each),
        "phone": next((p["phone"] for p in each if p.get("phone")), ""),
        "isEnabled": True,
        "notificationsByRole": {"state": _on(admins), "roles": ["Owner"] if admins else []},
        "notificationsSources": (
            [{"sourceType": "Alert", "minimalSeverity": "High"}] if alerts else []
        ),
    }

"""Converts a contact between api-versions, with keys in the order of Azure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .subscriptions import Json

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"

ORDER = {
    V2017: ("alertNotifications", "alertsToAdmins", "email", "phone"),
    V2020: ("alertNotifications", "notificationsByRole", "emails", "phone"),
    V2023: ("notificationsSources", "isEnabled", "notificationsByRole", "emails", "phone"),
}
SOURCE_ORDER = ("minimalSeverity", "minimalRiskLevel", "sourceType")
ALERT = {"sourceType": "Alert", "minimalSeverity": "High"}

EMPTY: Json = {
    "emails": "",
    "phone": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [ALERT],
}
"""The contact without addresses that was found where no client had written one."""


def ordered(properties: Json, version: str) -> Json:
    """Return *properties* in the order of *version*; unknown ones come last."""
    return _first(properties, ORDER.get(version, ORDER[V2023]))


def addresses(contact: Json | None) -> list[str]:
    """Return the addresses of a newer contact, none if they are not a string."""
    text = (contact or {}).get("emails")
    parts = re.split("[;,]", text) if isinstance(text, str) else []
    return [part.strip() for part in parts if part.strip()]


def as_2023(contact: Json) -> Json:
    """Return the properties of a contact as 2023 shows them."""
    sources = contact.get("notificationsSources")
    if not isinstance(sources, list):
        return ordered(contact, V2023)
    shown = [_first(each, SOURCE_ORDER) if isinstance(each, dict) else each for each in sources]
    return ordered({**contact, "notificationsSources": shown}, V2023)


def as_2020(contact: Json) -> Json:
    """Return the properties of a contact as 2020 shows them: Off has the severity ""."""
    new = {"isEnabled", "notificationsSources"}
    properties = {key: value for key, value in contact.items() if key not in new}
    if new & contact.keys():
        source = _alert_source(contact)
        on = source is not None and contact.get("isEnabled", True)
        severity = (source or {}).get("minimalSeverity", "High") if on else ""
        properties["alertNotifications"] = {"state": _on(on), "minimalSeverity": severity}
    return ordered(properties, V2020)


def as_2017(contact: Json, email: str) -> Json:
    """Return the properties of 2017 for *email*, one address of a newer contact."""
    enabled = contact.get("isEnabled", True)
    by_role = contact.get("notificationsByRole") or {}
    return {
        "alertNotifications": _on(enabled and _alert_source(contact)),
        "alertsToAdmins": _on(enabled and by_role.get("state") == "On"),
        "email": email,
        "phone": contact.get("phone") or "",
    }


def from_2017(records: Iterable[Json]) -> Json:
    """Return the newer contact that stands for *records* of 2017."""
    each = [record["properties"] or {} for record in records]
    alerts = any(properties.get("alertNotifications") == "On" for properties in each)
    admins = any(properties.get("alertsToAdmins") == "On" for properties in each)
    return {
        "emails": ";".join(p["email"] for p in each if isinstance(p.get("email"), str)),
        "phone": next((p["phone"] for p in each if p.get("phone")), ""),
        "isEnabled": True,
        "notificationsByRole": {"state": _on(admins), "roles": ["Owner"] if admins else []},
        "notificationsSources": [ALERT] if alerts else [],
    }


def from_2020(written: Json, before: Json | None) -> Json:
    """Return the stored form of a write at 2020; what 2020 cannot express stays from *before*."""
    kept = dict(written)
    alerts = kept.pop("alertNotifications")
    on = alerts.get("state") == "On"
    others = [
        each
        for each in (before or {}).get("notificationsSources") or []
        if each.get("sourceType") != "Alert"
    ]
    alert = {"sourceType": "Alert", "minimalSeverity": alerts.get("minimalSeverity")}
    enabled = on or (before or {}).get("isEnabled", True)
    return {
        **kept,
        "isEnabled": enabled,
        "notificationsSources": [*([alert] if on else []), *others],
    }


def flagged(contact: Json, record: Json) -> Json:
    """Return *contact* with the flags and the phone of a record of 2017."""
    said = from_2017([record])
    alert = _alert_source(contact) or ALERT
    others = [
        each
        for each in contact.get("notificationsSources") or []
        if each.get("sourceType") != "Alert"
    ]
    roles = contact.get("notificationsByRole") or {}
    same = roles.get("state") == said["notificationsByRole"]["state"]
    return {
        **contact,
        "phone": said["phone"] or contact.get("phone") or "",
        "isEnabled": True,
        "notificationsByRole": roles if same else said["notificationsByRole"],
        "notificationsSources": [*([alert] if said["notificationsSources"] else []), *others],
    }


def _alert_source(contact: Json) -> Json | None:
    sources = contact.get("notificationsSources") or []
    return next((each for each in sources if each.get("sourceType") == "Alert"), None)


def _on(value: Any) -> str:
    return "On" if value else "Off"


def _first(value: Json, keys: Iterable[str]) -> Json:
    return {**{key: value[key] for key in keys if key in value}, **value}

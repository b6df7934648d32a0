"""Writing contacts: what a PUT or a DELETE does to a subscription, at each api-version."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from .contacts import V2017, V2020
from .refusals import bad_input
from .subscriptions import Json, Subscription


def put(subscription: Subscription, version: str, name: str, body: Any) -> int:
    """Write the contact *name* and return the status: 201 if it is new, or else 200."""
    match body:
        case {"properties": dict(properties)}:
            written = deepcopy(properties)
        case _:
            raise bad_input("InvalidInputJson", "Invalid JSON was provided - no 'properties'.")
    if version == V2017:
        return _put_2017(subscription, name, written)
    if name != "default":
        raise bad_input(
            "InvalidParameter",
            "security contact name is invalid. "
            "The only valid name for security contact is 'default'",
        )
    created = subscription.contact is None
    spelled = _from_2020(written) if version == V2020 else written
    subscription.contact = {"emails": "", "phone": "", **spelled}
    return 201 if created else 200


def delete(subscription: Subscription, version: str, name: str) -> int:
    """Delete the contact *name* and return the status: 204 if there was none, or at 2017."""
    if version == V2017:
        left = [each for each in subscription.contacts_2017 if each["name"] != name]
        subscription.contacts_2017[:] = left
        return 204
    if name != "default" or subscription.contact is None:
        return 204
    subscription.contact = None
    return 200


def _put_2017(subscription: Subscription, name: str, properties: Json) -> int:
    contacts = subscription.contacts_2017
    _check_2017(properties)
    if properties.get("phone") and contacts and contacts[0]["name"] != name:
        raise bad_input(
            "InvalidInputJson",
            "Invalid JSON was provided - Only first contact is allowed to have a 'Phone' field.",
        )
    for contact in contacts:
        if contact["name"] == name:
            contact["properties"] = properties
            return 200
    contacts.append({"name": name, "properties": properties})
    return 201


def _check_2017(properties: Json) -> None:
    missing = {"email", "alertNotifications", "alertsToAdmins"} - properties.keys()
    if missing:
        raise bad_input(
            "InvalidInputJson", f"Invalid JSON was provided - missing {', '.join(sorted(missing))}."
        )
    if not re.fullmatch(r"[^\s@,;]+@[^\s@,;]+", str(properties["email"])):
        raise bad_input("InvalidInputJson", "Invalid security contact email.")


def _from_2020(properties: Json) -> Json:
    """Return the properties that 2020 wrote, spelled as they are kept."""
    written = dict(properties)
    alerts = written.pop("alertNotifications", None)
    if not isinstance(alerts, dict):
        return written
    severity = {key: value for key, value in alerts.items() if key == "minimalSeverity"}
    on = alerts.get("state") == "On"
    return {
        **written,
        "isEnabled": True,
        "notificationsSources": [{"sourceType": "Alert", **severity}] if on else [],
    }

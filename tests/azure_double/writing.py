"""Writing contacts: what a PUT or a DELETE does to a subscription, at each api-version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any

from .contacts import V2017, V2020, from_2017
from .refusals import Refused, bad_input
from .specification import known
from .subscriptions import Json, Subscription
from .world import World

# Nothing is changed in place: a list of contacts may be in several subscriptions, and in the past.


def put(world: World, subscription: Subscription, version: str, name: str, body: Any) -> int:
    """Write the contact *name* and return the status: 201 if it is new, or else 200."""
    match body:
        case {"properties": dict(properties)}:
            written = properties
        case _:
            raise bad_input("InvalidInputJson", "Invalid JSON was provided - no 'properties'.")
    if world.drops_unknown:
        written = known(version, written)
    if version == V2017:
        return _put_2017(world, subscription, name, written)
    if name != "default":
        raise bad_input(
            "InvalidParameter",
            "security contact name is invalid. "
            "The only valid name for security contact is 'default'",
        )
    created = subscription.contact is None
    spelled = _from_2020(written) if version == V2020 else written
    subscription.contact = {"emails": "", "phone": "", **spelled}
    match world.newer_put_on_2017:
        case "replaced":
            subscription.contacts_2017 = []
        case "hidden":
            subscription.hides_2017 = True
    return 201 if created else 200


def delete(world: World, subscription: Subscription, version: str, name: str) -> int:
    """Delete the contact *name* and return the status: 204 if there was none, or at 2017."""
    if version == V2017:
        names = [each["name"] for each in subscription.contacts_2017]
        if name in names and world.names_2017 == "sequence":
            last = max(_numbers(names), default=None)
            if name != f"default{last}":
                raise _bad_name("Only the last security contact can be deleted.")
        left = [each for each in subscription.contacts_2017 if each["name"] != name]
        subscription.contacts_2017 = left
        return 204
    if name != "default" or subscription.contact is None:
        return 204
    subscription.contact = None
    return 200


def _put_2017(world: World, subscription: Subscription, name: str, properties: Json) -> int:
    records = subscription.contacts_2017
    names = [each["name"] for each in records]
    _check_2017(properties)
    if properties.get("phone") and records and names[0] != name:
        raise bad_input(
            "InvalidInputJson",
            "Invalid JSON was provided - Only first contact is allowed to have a 'Phone' field.",
        )
    if name not in names and world.names_2017 == "sequence":
        taken = _numbers(names)
        following = next(number for number in count(1) if number not in taken)
        if name != f"default{following}":
            raise _bad_name(f"The next security contact must be named 'default{following}'.")
    record = {"name": name, "properties": properties}
    if subscription.contact is not None and world.put_2017_on_newer == "overwrites":
        subscription.contact = from_2017([record])
    if name in names:
        written = [record if each["name"] == name else each for each in records]
        subscription.contacts_2017 = written
        return 200
    subscription.contacts_2017 = [*records, record]
    return 201


def _numbers(names: Iterable[str]) -> set[int]:
    """Return the numbers in the names of the sequence default1, default2 and so on."""
    found = (re.fullmatch(r"default([1-9][0-9]*)", name) for name in names)
    return {int(each[1]) for each in found if each}


def _bad_name(reason: str) -> Refused:
    # An assumption: that a name is refused is on record, how that is worded is not.
    return bad_input("InvalidInputJson", f"Invalid JSON was provided - {reason}")


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

"""Completes the contact of a PUT: defaults, values kept from before, and refusals."""

from __future__ import annotations

import re
from typing import Any

from .refusals import bad_input, cannot_be_null
from .spelling import V2020, as_2020
from .subscriptions import Json
from .world import World

NAMES = {
    V2020: ("alertNotifications", "notificationsByRole"),
    "": ("notificationsSources", "notificationsByRole"),
}


def newer(world: World, version: str, written: Json, before: Json | None) -> Json:
    """
    Return what a PUT of *written* over *before* stores at *version*, 2020 or later.

    Raises:
        Refused: a property is missing, or its value is not accepted.
    """
    if version == V2020:
        _check_severity(world, written.get("alertNotifications"))
    was = as_2020(before or {}) if version == V2020 else before or {}
    after = dict(written)
    for name in NAMES.get(version, NAMES[""]):
        if after.get(name) is None:
            after[name] = _left_out(world, version, name, was)
    if not isinstance(after.get("emails"), str):
        after["emails"] = was.get("emails", "") if world.left_out == "kept" else ""
    if not after["emails"].strip() and world.empty_emails == "refused":
        raise bad_input("BadRequest", "The emails of a security contact cannot be empty.")
    after["phone"] = _phone(world, after, was, keeps=version == V2020)
    after["notificationsByRole"] = _roles(after["notificationsByRole"])
    if version == V2020:
        after["alertNotifications"] = _alerts(after["alertNotifications"])
    elif after.get("isEnabled") is None:
        after["isEnabled"] = True
    return after


def old(world: World, written: Json, before: Json | None) -> Json:
    """
    Return what a PUT of *written* at 2017 over *before* stores: "off" and "" are Off.

    Raises:
        Refused: a property is missing, or the email is not one address.
    """
    missing = {"email", "alertNotifications", "alertsToAdmins"} - written.keys()
    if missing:
        raise bad_input(
            "InvalidInputJson", f"Invalid JSON was provided - missing {', '.join(sorted(missing))}."
        )
    if not re.fullmatch(r"[^\s@,;]+@[^\s@,;]+", str(written["email"])):
        raise bad_input("InvalidInputJson", "Invalid security contact email.")
    flags = {name: _state(written[name]) for name in ("alertNotifications", "alertsToAdmins")}
    phone = _phone(world, written, before or {}, keeps=False)
    return {**written, **flags, **({"phone": phone} if phone or "phone" in written else {})}


def _left_out(world: World, version: str, name: str, was: Json) -> Any:
    """Return the value of the object or the list *name* if a PUT leaves it out."""
    recorded = (version, name) == (V2020, "notificationsByRole")
    if recorded or world.left_out == "refused":
        raise cannot_be_null(name, world.ids.guid("error", next(world.counter)))
    if world.left_out == "kept" and name in was:
        return was[name]
    return [] if name == "notificationsSources" else {"state": "Off"}


def _phone(world: World, written: Json, was: Json, *, keeps: bool) -> Any:
    """Return the phone after a PUT: if it is empty or left out, the old one stays."""
    phone = written.get("phone")
    emptied = world.left_out == "emptied" if phone is None else world.empty_phone == "emptied"
    if phone or (emptied and not (keeps and phone is not None)):
        return phone or ""
    return was.get("phone") or ""


def _roles(by_role: Any) -> Any:
    """Return *by_role* with its roles: On alone means the owners, Off alone means none."""
    if not isinstance(by_role, dict):
        return by_role
    state = _state(by_role.get("state"))
    roles = by_role.get("roles")
    usual = ["Owner"] if state == "On" else []
    return {**by_role, "state": state, "roles": usual if roles is None else roles}


def _check_severity(world: World, alerts: Any) -> None:
    blank = isinstance(alerts, dict) and alerts.get("minimalSeverity") == ""
    if blank and world.blank_severity == "refused":
        raise bad_input("BadRequest", "The value '' of minimalSeverity is not valid.")


def _alerts(alerts: Any) -> Any:
    """Return *alerts* of 2020 with their severity: On alone means High."""
    if not isinstance(alerts, dict):
        return alerts
    severity = alerts.get("minimalSeverity") or "High"
    return {**alerts, "state": _state(alerts.get("state")), "minimalSeverity": severity}


def _state(value: Any) -> Any:
    """Return On or Off, for any spelling; "" means Off."""
    states = {"on": "On", "off": "Off", "": "Off"}
    return states.get(value.casefold(), value) if isinstance(value, str) else value

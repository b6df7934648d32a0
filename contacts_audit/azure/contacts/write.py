"""
Turns a requested change into Steps, at any API version; 2017 is in `write_2017`. Pure.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts/create
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts import write_2017
from contacts_audit.azure.contacts.equality import alike
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Snapshot, first_phone, named, ordered
from contacts_audit.azure.contacts.steps import (
    DEFAULT,
    FETCH,
    NO_CONTACT,
    RefusedError,
    Step,
    Writes,
    resulting_addresses,
    sendable,
)
from contacts_audit.core.mailbox import distinct, key
from contacts_audit.core.model import Change

OWNER = "Owner"
T = TypeVar("T")


def writes_for(seen: Snapshot, change: Change, version: str) -> Writes:
    """
    Return the writes at *version* that make *change*, given what was *seen*.

    Raises:
        RefusedError: that is not possible, or needs `--allow-empty`.
    """
    if version == protocol.V2017:
        return Writes(tuple(write_2017.steps(seen.at(version), change)))
    before, older = named(seen.at(version), DEFAULT), ordered(seen.at(protocol.V2017))
    if before is not None:
        after = _changed(before, change, version)
        muted = change.emails and after.get("isEnabled") not in (None, True)
        notes = ("it stays disabled, and nobody gets mail: add --enable",) if muted else ()
        step = Step(DEFAULT, before, sendable(version, after))
        return Writes(() if alike(after, before) else (step,), notes)
    spelt = (one.properties.get("email") for one in older)
    standing = distinct(part for text in spelt if isinstance(text, str) for part in addresses(text))
    if not change.creates:
        _check_nothing_to_create(standing, change)
        return Writes(())
    new: Json = {"emails": "" if change.replace else ";".join(standing), **NEW[version]}
    if phone := first_phone(older):
        new["phone"] = phone
    after = _changed(new, change, version)
    written = set(map(key, addresses(after["emails"])))
    carried = [one for one in standing if key(one) in written]
    stays = [one for one in standing if key(one) not in written]
    facts = (
        (f"carried over from {protocol.V2017}", carried),
        ("telephone number carried over", [phone] if phone and change.phone is None else []),
        (f"still at {protocol.V2017}", stays),
    )
    said = tuple(f"{fact}: {', '.join(which)}" for fact, which in facts if which)
    return Writes((Step(DEFAULT, None, sendable(version, after)),), said)


NEW: dict[str, Json] = {
    protocol.V2023: {
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": [OWNER]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    },
    protocol.V2020: {
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "notificationsByRole": {"state": "On", "roles": [OWNER]},
    },
}


def _check_nothing_to_create(standing: Sequence[str], change: Change) -> None:
    """Check that *change* needs no contact, where there is none and none is created."""
    unwanted = set(map(key, change.remove_emails))
    if unwanted & set(map(key, standing)):
        raise RefusedError(
            f"an address to remove is at {protocol.V2017} only",
            f"add --api-version {protocol.V2017}",
        )
    if change.phone is not None or change.enable:
        raise RefusedError(NO_CONTACT, "add --email")


def _changed(before: Json, change: Change, version: str) -> Json:
    """Return the properties of `default` with *change* made."""
    after = dict(before)
    if change.emails or change.remove_emails:
        there = addresses(_held(before, "emails", str, "addresses are not a string"))
        if (found := resulting_addresses(there, change)) != there:
            after["emails"] = ";".join(found)
    if change.notify_owners:
        after["notificationsByRole"] = _with_owner(before)
    if change.minimum_severity is not None and version == protocol.V2020:
        on = {"state": "On", "minimalSeverity": change.minimum_severity}
        held = _held(before, "alertNotifications", dict, "alertNotifications is not an object")
        after["alertNotifications"] = {**held, **on}
    if version == protocol.V2020 and change.attack_paths is not None:
        raise RefusedError(
            f"{protocol.V2020} has no attack paths, and no newer API version is offered",
            "leave --attack-paths out",
        )
    if version == protocol.V2023:
        for kind, level, asked in (
            ("Alert", "minimalSeverity", change.minimum_severity),
            ("AttackPath", "minimalRiskLevel", change.attack_paths),
        ):
            if asked is not None:
                sources = _held(after, "notificationsSources", list, "sources are not a list")
                after["notificationsSources"] = _with_source(sources, kind, level, asked)
    if change.enable and not (before.get("isEnabled") is None or before["isEnabled"] is True):
        after["isEnabled"] = True
    if change.phone is not None:
        after["phone"] = change.phone
    return after


def _held(before: Json, field: str, kind: type[T], otherwise: str) -> T:
    """Return the value of *field*, an empty one if there is none, if it is of this *kind*."""
    value = kind() if before.get(field) is None else before[field]
    if not isinstance(value, kind):
        raise RefusedError(f"its {otherwise}", FETCH)
    return value


def _with_owner(before: Json) -> Json:
    known = _held(before, "notificationsByRole", dict, "notificationsByRole is not an object")
    roles = known.get("roles", [])
    if not isinstance(roles, list):
        raise RefusedError("its roles are not a list", FETCH)
    named = any(isinstance(role, str) and role.casefold() == OWNER.casefold() for role in roles)
    return {**known, "state": "On", "roles": roles if named else [*roles, OWNER]}


def _with_source(sources: list[Any], kind: str, level: str, asked: str) -> list[Any]:
    if not all(isinstance(source, dict) for source in sources):
        raise RefusedError("its sources are not a list", FETCH)
    if not any(source.get("sourceType") == kind for source in sources):
        return [*sources, {"sourceType": kind, level: asked}]
    return [{**one, level: asked} if one.get("sourceType") == kind else one for one in sources]

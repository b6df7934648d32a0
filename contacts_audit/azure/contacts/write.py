"""
Turns a requested change into Steps, at any API version; 2017 is in `write_2017`. Pure.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts/create
"""

from collections.abc import Sequence
from typing import Any

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


def writes_for(seen: Snapshot, change: Change, version: str) -> Writes:
    """
    Return the writes at *version* that make *change*, given what was *seen*.

    Raises:
        RefusedError: that is not possible, or needs `--allow-empty`.
    """
    if version == protocol.V2017:
        return Writes(version, tuple(write_2017.steps(seen.at(version), change)))
    return _single(seen, change, version)


def _single(seen: Snapshot, change: Change, version: str) -> Writes:
    """Return the write of the one contact, `default`, that holds all addresses."""
    before, older = named(seen.at(version), DEFAULT), ordered(seen.at(protocol.V2017))
    if before is not None:
        after = _changed(before, change, version)
        muted = change.emails and after.get("isEnabled") not in (None, True)
        notes = ("it stays disabled, and nobody gets mail: add --enable",) if muted else ()
        step = Step(DEFAULT, before, sendable(version, after))
        return Writes(version, () if alike(after, before) else (step,), notes)
    spelt = (one.properties.get("email") for one in older)
    standing = distinct(part for text in spelt if isinstance(text, str) for part in addresses(text))
    if not change.creates:
        _check_nothing_to_create(standing, change)
        return Writes(version, ())
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
    return Writes(version, (Step(DEFAULT, None, sendable(version, after)),), said)


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
        there = _addresses(before)
        if (found := resulting_addresses(there, change)) != there:
            after["emails"] = ";".join(found)
    if change.notify_owners:
        after["notificationsByRole"] = _with_owner(before)
    if change.minimum_severity is not None and version == protocol.V2020:
        on = {"state": "On", "minimalSeverity": change.minimum_severity}
        after["alertNotifications"] = {**_object(before, "alertNotifications"), **on}
    if version == protocol.V2020 and change.attack_paths is not None:
        raise RefusedError(
            f"{protocol.V2020} has no attack paths, and no newer API version is offered",
            "leave --attack-paths out",
        )
    if version == protocol.V2023:
        sources = before.get("notificationsSources")
        for kind, level, asked in (
            ("Alert", "minimalSeverity", change.minimum_severity),
            ("AttackPath", "minimalRiskLevel", change.attack_paths),
        ):
            if asked is not None:
                sources = after["notificationsSources"] = _with_source(sources, kind, level, asked)
    if change.enable and not (before.get("isEnabled") is None or before["isEnabled"] is True):
        after["isEnabled"] = True
    if change.phone is not None:
        after["phone"] = change.phone
    return after


def _addresses(before: Json) -> list[str]:
    value = "" if before.get("emails") is None else before["emails"]
    if not isinstance(value, str):
        raise RefusedError("its addresses are not a string", FETCH)
    return addresses(value)


def _with_owner(before: Json) -> Json:
    known = _object(before, "notificationsByRole")
    roles = known.get("roles", [])
    if not isinstance(roles, list):
        raise RefusedError("its roles are not a list", FETCH)
    named = any(isinstance(role, str) and role.casefold() == OWNER.casefold() for role in roles)
    return {**known, "state": "On", "roles": roles if named else [*roles, OWNER]}


def _with_source(sources: Any, kind: str, level: str, asked: str) -> list[Any]:
    known = [] if sources is None else sources
    if not isinstance(known, list) or not all(isinstance(source, dict) for source in known):
        raise RefusedError("its sources are not a list", FETCH)
    if not any(source.get("sourceType") == kind for source in known):
        return [*known, {"sourceType": kind, level: asked}]
    return [
        {**source, level: asked} if source.get("sourceType") == kind else source for source in known
    ]


def _object(before: Json, field: str) -> Json:
    value = {} if before.get(field) is None else before[field]
    if not isinstance(value, dict):
        raise RefusedError(f"its {field} is not an object", FETCH)
    return value

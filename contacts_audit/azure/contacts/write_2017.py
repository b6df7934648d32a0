"""
Turns a requested change into Steps at 2017-08-01-preview: one contact per address. Pure.

Contacts are named default1, default2, and so on: a new one takes the lowest free name, deletions
start from the highest, and there are no gaps. Azure also has contacts named after their address;
such a contact keeps its address, or is deleted.
"""

import itertools
from collections.abc import Iterator, Sequence

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts import records
from contacts_audit.azure.contacts.equality import alike
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Record
from contacts_audit.azure.contacts.steps import (
    FETCH,
    NO_CONTACT,
    RefusedError,
    Step,
    resulting_addresses,
    sendable,
)
from contacts_audit.core.model import Change


def steps(older: Sequence[Record], change: Change) -> Iterator[Step]:
    """
    Yield the writes that make *change* to the contacts *older*, in Azure's order; deletions last.

    Raises:
        RefusedError: that is not possible, or needs `--allow-empty`.
    """
    check_2017(change)
    older = records.ordered(older)
    there = [_address(contact) for contact in older]
    found = resulting_addresses(there, change)
    if not any(found) and (change.creates or change.phone is not None):
        raise RefusedError(NO_CONTACT, "add --email")
    places, new = _places(older, there, found)
    pairs = [*zip(older, places, strict=True)]
    going = [contact for contact, place in pairs if place is None]
    phone = _phone([contact for contact, place in pairs if place is not None], going, change)
    for contact, email, place in zip(older, there, places, strict=True):
        if place is not None:
            after = _flagged({**contact.properties}, change)
            if place != email:
                after["email"] = place
            if phone is not None:
                after["phone"], phone = phone, None
            if not alike(after, contact.properties):
                yield Step(contact.name, contact.properties, sendable(protocol.V2017, after))
    taken = {contact.name.casefold() for contact in older}
    names = (name for at in itertools.count(1) if (name := f"default{at}") not in taken)
    for email in new:
        documented = {"email": email, "alertNotifications": "On", "alertsToAdmins": "On"}
        if phone is not None:
            documented["phone"], phone = phone, None
        yield Step(next(names), None, _flagged(documented, change))
    for contact in sorted(going, key=records.sequence_key, reverse=True):
        yield Step(contact.name, contact.properties, None)


def _address(contact: Record) -> str:
    email = contact.properties.get("email")
    if not isinstance(email, str):
        raise RefusedError("the address of a contact is not a string", FETCH)
    if len(addresses(email)) > 1:
        raise RefusedError(
            f"a contact has several addresses, and {protocol.V2017} takes one per contact",
            "leave --api-version out to write at the newest API version",
        )
    return email.strip()


def _places(
    older: Sequence[Record], there: Sequence[str], found: Sequence[str]
) -> tuple[list[str | None], list[str]]:
    """
    Return the address that each contact will hold, None to delete it, and those left over.

    Only the last contact of the numbered sequence can be deleted, so the last ones move into gaps.
    """
    places: list[str | None] = [email if email in found else None for email in there]
    new = [email for email in found if email not in there]
    numbered = [at for at, contact in enumerate(older) if records.is_numbered(contact)]
    numbered.sort(key=lambda at: records.sequence_key(older[at]))
    for at in numbered:
        if places[at] is None and new:
            places[at] = new.pop(0)
    length = sum(places[at] is not None for at in numbered)
    gaps = [at for at in numbered[:length] if places[at] is None]
    last = [at for at in reversed(numbered[length:]) if places[at] is not None]
    for gap, at in zip(gaps, last, strict=True):
        places[gap], places[at] = places[at], None
    return places, new


def _phone(kept: Sequence[Record], going: Sequence[Record], change: Change) -> str | None:
    """
    Return the telephone number to write to the first contact, None to write none.

    It is the requested one, or one that a deleted contact named after its address had.
    """
    standing = [contact.properties.get("phone") for contact in kept]
    if change.phone is not None:
        return None if change.phone in standing else change.phone
    if any(standing):
        return None
    return records.first_phone([one for one in going if not records.is_numbered(one)])


def _flagged(properties: Json, change: Change) -> Json:
    if change.notify_owners:
        properties["alertsToAdmins"] = "On"
    if change.minimum_severity is not None:
        properties["alertNotifications"] = "On"
    return properties


def check_2017(change: Change) -> None:
    """
    Check that 2017 can express *change*: On for high severity, and nothing newer.

    Raises:
        RefusedError: it cannot.
    """
    if change.minimum_severity not in (None, "High"):
        raise RefusedError(
            f"{protocol.V2017} has no severity but High",
            "give High, or leave --minimum-severity out",
        )
    if change.attack_paths is not None or change.enable:
        option = "--enable" if change.attack_paths is None else "--attack-paths"
        raise RefusedError(f"{protocol.V2017} has no field for it", f"leave {option} out")

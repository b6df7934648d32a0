"""
Turns a requested change into Steps at 2017-08-01-preview: one contact per address. Pure.

Contacts are named default1, default2, and so on: a new one takes the lowest free name, deletions
start from the highest, and there are no gaps. Azure also has contacts named after their address;
such a contact keeps its address, or is deleted.
"""

from collections.abc import Iterator, Sequence

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.equality import alike
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import (
    Json,
    Record,
    first_phone,
    is_numbered,
    ordered,
    sequence_key,
)
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
    older = ordered(older)
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
    names = _free_names({contact.name.casefold() for contact in older})
    for email in new:
        documented = {"email": email, "alertNotifications": "On", "alertsToAdmins": "On"}
        if phone is not None:
            documented["phone"], phone = phone, None
        yield Step(next(names), None, _flagged(documented, change))
    for contact in sorted(going, key=sequence_key, reverse=True):
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
    """Return the address that each contact will hold, None to delete it, and those left over."""
    places: list[str | None] = [email if email in found else None for email in there]
    numbered = sorted(
        (at for at, contact in enumerate(older) if is_numbered(contact)),
        key=lambda at: sequence_key(older[at]),
    )
    held, new = _gapless(
        [places[at] for at in numbered], [email for email in found if email not in there]
    )
    for at, email in zip(numbered, held, strict=True):
        places[at] = email
    return places, new


def _gapless(places: list[str | None], new: list[str]) -> tuple[list[str | None], list[str]]:
    """
    Put *new* addresses into free *places*, and close gaps; return the places, and what is left.

    Only the last contact of the sequence can be deleted, so the last ones move into the gaps.
    """
    for at, one in enumerate(places):
        if one is None and new:
            places[at] = new.pop(0)
    while None in places:
        free = places.index(None)
        last = max((at for at, one in enumerate(places) if one is not None), default=-1)
        if last < free:
            break
        places[free], places[last] = places[last], None
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
    return first_phone([contact for contact in going if not is_numbered(contact)])


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


def _free_names(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"default{number}" not in taken:
            yield f"default{number}"

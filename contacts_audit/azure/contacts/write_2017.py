"""
The writes for a change at 2017-08-01-preview: one contact for each address. Pure.

Contacts named default1, default2, ... follow the rules of the service that knew no other names:
the lowest free name first, deletions from the highest down, no gaps. Azure also has contacts named
after their address; each of those holds that address for good: it stays, or is deleted.
"""

from collections.abc import Iterator, Sequence

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.equality import alike
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Record, is_numbered, ordered, sequence_key
from contacts_audit.azure.contacts.steps import (
    NO_CONTACT,
    RefusedError,
    Step,
    resulting_addresses,
    sendable,
)
from contacts_audit.core.model import Change


def steps(older: Sequence[Record], change: Change) -> Iterator[Step]:
    """
    Yield what makes the contacts that 2017 shows, in Azure's order, fulfil *wish*; deletions last.

    Raises:
        RefusedError: that is not possible, or not without `--allow-empty`.
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
        raise RefusedError("a contact has no text for its address", "look at it by 'fetch'")
    if len(addresses(email)) > 1:
        raise RefusedError(
            f"a contact holds several addresses, and {protocol.V2017} takes one a contact",
            "write at the newest api-version: leave --api-version out",
        )
    return email.strip()


def _places(
    older: Sequence[Record], there: Sequence[str], found: Sequence[str]
) -> tuple[list[str | None], list[str]]:
    """Return which of *found* each contact is to hold, None where it goes, and those left over."""
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
    Put *new* addresses into free *places*, and close the gaps; return what is left of them.

    Only the last of the sequence can be deleted: so the last ones move into what is still free.
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
    Return the telephone number that the first contact is to get, None where none is to be written.

    One that is asked for; or one that would go with a contact named after its address.
    """
    standing = [contact.properties.get("phone") for contact in kept]
    if change.phone is not None:
        return None if change.phone in standing else change.phone
    if any(standing):
        return None
    phones = (contact.properties.get("phone") for contact in going if not is_numbered(contact))
    return next((phone for phone in phones if phone and isinstance(phone, str)), None)


def _flagged(properties: Json, change: Change) -> Json:
    if change.notify_owners:
        properties["alertsToAdmins"] = "On"
    if change.minimum_severity is not None:
        properties["alertNotifications"] = "On"
    return properties


def check_2017(change: Change) -> None:
    """
    Check that 2017 can say what is wished: On for high severity, and nothing newer.

    Raises:
        RefusedError: it cannot.
    """
    if change.minimum_severity not in (None, "High"):
        raise RefusedError(
            f"{protocol.V2017} knows no severity but High", "give High, or leave it out"
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

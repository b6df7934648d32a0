"""Applies a PUT or a DELETE of a contact, at each api-version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any

from . import completing, spelling
from .contacts import email, has_own_2017, kept, newer, records
from .refusals import Refused, bad_input, no_contact
from .specification import known
from .spelling import V2017, V2020
from .subscriptions import Json, Subscription
from .world import World

# Nothing is changed in place: several subscriptions, and old states, may share a list of contacts.


def put(world: World, subscription: Subscription, version: str, name: str, body: Any) -> int:
    """Write the contact *name* and return the status: 201 if nothing was stored, else 200."""
    match body:
        case {"properties": dict(properties)}:
            written = known(version, properties) if world.drops_unknown else properties
        case _:
            raise bad_input("InvalidInputJson", "Invalid JSON was provided - no 'properties'.")
    subscription.parted = has_own_2017(world, subscription)
    write = _put_2017 if version == V2017 else _put_newer
    existed = write(world, subscription, version, name, written)
    subscription.emptied = False
    _note(world, subscription)
    return 200 if existed else 201


def delete(world: World, subscription: Subscription, version: str, name: str) -> int:
    """
    Delete the contact *name* and return the status.

    Raises:
        Refused: it does not exist, if that is an error; or a rule of 2017 forbids it.
    """
    if kept(world, subscription, version, name) is None:
        if world.delete_absent == 404:
            raise no_contact(name, subscription.id)
        return world.delete_absent
    subscription.parted = has_own_2017(world, subscription)
    if version == V2017:
        _delete_2017(world, subscription, name)
    else:
        _delete_newer(world, subscription)
    _note(world, subscription)
    return 204 if version == V2017 else 200


def _note(world: World, subscription: Subscription) -> None:
    subscription.revision += 1
    subscription.written = world.clock()


def _put_newer(
    world: World, subscription: Subscription, version: str, name: str, written: Json
) -> bool:
    if name != "default":
        raise bad_input(
            "BadRequest",
            "security contact name is invalid. "
            "The only valid name for security contact is 'default'",
        )
    separate = has_own_2017(world, subscription)
    before = newer(world, subscription)
    after = completing.newer(world, version, written, before)
    if version == V2020:
        keeps = world.put_2017_on_newer == "keeps"
        after = spelling.from_2020(after, before if keeps else None)
    subscription.contact = after
    match world.newer_put_on_2017:
        case "replaced":
            subscription.contacts_2017 = []
        case "hidden":
            subscription.hides_2017 = True
    if not separate:
        there = {each.casefold() for each in spelling.addresses(after)}
        left = [one for one in subscription.contacts_2017 if email(one).casefold() in there]
        subscription.contacts_2017 = left
    return before is not None or (subscription.emptied and not separate)


def _delete_newer(world: World, subscription: Subscription) -> None:
    if not has_own_2017(world, subscription):
        subscription.contacts_2017 = []
    subscription.contact = spelling.EMPTY if world.remakes_default else None


def _put_2017(
    world: World, subscription: Subscription, version: str, name: str, written: Json
) -> bool:
    given = subscription.contacts_2017
    separate = has_own_2017(world, subscription)
    shown = given if separate else list(records(world, subscription))
    names = [each["name"] for each in shown]
    if world.names_2017 == "sequence":
        _check_sequence(names, name, written)
    old = next((each for each in shown if each["name"].casefold() == name.casefold()), None)
    properties = completing.old(world, written, old["properties"] if old else None)
    record = {"name": name, "properties": properties}
    existed = bool(shown) or (not separate and (subscription.contact or subscription.emptied))
    if subscription.contact is not None:
        subscription.contact = _newer_beside(world, subscription, record, old, separate=separate)
    taken = [each["name"].casefold() for each in given]
    if name.casefold() in taken:
        place = taken.index(name.casefold())
        subscription.contacts_2017 = [*given[:place], record, *given[place + 1 :]]
    else:
        subscription.contacts_2017 = [*given, record]
    if world.shared_2017:
        said = {key: value for key, value in properties.items() if key != "email"}
        subscription.contacts_2017 = [
            {**each, "properties": {**each["properties"], **said}}
            for each in subscription.contacts_2017
        ]
    return bool(existed)


def _newer_beside(
    world: World, subscription: Subscription, record: Json, old: Json | None, *, separate: bool
) -> Json:
    """Return the newer contact after *record* was written over *old*."""
    contact = subscription.contact or {}
    overwrites = world.put_2017_on_newer == "overwrites"
    if separate:
        return spelling.from_2017([record]) if overwrites else contact
    there = spelling.addresses(contact)
    if old is not None:
        there[there.index(old["properties"]["email"])] = email(record)
    elif not _unnamed(subscription, email(record)):
        there.append(email(record))
    base = spelling.from_2017([record]) if overwrites else contact
    if world.shared_2017:
        base = spelling.flagged(base, record)
    return {**base, "emails": ";".join(there)}


def _unnamed(subscription: Subscription, address: str) -> bool:
    """Say whether *address* has no name. Assumed: it then gets one."""
    wanted = address.casefold()
    named = {email(each).casefold() for each in subscription.contacts_2017}
    there = {each.casefold() for each in spelling.addresses(subscription.contact)}
    return wanted in there and wanted not in named


def _delete_2017(world: World, subscription: Subscription, name: str) -> None:
    separate = has_own_2017(world, subscription)
    shown = subscription.contacts_2017 if separate else list(records(world, subscription))
    names = [each["name"] for each in shown]
    if world.names_2017 == "sequence" and name in names:
        last = max(_numbers(names), default=None)
        if name != f"default{last}":
            raise _bad_name("Only the last security contact can be deleted.")
    gone = [each for each in shown if each["name"].casefold() == name.casefold()]
    subscription.contacts_2017 = [
        each for each in subscription.contacts_2017 if each["name"].casefold() != name.casefold()
    ]
    if separate:
        return
    if subscription.contact is not None and gone:
        left = email(gone[0]).casefold()
        held = any(each not in gone and email(each).casefold() == left for each in shown)
        there = spelling.addresses(subscription.contact)
        if held:  # by another name
            there.remove(email(gone[0]))
        else:
            there = [one for one in there if one.casefold() != left]
        subscription.contact = {**subscription.contact, "emails": ";".join(there)}
    if len(shown) == len(gone):
        subscription.emptied = True
        subscription.contact = spelling.EMPTY if world.emptied_2017 == "empty" else None


def _check_sequence(names: Iterable[str], name: str, properties: Json) -> None:
    """Check the sequence of names, as Azure did before October 2020."""
    known_names = list(names)
    if properties.get("phone") and known_names and known_names[0] != name:
        raise bad_input(
            "InvalidInputJson",
            "Invalid JSON was provided - Only first contact is allowed to have a 'Phone' field.",
        )
    if name not in known_names:
        taken = _numbers(known_names)
        following = next(number for number in count(1) if number not in taken)
        if name != f"default{following}":
            raise _bad_name(f"The next security contact must be named 'default{following}'.")


def _numbers(names: Iterable[str]) -> set[int]:
    """Return the numbers in the names of the sequence default1, default2 and so on."""
    found = (re.fullmatch(r"default([1-9][0-9]*)", name) for name in names)
    return {int(each[1]) for each in found if each}


def _bad_name(reason: str) -> Refused:
    # Assumed: the refusal of the name is recorded, but not its message.
    return bad_input("InvalidInputJson", f"Invalid JSON was provided - {reason}")

"""
Shows the contacts of a subscription at each of three api-versions.

All versions are views of one document. All items have its etag, and each write changes it: two,
three and six contacts of 2017 were recorded with one etag, and a write of one changed it for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from . import spelling
from .respelling import respelled
from .spelling import V2017, V2020, V2023, addresses
from .subscriptions import Json, Subscription
from .wire import compact
from .world import World

__all__ = ["TYPE", "V2017", "V2020", "V2023", "has_own_2017", "list_body", "one", "records", "view"]

TYPE = "Microsoft.Security/securityContacts"


def view(world: World, subscription: Subscription, version: str) -> list[Json]:
    """Return the contacts in a list at *version*."""
    if version == V2017:
        shown = list(records(world, subscription))
    else:
        newest = newer(world, subscription)
        words = spelling.as_2020 if version == V2020 else spelling.as_2023
        shown = [] if newest is None else [{"name": "default", "properties": words(newest)}]
    return [_item(world, subscription, each) for each in shown]


def one(world: World, subscription: Subscription, version: str, name: str) -> Json | None:
    """Return the contact *name* at *version*, None if it is not visible there."""
    for contact in view(world, subscription, version):
        if contact["name"].lower() == name.lower():
            return contact
    return None


def kept(world: World, subscription: Subscription, version: str, name: str) -> Json | None:
    """Return the contact *name*, also if it is hidden from reads at *version*."""
    return one(world, replace(subscription, hides_2017=False), version, name)


def list_body(world: World, subscription: Subscription, version: str) -> object:
    """Return the body of a whole list: at 2020 an array, unless there is no contact."""
    contacts = view(world, subscription, version)
    return contacts if version == V2020 and contacts else {"value": contacts}


def has_own_2017(world: World, subscription: Subscription) -> bool:
    """
    Say whether 2017 has a document of its own.

    The switch decides. A test that puts an address only into 2017 although there is a newer contact
    decides it, too: one document cannot hold both. It then stays so.
    """
    if world.newer_put_on_2017 != "shows" or subscription.parted:
        return True
    if subscription.contact is None:
        return False
    there = {one.casefold() for one in addresses(subscription.contact)}
    return any(email(record).casefold() not in there for record in subscription.contacts_2017)


def newer(world: World, subscription: Subscription) -> Json | None:
    """Return the stored properties of the contact that newer api-versions show."""
    if subscription.contact is not None or has_own_2017(world, subscription):
        return subscription.contact
    found = subscription.contacts_2017
    return spelling.from_2017(found) if found else None


def records(world: World, subscription: Subscription) -> Iterator[Json]:
    """Yield name and properties of the contacts of 2017, in their order."""
    if has_own_2017(world, subscription):
        if not (subscription.hides_2017 and subscription.contact is not None):
            yield from map(_filled, subscription.contacts_2017)
        return
    document = newer(world, subscription) or {}
    for record in _named(subscription):
        shared = world.shared_2017 or record["properties"] is None
        plain = spelling.as_2017(document, record["email"]) if shared else record["properties"]
        yield _filled({"name": record["name"], "properties": plain})


def email(record: Json) -> str:
    """Return the address of a record of 2017, "" if it has none."""
    text = (record["properties"] or {}).get("email")
    return text if isinstance(text, str) else ""


def _named(subscription: Subscription) -> Iterator[Json]:
    """Yield each address with its name: the name given at 2017, else one made of the address."""
    left = list(subscription.contacts_2017)
    if subscription.contact is None:
        yield from ({**each, "email": email(each)} for each in left)
        return
    names: set[str] = set()
    for address in addresses(subscription.contact):
        given = next((each for each in left if email(each).casefold() == address.casefold()), None)
        if given is not None:
            left.remove(given)
        name = str(given["name"]) if given else address.replace("@", "-")
        own = {**(given["properties"] or {}), "email": address} if given else None
        if name.casefold() not in names:
            names.add(name.casefold())
            yield {"name": name, "email": address, "properties": own}


def _filled(record: Json) -> Json:
    """Return *record* with a phone: Azure shows an empty one, too."""
    properties = record["properties"]
    if not isinstance(properties, dict):
        return record
    filled = spelling.ordered({"phone": "", **properties}, V2017)
    return {**record, "properties": filled}


def _item(world: World, subscription: Subscription, record: Json) -> Json:
    name, properties = record["name"], record["properties"]
    return {
        "properties": respelled(properties) if world.respells else properties,
        "id": f"{subscription.scope}/providers/{TYPE}/{name}",
        "name": name,
        "type": TYPE,
        "etag": _etag(subscription),
        "location": "West Europe",
    }


def _etag(subscription: Subscription) -> str:
    """Return an etag in the form of Cosmos DB: it ends in the time of the write, in seconds."""
    stored = [subscription.contact, subscription.contacts_2017]
    content = compact([subscription.id, subscription.revision, *stored])
    digest = hashlib.sha256(content).hexdigest()
    return f'"{digest[:8]}-0000-0d00-0000-{int(subscription.written):08x}0000"'

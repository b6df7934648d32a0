"""
Contacts as Azure stores them, unknown fields included. Plans and backups hold these.

https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts import read
from contacts_audit.azure.contacts.read import TYPES, addresses
from contacts_audit.core.errors import AzureError
from contacts_audit.core.mailbox import key
from contacts_audit.core.sanitize import whole_characters

Json = dict[str, Any]
LEVELS = 100  # of nesting
UNNUMBERED = 1_000_000_000  # sorts after all numbered contacts


@dataclass(frozen=True, slots=True)
class Record:
    """A contact: its *name*, and its *properties* exactly as Azure sent them."""

    name: str
    properties: Json


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a subscription showed: the records at each API version that was read."""

    versions: Mapping[str, tuple[Record, ...]]

    @property
    def newest(self) -> str:
        """The newest API version that was read."""
        return max(self.versions)

    def at(self, version: str) -> tuple[Record, ...]:
        """Return the records at *version*, none if it was not read."""
        return self.versions.get(version, ())


def records(answer: Answer) -> Iterator[Record]:
    """
    Yield the contacts in *answer*, with all their fields.

    Raises:
        AzureError: the body is not what any API version documents, or could not be written back.
    """
    read.document(answer)
    try:
        document = json.loads(protocol.text(answer))
    except ValueError as error:  # a number of thousands of digits
        raise protocol.malformed(answer, f"the answer cannot be saved: {error}") from error
    match document:
        case {"value": list(items)} | [*items]:
            pass
        case {"properties": dict()}:
            items = [document]
        case _:
            raise protocol.malformed(answer, read.NO_LIST)
    for item in items:
        match item:
            case {"type": str(kind)} if not kind.casefold().endswith(TYPES):
                continue
            case {"name": str(name), "properties": dict(properties)} if is_name(name):
                if not is_storable(properties):
                    raise protocol.malformed(
                        answer, "a contact is nested too deeply, or cannot be sent back"
                    )
                yield Record(name, properties)
            case _:
                raise protocol.malformed(answer, "a contact has no name, or no properties")


def is_name(name: str) -> bool:
    """Return whether *name* is safe as one segment of a URL path."""
    return name == whole_characters(name) and name not in {"", ".", ".."}


def is_storable(value: Any, levels: int = LEVELS) -> bool:
    """Return whether a JSON value can be saved and sent: finite, not too deep, whole characters."""
    match value:
        case dict() | list():
            below = [*value, *value.values()] if isinstance(value, dict) else value
            return levels > 0 and all(is_storable(item, levels - 1) for item in below)
        case str():
            return value == whole_characters(value)
        case float():
            return math.isfinite(value)
    return True


def as_answer(records: Sequence[Record]) -> Answer:
    """Return the answer that lists *records*, for checks that judge answers of Azure."""
    items = [{"name": one.name, "properties": one.properties} for one in records]
    return Answer("", 200, {}, json.dumps({"value": items}).encode())


def named(records: Sequence[Record], name: str) -> Json | None:
    """Return the properties of the contact *name*, in any case; None if there is none."""
    return next((one.properties for one in records if one.name.casefold() == name.casefold()), None)


def sequence_key(record: Record) -> tuple[int, str]:
    """Return a key that sorts default1, default2, ..., default10, then all other names."""
    found = re.fullmatch(r"default(\d{1,9})", record.name, re.IGNORECASE)
    return (int(found[1]) if found else UNNUMBERED, record.name)


def ordered(records: Sequence[Record]) -> list[Record]:
    """Return the contacts in Azure's order; sorted by number if all are numbered."""
    return sorted(records, key=sequence_key) if all(map(is_numbered, records)) else list(records)


def is_numbered(record: Record) -> bool:
    """Return whether the contact is named default1, default2, ..., not after its address."""
    return sequence_key(record)[0] < UNNUMBERED


def is_absence(error: AzureError) -> bool:
    """
    Return whether *error* says that a contact does not exist; other 404s mean something else.

    Recorded at 2017 and 2020: code "404", "Could not find security contact with name ...".
    """
    said = "could not find security contact" in str(error).casefold()
    return error.status == 404 and (error.code == "404" or said)


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; 1, 1.0 and true are not."""
    return canonical(one) == canonical(other)


def canonical(value: Any) -> str:
    """Return the JSON text of a value: the same for equal values, keys sorted, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def addresses_in(*contacts: Json | None) -> set[str]:
    """Return all addresses in the properties of *contacts*, as mailboxes are compared."""
    texts = (each.get(field) for each in contacts if each for field in ("email", "emails"))
    return {key(one) for text in texts if isinstance(text, str) for one in addresses(text)}


def first_phone(records: Sequence[Record]) -> str | None:
    """Return the first telephone number of *records*, None if there is none."""
    phones = (one.properties.get("phone") for one in records)
    return next((phone for phone in phones if phone and isinstance(phone, str)), None)


def visible_addresses(seen: Snapshot) -> set[str]:
    """Return all addresses that were *seen*, as mailboxes are compared."""
    return addresses_in(*(one.properties for found in seen.versions.values() for one in found))

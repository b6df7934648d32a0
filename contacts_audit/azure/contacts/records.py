"""
Contacts as Azure stores them: names and properties, unknown fields included.

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
from contacts_audit.azure.contacts.read import TYPES
from contacts_audit.core.errors import AzureError
from contacts_audit.core.sanitize import whole_characters

Json = dict[str, Any]
LEVELS = 100
UNNUMBERED = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Record:
    """A contact by its *name*; *properties* are exactly what an answer held."""

    name: str
    properties: Json


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a subscription showed: the records at each api-version that was read, oldest first."""

    versions: Mapping[str, tuple[Record, ...]]

    @property
    def newest(self) -> str:
        """The newest api-version that the service offers."""
        return max(self.versions)

    def at(self, version: str) -> tuple[Record, ...]:
        """Return the records at *version*, none where it was not read."""
        return self.versions.get(version, ())


def records(answer: Answer) -> Iterator[Record]:
    """
    Yield the contacts in *answer*, none of their fields lost.

    Raises:
        AzureError: it is not what any api-version documents.
    """
    read.document(answer)
    try:
        document = json.loads(protocol.text(answer))
    except ValueError as error:  # a number of thousands of digits
        raise protocol.malformed(answer, f"the answer cannot be kept: {error}") from error
    match document:
        case {"value": list(items)} | [*items]:
            pass
        case {"properties": dict()}:
            items = [document]
        case _:
            raise protocol.malformed(answer, "the answer is no list of security contacts")
    for item in items:
        match item:
            case {"type": str(kind)} if not kind.casefold().endswith(TYPES):
                continue
            case {"name": str(name), "properties": dict(properties)} if is_name(name):
                if not is_storable(properties):
                    raise protocol.malformed(answer, "a contact is too deep, or not to be kept")
                yield Record(name, properties)
            case _:
                raise protocol.malformed(answer, "a contact has no name, or no properties")


def is_name(name: str) -> bool:
    """Say whether *name* stays one step of a path, whatever a client makes of that."""
    encodable = name == name.encode("utf-8", "replace").decode()
    return encodable and name not in {"", ".", ".."}


def is_storable(value: Any, levels: int = LEVELS) -> bool:
    """Say whether a JSON value can be kept and written again: not too deep, nothing halved."""
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
    """Return the answer that shows *records*, to be judged as one that came from Azure."""
    items = [{"name": one.name, "properties": one.properties} for one in records]
    return Answer("", 200, {}, json.dumps({"value": items}).encode())


def named(records: Sequence[Record], name: str) -> Json | None:
    """Return the properties of the contact *name*, in whatever case it is written."""
    return next((one.properties for one in records if one.name.casefold() == name.casefold()), None)


def sequence_key(record: Record) -> tuple[int, str]:
    """Order default1, default2, ..., default10, and whatever else there is after them."""
    found = re.fullmatch(r"default(\d{1,9})", record.name, re.IGNORECASE)
    return (int(found[1]) if found else UNNUMBERED, record.name)


def ordered(records: Sequence[Record]) -> list[Record]:
    """Return the contacts in Azure's order; where all are numbered, in that of their numbers."""
    return sorted(records, key=sequence_key) if all(map(is_numbered, records)) else list(records)


def is_numbered(record: Record) -> bool:
    """Return whether the contact is named default1, default2, ..., and not after its address."""
    return sequence_key(record)[0] < UNNUMBERED


def is_absence(error: AzureError) -> bool:
    """
    Return whether *error* says that a contact does not exist; any other 404 says something else.

    Recorded at 2017 and 2020: code "404", "Could not find security contact with name ...".
    """
    said = "could not find security contact" in str(error).casefold()
    return error.status == 404 and (error.code == "404" or said)


def same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal; 1, 1.0 and true are not."""
    return canonical(one) == canonical(other)


def canonical(value: Any) -> str:
    """Spell a JSON value in the one way in which equal values are spelt."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)

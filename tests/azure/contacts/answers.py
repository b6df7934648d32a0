"""Answers that hold contacts, and the contacts that are read from them."""

import json
from typing import Any

from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import (
    contacts,
)
from contacts_audit.core.model import Check, Contact, Criteria

TYPE = "Microsoft.Security/securityContacts"
VERSION = "2023-12-01-preview"


def answer(body: Any) -> Answer:
    """Return a 200 with *body*, as JSON unless it is bytes."""
    spelt = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("https://arm.example/x", 200, {"x-ms-request-id": "r-1"}, spelt)


def read(body: Any) -> list[Contact]:
    """Return the contacts in *body*."""
    return list(contacts(answer(body), VERSION))


def read_whole(given_: Answer) -> list[Contact]:
    """Return the contacts in an answer."""
    return list(contacts(given_, VERSION))


def one(properties: Any, version: str = VERSION, **item: Any) -> Contact:
    """Return the contact with *properties* at *version*."""
    body = {"value": [{"name": "default", "properties": properties, **item}]}
    (contact,) = contacts(answer(body), version)
    return contact


CRITERIA = Criteria(None, (Check.CONTACT_EMAIL,))

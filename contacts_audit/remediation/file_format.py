"""
What plan, backup and journal files have in common: schema, origin, snapshots, SHA-256 digest.

What reads a value raises DamageError, or what Python raises where a key is missing or a type is
wrong; `refused_if_damaged` makes a UsageError of all these.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contacts_audit import __version__
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.contacts.records import (
    Json,
    Record,
    Snapshot,
    canonical,
    is_name,
    is_storable,
    same,
)
from contacts_audit.core import strict_json
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription

SCHEMA = 1
VERSIONS = frozenset({protocol.V2017, protocol.V2020, protocol.V2023})
LARGE = 1 << 20  # bytes: up to here parsing is quick, and its error says more


class DamageError(ValueError):
    """A value in a file that cannot be; its text says which."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The *cloud*, Resource Manager *endpoint* and *tenants* that a file belongs to."""

    cloud: str
    endpoint: str
    tenants: tuple[str, ...]

    def check(self, cloud: Cloud, name: str) -> None:
        """
        Check that the file *name* belongs to *cloud*.

        Raises:
            UsageError: it belongs to another cloud.
        """
        if (self.cloud, self.endpoint) != (cloud.name, cloud.arm):
            raise UsageError(
                f"{name} is for {self.cloud} ({self.endpoint}), not for {cloud.name} ({cloud.arm})",
                "give the same --cloud or --arm-endpoint as when the file was made",
            )


def with_digest(kind: str, origin: Origin, content: Json) -> Json:
    """Return *content* as a document of *kind*: the common keys first, the digest last."""
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "tool": {"name": "contacts-audit", "version": __version__},
        "created": now_text(),
        "cloud": origin.cloud,
        "arm_endpoint": origin.endpoint,
        "tenants": list(origin.tenants),
        **content,
    }
    return {**document, "sha256": digest_of(document)}


def verified(text: bytes, kind: str, name: str) -> Mapping[str, Any]:
    """
    Return the document of *kind* in *text*, the content of the file *name*, without its digest.

    Raises:
        UsageError: it is not JSON, of another kind or schema, or its digest is wrong.
    """
    with refused_if_damaged(f"{name} is not a {kind} of contacts-audit"):
        named = b'"kind"' in text and b'"sha256"' in text
        if len(text) > LARGE and not named and b"\\u" not in text:  # nor may they be escaped
            raise DamageError('it lacks the keys "kind" and "sha256"')
        document = strict_json.parsed(text)
        if not isinstance(document, dict):
            raise DamageError("it is not a JSON object")
        if document["kind"] != kind:
            raise DamageError(f"it is a {document['kind']}")
        if not same(document["schema"], SCHEMA):
            raise DamageError("it has another schema")
        if document.pop("sha256") != digest_of(document):
            raise DamageError("its digest is wrong")
        return document


@contextmanager
def refused_if_damaged(name: str) -> Iterator[None]:
    """Raise UsageError where what is done within finds a damaged value of the file *name*."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        match error:
            case KeyError(args=[str(key)]):
                damage = f"it lacks the key {key!r}"
            case ValueError():
                damage = str(error)
            case RecursionError():
                damage = "it is nested too deeply"
            case _:
                damage = "a value has the wrong type"
        raise UsageError(f"{name}: {damage}", "make it again, or name another file") from error


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of *document* in its canonical spelling, in hexadecimal."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def now_text() -> str:
    """Return the current time, in UTC, as files hold it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def origin_of(document: Mapping[str, Any]) -> Origin:
    """Return the origin that *document* names."""
    if not isinstance(document["tenants"], list):
        raise DamageError("its tenants are not a list")
    tenants = tuple(map(str, document["tenants"]))
    return Origin(str(document["cloud"]), str(document["arm_endpoint"]), tenants)


def rows_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of *document*, each with the id of another subscription."""
    rows = document["subscriptions"]
    if not isinstance(rows, list):
        raise DamageError("its subscriptions are not a list")
    if len({row["id"].lower() for row in rows}) < len(rows):
        raise DamageError("a subscription occurs twice")
    return rows


def subscription_json(subscription: Subscription) -> Json:
    """Return what a row holds of *subscription*: id, name, tenant, state."""
    return {
        "id": subscription.id,
        "name": subscription.name,
        "tenant_id": subscription.tenant_id,
        "state": subscription.state,
    }


def subscription_from_json(row: Mapping[str, Any]) -> Subscription:
    """Return the subscription of a *row*: its id is a GUID, its other values strings or None."""
    if not GUID.fullmatch(row["id"]):
        raise DamageError(f"{row['id']!r} is not a subscription id")
    for key in ("name", "tenant_id", "state"):
        if not isinstance(row[key], str | None):
            raise DamageError(f"{key} is not a string")
    return Subscription(row["id"].lower(), row["name"], row["state"], row["tenant_id"])


def snapshot_json(seen: Snapshot) -> Json:
    """Return a snapshot as files hold it: for each API version, a list of contacts."""
    return {
        version: [{"name": one.name, "properties": one.properties} for one in records]
        for version, records in sorted(seen.versions.items())
    }


def snapshot_from_json(versions: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that a file holds as *versions*, if Azure can have shown that."""
    if not versions or not VERSIONS.issuperset(versions):
        raise DamageError("an API version is unknown")
    found = {}
    for version, records in versions.items():
        if not isinstance(records, list) or len({one["name"] for one in records}) < len(records):
            raise DamageError("the contacts are not a list, or one occurs twice")
        for one in records:
            if not isinstance(one["properties"], dict) or not is_storable(one["properties"]):
                raise DamageError("the properties of a contact cannot be sent")
            if not isinstance(one["name"], str) or not is_name(one["name"]):
                raise DamageError("the name of a contact cannot be part of a URL")
        found[version] = tuple(Record(one["name"], one["properties"]) for one in records)
    return Snapshot(found)

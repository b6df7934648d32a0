"""What plans, backups and journals have in common: schema, digest, origin, snapshots."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

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
DAMAGED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which *cloud*, at which *endpoint*, and of which *tenants* a file is."""

    cloud: str
    endpoint: str
    tenants: tuple[str, ...]

    @classmethod
    def of(cls, cloud: Cloud, tenants: Sequence[str]) -> "Origin":
        """Return the origin of what is made now."""
        return cls(cloud.name, cloud.arm, tuple(tenants))

    def check(self, cloud: Cloud, name: str) -> None:
        """
        Check that a file is of *cloud*.

        Raises:
            UsageError: it is of another one.
        """
        if (self.cloud, self.endpoint) != (cloud.name, cloud.arm):
            raise UsageError(
                f"{name} is of {self.cloud} ({self.endpoint}), not of {cloud.name} ({cloud.arm})",
                "give --cloud or --arm-endpoint as then",
            )


def subscription_json(subscription: Subscription) -> Json:
    """Return what a file keeps of *subscription*: id, name, tenant, state."""
    return {
        "id": subscription.id,
        "name": subscription.name,
        "tenant_id": subscription.tenant_id,
        "state": subscription.state,
    }


def subscription_from_json(row: Mapping[str, Any]) -> Subscription:
    """
    Return the subscription of a *row*.

    Raises:
        LookupError: a key is missing.
        TypeError: a value has the wrong type.
        ValueError: the id is not a GUID.
    """
    if not GUID.fullmatch(row["id"]):
        raise ValueError(f"{row['id']!r} is no id")
    for key in ("name", "tenant_id", "state"):
        if not isinstance(row[key], str | None):
            raise TypeError(f"{key} is no text")
    return Subscription(row["id"].lower(), row["name"], row["state"], row["tenant_id"])


def snapshot_json(seen: Snapshot) -> Json:
    """Return what was *seen* as files hold it."""
    return {
        version: [{"name": one.name, "properties": one.properties} for one in records]
        for version, records in sorted(seen.versions.items())
    }


def snapshot_from_json(versions: Mapping[str, Any]) -> Snapshot:
    """
    Return what a file says was seen at each of *versions*.

    Raises:
        ValueError: it was never that.
        TypeError: it was never that.
        LookupError: it was never that.
    """
    if not versions or not VERSIONS.issuperset(versions):
        raise ValueError("an api-version is none")
    for records in versions.values():
        if not isinstance(records, list) or len({one["name"] for one in records}) < len(records):
            raise TypeError("the contacts are no list, or one is there twice")
        for one in records:
            if not isinstance(one["properties"], dict) or not is_storable(one["properties"]):
                raise TypeError("a contact is none")
            if not isinstance(one["name"], str) or not is_name(one["name"]):
                raise TypeError("a contact has no name")
    return Snapshot(
        {
            version: tuple(Record(one["name"], one["properties"]) for one in records)
            for version, records in versions.items()
        }
    )


def rows_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """
    Return the rows of *document*, one per subscription.

    Raises:
        LookupError: there are none, or one has no id.
        TypeError: they are not a list.
        ValueError: a subscription occurs twice.
    """
    rows = document["subscriptions"]
    if not isinstance(rows, list):
        raise TypeError("the subscriptions are no list")
    if len({row["id"].lower() for row in rows}) < len(rows):
        raise ValueError("a subscription is there twice")
    return rows


def origin_of(document: Mapping[str, Any]) -> Origin:
    """
    Return the origin that *document* names.

    Raises:
        LookupError: a key is missing.
        TypeError: the tenants are not a list.
    """
    if not isinstance(document["tenants"], list):
        raise TypeError("the tenants are no list")
    return Origin(
        str(document["cloud"]), str(document["arm_endpoint"]), tuple(map(str, document["tenants"]))
    )


def with_digest(kind: str, origin: Origin, content: Json) -> Json:
    """Return *content* as a document of *kind*: the common keys first, the SHA-256 digest last."""
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
    """Return the document of *kind* in *text*, its digest checked."""

    def parsed() -> Json:
        document = strict_json.parsed(text)
        if document["kind"] != kind:
            raise ValueError(f"it is a {document['kind']}")
        if not same(document["schema"], SCHEMA):
            raise ValueError("it is of another schema")
        digest = document.pop("sha256")
        if digest != digest_of(document):
            raise ValueError("its digest is wrong")
        return dict(document)

    return parse_or_refuse(parsed, f"{name} is no {kind} of ours")


def parse_or_refuse(parse: Callable[[], T], name: str) -> T:
    """
    Return what *parse* returns.

    Raises:
        UsageError: *parse* failed because the file *name* is damaged.
    """
    try:
        return parse()
    except DAMAGED as error:
        raise UsageError(f"{name}: {error}", "make it anew, or name another file") from error


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of *document* in its canonical spelling, in hexadecimal."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def now_text() -> str:
    """Return the moment, in UTC, as files hold it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

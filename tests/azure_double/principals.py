"""Principals that can sign in, and their tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant: the GUID in its tokens, and a domain for URLs."""

    id: str
    domain: str


@dataclass(frozen=True, slots=True)
class User:
    """A person, who signs in with a device code."""

    upn: str
    object_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity of a machine or an app, with three ids."""

    client_id: str
    object_id: str
    resource_id: str


ADA = User("ada@contoso.onmicrosoft.com", "e2f5a8b1-7c3d-4096-a14e-5d8b9f2c6701", "Ada Lovelace")
PROVIDERS = "/subscriptions/6a1f0c3e-98b2-4d57-8e64-1b7c5d2f9a03/resourceGroups/tools/providers"
MACHINE = ManagedIdentity(
    "3d9e7b52-60af-4c18-b7d3-f8215e4a9c06",
    "94c0d6a1-e35b-4f72-8a19-2b6f7d3e5081",
    f"{PROVIDERS}/Microsoft.Compute/virtualMachines/build-1",
)
AUDITOR = ManagedIdentity(
    "b6420f8d-1e97-4a5c-93b8-07d2c6e4f15a",
    "17a8e3c5-d0f4-4b69-a2c7-9e5b1d8f6430",
    f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/auditor",
)


@dataclass(frozen=True, slots=True)
class Principal:
    """The subject of a token: the *name* in refusals, and its own *claims*."""

    name: str
    object_id: str
    claims: Mapping[str, str]


def application(client_id: str, object_id: str) -> Principal:
    """Return an application as the subject of a token."""
    claims = {"appid": client_id, "idtyp": "app", "oid": object_id, "sub": object_id}
    return Principal(client_id, object_id, claims)


def managed(identity: ManagedIdentity) -> Principal:
    """Return a managed *identity* as the subject of a token."""
    plain = application(identity.client_id, identity.object_id)
    claims = {**plain.claims, "xms_mirid": identity.resource_id}
    return Principal(plain.name, plain.object_id, claims)


def person(user: User, client_id: str) -> Principal:
    """Return a *user* of the client with that id as the subject of a token."""
    claims = {
        "appid": client_id,
        "idtyp": "user",
        "name": user.name,
        "oid": user.object_id,
        "scp": "user_impersonation",
        "sub": user.object_id,
        "unique_name": user.upn,
        "upn": user.upn,
    }
    return Principal(user.upn, user.object_id, claims)

"""The state of the double, and the switches that tests change."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal

from . import principals
from .groups import Group
from .identity import Ids
from .lag import Lag
from .principals import ManagedIdentity, Principal, Tenant, User
from .subscriptions import Register, Subscription
from .unknowns import Unknowns
from .wire import Asked


@dataclass
class Issued:
    """An issued token: its *audience*, the id of its *tenant*, and its *principal*."""

    audience: str
    expires: float
    tenant: str
    principal: Principal
    claims: str | None = None


@dataclass
class DeviceCode:
    """An issued device code, and how often a client has polled for it."""

    client_id: str
    scope: str
    claims: str | None
    polls: int = 0


@dataclass(frozen=True)
class Consent:
    """What a refresh token stands for: the user allows a client a scope."""

    client_id: str
    scope: str


@dataclass(eq=False, repr=False)
class World(Unknowns):
    """The one state behind all services."""

    ids: Ids
    clock: Callable[[], float] = time.time

    tenant: str = "5f3c9a70-2d41-4b8e-9f06-7ad1c0e85b32"
    domain: str = "contoso.onmicrosoft.com"
    client_id: str = "c81d4e2e-bcf2-4f1a-8a6d-93b7f20e5d14"
    object_id: str = "0b7e6d95-41c3-4a2f-b5d8-e9126c3f7a40"
    secret: str = field(default="p+q&r=s%t~8Q;/ u")
    secret_expired: bool = False
    federated_token: str = field(default="federated.assertion.accepted-as-it-is")
    audience: str = "https://management.core.windows.net/"
    token_lifetime: int = 3600
    other_tenants: list[Tenant] = field(default_factory=list)

    user: User = principals.ADA
    device_interval: int = 1
    device_pending: int = 1
    device_answer: Literal["approve", "decline", "never", "expired"] = "approve"
    refresh_dead: bool = False

    system: ManagedIdentity = principals.MACHINE
    assigned: ManagedIdentity = principals.AUDITOR
    system_assigned: bool = True
    user_assigned: bool = True
    identity_header: str = "C0FFEE00-4D5A-4E6B-9F7C-8A1B2C3D4E5F"

    groups: list[Group] = field(default_factory=list)
    groups_readable: bool = True
    groups_page_size: int | None = None

    metadata_shape: Literal["object", "list"] = "object"
    metadata_login: str | None = None
    metadata_audiences: list[str] | None = None

    latency: float = 0.0
    page_size: int | None = None
    contacts_page_size: int | None = None
    offered: set[str] = field(
        default_factory=lambda: {"2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"}
    )
    version_refusal: str = "NoRegisteredProviderFound"
    missing_provider_status: int = 404

    subscriptions: list[Subscription] = field(default_factory=list)
    register: Register = field(default_factory=Register)
    lag: Lag = field(default_factory=Lag)
    tokens: dict[str, Issued] = field(default_factory=dict)
    device_codes: dict[str, DeviceCode] = field(default_factory=dict)
    refresh_tokens: dict[str, Consent] = field(default_factory=dict)
    challenged: str | None = None
    asked: list[Asked] = field(default_factory=list)
    unknown: list[Asked] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    added: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def find(self, subscription_id: str) -> Subscription | None:
        """Return the visible subscription with that id."""
        return self.register.find(self.subscriptions, subscription_id)

    def find_tenant(self, name: str) -> Tenant | None:
        """Return the tenant with that id or domain, in any case."""
        home = Tenant(self.tenant, self.domain)
        wanted = name.lower()
        for tenant in (home, *self.other_tenants):
            if wanted in {tenant.id.lower(), tenant.domain.lower()}:
                return tenant
        return None

    def shows(self, subscription: Subscription, tenant: str) -> bool:
        """
        Whether a token of *tenant* gets to see *subscription*.

        It does in the subscription's own tenant and where that delegated it to.
        Where nobody added the subscription's tenant, the first tenant sees it.
        """
        if tenant == subscription.tenant_id or tenant in subscription.delegated_to:
            return True
        return tenant == self.tenant and self.find_tenant(subscription.tenant_id) is None

    @property
    def application(self) -> Principal:
        """The application that signs in with a secret, a certificate or a federated token."""
        return principals.application(self.client_id, self.object_id)

    @property
    def date(self) -> str:
        """The present as a Date header."""
        return formatdate(self.clock(), usegmt=True)

    def stamp(self, form: str) -> str:
        """Return the present in the *form* of `time.strftime`."""
        return time.strftime(form, time.gmtime(self.clock()))

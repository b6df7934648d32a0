"""Everything that this Azure knows, and the switches that tests turn."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate

from .identity import Ids
from .subscriptions import Register, Subscription
from .wire import Asked


@dataclass
class Issued:
    """A token that was handed out."""

    audience: str
    expires: float
    claims: str | None = None


@dataclass(eq=False, repr=False)
class World:
    """The one consistent state behind both services."""

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

    latency: float = 0.0
    page_size: int | None = None
    contacts_page_size: int | None = None
    offered: set[str] = field(
        default_factory=lambda: {"2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"}
    )
    version_refusal: str = "NoRegisteredProviderFound"
    shows_newer_at_2017: bool = False
    shows_2017_at_newer: bool = False
    empty_2020_list: str = "array"
    missing_provider_status: int = 404

    subscriptions: list[Subscription] = field(default_factory=list)
    register: Register = field(default_factory=Register)
    tokens: dict[str, Issued] = field(default_factory=dict)
    challenged: str | None = None
    asked: list[Asked] = field(default_factory=list)
    unknown: list[Asked] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def find(self, subscription_id: str) -> Subscription | None:
        """Return the visible subscription of that id."""
        return self.register.find(self.subscriptions, subscription_id)

    @property
    def date(self) -> str:
        """What a Date header says now."""
        return formatdate(self.clock(), usegmt=True)

    def stamp(self, form: str) -> str:
        """Return the present in the *form* of `time.strftime`."""
        return time.strftime(form, time.gmtime(self.clock()))

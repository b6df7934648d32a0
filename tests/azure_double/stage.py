"""What a test does to the world, and asks of it, by calling instead of over the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import entra, tokens
from .groups import Group
from .identity import Ids
from .principals import Tenant
from .subscriptions import Subscription
from .wire import Asked
from .world import World


class Stage(World):
    """A world that a test furnishes before the play, and questions after it."""

    def add(
        self,
        name: str | None = "Prod",
        *,
        id: str | None = None,
        state: str = "Enabled",
        **fields: Any,
    ) -> Subscription:
        """Add a subscription at the end of the list; *fields* are those of `Subscription`."""
        number = next(self.added)
        subscription_id = id or Ids("subscriptions").guid(number)
        fields.setdefault("tenant_id", self.tenant)
        fields.setdefault("written", self.clock())
        subscription = Subscription(subscription_id, name, state, **fields)
        self.subscriptions.append(subscription)
        return subscription

    def add_tenant(self, domain: str) -> Tenant:
        """Add a tenant, in which the application and the user can sign in too."""
        tenant = Tenant(Ids("tenants").guid(domain), domain)
        self.other_tenants.append(tenant)
        return tenant

    def group(
        self,
        id: str,
        name: str | None = None,
        parent: str | None = None,
        subscriptions: Iterable[Subscription] = (),
        *,
        tenant: str | None = None,
    ) -> Group:
        """
        Add a management group below the one whose id is *parent*.

        *tenant* is the id of its tenant, or else it is the first tenant's.
        """
        group = Group(id, name or id, tenant or self.tenant, parent, tuple(subscriptions))
        self.groups.append(group)
        return group

    def arm_asked(self) -> list[Asked]:
        """Return the requests to Resource Manager."""
        return [asked for asked in list(self.asked) if asked.to_arm]

    def writes(self) -> list[Asked]:
        """Return the PUT and DELETE requests, whatever came of them, in their order."""
        return [asked for asked in list(self.asked) if asked.method in {"PUT", "DELETE"}]

    def token_asked(self) -> list[Asked]:
        """Return the requests for a token."""
        return [
            asked
            for asked in list(self.asked)
            if asked.method == "POST" and entra.TOKEN.fullmatch(asked.path)
        ]

    def identity_asked(self) -> list[Asked]:
        """Return the requests to the platform of a machine."""
        return [asked for asked in list(self.asked) if asked.to_platform]

    def token(
        self,
        *,
        audience: str | None = None,
        claims: str | None = None,
        tenant: str | None = None,
    ) -> str:
        """
        Return a valid token, as if somebody had signed in elsewhere.

        *tenant* is the id of the one that issues it, or else the first does.
        """
        return tokens.issue(self, audience or self.audience, claims=claims, tenant=tenant)

    def revoke(self) -> None:
        """Forget every token issued so far."""
        self.tokens.clear()

    def challenge(self, claims: str) -> None:
        """Ask from now on for tokens that were acquired with *claims*."""
        self.challenged = claims

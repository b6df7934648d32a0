"""What a test calls directly: to set up the double, and to read what was requested."""

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
    """The state of the double, with methods for tests."""

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
        """Add a tenant that the application and the user can sign in to."""
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
        Add a management group below the group with the id *parent*.

        *tenant* is the id of its tenant, by default the first.
        """
        group = Group(id, name or id, tenant or self.tenant, parent, tuple(subscriptions))
        self.groups.append(group)
        return group

    def arm_asked(self) -> list[Asked]:
        """Return the requests to Resource Manager."""
        return [asked for asked in list(self.asked) if asked.to_arm]

    def writes(self) -> list[Asked]:
        """Return the PUT and DELETE requests, refused or not, in order."""
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
        Return a valid token, as if it was acquired elsewhere.

        *tenant* is the id of its tenant, by default the first.
        """
        return tokens.issue(self, audience or self.audience, claims=claims, tenant=tenant)

    def revoke(self) -> None:
        """Revoke all tokens issued so far."""
        self.tokens.clear()

    def challenge(self, claims: str) -> None:
        """Accept only tokens that were acquired with *claims* from now on."""
        self.challenged = claims

"""The tenants that are signed in to, and the subscriptions of each."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from contacts_audit.azure.arm.client import Client, Limits, TokenSource
from contacts_audit.azure.arm.subscription_list import Listing
from contacts_audit.azure.arm.subscriptions import GUID, Descendants, descendants, visible
from contacts_audit.azure.arm.width import Width
from contacts_audit.azure.auth.sign_in import Credential, identity_of
from contacts_audit.azure.clouds import Cloud
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.model import Identity, Subscription

if TYPE_CHECKING:
    from contacts_audit.azure.recording.recorder import Recorder

ROLE = "check its id, and grant the identity Management Group Reader on it"
GROUP_HINTS: Mapping[Reason, str] = {
    Reason.NOT_FOUND: ROLE,
    Reason.FORBIDDEN: ROLE,
    Reason.PAGING: "look at the nextLink of its descendants by --record",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """
    A tenant that is signed in to; *asked* is how the options name it, if they do.

    *credential* is None where a recording answers: nobody signs in.
    """

    client: Client
    tokens: TokenSource
    asked: str | None = None
    credential: Credential | None = None

    @property
    def id(self) -> str | None:
        """
        Sign in, and return the id of the tenant, where the token shows it.

        Raises:
            AuthError: no token is to be had, or it is of another tenant than the one asked for.
        """
        found = (self.tokens.token().tenant or "").lower()
        asked = (self.asked or "").lower()
        if GUID.fullmatch(asked) and GUID.fullmatch(found) and asked != found:
            raise AuthError(
                f"--tenant {asked}: this credential signs in to {found} alone",
                "leave --tenant out, or choose another credential by --auth",
            )
        return found or None


@dataclass(frozen=True, slots=True)
class Connection:
    """
    The ways to Azure, one for each tenant, or to what was *recorded* of it at a time.

    All of them together are as wide as *width* says.
    """

    cloud: Cloud
    limits: Limits
    width: Width
    tenants: tuple[Tenant, ...]
    recorder: "Recorder | None" = None
    recorded: datetime | None = None
    clients: dict[str | None, Client] = field(default_factory=dict)

    def sign_in(self) -> None:
        """
        Sign in to the first tenant.

        Raises:
            AuthError: no token is to be had.
        """
        with self._named(self.tenants[0]):
            _ = self.tenants[0].id

    def identities(self) -> tuple[Identity, ...]:
        """Return who signed in: to the first tenant, and to those that were listed."""
        found = {}
        for tenant in self.tenants:
            known = not self.clients or tenant.client in self.clients.values()
            if tenant.credential is not None and known:
                found[tenant.asked] = identity_of(tenant.tokens.token(), tenant.credential)
            if not self.clients:
                break
        return tuple(found.values())

    def visible(self) -> Listing:
        """
        Sign in to each tenant, and list it whole; a subscription is of the first that lists it.

        Raises:
            ContactsAuditError: one of them cannot be listed.
        """
        found = Listing(self._listed())
        if self.recorder is not None:
            self.recorder.signed_in(self.tenant_ids())
        return found

    def _listed(self) -> Iterator[Subscription]:
        for tenant in self.tenants:
            with self._named(tenant):
                if tenant.id is not None and tenant.id in self.clients:
                    continue  # by another name: one tenant is listed once
                yield from visible(tenant.client, tenant.id)
                self.clients[tenant.id] = tenant.client

    def descendants(self, group: str) -> Descendants:
        """
        Return what is under the management group, in each tenant that has it.

        Raises:
            ContactsAuditError: it cannot be read, or no tenant has it.
        """
        subscriptions: list[str] = []
        groups: list[str] = []
        missing: list[AzureError] = []
        for client in self.clients.values():
            try:
                found = descendants(client, group)
            except AzureError as error:
                error.args = (f"management group {group}: {error}",)
                error.hint = GROUP_HINTS.get(error.reason, error.hint)
                if error.reason is not Reason.NOT_FOUND:
                    raise
                missing.append(error)
            else:
                subscriptions += found.subscriptions
                groups += found.groups
        if len(missing) == len(self.clients):
            raise missing[0]
        return Descendants(tuple(subscriptions), tuple(groups))

    @contextlib.contextmanager
    def _named(self, tenant: Tenant) -> Iterator[None]:
        """Say of which tenant an error is, where there are several."""
        try:
            yield
        except (AzureError, AuthError) as error:
            if len(self.tenants) > 1:
                error.args = (f"tenant {tenant.asked}: {error}",)
            raise

    def client(self, subscription: Subscription) -> Client:
        """Return the client that is signed in to the tenant of *subscription*."""
        return self.clients.get(subscription.tenant_id) or self.tenants[0].client

    def tenant_ids(self) -> tuple[str, ...]:
        """Return the ids of the tenants, as far as their tokens show them."""
        return tuple(known for known in self.clients if known is not None)

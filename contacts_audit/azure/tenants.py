"""The tenants that are signed in to, and what they show."""

from dataclasses import dataclass, field

from contacts_audit.azure.client import Client, Limits, TokenSource
from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.subscriptions import GUID, in_group, visible
from contacts_audit.azure.tape import Recorder
from contacts_audit.errors import AuthError, AzureError, Reason
from contacts_audit.model import Subscription


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant that is signed in to; *asked* is how the options name it, if they do."""

    client: Client
    tokens: TokenSource
    asked: str | None = None

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
    """The ways to Azure, one for each tenant, or to a recording of it."""

    cloud: Cloud
    limits: Limits
    tenants: tuple[Tenant, ...]
    recorder: Recorder | None = None
    clients: dict[str | None, Client] = field(default_factory=dict)

    def visible(self) -> list[Subscription]:
        """
        Sign in to each tenant, and list it whole; a subscription is of the first that lists it.

        Raises:
            ContactsAuditError: one of them cannot be listed.
        """
        found: dict[str, Subscription] = {}
        for tenant in self.tenants:
            self.clients.setdefault(tenant.id, tenant.client)
            for subscription in visible(tenant.client, tenant.id):
                found.setdefault(subscription.id, subscription)
        if self.recorder is not None:
            self.recorder.signed_in(self.tenant_ids())
        return list(found.values())

    def in_group(self, group: str) -> list[str]:
        """
        Return the ids of the subscriptions under the management group, which one tenant has.

        Raises:
            ContactsAuditError: it cannot be read.
        """
        failures = []
        for tenant in self.tenants:
            try:
                return list(in_group(tenant.client, group))
            except AzureError as error:
                if error.reason not in {Reason.NOT_FOUND, Reason.FORBIDDEN}:
                    raise
                failures.append(error)
        failure = failures[0]
        failure.args = (f"--management-group {group}: {failure}",)
        failure.hint = "check its id, and grant the identity Management Group Reader on it"
        raise failure

    def client(self, subscription: Subscription) -> Client:
        """Return the client that is signed in to the tenant of *subscription*."""
        return self.clients.get(subscription.tenant_id) or self.tenants[0].client

    def tenant_ids(self) -> tuple[str, ...]:
        """Return the ids of the tenants, as far as their tokens show them."""
        return tuple(known for known in self.clients if known is not None)

"""Signs in to the tenants, and lists the subscriptions of each."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from contacts_audit.azure.arm.client import Client, Limits, TokenSource
from contacts_audit.azure.arm.concurrency import Concurrency
from contacts_audit.azure.arm.paging import stays_on
from contacts_audit.azure.arm.subscription_list import Listing
from contacts_audit.azure.arm.subscriptions import Descendants, descendants, visible
from contacts_audit.azure.auth.sign_in import Credential, identity_of, tenant_of
from contacts_audit.azure.clouds import Cloud
from contacts_audit.core.delivery import MailAnswer
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.model import Identity, Subscription
from contacts_audit.core.workers import started

if TYPE_CHECKING:
    from contacts_audit.azure.recording.recorder import Recorder


class Tenant(NamedTuple):
    """
    A tenant. *asked* is its id or domain in the options, None if they name none.

    *credential* is None in a replay: nobody signs in.
    """

    client: Client
    tokens: TokenSource
    asked: str | None = None
    credential: Credential | None = None

    @property
    def id(self) -> str | None:
        """
        Sign in, and return the id of the tenant, None if the token does not show it.

        Raises:
            AuthError: no token can be acquired, or it is of another tenant than *asked*.
        """
        return tenant_of(self.tokens.token(), self.asked)


@dataclass(frozen=True, slots=True)
class Connection:
    """
    A client for each tenant, or for a replay of what was *recorded* at that time.

    *mail* has the recorded answers of DNS, by mail domain. *clients* maps the id of each listed
    tenant to its client. *concurrency* bounds the requests under way, of all clients together.
    """

    cloud: Cloud
    limits: Limits
    concurrency: Concurrency
    tenants: tuple[Tenant, ...]
    recorder: "Recorder | None" = None
    recorded: datetime | None = None
    mail: Mapping[str, MailAnswer] = field(default_factory=dict)
    clients: dict[str | None, Client] = field(default_factory=dict)

    def sign_in(self) -> None:
        """
        Sign in to the first tenant, and connect to Resource Manager meanwhile.

        Raises:
            AuthError: no token can be acquired.
        """
        signs_in_elsewhere = not stays_on(self.cloud.authority, self.cloud.arm)
        if self.tenants[0].credential is not None and signs_in_elsewhere:
            started(self.tenants[0].client.connect)
        with self._named(self.tenants[0]):
            _ = self.tenants[0].id

    def identities(self) -> tuple[Identity, ...]:
        """Return who signed in: to each listed tenant, or to the first if none is listed yet."""
        listed = [each for each in self.tenants if each.client in self.clients.values()]
        found = {
            tenant.asked: identity_of(tenant.tokens.token(), tenant.credential)
            for tenant in listed or self.tenants[:1]
            if tenant.credential is not None
        }
        return tuple(found.values())

    def visible(self) -> Listing:
        """
        Sign in to each tenant, and list its subscriptions. The first tenant that lists one has it.

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
                    continue  # the options name it twice
                yield from visible(tenant.client, tenant.id)
                self.clients[tenant.id] = tenant.client

    def descendants(self, group: str) -> Descendants:
        """
        Return what is below the management group, in each tenant that has it.

        Raises:
            ContactsAuditError: it cannot be read, or no tenant has it.
        """
        found: list[Descendants] = []
        missing: list[AzureError] = []
        for client in self.clients.values():
            try:
                found.append(descendants(client, group))
            except AzureError as error:
                error.args = (f"management group {group}: {error}",)
                if error.reason is not Reason.NOT_FOUND:
                    raise
                missing.append(error)
        if not found:
            raise missing[0]
        return Descendants(
            tuple(each for one in found for each in one.subscriptions),
            tuple(each for one in found for each in one.groups),
        )

    @contextlib.contextmanager
    def _named(self, tenant: Tenant) -> Iterator[None]:
        """Name the tenant in an error, if there are several."""
        try:
            yield
        except (AzureError, AuthError) as error:
            if len(self.tenants) > 1:
                error.args = (f"tenant {tenant.asked}: {error}",)
            raise

    def client(self, subscription: Subscription) -> Client:
        """Return the client of the tenant of *subscription*."""
        return self.clients.get(subscription.tenant_id) or self.tenants[0].client

    def tenant_ids(self) -> tuple[str, ...]:
        """Return the ids of the listed tenants that are known."""
        return tuple(known for known in self.clients if known is not None)

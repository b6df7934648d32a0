"""Reads a subscription at the API versions that its checks need, and decides which one counts."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contacts_audit.audit.checks import has_address
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.contacts.api_versions import Versions
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import Check, Contact, Reading, Subscription


@dataclass(frozen=True, slots=True)
class Readings:
    """What is *fetched* of a *subscription*, each api-version once, as far as *versions* has it."""

    subscription: Subscription
    fetched: Callable[[str], tuple[Contact, ...]]
    versions: Versions
    _seen: dict[str, Reading | None] = field(default_factory=dict)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """All contacts that were read, those of the version that was asked first in front."""
        return tuple(contact for one in self._seen.values() if one for contact in one.contacts)

    def deciding(self, check: Check) -> Reading:
        """
        Return the reading that decides *check*; no check costs more than it needs.

        `contact-email` asks 2017 first, and the newest where that shows no address; all others ask
        the newest.

        Raises:
            AzureError: it cannot be read, or no version that decides it is offered.
            AuthError: no token is to be had.
        """
        if check is Check.CONTACT_EMAIL:
            documented = self._at(protocol.V2017)
            if documented is not None and has_address(documented.contacts):
                return documented
        newest = self._at(protocol.V2023)
        if newest is None and check is Check.ATTACK_PATHS:
            message = f"attack-paths needs {protocol.V2023}, which is not offered here"
            hint = "leave the check attack-paths out: --check, --profile, --policy"
            raise AzureError(Reason.VERSION_UNAVAILABLE, message, hint=hint)
        newest = newest or self._at(protocol.V2020) or self._at(protocol.V2017)
        if newest is None:
            message = "no api-version of securityContacts is offered here"
            raise AzureError(Reason.VERSION_UNAVAILABLE, message)
        return newest

    def _at(self, version: str) -> Reading | None:
        """Return what *version* shows, None where it is not offered."""
        if version not in self._seen:
            found = self.versions.read(version, self.subscription.id, self.fetched)
            self._seen[version] = None if found is None else Reading(version, found)
        return self._seen[version]

"""Defines a subscription in scope, its security contacts, and a change to them."""

from typing import NamedTuple


class Subscription(NamedTuple):
    """A subscription in scope; one that is not *visible* has only its id, in lower case."""

    id: str
    name: str | None = None
    state: str | None = None
    tenant_id: str | None = None
    visible: bool = True

    @property
    def label(self) -> str:
        """The name and id, for a person."""
        return self.id if self.name is None else f"{self.name} ({self.id})"

    @property
    def state_message(self) -> str:
        """The state in a sentence, as in `subscription is disabled`."""
        return f"subscription is {str(self.state).lower()}"


class Contact(NamedTuple):
    """
    A security contact as one API version shows it, in the terms of the newest version.

    *emails* are all addresses as they are spelled; *malformed* are those that are not valid.
    *alert_severity*, *attack_path_risk* and *roles* say what is switched on: None or empty if
    nothing is.
    """

    name: str
    api_version: str
    emails: tuple[str, ...]
    malformed: tuple[str, ...]
    enabled: bool
    phone: str | None
    alert_severity: str | None
    attack_path_risk: str | None
    roles: tuple[str, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The well-formed addresses."""
        malformed = frozenset(self.malformed)
        return tuple(email for email in self.emails if email not in malformed)


class Reading(NamedTuple):
    """The contacts of one subscription at one API version."""

    api_version: str
    contacts: tuple[Contact, ...]


class Change(NamedTuple):
    """
    What to change in the security contact of a subscription; everything else stays as it is.

    With *replace*, *emails* become the only addresses; without it they are added.
    """

    emails: tuple[str, ...] = ()
    replace: bool = False
    remove_emails: tuple[str, ...] = ()
    notify_owners: bool = False
    minimum_severity: str | None = None
    attack_paths: str | None = None
    enable: bool = False
    phone: str | None = None
    allow_empty: bool = False

    @property
    def creates(self) -> bool:
        """Whether it creates a contact if there is none."""
        return bool(self.emails or self.notify_owners or self.minimum_severity or self.attack_paths)

"""Defines a security contact, independent of the API version that shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
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


@dataclass(frozen=True, slots=True)
class Reading:
    """The contacts of one subscription at one API version."""

    api_version: str
    contacts: tuple[Contact, ...]

"""Defines what is judged: checks, profiles, their values, and waivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from contacts_audit.core.delivery import MailAnswer


class Check(StrEnum):
    """The checks that a subscription passes or fails."""

    CONTACT_EMAIL = "contact-email"
    ALERT_NOTIFICATIONS = "alert-notifications"
    OWNER_NOTIFIED = "owner-notified"
    ATTACK_PATHS = "attack-paths"
    REACHABLE = "reachable"
    REQUIRED_EMAIL = "required-email"
    ALLOWED_DOMAIN = "allowed-domain"
    MINIMUM_EMAILS = "minimum-emails"
    DELIVERABLE = "deliverable"


class Profile(StrEnum):
    """Named sets of checks."""

    CONFORMITY = "conformity"
    CIS = "cis"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Criteria:
    """
    The checks to judge, and their values; *profile* is None if checks were named one by one.

    *mail* has the answer of DNS for each mail domain (ASCII), for the check `deliverable`.
    """

    profile: Profile | None
    checks: tuple[Check, ...]
    attack_path_level: str = "Critical"
    required_emails: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    minimum_emails: int | None = None
    mail: Mapping[str, MailAnswer] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    Accepts a finding, for a *reason* and by an *owner*, through the day that it *expires* (UTC).

    It covers a *subscription* (an id or a name) or all under a *management_group*, and one *check*
    or all.  *place* is its position in a policy.
    """

    subscription: str | None
    reason: str
    owner: str
    expires: date
    check: Check | None = None
    management_group: str | None = None
    place: str = field(default="", compare=False)

    @property
    def of(self) -> str:
        """What it covers, for a person."""
        return self.subscription or f"management group {self.management_group}"

    @property
    def terms(self) -> str:
        """Until when, why and by whom it accepts, for a person."""
        return f"waived until {self.expires}: {self.reason}, {self.owner}"

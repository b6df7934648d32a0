"""What is judged: checks, profiles, their values, and waivers."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Check(StrEnum):
    """The questions that can be asked of a subscription."""

    CONTACT_EMAIL = "contact-email"
    ALERT_NOTIFICATIONS = "alert-notifications"
    OWNER_NOTIFIED = "owner-notified"
    ATTACK_PATHS = "attack-paths"
    REACHABLE = "reachable"
    REQUIRED_EMAIL = "required-email"
    ALLOWED_DOMAIN = "allowed-domain"
    MINIMUM_EMAILS = "minimum-emails"


class Profile(StrEnum):
    """Named sets of checks."""

    CONFORMITY = "conformity"
    CIS = "cis"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which checks are judged, by which values; *profile* is None where single ones were named."""

    profile: Profile | None
    checks: tuple[Check, ...]
    attack_path_level: str = "Critical"
    required_emails: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    minimum_emails: int | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    A finding that somebody answers for, through the day that it *expires* (UTC).

    It is of a *subscription* (an id or a name) or of all under a *management_group*; without a
    *check* it is of all checks.  *place* is where it stands in a policy.
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
        """What it is of, in words."""
        return self.subscription or f"management group {self.management_group}"

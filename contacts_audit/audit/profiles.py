"""The profiles of checks, and how settings of several levels add up to what is judged. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from contacts_audit.audit.checks import RISKS
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check, Criteria, Profile

T = TypeVar("T")
BASE = (Check.CONTACT_EMAIL, Check.ALERT_NOTIFICATIONS, Check.OWNER_NOTIFIED, Check.ATTACK_PATHS)
VALUES: Mapping[Check, str] = {  # a value switches its check on
    Check.REQUIRED_EMAIL: "required_emails",
    Check.ALLOWED_DOMAIN: "allowed_domains",
    Check.MINIMUM_EMAILS: "minimum_emails",
}
PROFILES: Mapping[Profile, tuple[Check, ...]] = {
    Profile.CONFORMITY: (Check.CONTACT_EMAIL,),
    Profile.CIS: BASE,
    Profile.STRICT: (*BASE, Check.REACHABLE),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What options, a policy or an override say; None is nothing said."""

    profile: Profile | None = None
    checks: tuple[Check, ...] | None = None
    required_emails: tuple[str, ...] | None = None
    allowed_domains: tuple[str, ...] | None = None
    minimum_emails: int | None = None
    attack_path_level: str | None = None


def criteria(levels: Sequence[Settings], *, anew: int | None = None) -> Criteria:
    """
    Return what is judged where *levels* count, nearest first: each key by the first that says it.

    Profile and checks add up; with neither it is `conformity`.  A value switches its check on,
    unless a level nearer than the value says *anew* what is judged: the first that has a profile.

    Raises:
        UsageError: a check lacks its value.
    """
    said: dict[str, Any] = {
        item.name: _first(getattr(level, item.name) for level in levels)
        for item in fields(Settings)
    }
    profile = said["profile"] or (None if said["checks"] else Profile.CONFORMITY)
    checks = [*(PROFILES[profile] if profile else ()), *(said["checks"] or ())]
    if anew is None:
        anew = _place_of(levels, "profile")
    for check, key in VALUES.items():
        if said[key] and (_place_of(levels, key) <= anew or profile is Profile.STRICT):
            checks.append(check)
        elif check in checks and not said[key]:
            raise UsageError(
                f"the check {check} has no value", f"give --{check}, or {key} in the policy"
            )
    return Criteria(
        profile,
        tuple(dict.fromkeys(checks)),
        said["attack_path_level"] or RISKS[-1],
        said["required_emails"] or (),
        said["allowed_domains"] or (),
        said["minimum_emails"],
    )


def _place_of(levels: Sequence[Settings], key: str) -> int:
    """Return which of *levels* is the first to say *key*; beyond them all, if none does."""
    said = (at for at, level in enumerate(levels) if getattr(level, key) is not None)
    return next(said, len(levels))


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)

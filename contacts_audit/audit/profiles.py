"""Combine profiles, checks and values of several levels into what is judged. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contacts_audit.audit.checks import RISKS
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check, Criteria, Profile

CIS_CHECKS = (
    Check.CONTACT_EMAIL,
    Check.ALERT_NOTIFICATIONS,
    Check.OWNER_NOTIFIED,
    Check.ATTACK_PATHS,
)
VALUE_KEYS: Mapping[Check, str] = {  # the value that a check needs, and that switches it on
    Check.REQUIRED_EMAIL: "required_emails",
    Check.ALLOWED_DOMAIN: "allowed_domains",
    Check.MINIMUM_EMAILS: "minimum_emails",
}
SWITCH_KEYS: Mapping[Check, str] = {**VALUE_KEYS, Check.DELIVERABLE: "deliverable"}
PROFILES: Mapping[Profile, tuple[Check, ...]] = {
    Profile.CONFORMITY: (Check.CONTACT_EMAIL,),
    Profile.CIS: CIS_CHECKS,
    Profile.STRICT: (*CIS_CHECKS, Check.REACHABLE),
}


class Settings(NamedTuple):
    """The settings of one level: options, the top of a policy, or an override. None is unset."""

    profile: Profile | None = None
    checks: tuple[Check, ...] | None = None
    required_emails: tuple[str, ...] | None = None
    allowed_domains: tuple[str, ...] | None = None
    minimum_emails: int | None = None
    attack_path_level: str | None = None
    deliverable: bool | None = None


def combined_criteria(levels: Sequence[Settings], *, profile_level: int | None = None) -> Criteria:
    """
    Return what is judged under *levels*, nearest first. The first level that sets a key decides.

    Profile and checks add up; with neither it is `conformity`. A value switches its check on,
    unless a level nearer than the value sets a profile. *profile_level* is the index of that
    level, by default of the first that sets a profile.

    Raises:
        UsageError: a check has no value.
    """
    found = {name: _nearest(levels, name) for name in Settings._fields}
    merged = {key: value for key, (_, value) in found.items()}
    profile = merged["profile"] or (None if merged["checks"] else Profile.CONFORMITY)
    checks = [*(PROFILES[profile] if profile else ()), *(merged["checks"] or ())]
    if profile_level is None:
        profile_level, _ = found["profile"]
    for check, key in SWITCH_KEYS.items():
        nearer = found[key][0] <= profile_level
        if merged[key] and (nearer or (profile is Profile.STRICT and check in VALUE_KEYS)):
            checks.append(check)
        elif check in VALUE_KEYS and check in checks and not merged[key]:
            raise UsageError(
                f"the check {check} has no value", f"give --{check}, or {key} in the policy"
            )
    return Criteria(
        profile,
        tuple(dict.fromkeys(checks)),
        merged["attack_path_level"] or RISKS[-1],
        merged["required_emails"] or (),
        merged["allowed_domains"] or (),
        merged["minimum_emails"],
    )


def _nearest(levels: Sequence[Settings], key: str) -> tuple[int, Any]:
    """Return the first of *levels* that sets *key*, by its index, and the value."""
    values = enumerate(getattr(level, key) for level in levels)
    return next((found for found in values if found[1] is not None), (len(levels), None))

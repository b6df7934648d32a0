"""Decide which waiver covers findings, and warn before one expires. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from contacts_audit.core.model import Finding, Waiver

WARN_BEFORE = timedelta(days=14)


def covering(waivers: Sequence[Waiver], findings: Sequence[Finding]) -> Waiver | None:
    """Return the one of *waivers* that expires first, None if they leave a finding uncovered."""
    used = [[one for one in waivers if one.check in (None, finding.check)] for finding in findings]
    if not findings or not all(used):
        return None
    return min((one for group in used for one in group), key=lambda one: one.expires)


def describe(waiver: Waiver) -> str:
    """Return what a warning calls *waiver*."""
    return f"the waiver of {waiver.of} ({waiver.reason}, {waiver.owner})"


def expiry_warnings(waiver: Waiver, day: date) -> list[str]:
    """Return a warning if *waiver* has expired on *day* (UTC), or expires within 14 days."""
    if waiver.expires < day:
        return [f"{describe(waiver)} expired on {waiver.expires} and does not count"]
    if waiver.expires - day <= WARN_BEFORE:
        return [f"{describe(waiver)} ends on {waiver.expires}"]
    return []

"""The command policy: validates a policy file. Also the list of all checks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import argument, grouped
from contacts_audit.cli.policy_source import load_policy
from contacts_audit.core.sanitize import sanitized

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy


class Action(StrEnum):
    """The actions on a policy file."""

    CHECK = "check"


@grouped
def policy(
    host: Host,
    action: Action = argument("check", "Check the file."),
    file: str = argument("FILE", "The policy file ('-': stdin)."),
) -> None:
    """
    Check a policy file offline, and report every mistake with its line.

    Exit codes: 0 the file is valid, 2 it is not.
    """
    from contacts_audit.audit.policy import expiry_warnings

    found = load_policy(host, PolicyOptions(policy=file), datetime.now(UTC))
    for waiver in found.waivers:
        for line in expiry_warnings(waiver, found.day):
            host.screen.warn(line)
    host.screen.stream(_lines(file, found))


def _lines(file: str, policy: "Policy") -> Iterator[str]:
    yield f"{sanitized(file)} is valid\n"
    yield f"  checks: {', '.join(policy.criteria.checks)}\n"
    for one in policy.overrides:
        of = one.subscription or f"management group {one.management_group}"
        checks = ", ".join(policy.criteria_of_override(one).checks)
        yield f"  override of {sanitized(of)}: {checks}\n"
    for waiver in policy.waivers:
        what = waiver.check or "all checks"
        yield f"  waiver of {sanitized(waiver.of)}: {what} until {waiver.expires}\n"


def checks_and_profiles() -> Iterator[str]:
    """Yield the table of all checks and the profiles that include them, and a remark."""
    from contacts_audit.audit.checks import DESCRIPTIONS
    from contacts_audit.audit.profiles import PROFILES, VALUE_KEYS
    from contacts_audit.core.model import Check
    from contacts_audit.report.table import aligned

    rows = [("CHECK", "PROFILES", "HOLDS WHEN")]
    for check, holds in DESCRIPTIONS.items():
        profiles = [profile for profile, checks in PROFILES.items() if check in checks]
        included = "any, with its value" if check in VALUE_KEYS else ", ".join(profiles) or "none"
        rows.append((check, included, holds))
    yield from aligned(rows)
    yield (
        f"{Check.ALLOWED_DOMAIN} and {Check.DELIVERABLE} judge the addresses that there are, and "
        f"hold if there is none: {Check.CONTACT_EMAIL} says whether there is one.\n"
    )

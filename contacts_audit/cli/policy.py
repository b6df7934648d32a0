"""The command policy: checks a policy file; and the list of checks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.judging import judged_by
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import PolicyOptions
from contacts_audit.core.sanitize import inert

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.core.model import Criteria


class Action(StrEnum):
    """What can be done with a policy file."""

    CHECK = "check"


@grouped
def policy(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(metavar="check", help="Check the file.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="The policy file ('-': stdin).")],
) -> None:
    """
    Check a policy file offline, and report every mistake with its line.

    Exit codes: 0 the file is valid, 2 it is not.
    """
    from contacts_audit.audit.waivers import expiry_warnings

    host: Host = context.obj
    found = judged_by(host, PolicyOptions(policy=file), datetime.now(UTC))
    for waiver in found.waivers:
        for line in expiry_warnings(waiver, found.day):
            host.screen.warn(line)
    host.screen.stream(_lines(file, found))


def _lines(file: str, policy: "Policy") -> Iterator[str]:
    yield f"{inert(file)} is valid\n"
    yield f"  checks: {_checks(policy.criteria)}\n"
    for one in policy.overrides:
        of = one.subscription or f"management group {one.management_group}"
        yield f"  override of {inert(of)}: {_checks(policy.criteria_of_override(one))}\n"
    for waiver in policy.waivers:
        what = waiver.check or "all checks"
        yield f"  waiver of {inert(waiver.of)}: {what} until {waiver.expires}\n"


def _checks(criteria: "Criteria") -> str:
    return ", ".join(criteria.checks)


def checks_and_profiles() -> Iterator[str]:
    """Yield the table of all checks, and which profiles hold them."""
    from contacts_audit.audit.checks import DESCRIPTIONS
    from contacts_audit.audit.profiles import PROFILES, VALUE_KEYS
    from contacts_audit.report.table import aligned

    rows = [("CHECK", "PROFILES", "HOLDS WHEN")]
    for check, holds in DESCRIPTIONS.items():
        profiles = [profile for profile, checks in PROFILES.items() if check in checks]
        told = "any, with its value" if check in VALUE_KEYS else ", ".join(profiles)
        rows.append((check, told, holds))
    yield from aligned(rows)

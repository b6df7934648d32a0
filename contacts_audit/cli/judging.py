"""Options and policy file become what is judged."""

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import PolicyOptions
from contacts_audit.errors import UsageError

LARGEST = 1024 * 1024  # tomllib takes a long time for long keys

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.policy import Policy
    from contacts_audit.scope import Scope


def judged_by(host: Host, given: PolicyOptions, now: datetime) -> "Policy":
    """
    Return what is judged, before anything is asked of Azure.

    Raises:
        UsageError: an option or the policy cannot be used.
    """
    from contacts_audit import mailbox, policyfile
    from contacts_audit.policy import Policy, Settings

    for text in given.required_email:
        if (why := mailbox.refusal(text)) is not None:
            message = f"--required-email: {text!r} is no address: {why}"
            raise UsageError(message, "give a@example.com")
    for text in given.allowed_domain:
        try:
            policyfile.domain(text)
        except (TypeError, ValueError) as error:
            raise UsageError(f"--allowed-domain: {text!r} is no domain", "example.com") from error
    asked = given.profile is not None or bool(given.check)
    options = Settings(
        given.profile,
        tuple(given.check) if asked else None,
        tuple(given.required_email) or None,
        tuple(given.allowed_domain) or None,
        given.minimum_emails,
        given.attack_path_level,
    )
    day = now.astimezone(UTC).date()
    if given.policy is None:
        policy = Policy(options, day=day)
    else:
        policy = policyfile.read(
            host.read(given.policy, "--policy", LARGEST), given.policy, options, day
        )
    if asked and given.profile is None:  # a check named here stands alone
        policy = replace(
            policy,
            top=replace(policy.top, profile=None),
            overrides=tuple(
                replace(one, settings=replace(one.settings, profile=None))
                for one in policy.overrides
            ),
        )
    _warn_of_unused(host, given, policy)
    return policy


def _warn_of_unused(host: Host, given: PolicyOptions, policy: "Policy") -> None:
    """Say which value was typed for a check that is not made."""
    values = {
        ("--required-email", "required-email"): given.required_email,
        ("--allowed-domain", "allowed-domain"): given.allowed_domain,
        ("--minimum-emails", "minimum-emails"): given.minimum_emails,
        ("--attack-path-level", "attack-paths"): given.attack_path_level,
    }
    judged = {check for criteria in policy.all_criteria for check in criteria.checks}
    for (option, check), value in values.items():
        if value and check not in judged:
            host.screen.warn(f"{option} is not judged -- add --check {check} or --profile strict")


def settled(host: Host, policy: "Policy", connection: "Connection", found: "Scope") -> "Policy":
    """
    Return *policy* with what it must know of management groups; say what is to be said of waivers.

    Raises:
        ContactsAuditError: a group cannot be read.
    """
    from contacts_audit.workers import apart

    groups = {}
    named = (one.management_group for one in policy.overrides if one.management_group is not None)
    for group in {name.casefold(): name for name in named}.values():
        read = functools.partial(connection.descendants, group)
        under = apart(read, deadline=connection.limits.deadline)
        groups[group.casefold()] = frozenset(under.subscriptions), frozenset(under.groups)
    for warning in policy.warnings(found.subscriptions):
        host.screen.warn(warning)
    return replace(policy, groups=groups)

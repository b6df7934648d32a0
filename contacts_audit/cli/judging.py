"""Builds the policy from options and the policy file."""

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import PolicyOptions
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check

LARGEST = 1024 * 1024  # tomllib takes a long time for long keys

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Override, Policy
    from contacts_audit.audit.scope import Scope
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Waiver


def judged_by(host: Host, given: PolicyOptions, now: datetime) -> "Policy":
    """
    Return what is judged, before anything is asked of Azure.

    Raises:
        UsageError: an option or the policy cannot be used.
    """
    from contacts_audit.audit.policy import Policy, Settings
    from contacts_audit.core import mailbox

    for text in given.required_email:
        if (why := mailbox.refusal(text)) is not None:
            message = f"--required-email: {text!r} is no address: {why}"
            raise UsageError(message, "give a@example.com")
    for text in given.allowed_domain:
        _check_domain(text)
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
        from contacts_audit.audit import policy_file

        policy = policy_file.read(
            host.read(given.policy, "--policy", LARGEST), given.policy, options, day
        )
    _warn_of_unused(host, given, policy)
    return policy


def _check_domain(text: str) -> None:
    """
    Check the value of `--allowed-domain`.

    Raises:
        UsageError: it is no domain.
    """
    from contacts_audit.audit import policy_file

    try:
        policy_file.domain(text)
    except (TypeError, ValueError) as error:
        raise UsageError(f"--allowed-domain: {text!r} is no domain", "example.com") from error


def _warn_of_unused(host: Host, given: PolicyOptions, policy: "Policy") -> None:
    """Say which value that somebody gave is judged nowhere."""
    from contacts_audit.audit.policy import VALUES

    judged = {check for criteria in policy.all_criteria for check in criteria.checks}
    said = [policy.top, *(one.settings for one in policy.overrides)]
    for check, key in {**VALUES, Check.ATTACK_PATHS: "attack_path_level"}.items():
        if check in judged:
            continue
        if check is Check.ATTACK_PATHS and given.attack_path_level is not None:
            host.screen.warn(f"--{key.replace('_', '-')} is not judged -- add --check {check}")
        elif any(getattr(one, key) for one in said):
            host.screen.warn(f"{given.policy}: {key} is not judged -- add --check {check}")


def settled(host: Host, policy: "Policy", connection: "Connection", found: "Scope") -> "Policy":
    """
    Return *policy* with what Azure knows of names and management groups; warn of its waivers.

    Raises:
        UsageError: several subscriptions have a name that it holds, or a check lacks its value.
        ContactsAuditError: a group cannot be read.
    """
    from contacts_audit.audit.policy import Under
    from contacts_audit.audit.scope import selector
    from contacts_audit.core.workers import apart

    exceptions: list[Override | Waiver] = [*policy.overrides, *policy.waivers]
    named = [selector(one.subscription, one.place) for one in exceptions if one.subscription]
    policy = replace(policy, ids=found.ids(named))
    groups = {}
    named_groups = (one.management_group for one in exceptions if one.management_group is not None)
    for group in {name.casefold(): name for name in named_groups}.values():
        read = functools.partial(connection.descendants, group)
        under = apart(read, deadline=connection.limits.deadline)
        groups[group.casefold()] = Under(frozenset(under.subscriptions), frozenset(under.groups))
    policy = replace(policy, groups=groups)
    policy.check()
    for warning in policy.warnings(found.subscriptions):
        host.screen.warn(warning)
    for one in named:
        if one.text not in policy.ids and (near := found.like(one)):
            host.screen.warn(f"{one.option}: no subscription is named {one.text!r} -- {near}")
    return policy

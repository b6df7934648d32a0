"""Builds what an audit judges by: the policy of options and file, and the answers of DNS."""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.checks import DnsOptions, PolicyOptions
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Check, Outcome, Subscription

LARGEST = 1024 * 1024  # bytes; tomllib is slow for long keys

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Override, Policy
    from contacts_audit.audit.scope import Scope
    from contacts_audit.azure.arm.client import Client
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Waiver
    from contacts_audit.mail.lookups import MailLookups


def load_policy(host: Host, given: PolicyOptions, now: datetime) -> "Policy":
    """
    Return the policy that options and the policy file describe; *now* decides what has expired.

    Raises:
        UsageError: an option or the policy file cannot be used.
    """
    from contacts_audit.audit.policy import Policy
    from contacts_audit.audit.profiles import Settings
    from contacts_audit.core import mailbox

    for text in given.required_email:
        if (why := mailbox.refusal(text)) is not None:
            message = f"--required-email: {text!r} is not an email address: {why}"
            raise UsageError(message, "give one like a@example.com")
    for text in given.allowed_domain:
        if not mailbox.is_domain(text):
            raise UsageError(
                f"--allowed-domain: {text!r} is not a domain", "give one like example.com"
            )
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


def _warn_of_unused(host: Host, given: PolicyOptions, policy: "Policy") -> None:
    """Warn of values of checks that nothing runs."""
    from contacts_audit.audit.profiles import SWITCH_KEYS

    judged = {check for criteria in policy.all_criteria for check in criteria.checks}
    said = [policy.top, *(one.settings for one in policy.overrides)]
    for check, key in {**SWITCH_KEYS, Check.ATTACK_PATHS: "attack_path_level"}.items():
        if check in judged:
            continue
        if check is Check.ATTACK_PATHS and given.attack_path_level is not None:
            host.screen.warn(f"--{key.replace('_', '-')} has no effect -- add --check {check}")
        elif any(getattr(one, key) for one in said):
            host.screen.warn(f"{given.policy}: {key} has no effect -- add --check {check}")


def resolve_policy(
    host: Host, policy: "Policy", connection: "Connection", found: "Scope"
) -> "Policy":
    """
    Return *policy* with names and management groups resolved in Azure; print its warnings.

    Raises:
        UsageError: a name in it is of several subscriptions, or a check lacks its value.
        ContactsAuditError: a management group cannot be read.
    """
    from contacts_audit.audit.policy import GroupMembers
    from contacts_audit.audit.selectors import parse_selector
    from contacts_audit.core.workers import in_thread

    exceptions: list[Override | Waiver] = [*policy.overrides, *policy.waivers]
    named = [parse_selector(one.subscription, one.place) for one in exceptions if one.subscription]
    policy = replace(policy, ids=found.resolve_names(named))
    groups = {}
    named_groups = (one.management_group for one in exceptions if one.management_group is not None)
    for group in {name.casefold(): name for name in named_groups}.values():
        read = functools.partial(connection.descendants, group)
        under = in_thread(read, deadline=connection.limits.deadline)
        groups[group.casefold()] = GroupMembers(
            frozenset(under.subscriptions), frozenset(under.groups)
        )
    policy = replace(policy, groups=groups)
    policy.check_values()
    for warning in policy.warnings(found.subscriptions):
        host.screen.warn(warning)
    for one in named:
        if one.text not in policy.ids and (near := found.suggestion(one)):
            host.screen.warn(f"{one.option}: no subscription is named {one.text!r} -- {near}")
    return policy


def mail_lookups(dns: DnsOptions, connection: "Connection") -> "MailLookups":
    """Return the lookups of a run. DNS is asked when the first address is judged, not before."""
    from contacts_audit.mail.lookups import MailLookups, from_dns, recorded
    from contacts_audit.mail.server_address import parse_server

    if connection.recorded is not None:
        return MailLookups(recorded(connection.mail))
    server = None if dns.dns_server is None else parse_server(dns.dns_server)
    keep = None if connection.recorder is None else connection.recorder.keep_mail
    return MailLookups(from_dns(dns.dns_timeout, server), keep)


def audited(
    connection: "Connection",
    client: "Callable[[Subscription], Client]",
    policy: "Policy",
    mail: "MailLookups",
    subscriptions: Iterable[Subscription],
) -> Iterator[Outcome]:
    """Yield the outcome of each of *subscriptions*, in their order, read through its *client*."""
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.unread import broken, out_of_time, unasked
    from contacts_audit.core.workers import in_order

    auditor = Auditor(client, policy, mail.answers)
    return in_order(
        lambda subscription: unasked(subscription) or auditor.audit(subscription),
        subscriptions,
        workers=connection.concurrency.limit,
        deadline=connection.limits.deadline,
        timed_out=lambda subscription: unasked(subscription) or out_of_time(subscription),
        broken=broken,
    )

"""After `apply`: audits again what was written, and reports what still fails."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import azure_words, run_of, tenant_words
from contacts_audit.cli.mail import mail_lookups
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.checks import DnsOptions
from contacts_audit.cli.options.groups import words
from contacts_audit.cli.wiring import for_each
from contacts_audit.core.model import Audited, Check, Criteria, Invocation, Profile, Run, Unread

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.deliverability import Lookup
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Outcome
    from contacts_audit.remediation.plan import PlanRow
    from contacts_audit.remediation.results import Result

CONFORMITY = Criteria(Profile.CONFORMITY, (Check.CONTACT_EMAIL,))


def report_failing(
    host: Host,
    connection: "Connection",
    azure: AzureOptions,
    dns: DnsOptions,
    rows: "Sequence[PlanRow]",
    results: "Sequence[Result]",
) -> None:
    """
    Audit the subscriptions that are as planned, and print what still fails, with a fix.

    Each is judged by the criteria of its row in the plan, or by `contact-email` without any.
    """
    from contacts_audit.audit.auditor import broken, out_of_time
    from contacts_audit.remediation.results import Status
    from contacts_audit.report.fix_command import command

    judged = {row.subscription.id: row.criteria for row in rows if row.criteria is not None}
    done = [one.subscription for one in results if one.status in (Status.DONE, Status.ALREADY)]
    look_up = mail_lookups(dns, connection).answers
    auditor = functools.cache(lambda criteria: _auditor(connection, criteria, look_up))
    outcomes = for_each(
        host,
        connection,
        done,
        lambda one: auditor(judged.get(one.id, CONFORMITY)).audit(one),
        out_of_time,
        broken,
    )
    for outcome in outcomes:
        criteria = judged.get(outcome.subscription.id, CONFORMITY)
        fix = command(outcome, _run(connection, criteria, azure, dns))
        if (line := _line(outcome, fix)) is not None:
            host.screen.log(line)


def _line(outcome: "Outcome", fix: str | None) -> str | None:
    """Return the line about *outcome*, None if it complies."""
    from contacts_audit.report.fix_command import blanks

    label = outcome.subscription.label
    match outcome:
        case Audited(findings=(_, *_) as findings):
            found = "; ".join(f"{one.check}: {one.message}" for one in findings)
            remarks = "".join(f" ({each})" for each in blanks(fix or ""))
            return f"{label}: still fails {found}{remarks}" + (f" -- {fix}" if fix else "")
        case Unread(fault=fault):
            return f"{label}: could not be judged after that: {fault.detail} -- {fault.hint}"
    return None


def _auditor(connection: "Connection", criteria: Criteria, look_up: "Lookup") -> "Auditor":
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.policy import Policy
    from contacts_audit.audit.profiles import Settings

    settings = Settings(
        None,
        criteria.checks,
        criteria.required_emails or None,
        criteria.allowed_domains or None,
        criteria.minimum_emails,
        criteria.attack_path_level,
    )
    return Auditor(connection.client, Policy(settings), look_up)


def _run(connection: "Connection", criteria: Criteria, azure: AzureOptions, dns: DnsOptions) -> Run:
    """Return a run by *criteria*, whose commands have the options of this one."""
    called = Invocation(
        scope=(),
        tenants=tenant_words(azure),
        others=(*_words(criteria), *words(dns, blank=""), *azure_words(azure)),
        endpoint=connection.cloud.arm,
    )
    return run_of(connection, criteria, datetime.now(UTC), called)


def _words(criteria: Criteria) -> list[str]:
    """Return *criteria* as options."""
    if replace(criteria, attack_path_level=CONFORMITY.attack_path_level) == CONFORMITY:
        return []
    pairs = [
        *(("--check", one) for one in criteria.checks),
        *(("--required-email", one) for one in criteria.required_emails),
        *(("--allowed-domain", one) for one in criteria.allowed_domains),
    ]
    if criteria.minimum_emails is not None:
        pairs.append(("--minimum-emails", str(criteria.minimum_emails)))
    if Check.ATTACK_PATHS in criteria.checks:
        pairs.append(("--attack-path-level", criteria.attack_path_level))
    return [word for pair in pairs for word in pair]

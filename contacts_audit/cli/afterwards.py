"""After `apply`: what still fails by the checks that count, and the command for it."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit import __version__
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import words
from contacts_audit.cli.options import CloudOptions, IdentityOptions
from contacts_audit.cli.plan import for_each
from contacts_audit.core.model import Audited, Check, Criteria, Invocation, Profile, Run, Unread

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Outcome
    from contacts_audit.remediation.plan import Planned
    from contacts_audit.remediation.tasks import Result

CONFORMITY = Criteria(Profile.CONFORMITY, (Check.CONTACT_EMAIL,))


def what_still_fails(
    host: Host,
    connection: "Connection",
    rows: "Sequence[Planned]",
    identity: IdentityOptions,
    cloud: CloudOptions,
) -> "Callable[[Sequence[Result]], None]":
    """
    Return what reads again those of the results that are as wished, and tells what still fails.

    Each is judged by the criteria of its row; by `contact-email`, where the plan does not tell.
    """
    judged = {row.subscription.id: row.judged.criteria for row in rows if row.judged is not None}

    def tell(results: "Sequence[Result]") -> None:
        from contacts_audit.audit.auditor import broken, out_of_time
        from contacts_audit.remediation.tasks import Status
        from contacts_audit.report.fix_command import command

        good = [one.subscription for one in results if one.status in (Status.DONE, Status.ALREADY)]
        auditor = functools.cache(lambda criteria: _auditor(connection, criteria))
        outcomes = for_each(
            host,
            connection,
            good,
            lambda one: auditor(judged.get(one.id, CONFORMITY)).audit(one),
            out_of_time,
            broken,
        )
        for outcome in outcomes:
            criteria = judged.get(outcome.subscription.id, CONFORMITY)
            fix = command(outcome, _run(connection, criteria, identity, cloud))
            if (line := _line(outcome, fix)) is not None:
                host.screen.log(line)

    return tell


def _line(outcome: "Outcome", fix: str | None) -> str | None:
    """Return what is to be said of *outcome*, None where all is well."""
    from contacts_audit.report.fix_command import blanks

    label = outcome.subscription.label
    match outcome:
        case Audited(findings=(_, *_) as findings):
            found = "; ".join(f"{one.check}: {one.message}" for one in findings)
            told = "".join(f" ({each})" for each in blanks(fix or ""))
            return f"{label}: still fails {found}{told}" + (f" -- {fix}" if fix else "")
        case Unread(fault=fault):
            return f"{label}: could not be judged after that: {fault.told} -- {fault.hint}"
    return None


def _auditor(connection: "Connection", criteria: Criteria) -> "Auditor":
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.policy import Policy, Settings

    said = Settings(
        None,
        criteria.checks,
        criteria.required_emails or None,
        criteria.allowed_domains or None,
        criteria.minimum_emails,
        criteria.attack_path_level,
    )
    return Auditor(connection.client, Policy(said))


def _run(
    connection: "Connection", criteria: Criteria, identity: IdentityOptions, cloud: CloudOptions
) -> Run:
    """Return the run whose commands judge by *criteria*, with the options of this one."""
    from contacts_audit.report.fix_command import FILE

    called = Invocation(
        scope=(),
        tenants=words(IdentityOptions(tenant=identity.tenant), blank=FILE),
        others=(
            *_words(criteria),
            *words(cloud, blank=FILE),
            *words(identity, "tenant", "auth_timeout", blank=FILE),
        ),
        endpoint=connection.cloud.arm,
    )
    return Run(
        __version__,
        datetime.now(UTC),
        connection.cloud.name,
        connection.tenant_ids(),
        criteria.profile,
        criteria.checks,
        connection.cloud.portal_url,
        invocation=called,
    )


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

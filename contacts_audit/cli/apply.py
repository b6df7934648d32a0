"""The command apply: makes changes one by one, verifies each, and audits again."""

import functools
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.invocation import azure_words, run_of, tenant_words
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import ChangeFormat, ChangeOptions, WriteOptions, change_of
from contacts_audit.cli.options.checks import DnsOptions, PolicyOptions
from contacts_audit.cli.options.declare import argument, grouped, printed_as, words
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.plan import planned
from contacts_audit.cli.policy_source import mail_lookups
from contacts_audit.cli.wiring import for_each
from contacts_audit.cli.writing import Writing, check_writing, connect_to, look_again
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.lock import locked
from contacts_audit.core.model import Audited, Check, Criteria, Invocation, Profile, Unread

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor, Lookup
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.plan import PlanRow
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.results import Result
    from contacts_audit.remediation.tasks import Item

CONFORMITY = Criteria(Profile.CONFORMITY, (Check.CONTACT_EMAIL,))


@grouped
def apply(
    host: Host,
    scope: ScopeOptions,
    changes: ChangeOptions,
    checks: PolicyOptions,
    write: WriteOptions,
    azure: AzureOptions,
    plan_file: str | None = argument("PLAN", "A plan saved by 'plan --save'.", None),
    output: ChangeFormat = printed_as(ChangeFormat),
) -> ExitCode:
    """
    Apply a saved plan, or the changes given as options. Backs up first, and verifies every write.

    Exit codes: 0 confirmed, 5 some not confirmed, 4 unreadable, 6 another apply or restore runs.
    """
    check_writing(host, azure.network, write)
    saved = None
    if plan_file is None:
        change_of(changes, host.typed)
    else:
        names = {item.name for group in (changes, scope, checks) for item in fields(group)}
        if host.typed & names:
            raise UsageError(
                "a saved plan has its own scope, changes and policy", "remove those options"
            )
        from contacts_audit.remediation.plan_file import read_plan

        saved = read_plan(host.read(plan_file, "PLAN", LARGEST_REPORT), plan_file)
    with locked(host.state_folder(write.state_dir)):
        if saved is None or plan_file is None:
            from contacts_audit.remediation.prepare import item_for

            connection, made = planned(host, scope, changes, checks, azure)
            items: Sequence[Item] = [item_for(row, made) for row in made.rows]
        else:
            made = saved
            connection, items = _reviewed(host, made, plan_file, azure)
        writing = Writing(host, connection, azure, write, output)
        recheck = functools.partial(_report_failing, host, connection, azure, checks.dns, made.rows)
        return writing.carry_out(made.origin, items, afterwards=recheck)


def _reviewed(
    host: Host, made: "Plan", name: str, azure: AzureOptions
) -> "tuple[Connection, Sequence[Item]]":
    """Read every row of the saved plan again, and compare."""
    from contacts_audit.remediation.prepare import review_row

    connection, here = connect_to(host, made.origin, name, azure)
    rows, today = {row.subscription: row for row in made.rows}, datetime.now(UTC).date()
    return connection, look_again(
        host, connection, rows, lambda reader, one: review_row(reader, rows[one], made, here, today)
    )


# After the writes: what still fails


def _report_failing(
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
    from contacts_audit.audit.unread import broken, out_of_time
    from contacts_audit.remediation.results import Status
    from contacts_audit.report.fix_command import blanks, command

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
        label = outcome.subscription.label
        match outcome:
            case Audited(findings=(_, *_) as findings):
                criteria = judged.get(outcome.subscription.id, CONFORMITY)
                others = (*_words(criteria), *words(dns), *azure_words(azure))
                called = Invocation((), tenant_words(azure), others, connection.cloud.arm)
                fix = command(outcome, run_of(connection, criteria, datetime.now(UTC), called))
                found = "; ".join(f"{one.check}: {one.message}" for one in findings)
                remarks = "".join(f" ({each})" for each in blanks(fix or ""))
                host.screen.log(
                    f"{label}: still fails {found}{remarks}" + (f" -- {fix}" if fix else "")
                )
            case Unread(fault=fault):
                why = f"{fault.detail} -- {fault.hint}"
                host.screen.log(f"{label}: could not be judged after that: {why}")


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


def _words(criteria: Criteria) -> list[str]:
    """Return *criteria* as options."""
    if replace(criteria, attack_path_level=CONFORMITY.attack_path_level) == CONFORMITY:
        return []
    asked = PolicyOptions(
        list(criteria.checks),
        required_email=list(criteria.required_emails),
        allowed_domain=list(criteria.allowed_domains),
        minimum_emails=criteria.minimum_emails,
    )
    looks = Check.ATTACK_PATHS in criteria.checks
    return [*words(asked), *(("--attack-path-level", criteria.attack_path_level) if looks else ())]

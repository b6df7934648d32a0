"""The command apply: makes changes one by one, and verifies each."""

import functools
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import ChangeFormat, ChangeOptions, WriteOptions, change_of
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import argument, grouped, printed_as
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.plan import planned
from contacts_audit.cli.recheck import report_failing
from contacts_audit.cli.writing import Writing, check_writing, connect_to, look_again
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.lock import locked

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.tasks import Item


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
        if host.typed & _names(changes, scope, checks):
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
        recheck = functools.partial(report_failing, host, connection, azure, checks.dns, made.rows)
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


def _names(*groups: Any) -> set[str]:
    return {item.name for group in groups for item in fields(group)}

"""The command apply: makes changes one by one, and verifies each."""

import functools
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import (
    ChangeFormat,
    ChangeOptions,
    ChangeOutput,
    WriteOptions,
    change_of,
    derives,
)
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import LogOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.plan import planned
from contacts_audit.cli.recheck import report_failing
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import for_each
from contacts_audit.cli.writing import LARGEST_FILE, Writing, check_writing, connect_to
from contacts_audit.core.errors import UsageError
from contacts_audit.core.lock import locked

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.tasks import Item


@grouped
def apply(
    context: typer.Context,
    scope: ScopeOptions,
    changes: ChangeOptions,
    checks: PolicyOptions,
    write: WriteOptions,
    log: LogOptions,
    azure: AzureOptions,
    plan_file: Annotated[
        str | None,
        typer.Argument(metavar="PLAN", help="A plan saved by 'plan --save'.", show_default=False),
    ] = None,
    output: ChangeOutput = ChangeFormat.TABLE,
) -> None:
    """
    Apply a saved plan, or the changes given as options. Backs up first, and verifies every write.

    Exit codes: 0 confirmed, 5 some not confirmed, 4 unreadable, 6 another apply or restore runs.
    """
    host: Host = context.obj
    check_writing(host, azure.network, write)
    log_to(host.screen, log)
    saved, derive = None, derives(context)
    if plan_file is None:
        change_of(changes, derived=derive)
    else:
        if _typed(context, changes, scope, checks):
            raise UsageError(
                "a saved plan has its own scope, changes and policy", "remove those options"
            )
        from contacts_audit.remediation.plan_file import read_plan

        saved = read_plan(host.read(plan_file, "PLAN", most=LARGEST_FILE), plan_file)
    with locked(host.state_folder(write.state_dir)):
        if saved is None or plan_file is None:
            from contacts_audit.remediation.prepare import item_for

            connection, made = planned(host, scope, changes, checks, azure, derive=derive)
            items: Sequence[Item] = [item_for(row, made) for row in made.rows]
        else:
            made = saved
            connection, items = _reviewed(host, made, plan_file, azure)
        writing = Writing(host, connection, azure, write, output)
        recheck = functools.partial(report_failing, host, connection, azure, checks.dns, made.rows)
        raise typer.Exit(writing.carry_out(made.origin, items, afterwards=recheck))


def _reviewed(
    host: Host, made: "Plan", name: str, azure: AzureOptions
) -> "tuple[Connection, Sequence[Item]]":
    """Read every row of the saved plan again, and compare."""
    from contacts_audit.audit.auditor import broken, out_of_time
    from contacts_audit.remediation.prepare import result_of, review_row, unreadable_row
    from contacts_audit.remediation.snapshot import SnapshotReader

    connection, here = connect_to(host, made.origin, name, azure)
    reader, today = SnapshotReader(connection.client), datetime.now(UTC).date()
    items = for_each(
        host,
        connection,
        made.rows,
        lambda row: review_row(reader, row, made, here, today),
        lambda row: result_of(unreadable_row(out_of_time(row.subscription))),
        lambda row, error: result_of(unreadable_row(broken(row.subscription, error))),
    )
    return connection, items


def _typed(context: typer.Context, *groups: Any) -> bool:
    """Say whether an option of *groups* was given on the command line, not by a variable."""
    names = (item.name for group in groups for item in fields(group))
    sources = (context.get_parameter_source(name) for name in names)
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)

"""The command restore: takes back what was written, and lists what can be taken back."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import (
    ChangeFormat,
    ChangeOutput,
    RestoreOptions,
    WriteOptions,
)
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import LogOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import for_each, selectors
from contacts_audit.cli.writing import LARGEST_FILE, Writing, check_writing, connect_to
from contacts_audit.core.errors import UsageError
from contacts_audit.core.lock import locked

if TYPE_CHECKING:
    from contacts_audit.azure.contacts.records import Snapshot
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.core.model import Subscription
    from contacts_audit.remediation.backup import Backup
    from contacts_audit.remediation.past_runs import PastRuns
    from contacts_audit.remediation.tasks import Item

Row = tuple["Subscription", "Snapshot"]


@grouped
def restore(
    context: typer.Context,
    chosen: RestoreOptions,
    write: WriteOptions,
    log: LogOptions,
    azure: AzureOptions,
    backup_file: Annotated[
        str | None,
        typer.Argument(
            metavar="BACKUP",
            help="A backup made by 'apply' or 'restore'. Without one, backups are listed.",
            show_default=False,
        ),
    ] = None,
    output: ChangeOutput = ChangeFormat.TABLE,
) -> None:
    """
    Restore the contacts in a backup, and verify every write. Without a backup, list the backups.

    Exit codes: 0 confirmed, 5 some not confirmed, 4 unreadable, 6 another apply or restore runs.
    """
    host: Host = context.obj
    log_to(host.screen, log)
    folder = host.state_folder(write.state_dir)
    if backup_file is None:
        if chosen != RestoreOptions():
            raise UsageError("no backup is given", "list them by 'contacts-audit restore'")
        _list(host, folder, output)
        return
    check_writing(host, azure.network, write)
    from contacts_audit.remediation.backup import read_backup
    from contacts_audit.remediation.past_runs import runs_since

    kept = read_backup(host.read(backup_file, "BACKUP", most=LARGEST_FILE), backup_file)
    rows = _rows(host, kept, chosen)
    with locked(folder):
        past_runs = runs_since(kept, folder, lambda path: _read(host, path))
        connection, here = connect_to(host, kept.origin, backup_file, azure)
        items = _compared(host, connection, rows, here, past_runs, chosen)
        writing = Writing(host, connection, azure, write, output)
        raise typer.Exit(writing.carry_out(kept.origin, items, restores=kept.digest))


def _compared(
    host: Host,
    connection: "Connection",
    rows: "Sequence[Row]",
    here: "dict[str, Subscription]",
    past_runs: "PastRuns",
    chosen: RestoreOptions,
) -> "list[Item]":
    """Read what each of *rows* shows now, and return what has to be done to restore it."""
    from contacts_audit.audit.auditor import broken, out_of_time
    from contacts_audit.remediation.prepare import compare_backup, result_of, unreadable_row
    from contacts_audit.remediation.snapshot import SnapshotReader

    reader = SnapshotReader(connection.client)
    compared = functools.partial(
        compare_backup, reader, recreate=chosen.recreate, overwrite=chosen.overwrite
    )
    return for_each(
        host,
        connection,
        rows,
        lambda row: compared(*row, here, past_runs),
        lambda row: result_of(unreadable_row(out_of_time(row[0]))),
        lambda row, error: result_of(unreadable_row(broken(row[0], error))),
    )


def _rows(
    host: Host, kept: "Backup", chosen: RestoreOptions
) -> "Sequence[tuple[Subscription, Snapshot]]":
    """
    Return the *chosen* rows of a backup, in its order.

    Raises:
        UsageError: a chosen subscription is not in it, or a name is of several.
        ContactsAuditError: no row is chosen.
    """
    from contacts_audit.audit.scope import resolve_scope
    from contacts_audit.audit.selectors import parse_selector

    scope = ScopeOptions(chosen.subscription, chosen.subscriptions_from)
    wanted = selectors(host, scope)
    unwanted = [parse_selector(text, "--exclude") for text in chosen.exclude]
    if wanted is None and not unwanted:
        return kept.rows
    try:
        found = resolve_scope([who for who, _ in kept.rows], wanted, unwanted)
    except UsageError as error:  # what is visible here is what the backup holds
        hint = error.hint.replace("visible are", "the backup holds")
        hint = hint.replace("that are visible", "in the backup")
        raise UsageError(str(error), hint) from error
    for warning in found.warnings:
        host.screen.warn(warning)
    for one in found.subscriptions:
        if not one.visible:
            raise UsageError(
                f"the backup holds no subscription {one.id}", "check the ids in the backup"
            )
    ids = {one.id for one in found.subscriptions}
    return [row for row in kept.rows if row[0].id in ids]


def _list(host: Host, folder: Path, output: ChangeFormat) -> None:
    """Print the backups in *folder*, and which files there are none."""
    from contacts_audit.remediation.backup import listed
    from contacts_audit.report import changes, markdown_table
    from contacts_audit.report.table import aligned

    backups, faults = listed(folder, lambda path: _read(host, path))
    if output is ChangeFormat.JSON:
        host.screen.data(changes.backup_json(folder, backups, faults))
    elif backups:
        # A table is not folded, so that file names can be copied.
        laid_out = aligned if output is ChangeFormat.TABLE else markdown_table.table
        host.screen.stream(laid_out(changes.backup_rows(backups)))
    else:
        host.screen.log(f"no backups in {folder}")
    for fault in faults:
        host.screen.log(f"{fault} -- skipped")


def _read(host: Host, path: Path) -> bytes:
    return host.read(str(path), "BACKUP", most=LARGEST_FILE)

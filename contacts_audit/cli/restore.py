"""The command restore: takes back what was written, and lists what can be taken back."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import ChangeFormat, RestoreOptions, WriteOptions
from contacts_audit.cli.options.declare import argument, grouped, printed_as
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.wiring import selectors
from contacts_audit.cli.writing import Writing, check_writing, connect_to, look_again
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.lock import locked

if TYPE_CHECKING:
    from contacts_audit.azure.contacts.records import Snapshot
    from contacts_audit.core.model import Subscription
    from contacts_audit.remediation.backup import Backup
    from contacts_audit.remediation.snapshot import SnapshotReader
    from contacts_audit.remediation.tasks import Item

Row = tuple["Subscription", "Snapshot"]


@grouped
def restore(
    host: Host,
    chosen: RestoreOptions,
    write: WriteOptions,
    azure: AzureOptions,
    backup_file: str | None = argument(
        "BACKUP", "A backup made by 'apply' or 'restore'. Without one, backups are listed.", None
    ),
    output: ChangeFormat = printed_as(ChangeFormat),
) -> ExitCode:
    """
    Restore the contacts in a backup, and verify every write. Without a backup, list the backups.

    Exit codes: 0 confirmed, 5 some not confirmed, 4 unreadable, 6 another apply or restore runs.
    """
    folder = host.state_folder(write.state_dir)
    azure.network.check_live()
    if backup_file is None:
        if chosen != RestoreOptions():
            raise UsageError("no backup is given", "list them by 'contacts-audit restore'")
        _list(host, folder, output)
        return ExitCode.CLEAN
    check_writing(host, azure.network, write)
    from contacts_audit.remediation.backup import read_backup
    from contacts_audit.remediation.past_runs import runs_since
    from contacts_audit.remediation.prepare import compare_backup

    kept = read_backup(host.read(backup_file, "BACKUP", LARGEST_REPORT), backup_file)
    rows = dict(_rows(host, kept, chosen))
    with locked(folder):
        past_runs = runs_since(kept, folder, functools.partial(_read, host))
        connection, here = connect_to(host, kept.origin, backup_file, azure)

        def compared(reader: "SnapshotReader", one: "Subscription") -> "Item":
            asked = {"recreate": chosen.recreate, "overwrite": chosen.overwrite}
            return compare_backup(reader, one, rows[one], here, past_runs, **asked)

        items = look_again(host, connection, rows, compared)
        writing = Writing(host, connection, azure, write, output)
        return writing.carry_out(kept.origin, items, restores=kept.digest)


def _rows(host: Host, kept: "Backup", chosen: RestoreOptions) -> "Sequence[Row]":
    """Return the *chosen* rows of a backup, in its order."""
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

    backups, faults = listed(folder, functools.partial(_read, host))
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
    return host.read(str(path), "BACKUP", LARGEST_REPORT)

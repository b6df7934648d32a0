"""The command that takes back what was written, and lists what can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.changing import ChangeFormat, Output, carried_out
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    ScopeOptions,
    TalkOptions,
    flag,
    option,
)
from contacts_audit.cli.plan import for_each
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import selectors
from contacts_audit.cli.wishes import WriteOptions
from contacts_audit.cli.writing import LARGEST_FILE, check_writing, connected, undo_command
from contacts_audit.core.errors import UsageError
from contacts_audit.core.files import locked

if TYPE_CHECKING:
    from contacts_audit.azure.contacts.records import Seen
    from contacts_audit.core.model import Subscription
    from contacts_audit.remediation.ledger import Backup


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What of a backup is restored, and at what cost; no variable says any of that."""

    subscription: Annotated[
        list[str],
        option(
            "--subscription",
            "-s",
            panel="Writing",
            metavar="ID_OR_NAME",
            help="Restore this subscription. Can be repeated. Default: all in the backup.",
        ),
    ] = field(default_factory=list)
    subscriptions_from: Annotated[
        list[str],
        option(
            "--subscriptions-from",
            panel="Writing",
            metavar="FILE",
            help="Restore those in FILE ('-': stdin), one per line. Can be repeated.",
        ),
    ] = field(default_factory=list)
    exclude: Annotated[
        list[str],
        option(
            "--exclude",
            panel="Writing",
            metavar="ID_OR_NAME",
            help="Leave this subscription out. Can be repeated.",
        ),
    ] = field(default_factory=list)
    recreate: Annotated[
        bool,
        flag(
            "--recreate",
            panel="Writing",
            help="Delete and write anew a contact whose telephone number Azure would keep.",
        ),
    ] = False
    overwrite: Annotated[
        bool,
        flag(
            "--overwrite",
            panel="Writing",
            help="Restore also what somebody else changed since; that change is lost.",
        ),
    ] = False


@grouped
def restore(
    context: typer.Context,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    write: WriteOptions,
    chosen: RestoreOptions,
    talk: TalkOptions,
    backup_file: Annotated[
        str | None,
        typer.Argument(
            metavar="BACKUP",
            help="A backup that 'apply' took. Without one, the backups are listed.",
            show_default=False,
        ),
    ] = None,
    output: Output = ChangeFormat.TABLE,
) -> None:
    """
    Put back what `apply` found before it wrote; without a backup, list the backups.

    Exit codes: 0 all is confirmed, 5 something is not, 4 some were unreadable, 6 another one runs.
    """
    host: Host = context.obj
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    folder = host.state_folder(write.state_dir)
    if backup_file is None:
        if chosen != RestoreOptions():
            raise UsageError("no backup is named", "'contacts-audit restore' alone lists them")
        _list(host, folder, output)
        return
    check_writing(host, network, write)
    from contacts_audit.remediation.backups import Kept, aftermath
    from contacts_audit.remediation.ledger import read_backup
    from contacts_audit.remediation.prepare import compare, stumbled, too_late
    from contacts_audit.remediation.snapshot import Surveyor

    kept = read_backup(host.read(backup_file, "BACKUP", most=LARGEST_FILE), backup_file)
    rows = _rows(host, kept, chosen)
    with locked(folder):
        after = aftermath(Kept(Path(backup_file), kept), folder, lambda path: _read(host, path))
        connection, here = connected(host, kept.origin, backup_file, identity, cloud, network)
        surveyor = Surveyor(connection.client)
        items = for_each(
            host,
            connection,
            rows,
            lambda row: compare(
                surveyor,
                *row,
                here,
                after,
                recreate=chosen.recreate,
                overwrite=chosen.overwrite,
            ),
            lambda row: too_late(row[0]),
            lambda row, error: stumbled(row[0], error),
        )
        undo = undo_command(identity, cloud, write)
        code = carried_out(
            host, connection, kept.origin, items, write, output, undo, restores=kept.digest
        )
        raise typer.Exit(code)


def _rows(
    host: Host, kept: "Backup", chosen: RestoreOptions
) -> "Sequence[tuple[Subscription, Seen]]":
    """
    Return the rows of a backup that were *chosen*, in its order.

    Raises:
        UsageError: something that is not in it was chosen, or several by one name.
        ContactsAuditError: none is left.
    """
    from contacts_audit.audit.scope import resolve, selector

    scope = ScopeOptions(chosen.subscription, chosen.subscriptions_from)
    wanted = selectors(host, scope)
    unwanted = [selector(text, "--exclude") for text in chosen.exclude]
    if wanted is None and not unwanted:
        return kept.rows
    try:
        found = resolve([who for who, _ in kept.rows], wanted, unwanted)
    except UsageError as error:  # what is visible here is what the backup holds
        hint = error.hint.replace("visible are", "the backup holds")
        hint = hint.replace("that are visible", "in the backup")
        raise UsageError(str(error), hint) from error
    for warning in found.warnings:
        host.screen.warn(warning)
    for one in found.subscriptions:
        if not one.visible:
            raise UsageError(f"the backup holds no subscription {one.id}", "look into it")
    ids = {one.id for one in found.subscriptions}
    return [row for row in kept.rows if row[0].id in ids]


def _list(host: Host, folder: Path, output: ChangeFormat) -> None:
    """Print which backups there are in *folder*, and tell of each file that is none."""
    from contacts_audit.remediation.backups import listed
    from contacts_audit.report import backups

    found = listed(folder, lambda path: _read(host, path))
    if output is ChangeFormat.JSON:
        host.screen.data(backups.as_json(found, folder))
    elif found.backups:
        table = backups.table if output is ChangeFormat.TABLE else backups.as_markdown
        host.screen.stream(table(found))
    else:
        host.screen.log(f"there is no backup in {folder}")
    for fault in found.faults:
        host.screen.log(f"{fault} -- it is left out")


def _read(host: Host, path: Path) -> bytes:
    return host.read(str(path), "BACKUP", most=LARGEST_FILE)

"""The commands apply and restore: write changes, and undo them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts_audit.cli.changing import ChangeFormat, Output, carried_out
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    PolicyOptions,
    ScopeOptions,
    TalkOptions,
    flag,
)
from contacts_audit.cli.plan import for_each, planned
from contacts_audit.cli.signing import introduce
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect
from contacts_audit.cli.wishes import WishOptions, WriteOptions, wish_of
from contacts_audit.core.errors import UsageError
from contacts_audit.core.files import locked
from contacts_audit.core.model import Subscription

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.ledger import Origin, Plan
    from contacts_audit.remediation.tasks import Item

LARGEST_FILE = 256 * 1024 * 1024


@grouped
def apply(
    context: typer.Context,
    scope: ScopeOptions,
    wish: WishOptions,
    policy: PolicyOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    write: WriteOptions,
    talk: TalkOptions,
    plan_file: Annotated[
        str | None,
        typer.Argument(metavar="PLAN", help="A plan saved by 'plan --save'.", show_default=False),
    ] = None,
    output: Output = ChangeFormat.TABLE,
) -> None:
    """
    Apply a saved plan, or the changes given as options. Backs up first, and verifies every write.

    Exit codes: 0 all confirmed, 5 something is not, 4 some were unreadable, 6 another run works.
    """
    host: Host = context.obj
    _check(host, network, write)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    if plan_file is None:
        wish_of(wish)
        with locked(host.state_folder(write.state_dir)):
            from contacts_audit.remediation.prepare import foreseen

            connection, made = planned(host, scope, wish, policy, identity, cloud, network)
            items: Sequence[Item] = [foreseen(row, made) for row in made.rows]
            raise typer.Exit(carried_out(host, connection, made.origin, items, write, output))
    if _typed(context, wish, scope, policy):
        raise UsageError("a plan has a scope, wish and policy of its own", "leave those out")
    from contacts_audit.remediation.ledger import read_plan

    made = read_plan(host.read(plan_file, "PLAN", most=LARGEST_FILE), plan_file)
    with locked(host.state_folder(write.state_dir)):
        connection, items = _reviewed(host, made, plan_file, identity, cloud, network)
        raise typer.Exit(carried_out(host, connection, made.origin, items, write, output))


def _reviewed(
    host: Host,
    made: "Plan",
    name: str,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
) -> "tuple[Connection, Sequence[Item]]":
    """Read again every row of the plan *made*, and compare."""
    from contacts_audit.remediation.prepare import review, stumbled, too_late
    from contacts_audit.remediation.snapshot import Surveyor

    connection, here = _connected(host, made.origin, name, identity, cloud, network)
    surveyor, today = Surveyor(connection.client), datetime.now(UTC).date()
    items = for_each(
        host,
        connection,
        made.rows,
        lambda row: review(surveyor, row, made, here, today),
        lambda row: too_late(row.subscription),
        lambda row, error: stumbled(row.subscription, error),
        network.workers,
    )
    return connection, items


@grouped
def restore(
    context: typer.Context,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    write: WriteOptions,
    talk: TalkOptions,
    backup_file: Annotated[str, typer.Argument(metavar="BACKUP", help="A backup made by 'apply'.")],
    output: Output = ChangeFormat.TABLE,
    recreate: Annotated[
        bool,
        flag(
            "--recreate",
            panel="Writing",
            help="Delete and create again a contact whose telephone number Azure would keep.",
        ),
    ] = False,
) -> None:
    """
    Restore contacts from the backup of an apply. Contacts that it created are deleted.

    Exit codes: 0 all confirmed, 5 something is not, 4 some were unreadable, 6 another run works.
    """
    host: Host = context.obj
    _check(host, network, write)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    from contacts_audit.remediation.ledger import read_backup
    from contacts_audit.remediation.prepare import compare, stumbled, too_late
    from contacts_audit.remediation.snapshot import Surveyor

    kept = read_backup(host.read(backup_file, "BACKUP", most=LARGEST_FILE), backup_file)
    with locked(host.state_folder(write.state_dir)):
        connection, here = _connected(host, kept.origin, backup_file, identity, cloud, network)
        surveyor = Surveyor(connection.client)
        items = for_each(
            host,
            connection,
            kept.rows,
            lambda row: compare(surveyor, *row, here, recreate=recreate),
            lambda row: too_late(row[0]),
            lambda row, error: stumbled(row[0], error),
            network.workers,
        )
        raise typer.Exit(carried_out(host, connection, kept.origin, items, write, output))


def _typed(context: typer.Context, *groups: Any) -> bool:
    """Say whether an option of *groups* stands on the command line; variables are for others."""
    names = (item.name for group in groups for item in fields(group))
    sources = (context.get_parameter_source(name) for name in names)
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def _check(host: Host, network: NetworkOptions, write: WriteOptions) -> None:
    """
    Check that writing is possible at all.

    Raises:
        UsageError: it is not.
    """
    if network.replay is not None:
        raise UsageError("a recording cannot be written to", "leave --replay out")
    host.state_folder(write.state_dir)
    if not write.yes and not host.asks:
        raise UsageError("nobody can be asked: stdin is no terminal", "add --yes")


def _connected(
    host: Host,
    origin: "Origin",
    name: str,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
) -> "tuple[Connection, dict[str, Subscription]]":
    """
    Sign in to where the file *name* is of, and return what is visible there.

    Raises:
        UsageError: it is of another cloud or tenant.
    """
    from contacts_audit.core.workers import apart

    connection = connect(host, identity, cloud, network)
    origin.check(connection.cloud, name)
    listed = apart(connection.visible, deadline=connection.limits.deadline)
    introduce(host, *connection.identities())
    missing = {*origin.tenants} - {*connection.tenant_ids()}
    if missing:
        raise UsageError(
            f"{name} is of tenant {min(missing)}, which was not signed in to",
            "give --tenant, or the credential that made it",
        )
    return connection, {subscription.id: subscription for subscription in listed}

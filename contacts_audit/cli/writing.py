"""The command apply: make changes, verified one by one."""

import shlex
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts_audit.cli.afterwards import what_still_fails
from contacts_audit.cli.changing import ChangeFormat, Output, Undo, carried_out
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped, words
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    PolicyOptions,
    ScopeOptions,
    TalkOptions,
)
from contacts_audit.cli.plan import for_each, planned
from contacts_audit.cli.signing import introduce
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect
from contacts_audit.cli.wishes import WishOptions, WriteOptions, derives, wish_of
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
    check_writing(host, network, write)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    undo = undo_command(identity, cloud, write)
    if plan_file is None:
        derive = derives(context)
        wish_of(wish, derived=derive)
        with locked(host.state_folder(write.state_dir)):
            from contacts_audit.remediation.prepare import foreseen

            connection, made = planned(
                host, scope, wish, policy, identity, cloud, network, derive=derive
            )
            items: Sequence[Item] = [foreseen(row, made) for row in made.rows]
            tell = what_still_fails(host, connection, made.rows, identity, cloud)
            code = carried_out(
                host, connection, made.origin, items, write, output, undo, afterwards=tell
            )
            raise typer.Exit(code)
    if _typed(context, wish, scope, policy):
        raise UsageError("a plan has a scope, wish and policy of its own", "leave those out")
    from contacts_audit.remediation.ledger import read_plan

    made = read_plan(host.read(plan_file, "PLAN", most=LARGEST_FILE), plan_file)
    with locked(host.state_folder(write.state_dir)):
        connection, items = _reviewed(host, made, plan_file, identity, cloud, network)
        tell = what_still_fails(host, connection, made.rows, identity, cloud)
        code = carried_out(
            host, connection, made.origin, items, write, output, undo, afterwards=tell
        )
        raise typer.Exit(code)


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

    connection, here = connected(host, made.origin, name, identity, cloud, network)
    surveyor, today = Surveyor(connection.client), datetime.now(UTC).date()
    items = for_each(
        host,
        connection,
        made.rows,
        lambda row: review(surveyor, row, made, here, today),
        lambda row: too_late(row.subscription),
        lambda row, error: stumbled(row.subscription, error),
    )
    return connection, items


def undo_command(identity: IdentityOptions, cloud: CloudOptions, write: WriteOptions) -> Undo:
    """Return what spells the command that takes back what is written, to be pasted into a shell."""
    from contacts_audit.report.fix_command import FILE

    folder = [] if write.state_dir is None else ["--state-dir", str(write.state_dir.absolute())]
    options = [
        *words(cloud, blank=FILE),
        *words(identity, "auth_timeout", blank=FILE),
        *folder,
    ]
    return lambda backup: shlex.join(
        ["contacts-audit", "restore", str(backup.absolute()), *options]
    )


def _typed(context: typer.Context, *groups: Any) -> bool:
    """Say whether an option of *groups* stands on the command line; variables are for others."""
    names = (item.name for group in groups for item in fields(group))
    sources = (context.get_parameter_source(name) for name in names)
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)


def check_writing(host: Host, network: NetworkOptions, write: WriteOptions) -> None:
    """
    Check that writing is possible at all.

    Raises:
        UsageError: it is not.
    """
    if network.replay is not None:
        raise UsageError(
            "a recording cannot be written to",
            "leave --replay out, and unset CONTACTS_AUDIT_REPLAY",
        )
    host.state_folder(write.state_dir)
    if not write.yes and not host.asks:
        raise UsageError("nobody can be asked: stdin is no terminal", "add --yes")


def connected(
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

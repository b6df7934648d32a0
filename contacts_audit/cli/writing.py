"""The commands that plan, write and take back: plan, apply, restore."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from contacts_audit.cli.groups import grouped
from contacts_audit.cli.host import Host
from contacts_audit.cli.judging import judged_by, settled
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    PolicyOptions,
    ScopeOptions,
    TalkOptions,
    flag,
    option,
    printed_as,
)
from contacts_audit.cli.screen import log_to
from contacts_audit.cli.signing import introduce
from contacts_audit.cli.wiring import connect, enter
from contacts_audit.cli.wishes import WishOptions, WriteOptions, wish_of
from contacts_audit.errors import ContactsAuditError, ExitCode, OutputError, UsageError
from contacts_audit.files import check_writable, locked, replace
from contacts_audit.model import Subscription

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.ledger import Origin, Plan
    from contacts_audit.planning import Intent, Planned
    from contacts_audit.preparing import Item
    from contacts_audit.remediate import Result, Status

LARGEST_FILE = 256 * 1024 * 1024
T = TypeVar("T")
R = TypeVar("R")


class ChangeFormat(StrEnum):
    """How changes are printed; the first is the default."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


Output = Annotated[ChangeFormat, printed_as(ChangeFormat)]


@grouped
def plan(
    context: typer.Context,
    scope: ScopeOptions,
    wish: WishOptions,
    policy: PolicyOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    talk: TalkOptions,
    output: Output = ChangeFormat.TABLE,
    save: Annotated[
        Path | None,
        option("--save", panel="Output", metavar="FILE", help="Save the plan for 'apply FILE'."),
    ] = None,
    curl: Annotated[
        bool, flag("--curl", panel="Output", help="Print the changes as curl commands.")
    ] = False,
) -> None:
    """
    Tell what `apply` would change, before and after; nothing is written to Azure.

    Exit codes: 0 nothing to do, 3 changes are pending, 4 some could not be read, 5 refused.
    """
    host: Host = context.obj
    wish_of(wish)
    if save is not None:
        check_writable(save)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    connection, made = _planned(host, scope, wish, policy, identity, cloud, network)
    from contacts_audit.planning import exit_code
    from contacts_audit.report import changes
    from contacts_audit.report import curl as shell

    render = {
        ChangeFormat.TABLE: lambda plan: changes.plan_table(plan, host.screen.terminal_width),
        ChangeFormat.JSON: changes.plan_json,
        ChangeFormat.MARKDOWN: changes.plan_markdown,
    }[output]
    if save is not None:
        replace(save, changes.plan_json(made))
    host.screen.stream(shell.plan_curl(made, connection.recorded) if curl else render(made))
    for row in made.rows:
        if row.fault is not None:
            host.screen.fault(row.subscription, row.fault)
    _sum_up(host, Counter(row.intent for row in made.rows))
    raise typer.Exit(exit_code(made.rows))


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
        typer.Argument(metavar="PLAN", help="A plan that 'plan --save' wrote.", show_default=False),
    ] = None,
    output: Output = ChangeFormat.TABLE,
) -> None:
    """
    Make a wish or a saved plan true: read again, back up, write one by one, read back.

    Exit codes: 0 all is confirmed, 5 something is not, 4 some were unreadable, 6 another one runs.
    """
    host: Host = context.obj
    _check(host, network, write)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    from contacts_audit.preparing import foreseen, review
    from contacts_audit.report import changes
    from contacts_audit.survey import Surveyor

    if plan_file is None:
        wish_of(wish)
        connection, made = _planned(host, scope, wish, policy, identity, cloud, network)
        items = [foreseen(row, made) for row in made.rows]
    elif _typed(context, wish, scope, policy):
        raise UsageError("a plan has a scope, wish and policy of its own", "leave those out")
    else:
        from contacts_audit.ledger import read_plan

        made = read_plan(host.read(plan_file, "PLAN", most=LARGEST_FILE), plan_file)
        connection, here = _connected(host, made.origin, plan_file, identity, cloud, network)
        surveyor = Surveyor(connection.client)
        items = _for_each(
            host,
            connection,
            made.rows,
            lambda row: review(surveyor, row, made, here),
            lambda row: _too_late(row.subscription),
            lambda row, error: _stumbled(row.subscription, error),
            network.workers,
        )
    question = "".join(changes.plan_table(made)) + _as_whom(connection)  # ids and all
    raise typer.Exit(_carried_out(host, connection, made.origin, items, write, question, output))


@grouped
def restore(
    context: typer.Context,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    write: WriteOptions,
    talk: TalkOptions,
    backup_file: Annotated[
        str, typer.Argument(metavar="BACKUP", help="A backup that 'apply' took.")
    ],
    output: Output = ChangeFormat.TABLE,
) -> None:
    """
    Put back what `apply` found before it wrote; what was not there is deleted.

    Exit codes: 0 all is confirmed, 5 something is not, 4 some were unreadable, 6 another one runs.
    """
    host: Host = context.obj
    _check(host, network, write)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    from contacts_audit.ledger import read_backup
    from contacts_audit.preparing import compare
    from contacts_audit.remediate import Task
    from contacts_audit.survey import Surveyor

    kept = read_backup(host.read(backup_file, "BACKUP", most=LARGEST_FILE), backup_file)
    connection, here = _connected(host, kept.origin, backup_file, identity, cloud, network)
    surveyor = Surveyor(connection.client)
    items = _for_each(
        host,
        connection,
        kept.rows,
        lambda row: compare(surveyor, *row, here),
        lambda row: _too_late(row[0]),
        lambda row, error: _stumbled(row[0], error),
        network.workers,
    )
    labels = [item.subscription.label for item in items if isinstance(item, Task)]
    question = "".join(f"restore  {label}\n" for label in labels) + _as_whom(connection)
    raise typer.Exit(_carried_out(host, connection, kept.origin, items, write, question, output))


def _as_whom(connection: "Connection") -> str:
    """Return who would write, as a line of the question."""
    return "".join(f"signed in as {one.label}\n" for one in connection.identities())


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


def _planned(
    host: Host,
    scope: ScopeOptions,
    wish: WishOptions,
    policy: PolicyOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
) -> "tuple[Connection, Plan]":
    """Read all subscriptions in scope, and plan."""
    judged = judged_by(host, policy, datetime.now(UTC))
    connection, found = enter(host, scope, identity, cloud, network)
    from contacts_audit import preparing
    from contacts_audit.audit import Auditor, broken, out_of_time, unasked
    from contacts_audit.ledger import Origin, Plan
    from contacts_audit.survey import Surveyor

    surveyor, wanted = Surveyor(connection.client), wish_of(wish)
    judged = settled(host, judged, connection, found)
    auditor = Auditor(connection.client, judged)

    def work(subscription: Subscription) -> "Planned":
        budget = connection.client(subscription).limits.until()
        if wish.failing_only or judged.may_waive(subscription):
            outcome = preparing.left_alone(
                auditor.within(budget), subscription, failing_only=wish.failing_only
            )
            if outcome is not None:
                return outcome
        return preparing.plan(surveyor.within(budget), subscription, wanted, wish.api_version)

    def late(subscription: Subscription) -> "Planned":
        if unasked(subscription) is not None:
            return work(subscription)
        return preparing.unread(out_of_time(subscription))

    def stumbled(subscription: Subscription, error: Exception) -> "Planned":
        return preparing.unread(broken(subscription, error))

    rows = _for_each(host, connection, found.subscriptions, work, late, stumbled, network.workers)
    origin = Origin.of(connection.cloud, connection.tenant_ids())
    return connection, Plan(origin, wanted, wish.api_version, tuple(rows))


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
    from contacts_audit.workers import apart

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


def _for_each(
    host: Host,
    connection: "Connection",
    items: Collection[T],
    work: Callable[[T], R],
    late: Callable[[T], R],
    broken: Callable[[T, Exception], R],
    workers: int,
) -> list[R]:
    """Return what *work* makes of each of *items*, in parallel."""
    from contacts_audit.workers import in_order

    done: Iterator[R] = in_order(
        work,
        items,
        workers=workers,
        deadline=connection.limits.deadline,
        late=late,
        broken=broken,
    )
    return list(host.screen.progress(done, len(items)))


def _too_late(subscription: Subscription) -> "Item":
    from contacts_audit.remediate import Result, Status

    return Result(subscription, Status.UNREADABLE, "the run's deadline passed")


def _stumbled(subscription: Subscription, error: Exception) -> "Item":
    from contacts_audit.audit import broken
    from contacts_audit.remediate import Result, Status

    found = broken(subscription, error).fault
    message = f"{found.reason}: {found.told} -- {found.hint}"
    return Result(subscription, Status.UNREADABLE, message)


def _carried_out(
    host: Host,
    connection: "Connection",
    origin: "Origin",
    items: "Sequence[Item]",
    write: WriteOptions,
    question: str,
    output: ChangeFormat,
) -> ExitCode:
    """Back up, ask, write, and tell; nothing of that where nothing is to be written."""
    from contacts_audit.ledger import Backup, Journal, backup_document
    from contacts_audit.remediate import Remedy, Result, Status, Task
    from contacts_audit.survey import Surveyor

    tasks = [item for item in items if isinstance(item, Task)]
    if not tasks:
        nothing = [item for item in items if isinstance(item, Result)]
        return _told(host, connection, nothing, output)
    folder, stamp = (
        host.state_folder(write.state_dir),
        datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f"),
    )
    with locked(folder):
        backup = folder / f"backup-{stamp}.json"
        kept = Backup(origin, tuple((task.subscription, task.before) for task in tasks))
        replace(backup, _spelt(backup_document(kept)))
        host.screen.log(f"backup: {backup}")
        if write.max_changes is not None and len(tasks) > write.max_changes:
            message = f"{len(tasks)} would change, more than --max-changes {write.max_changes}"
            results = [
                Result(item.subscription, Status.NOT_SENT, message)
                if isinstance(item, Task)
                else item
                for item in items
            ]
            return _told(host, connection, results, output, backup)
        if not write.yes and not host.agreed(f"{question}Change {len(tasks)}? [y/N] "):
            raise ContactsAuditError("nothing was sent")
        journal = Journal(folder / f"journal-{stamp}.jsonl")
        host.screen.log(f"journal: {journal.path}")
        surveyor = Surveyor(connection.client)
        with host.ending.gently():
            remedy = Remedy(connection.client, surveyor, journal, host.ending.asked)
            results, failure = _collected(remedy.run(items), items)
            code = _told(host, connection, results, output, backup, journal.path, host.ending.first)
            if failure is not None:
                raise failure
            return code


def _collected(
    coming: "Iterator[Result]", items: "Sequence[Item]"
) -> "tuple[list[Result], OutputError | None]":
    """Return the results, whole also where the journal could not be written in the middle."""
    from contacts_audit.remediate import Result, Status

    results: list[Result] = []
    try:
        results.extend(coming)
    except OutputError as error:
        for item in items[len(results) :]:
            if isinstance(item, Result):
                results.append(item)
            else:
                first = not any(one.status is Status.UNKNOWN for one in results)
                status = Status.UNKNOWN if first else Status.NOT_SENT
                results.append(Result(item.subscription, status, str(error)))
        return results, error
    return results, None


def _told(
    host: Host,
    connection: "Connection",
    results: "Sequence[Result]",
    output: ChangeFormat,
    backup: Path | None = None,
    journal: Path | None = None,
    ended: ExitCode | None = None,
) -> ExitCode:
    """Tell what became of each subscription; a run that was *ended* ends by that code."""
    from contacts_audit.remediate import exit_code
    from contacts_audit.report import changes

    code = exit_code(results) if ended is None else ended
    if output is ChangeFormat.JSON:
        who = connection.identities()
        host.screen.data(
            changes.result_json(results, backup=backup, journal=journal, code=code, identities=who)
        )
    else:
        table = output is ChangeFormat.TABLE
        width = host.screen.terminal_width
        host.screen.stream(
            changes.result_table(results, width) if table else changes.result_markdown(results)
        )
    _sum_up(host, Counter(result.status for result in results))
    return code


def _sum_up(host: Host, counted: "Counter[Intent] | Counter[Status]") -> None:
    counts = ", ".join(f"{number} {what}" for what, number in counted.items())
    total = counted.total()
    host.screen.note(f"{total} {'subscription' if total == 1 else 'subscriptions'}: {counts}")


def _spelt(document: dict[str, object]) -> list[str]:
    import json

    return [json.dumps(document, indent=2) + "\n"]

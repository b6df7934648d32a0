"""The command plan: shows what apply would change; writes nothing to Azure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from contacts_audit.cli.changing import ChangeFormat, Output, sum_up
from contacts_audit.cli.from_report import reported_by
from contacts_audit.cli.host import Host
from contacts_audit.cli.judging import judged_by, settled
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    PolicyOptions,
    ScopeOptions,
    TalkOptions,
    flag,
    option,
)
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import enter
from contacts_audit.cli.wishes import WishOptions, derives, wish_of
from contacts_audit.core.files import check_writable, replace
from contacts_audit.core.model import Subscription

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.ledger import Plan
    from contacts_audit.remediation.plan import Planned

T = TypeVar("T")
R = TypeVar("R")


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
        option(
            "--save",
            panel="Output",
            metavar="FILE",
            help="Save the plan to FILE, for 'apply FILE'.",
        ),
    ] = None,
    curl: Annotated[
        bool, flag("--curl", panel="Output", help="Print the changes as curl commands.")
    ] = False,
) -> None:
    """
    Show what apply would change, before and after. Nothing is written to Azure.

    Exit codes: 0 nothing to change, 3 there are changes to make, 4 some were unreadable, 5 refused.
    """
    host: Host = context.obj
    derive = derives(context)
    wish_of(wish, derived=derive)
    if save is not None:
        check_writable(save)
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    connection, made = planned(host, scope, wish, policy, identity, cloud, network, derive=derive)
    from contacts_audit.remediation.plan import Intent, exit_code
    from contacts_audit.report import changes
    from contacts_audit.report import curl as shell

    document = "".join(changes.plan_json(made))  # one: it says when it was made
    if save is not None:
        replace(save, [document])
    shown = made if talk.verbose or talk.debug else changes.urgent(made)
    if curl:
        host.screen.stream(shell.plan_curl(made, connection.recorded))
    elif output is ChangeFormat.JSON:
        host.screen.data(document)
    elif output is ChangeFormat.MARKDOWN:
        host.screen.stream(changes.plan_markdown(shown))
    else:
        host.screen.stream(changes.plan_table(shown, host.screen.terminal_width))
    for row in made.rows:
        if row.fault is not None:
            host.screen.fault(row.subscription, row.fault)
        elif row.intent is Intent.REFUSED:
            host.screen.log(f"{row.subscription.label}: {row.intent}: {row.told}")
    sum_up(host, Counter(row.intent for row in made.rows))
    raise typer.Exit(exit_code(made.rows))


def planned(
    host: Host,
    scope: ScopeOptions,
    wish: WishOptions,
    policy: PolicyOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    network: NetworkOptions,
    *,
    derive: bool,
) -> "tuple[Connection, Plan]":
    """Read all subscriptions in scope, and plan; *derive* what the failing ones need."""
    report = None if wish.from_report is None else reported_by(host, wish.from_report)
    if report is not None:
        scope = report.scope(scope)
    judged = judged_by(host, policy, datetime.now(UTC))
    if report is not None:
        judged = report.judged(judged, policy)
    connection, found = enter(host, scope, identity, cloud, network)
    from contacts_audit.audit.auditor import Auditor, broken, out_of_time, unasked
    from contacts_audit.core.model import Audited
    from contacts_audit.remediation import prepare
    from contacts_audit.remediation.ledger import Origin, Plan
    from contacts_audit.remediation.snapshot import Surveyor
    from contacts_audit.report.json_ import time_of

    if report is not None:
        report.check(connection)
    surveyor, wanted = Surveyor(connection.client), wish_of(wish, derived=derive)
    judged = settled(host, judged, connection, found)
    auditor = Auditor(connection.client, judged)

    def work(subscription: Subscription) -> "Planned":
        return prepare.with_verdict(
            decided(subscription), auditor, judged.criteria_of(subscription)
        )

    def decided(subscription: Subscription) -> "Planned":
        budget = connection.client(subscription).limits.until()
        within, failing = surveyor.within(budget), None
        looks = wish.of_failing or judged.may_waive(subscription)
        if looks and unasked(subscription) is None:
            outcome = auditor.within(budget).audit(subscription)
            row = prepare.left_alone(outcome, within, subscription, failing_only=wish.of_failing)
            if row is not None:
                return row
            failing = outcome if derive and isinstance(outcome, Audited) else None
        return prepare.plan(within, subscription, wanted, wish.api_version, failing)

    def late(subscription: Subscription) -> "Planned":
        if unasked(subscription) is not None:
            return work(subscription)
        return prepare.unread(out_of_time(subscription))

    def stumbled(subscription: Subscription, error: Exception) -> "Planned":
        return prepare.unread(broken(subscription, error))

    rows = for_each(host, connection, found.subscriptions, work, late, stumbled)
    origin = Origin.of(connection.cloud, connection.tenant_ids())
    return connection, Plan(
        origin, wanted, wish.api_version, tuple(rows), time_of(connection.recorded)
    )


def for_each(
    host: Host,
    connection: "Connection",
    items: Collection[T],
    work: Callable[[T], R],
    late: Callable[[T], R],
    broken: Callable[[T, Exception], R],
) -> list[R]:
    """Return what *work* makes of each of *items*, in parallel."""
    from contacts_audit.core.workers import in_order

    done: Iterator[R] = in_order(
        work,
        items,
        workers=connection.width.limit,
        deadline=connection.limits.deadline,
        late=late,
        broken=broken,
    )
    return list(host.screen.progress(done, len(items)))

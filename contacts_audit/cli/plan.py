"""The command plan: shows what apply would change; writes nothing to Azure."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.mail import mail_lookups
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import (
    ChangeFormat,
    ChangeOptions,
    ChangeOutput,
    change_of,
    derives,
)
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import OUTPUT
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import LogOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.policy_source import load_policy, resolve_policy
from contacts_audit.cli.report_input import EarlierReport
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect_and_select, for_each
from contacts_audit.cli.writing import print_summary
from contacts_audit.core.files import replace
from contacts_audit.core.model import Change, Subscription
from contacts_audit.core.writable import check_writable

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.plan import PlanRow
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.snapshot import SnapshotReader


@grouped
def plan(
    context: typer.Context,
    scope: ScopeOptions,
    changes: ChangeOptions,
    checks: PolicyOptions,
    log: LogOptions,
    azure: AzureOptions,
    output: ChangeOutput = ChangeFormat.TABLE,
    save: Annotated[
        Path | None, OUTPUT("--save FILE", "Save the plan to FILE, for 'apply FILE'.")
    ] = None,
    curl: Annotated[bool, OUTPUT("--curl", "Print the changes as curl commands.")] = False,
) -> None:
    """
    Show what apply would change, before and after. Nothing is written to Azure.

    Exit codes: 0 nothing to change, 3 changes to make, 4 some unreadable, 5 some refused.
    """
    host: Host = context.obj
    derive = derives(context)
    change_of(changes, derived=derive)
    if save is not None:
        check_writable(save)
    log_to(host.screen, log)
    connection, made = planned(host, scope, changes, checks, azure, derive=derive)
    from contacts_audit.remediation.plan import exit_code
    from contacts_audit.report.changes import plan_json
    from contacts_audit.report.curl import plan_curl

    document = "".join(plan_json(made))  # once: it holds the time
    if save is not None:
        replace(save, [document])
    if curl:
        host.screen.stream(plan_curl(made, connection.recorded))
    elif output is ChangeFormat.JSON:
        host.screen.data(document)
    else:
        _print(host, made, output, every_row=log.verbose or log.debug)
    _report_rows(host, made)
    raise typer.Exit(exit_code(made.rows))


def _print(host: Host, made: "Plan", output: ChangeFormat, *, every_row: bool) -> None:
    """Print the table of a plan; rows without a change only where *every_row* is wanted."""
    from contacts_audit.report import changes
    from contacts_audit.report.table import folded

    shown = made if every_row else changes.urgent(made)
    if output is ChangeFormat.MARKDOWN:
        host.screen.stream(changes.plan_markdown(shown))
    else:
        width = host.screen.terminal_width
        host.screen.stream(folded(changes.plan_rows(shown, brief=width is not None), width))


def _report_rows(host: Host, made: "Plan") -> None:
    """Print why rows were not planned, and how many rows there are of each kind."""
    from contacts_audit.remediation.plan import Intent

    for row in made.rows:
        if row.fault is not None:
            host.screen.fault(row.subscription, row.fault)
        elif row.intent is Intent.REFUSED:
            host.screen.log(f"{row.subscription.label}: {row.intent}: {row.detail}")
    print_summary(host, Counter(row.intent for row in made.rows))


def planned(
    host: Host,
    scope: ScopeOptions,
    changes: ChangeOptions,
    checks: PolicyOptions,
    azure: AzureOptions,
    *,
    derive: bool,
) -> "tuple[Connection, Plan]":
    """
    Read all subscriptions in scope, and plan *changes*.

    With *derive*, what the failing checks of a subscription need is changed, too.

    Raises:
        ContactsAuditError: an option cannot be used, or nothing could be listed.
    """
    report = changes.from_report and EarlierReport.read(host, changes.from_report)
    if report:
        scope = report.scope(scope)
    policy = load_policy(host, checks, datetime.now(UTC))
    if report:
        policy = report.policy(policy, checks)
    connection, found = connect_and_select(host, scope, azure)
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.remediation.file_format import Origin
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.snapshot import SnapshotReader
    from contacts_audit.report.json_ import time_of

    if report:
        report.check(connection)
    policy = resolve_policy(host, policy, connection, found)
    change = change_of(changes, derived=derive)
    look_up = mail_lookups(checks.dns, connection).answers
    auditor, reader = Auditor(connection.client, policy, look_up), SnapshotReader(connection.client)
    planner = _Planner(connection, policy, auditor, reader, changes, change, derive)
    rows = planner.rows(host, found.subscriptions)
    cloud, tenants = connection.cloud, connection.tenant_ids()
    origin = Origin(cloud.name, cloud.arm, tuple(tenants))
    recorded = time_of(connection.recorded)
    return connection, Plan(origin, change, changes.api_version, tuple(rows), recorded)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans the changes of single subscriptions."""

    connection: "Connection"
    policy: "Policy"
    auditor: "Auditor"
    reader: "SnapshotReader"
    options: ChangeOptions
    change: Change
    derive: bool

    def rows(self, host: Host, subscriptions: Collection[Subscription]) -> "list[PlanRow]":
        """Return the rows of all *subscriptions*, in their order."""
        from contacts_audit.audit.auditor import broken
        from contacts_audit.remediation.prepare import unreadable_row

        return for_each(
            host,
            self.connection,
            subscriptions,
            self._row,
            self._late,
            lambda subscription, error: unreadable_row(broken(subscription, error)),
        )

    def _row(self, subscription: Subscription) -> "PlanRow":
        """Return the row of *subscription*, with what its checks say."""
        from contacts_audit.remediation.prepare import with_verdict

        row = self._decided(subscription)
        return with_verdict(row, self.auditor, self.policy.criteria_of(subscription))

    def _late(self, subscription: Subscription) -> "PlanRow":
        """Return the row of *subscription*, which the deadline left out."""
        from contacts_audit.audit.auditor import out_of_time, unasked
        from contacts_audit.remediation.prepare import unreadable_row

        if unasked(subscription) is not None:
            return self._row(subscription)
        return unreadable_row(out_of_time(subscription))

    def _decided(self, subscription: Subscription) -> "PlanRow":
        from contacts_audit.audit.auditor import unasked
        from contacts_audit.remediation import prepare

        budget = self.connection.client(subscription).limits.until()
        failing_only, outcome = self.options.of_failing, None
        looks = failing_only or self.policy.has_waiver(subscription)
        if looks and unasked(subscription) is None:
            outcome = self.auditor.within(budget).audit(subscription)
        return prepare.plan(
            self.reader.within(budget),
            subscription,
            self.change,
            self.options.api_version,
            outcome,
            failing_only=failing_only,
            derive=self.derive,
        )

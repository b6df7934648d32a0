"""The command plan: shows what apply would change; writes nothing to Azure."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.changes import ChangeFormat, ChangeOptions, change_of, derives
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import OUTPUT, grouped, printed_as
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.policy_source import load_policy, mail_lookups, resolve_policy
from contacts_audit.cli.report_input import FROM_REPORT, EarlierReport, read_report
from contacts_audit.cli.wiring import connect_and_select, for_each
from contacts_audit.cli.writing import print_summary
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.files import check_writable, replace
from contacts_audit.core.model import Change, Subscription

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.plan import PlanRow
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.snapshot import SnapshotReader


@grouped
def plan(
    host: Host,
    scope: ScopeOptions,
    changes: ChangeOptions,
    checks: PolicyOptions,
    azure: AzureOptions,
    output: ChangeFormat = printed_as(ChangeFormat),
    save: Path | None = OUTPUT("--save FILE", "Save the plan to FILE, for 'apply FILE'."),
    curl: bool = OUTPUT("--curl", "Print the changes as curl commands."),
) -> ExitCode:
    """
    Show what apply would change, before and after. Nothing is written to Azure.

    Exit codes: 0 nothing to change, 3 changes to make, 4 some unreadable, 5 some refused.
    """
    change_of(changes, host.typed)
    if save is not None:
        check_writable(save)
    connection, made = planned(host, scope, changes, checks, azure)
    from contacts_audit.remediation.plan import exit_code
    from contacts_audit.report import changes as report
    from contacts_audit.report.curl import plan_curl
    from contacts_audit.report.table import folded

    document = "".join(report.plan_json(made))  # once: it holds the time
    if save is not None:
        replace(save, [document])
    if curl:
        host.screen.stream(plan_curl(made, connection.recorded))
    elif output is ChangeFormat.JSON:
        host.screen.data(document)
    else:
        shown = made if azure.log.verbose or azure.log.debug else report.urgent(made)
        if output is ChangeFormat.MARKDOWN:
            host.screen.stream(report.plan_markdown(shown))
        else:
            width = host.screen.terminal_width
            host.screen.stream(folded(report.plan_rows(shown, brief=width is not None), width))
    _report_rows(host, made)
    return exit_code(made.rows)


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
) -> "tuple[Connection, Plan]":
    """
    Read all subscriptions in scope, and plan *changes*.

    Raises:
        ContactsAuditError: an option cannot be used, or nothing could be listed.
    """
    policy, report = load_policy(host, checks, datetime.now(UTC)), None
    if name := changes.from_report:
        report = EarlierReport(read_report(host, name, FROM_REPORT), f"{FROM_REPORT} {name}")
        scope, policy = report.scope(scope), report.policy(policy, checks)
    connection, found = connect_and_select(host, scope, azure)
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.unread import broken, out_of_time, unasked
    from contacts_audit.remediation.file_format import Origin
    from contacts_audit.remediation.plan_file import Plan
    from contacts_audit.remediation.prepare import unreadable_row
    from contacts_audit.remediation.snapshot import SnapshotReader
    from contacts_audit.report.json_ import time_of

    if report:
        report.check(connection)
    policy = resolve_policy(host, policy, connection, found)
    change = change_of(changes, host.typed)
    look_up = mail_lookups(checks.dns, connection).answers
    auditor, reader = Auditor(connection.client, policy, look_up), SnapshotReader(connection.client)
    planner = _Planner(connection, policy, auditor, reader, changes, change, derives(host.typed))
    rows = for_each(
        host,
        connection,
        found.subscriptions,
        planner.row,
        lambda one: planner.row(one) if unasked(one) else unreadable_row(out_of_time(one)),
        lambda one, error: unreadable_row(broken(one, error)),
    )
    origin = Origin(connection.cloud.name, connection.cloud.arm, connection.tenant_ids())
    made = Plan(origin, change, changes.api_version, tuple(rows), time_of(connection.recorded))
    return connection, made


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

    def row(self, subscription: Subscription) -> "PlanRow":
        """Return the row of *subscription*, with what its checks say."""
        from contacts_audit.remediation.prepare import with_verdict

        row = self._decided(subscription)
        return with_verdict(row, self.auditor, self.policy.criteria_of(subscription))

    def _decided(self, subscription: Subscription) -> "PlanRow":
        from contacts_audit.audit.unread import unasked
        from contacts_audit.remediation import prepare

        budget = self.connection.client(subscription).limits.until()
        failing_only = self.options.failing_only or self.options.from_report is not None
        looks, outcome = failing_only or self.policy.has_waiver(subscription), None
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

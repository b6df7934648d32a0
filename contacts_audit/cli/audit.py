"""The command audit: a verdict for every subscription."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import invocation, run_of
from contacts_audit.cli.mail import mail_lookups
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import CHECKS, OUTPUT
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import LogOptions, OutputOptions
from contacts_audit.cli.options.scope import RunId, ScopeOptions
from contacts_audit.cli.output import print_report, printing_of
from contacts_audit.cli.policy import checks_and_profiles
from contacts_audit.cli.policy_source import load_policy, resolve_policy
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import connect_and_select
from contacts_audit.core.model import Outcome, Subscription

if TYPE_CHECKING:
    from contacts_audit.audit.auditor import Auditor
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection


@dataclass(frozen=True, slots=True)
class InfoOptions:
    """What is printed instead of an audit."""

    json_schema: Annotated[
        bool, OUTPUT("--json-schema", "Print the JSON Schema of the report, and exit.")
    ] = False
    list_checks: Annotated[
        bool, CHECKS("--list-checks", "List the checks and profiles, and exit.")
    ] = False


@grouped
def audit(
    context: typer.Context,
    scope: ScopeOptions,
    checks: PolicyOptions,
    output: OutputOptions,
    info: InfoOptions,
    log: LogOptions,
    azure: AzureOptions,
    run_id: RunId = None,
) -> None:
    """
    Check every subscription for a security contact email address.

    Exit codes: 0 all comply, 3 findings, 4 some were unreadable, 1 the run failed.
    """
    from contacts_audit.audit.shards import choose_run_id

    host: Host = context.obj
    if info != InfoOptions():
        host.screen.stream(_schema() if info.json_schema else checks_and_profiles())
        return
    printing = printing_of(host, output)
    host.screen.quiet = output.quiet
    log_to(host.screen, log)
    started = datetime.now(UTC)
    policy = load_policy(host, checks, started)
    run_id = choose_run_id(run_id, scope.shard, host.environment)
    connection, found = connect_and_select(host, scope, azure)
    policy = resolve_policy(host, policy, connection, found)
    run = run_of(
        connection,
        policy.criteria,
        started,
        invocation(scope, azure, checks, found.shard),
        shard=None if found.shard is None else str(found.shard),
        run_id=run_id,
        scope=selection(scope, checks),
    )
    auditor = _auditor(connection, policy, checks)
    outcomes = host.screen.progress(
        _outcomes(connection, found.subscriptions, auditor),
        len(found.subscriptions),
    )
    raise typer.Exit(print_report(host, run, outcomes, printing))


def _schema() -> Iterator[str]:
    from importlib.resources import files  # which loads tempfile and random

    yield files("contacts_audit.report").joinpath("schema.json").read_text("utf-8")


def selection(scope: ScopeOptions, policy: PolicyOptions) -> str | None:
    """
    Return a digest of the options that select subscriptions, and of the policy's name.

    It does not depend on their order and does not reveal them. Metrics use it as a label that
    tells two audits apart. It is None without such an option.
    """
    chosen = (
        [one.casefold() for one in scope.subscription],
        scope.subscriptions_from,
        [one.casefold() for one in scope.management_group],
        ["current"] if scope.current else [],
        [one.casefold() for one in scope.exclude],
        [policy.policy] if policy.policy else [],
    )
    if not any(chosen):
        return None
    text = json.dumps([sorted(set(each)) for each in chosen])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _auditor(connection: "Connection", policy: "Policy", checks: PolicyOptions) -> "Auditor":
    from contacts_audit.audit.auditor import Auditor

    return Auditor(connection.client, policy, mail_lookups(checks.dns, connection).answers)


def _outcomes(
    connection: "Connection",
    subscriptions: Collection[Subscription],
    auditor: "Auditor",
) -> Iterator[Outcome]:
    from contacts_audit.audit.auditor import broken, out_of_time, unasked
    from contacts_audit.core.workers import in_order

    return in_order(
        lambda subscription: unasked(subscription) or auditor.audit(subscription),
        subscriptions,
        workers=connection.concurrency.limit,
        deadline=connection.limits.deadline,
        timed_out=lambda subscription: unasked(subscription) or out_of_time(subscription),
        broken=broken,
    )

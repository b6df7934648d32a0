"""The command audit: a verdict for every subscription."""

import hashlib
import json
from datetime import UTC, datetime

from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import invocation, run_of
from contacts_audit.cli.options.azure import AzureOptions
from contacts_audit.cli.options.checks import PolicyOptions
from contacts_audit.cli.options.declare import CHECKS, OUTPUT, SCOPE, grouped
from contacts_audit.cli.options.output import OutputOptions
from contacts_audit.cli.options.scope import ScopeOptions
from contacts_audit.cli.output import print_report, printing_of
from contacts_audit.cli.policy import checks_and_profiles
from contacts_audit.cli.policy_source import audited, load_policy, mail_lookups, resolve_policy
from contacts_audit.cli.wiring import connect_and_select
from contacts_audit.core.errors import ExitCode


@grouped
def audit(
    host: Host,
    *,
    scope: ScopeOptions,
    checks: PolicyOptions,
    output: OutputOptions,
    json_schema: bool = OUTPUT("--json-schema", "Print the JSON Schema of the report, and exit."),
    list_checks: bool = CHECKS("--list-checks", "List the checks and profiles, and exit."),
    azure: AzureOptions,
    run_id: str | None = SCOPE(
        "--run-id ID",
        "Set the id that all shards of a run share. Default: the name of the Kubernetes Job.",
    ),
) -> ExitCode:
    """
    Check every subscription for a security contact email address.

    Exit codes: 0 all comply, 3 findings, 4 some were unreadable, 1 the run failed.
    """
    from contacts_audit.audit.shards import choose_run_id

    if json_schema or list_checks:
        host.screen.stream(_schema() if json_schema else checks_and_profiles())
        return ExitCode.CLEAN
    printing = printing_of(host, output)
    host.screen.quiet = output.quiet
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
    mail = mail_lookups(checks.dns, connection)
    outcomes = audited(connection, connection.client, policy, mail, found.subscriptions)
    outcomes = host.screen.progress(outcomes, len(found.subscriptions))
    return print_report(host, run, outcomes, printing)


def _schema() -> str:
    from importlib.resources import files  # which loads tempfile and random

    return files("contacts_audit.report").joinpath("schema.json").read_text("utf-8")


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

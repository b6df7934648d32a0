"""The command audit: a verdict for every subscription."""

import hashlib
import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit import __version__
from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import invocation
from contacts_audit.cli.judging import judged_by, settled
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    OutputOptions,
    PolicyOptions,
    RunId,
    ScopeOptions,
    TalkOptions,
    flag,
)
from contacts_audit.cli.output import checked, reported
from contacts_audit.cli.policy import checks_and_profiles
from contacts_audit.cli.terminal import log_to
from contacts_audit.cli.wiring import enter
from contacts_audit.core.model import Outcome, Run, Subscription

if TYPE_CHECKING:
    from contacts_audit.audit.policy import Policy
    from contacts_audit.azure.tenants import Connection


@grouped
def audit(
    context: typer.Context,
    scope: ScopeOptions,
    identity: IdentityOptions,
    cloud: CloudOptions,
    policy: PolicyOptions,
    network: NetworkOptions,
    output: OutputOptions,
    talk: TalkOptions,
    json_schema: Annotated[
        bool,
        flag(
            "--json-schema", panel="Output", help="Print the JSON Schema of the report, and exit."
        ),
    ] = False,
    list_checks: Annotated[
        bool,
        flag("--list-checks", panel="Checks", help="List the checks and profiles, and exit."),
    ] = False,
    run_id: RunId = None,
) -> None:
    """
    Check every subscription for a security contact email address.

    Exit codes: 0 all comply, 3 findings, 4 some were unreadable, 1 the run failed.
    """
    from contacts_audit.audit.scope import run_id as named_run

    host: Host = context.obj
    if json_schema:
        schema = resources("contacts_audit.report").joinpath("schema.json")
        host.screen.data(schema.read_bytes())
        return
    if list_checks:
        host.screen.stream(checks_and_profiles())
        return
    printing = checked(host, output)
    host.screen.quiet = output.quiet
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    started = datetime.now(UTC)
    judged = judged_by(host, policy, started)
    tied = named_run(run_id, scope.shard, host.environment)
    connection, found = enter(host, scope, identity, cloud, network, meanwhile=_warm_up)
    judged = settled(host, judged, connection, found)
    run = Run(
        __version__,
        started,
        connection.cloud.name,
        connection.tenant_ids(),
        judged.criteria.profile,
        judged.criteria.checks,
        connection.cloud.portal_url,
        None if found.part is None else str(found.part),
        run_id=tied,
        recorded=connection.recorded,
        identities=connection.identities(),
        scope=selection(scope, policy),
        invocation=invocation(scope, identity, cloud, policy, network, found.part),
    )
    outcomes = host.screen.progress(
        _outcomes(connection, found.subscriptions, judged),
        len(found.subscriptions),
    )
    raise typer.Exit(reported(host, run, outcomes, printing))


def selection(scope: ScopeOptions, policy: PolicyOptions) -> str | None:
    """
    Return a digest of the options that select subscriptions, and of the policy's name.

    It is the same whatever their order, and says nothing of what they are: it tells the metrics of
    two audits apart.  None where there is no such option.
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
    spelt = json.dumps([sorted(set(each)) for each in chosen])
    return hashlib.sha256(spelt.encode()).hexdigest()[:8]


def _warm_up() -> None:
    from contacts_audit.audit import auditor  # noqa: F401
    from contacts_audit.azure.contacts.read import warm_up
    from contacts_audit.report import fix_command  # noqa: F401

    warm_up()


def _outcomes(
    connection: "Connection",
    subscriptions: Collection[Subscription],
    policy: "Policy",
) -> Iterator[Outcome]:
    from contacts_audit.audit.auditor import Auditor, broken, out_of_time, unasked
    from contacts_audit.core.workers import in_order

    auditor = Auditor(connection.client, policy)

    def work(subscription: Subscription) -> Outcome:
        return unasked(subscription) or auditor.audit(subscription)

    return in_order(
        work,
        subscriptions,
        workers=connection.width.limit,
        deadline=connection.limits.deadline,
        late=lambda subscription: unasked(subscription) or out_of_time(subscription),
        broken=broken,
    )

"""The commands that read and judge: audit."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Annotated

import typer

from contacts_audit import __version__
from contacts_audit.cli.groups import grouped
from contacts_audit.cli.host import Host
from contacts_audit.cli.judging import judged_by, settled
from contacts_audit.cli.options import (
    CloudOptions,
    IdentityOptions,
    NetworkOptions,
    OutputOptions,
    PolicyOptions,
    ScopeOptions,
    TalkOptions,
    flag,
)
from contacts_audit.cli.printing import checked, reported
from contacts_audit.cli.screen import log_to
from contacts_audit.cli.wiring import enter
from contacts_audit.model import (
    Outcome,
    Run,
    Subscription,
)

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.policy import Policy


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
) -> None:
    """
    Tell for each subscription whether a security contact's e-mail address is configured.

    Exit codes: 0 all comply, 3 findings, 4 some could not be read, 1 the run failed.
    """
    host: Host = context.obj
    if json_schema:
        schema = resources("contacts_audit.report").joinpath("schema.json")
        host.screen.data(schema.read_bytes())
        return
    printing = checked(host, output)
    host.screen.quiet = output.quiet
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    started = datetime.now(UTC)
    judged = judged_by(host, policy, started)
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
    )
    outcomes = host.screen.progress(
        _outcomes(connection, found.subscriptions, judged, network.workers),
        len(found.subscriptions),
    )
    raise typer.Exit(reported(host, run, outcomes, printing))


def _warm_up() -> None:
    from contacts_audit import audit  # noqa: F401
    from contacts_audit.azure.contacts import warm_up

    warm_up()


def _outcomes(
    connection: "Connection",
    subscriptions: Collection[Subscription],
    policy: "Policy",
    workers: int,
) -> Iterator[Outcome]:
    from contacts_audit.audit import Auditor, broken, out_of_time, unasked
    from contacts_audit.workers import in_order

    auditor = Auditor(connection.client, policy)

    def work(subscription: Subscription) -> Outcome:
        return unasked(subscription) or auditor.audit(subscription)

    return in_order(
        work,
        subscriptions,
        workers=workers,
        deadline=connection.limits.deadline,
        late=lambda subscription: unasked(subscription) or out_of_time(subscription),
        broken=broken,
    )

"""The commands that read and judge: audit."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files as resources
from pathlib import Path
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
from contacts_audit.cli.screen import log_to, plain
from contacts_audit.cli.wiring import enter
from contacts_audit.errors import ExitCode, OutputError, UsageError
from contacts_audit.files import check_writable, is_stream, replace
from contacts_audit.model import (
    Outcome,
    Report,
    Run,
    Subscription,
    Unread,
    Verdict,
    exit_code,
)
from contacts_audit.report import RENDERERS, SUFFIXES, Format, json_, jsonl, shaping, table

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
    printing = _checked(output)
    host.screen.quiet = output.quiet
    log_to(host.screen, verbose=talk.verbose, debug=talk.debug)
    started = datetime.now(UTC)
    judged = judged_by(host, policy, started)
    threading.Thread(target=_warm_up, daemon=True).start()  # while the network is waited for
    connection, found = enter(host, scope, identity, cloud, network)
    judged = settled(host, judged, connection, found)
    run = Run(
        __version__,
        started,
        connection.cloud.name,
        connection.tenant_ids(),
        judged.criteria.profile,
        judged.criteria.checks,
        connection.cloud.portal_url,
    )
    outcomes = host.screen.progress(
        _outcomes(connection, found.subscriptions, judged, network.workers),
        len(found.subscriptions),
    )
    raise typer.Exit(_reported(host, run, outcomes, output, printing))


def _warm_up() -> None:
    from contacts_audit.azure.contacts import warm_up

    warm_up()


def _reported(
    host: Host,
    run: Run,
    outcomes: Iterator[Outcome],
    output: OutputOptions,
    printing: Format | None,
) -> ExitCode:
    """Print and write what comes of the subscriptions, as soon as the format allows it."""
    verdicts: Counter[Verdict] = Counter()
    kept: list[Outcome] = []
    streams = printing is Format.JSONL
    for outcome in outcomes:
        verdicts[outcome.verdict] += 1
        if streams:
            host.screen.data(jsonl.line(outcome, run))
            _tell(host, outcome)
        if output.report or not streams:
            kept.append(outcome)
    report = Report(run, datetime.now(UTC), tuple(kept))
    unwritten = _written(output.report, report)
    if streams:
        host.screen.data(jsonl.last_line(run, report.finished, verdicts))
    else:
        _print(host, report, output, printing)
        for outcome in kept:
            _tell(host, outcome)
    _sum_up(host, verdicts)
    if unwritten is not None:
        raise unwritten
    return exit_code(verdicts)


def _written(paths: Sequence[Path], report: Report) -> OutputError | None:
    """Write the report to all *paths*; return the first failure, once all were tried."""
    failures = []
    for path in paths:
        try:
            replace(path, RENDERERS[_format(path)](report))
        except OutputError as error:
            failures.append(error)
    return failures[0] if failures else None


def _checked(output: OutputOptions) -> Format | None:
    """
    Return the format of stdout, None where nothing is printed there.

    Raises:
        UsageError: the options contradict each other, or the filter is none.
        OutputError: a report could not be written where it should be.
    """
    if output.jq is not None:
        if output.output not in (None, Format.JSON):
            raise UsageError("--jq shapes JSON", f"leave -o {output.output} out")
        shaping.check(output.jq)
    elif output.raw:
        raise UsageError("-r needs --jq", "give a filter by --jq")
    seen = set()
    for path in output.report:
        _format(path)
        place = path.parent.resolve() / path.name
        if place in seen:
            raise UsageError(f"--report: {path} is given twice", "give it once")
        seen.add(place)
    for path in output.report:
        check_writable(path)
    if output.jq is not None:
        return Format.JSON
    return output.output or (None if output.quiet else Format.TABLE)


def _format(path: Path) -> Format:
    """Return the format that the suffix of *path* tells; a pipe or device may have none."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.endswith(suffix):
            return SUFFIXES[suffix]
    if is_stream(path):
        return Format.JSON
    raise UsageError(
        f"--report: {str(path)!r} has no known suffix", f"use one of {' '.join(sorted(SUFFIXES))}"
    )


def _outcomes(
    connection: "Connection",
    subscriptions: Sequence[Subscription],
    policy: "Policy",
    workers: int,
) -> Iterator[Outcome]:
    from contacts_audit.audit import Auditor, in_order, out_of_time, unasked

    auditor = Auditor(connection.client, policy)

    def work(subscription: Subscription) -> Outcome:
        return unasked(subscription) or auditor.audit(subscription)

    return in_order(
        work,
        subscriptions,
        workers=workers,
        deadline=connection.limits.deadline,
        late=lambda subscription: unasked(subscription) or out_of_time(subscription),
    )


def _print(host: Host, report: Report, output: OutputOptions, printing: Format | None) -> None:
    width = host.screen.terminal_width
    if output.jq is not None:
        document = "".join(json_.render(report))
        host.screen.data(shaping.shape(document, output.jq, host.ending, raw=output.raw))
    elif printing is Format.TABLE and width is not None:
        host.screen.data(table.render_at(report, width, plain=plain()))
    elif printing is not None:
        host.screen.stream(RENDERERS[printing](report))


def _tell(host: Host, outcome: Outcome) -> None:
    if isinstance(outcome, Unread):
        host.screen.fault(outcome.subscription, outcome.fault)


def _sum_up(host: Host, verdicts: Counter[Verdict]) -> None:
    """Say the counts, and what to do next."""
    total = verdicts.total()
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    noun = "subscription" if total == 1 else "subscriptions"
    host.screen.note(f"{total} {noun}: {counts}")
    match exit_code(verdicts):
        case ExitCode.INCOMPLETE:
            host.screen.note(
                "The audit is incomplete: mend what could not be read, then run it again."
            )
        case ExitCode.FINDINGS:
            host.screen.note("Add a security contact where there is none, then run it again.")
        case _ if verdicts[Verdict.SKIPPED] == total:
            host.screen.warn("all subscriptions were skipped: nothing was audited")

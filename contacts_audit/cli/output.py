"""Prints a report and its summary on stdout and stderr; `report_files` writes the files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from contacts_audit.cli import report_files
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.output import OutputOptions
from contacts_audit.cli.report_input import Baseline, read_baseline, warn_of_other_checks
from contacts_audit.cli.terminal import counted, plain
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.model import Outcome, Report, Run, Unread, Verdict, exit_code
from contacts_audit.report import RENDERERS, Format, json_, jsonl, order, table

if TYPE_CHECKING:
    from contacts_audit.report.fix_command import Summary


TO_FIX = frozenset({Verdict.NON_COMPLIANT, Verdict.UNREADABLE})


class Printing(NamedTuple):
    """
    What to print and write.

    *format* is that of stdout, None where nothing is printed. With a *baseline*, only rows that
    differ from it are printed.
    """

    options: OutputOptions
    format: Format | None
    baseline: Baseline | None = None

    @property
    def streams(self) -> bool:
        """Say whether each row is printed as soon as it is known."""
        return self.format is Format.JSONL and self.baseline is None


def printing_of(host: Host, output: OutputOptions) -> Printing:
    """
    Return what to print and write.

    Raises:
        UsageError: options contradict each other, or the jq filter or the baseline is unusable.
        OutputError: no report can be written.
    """
    if output.jq is not None:
        if output.output not in (None, Format.JSON):
            raise UsageError(
                f"--jq filters JSON, not {output.output}", f"remove -o {output.output}"
            )
        from contacts_audit.report import jq_filter

        jq_filter.check(output.jq, host.shutdown)
    elif output.raw:
        raise UsageError("-r needs --jq", "add --jq FILTER")
    if output.only_changes != (output.baseline is not None):
        raise UsageError("--only-changes and --baseline need each other", "give both")
    report_files.check_paths(host, output)
    form = Format.JSON if output.jq is not None else output.output
    if form is None and not (output.quiet and not output.only_changes):
        form = Format.TABLE
    if output.sort and form and form not in report_files.FOR_PEOPLE and not output.quiet:
        host.screen.warn(f"--sort applies to table, markdown and html; {form} keeps Azure's order")
    if output.baseline is None:
        return Printing(output, form)
    host.screen.hold()
    return Printing(output, form, read_baseline(host, output.baseline))


def print_report(
    host: Host,
    run: Run,
    outcomes: Iterator[Outcome],
    printing: Printing,
    *,
    finished: datetime | None = None,
) -> ExitCode:
    """
    Print and write the *outcomes*, each as soon as the format allows it.

    Raises:
        OutputError: a file of --report or stdout could not be written.
    """
    verdicts: Counter[Verdict] = Counter()
    kept: list[Outcome] = []
    fixes, only = None, printing.options.only
    for outcome in outcomes:
        verdicts[outcome.verdict] += 1
        if outcome.verdict in TO_FIX:
            if fixes is None:
                from contacts_audit.report.fix_command import Summary  # most runs need none

                fixes = Summary(run)
            fixes.add(outcome)
        if printing.streams:
            if not only or outcome.verdict in only:
                host.screen.data(jsonl.line(outcome, run))
            if isinstance(outcome, Unread):
                host.screen.fault(outcome.subscription, outcome.fault)
        if printing.options.report or not printing.streams:
            kept.append(outcome)
    report = Report(run, finished or datetime.now(UTC), tuple(kept))
    unwritten = report_files.write(printing.options, report)
    if printing.baseline is not None:
        report = order.only(_changed(host, report, printing.baseline), only)
    if printing.baseline is None or report.outcomes or report.gone:
        host.screen.release()
        _print(host, report, printing, verdicts)
        _print_summary(host, verdicts, fixes, only)
    else:
        host.screen.drop()
    if unwritten is not None:
        raise unwritten
    return exit_code(verdicts)


def _changed(host: Host, report: Report, baseline: Baseline) -> Report:
    """Return *report* with the rows that differ from the *baseline*, and those that are gone."""
    from contacts_audit.audit import diff

    if baseline.checks is not None:
        judged = ("this run", report.run.checks)
        warn_of_other_checks(host, ("the baseline", baseline.checks), judged)
    rows = [json_.row(outcome, report.run) for outcome in report.outcomes]
    differing = [one for one in diff.compare(baseline.rows, rows) if one.differs]
    ids = {one.row["id"]: one.old for one in differing if one.new is not None}
    return report._replace(
        outcomes=tuple(each for each in report.outcomes if each.subscription.id in ids),
        whole=report.verdicts,
        gone=tuple(one.row for one in differing if one.new is None),
        was={id: old for id, old in ids.items() if old is not None},
    )


def _print(host: Host, report: Report, printing: Printing, verdicts: Counter[Verdict]) -> None:
    """Print *report*, or its last line if its rows are printed; then the faults of its rows."""
    options = printing.options
    if printing.streams:
        whole = report._replace(whole=verdicts, only=tuple(options.only))
        host.screen.data(jsonl.last_line(whole))
    else:
        report = order.only(report, options.only)
        _print_rows(host, report, printing)
        for outcome in report.outcomes:
            if isinstance(outcome, Unread):
                host.screen.fault(outcome.subscription, outcome.fault)
    if printing.format is not Format.PROMETHEUS:  # metrics have no rows for what is gone
        for row in report.gone or ():
            host.screen.note(f"{row['name'] or row['id']} ({row['id']}): no longer in scope")


def _print_rows(host: Host, report: Report, printing: Printing) -> None:
    options, form, width = printing.options, printing.format, host.screen.terminal_width
    if form is not None:
        at_terminal = width is not None
        report = report_files.sorted_for(report, form, options.sort, at_terminal=at_terminal)
    if options.jq is not None:
        from contacts_audit.report import jq_filter

        document = "".join(json_.render(report))
        host.screen.data(jq_filter.shape(document, options.jq, host.shutdown, raw=options.raw))
    elif form is Format.TABLE and width is not None:
        host.screen.stream(table.render(report, width, plain=plain()))
    elif form is not None:
        host.screen.stream(RENDERERS[form](report))


def _print_summary(
    host: Host, verdicts: Counter[Verdict], fixes: "Summary | None", only: Sequence[Verdict]
) -> None:
    """Print the counts, and a command for each kind of failure."""
    total = verdicts.total()
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    host.screen.note(f"{counted(total, 'subscription')}: {counts}")
    if only:
        shown = sum(verdicts[verdict] for verdict in {*only})
        host.screen.note(f"Only {', '.join(only)}: {shown} of {total} are printed")
    if exit_code(verdicts) is ExitCode.INCOMPLETE:
        host.screen.note("The audit is incomplete: fix what could not be read, then run it again.")
    if total and verdicts[Verdict.SKIPPED] == total:
        host.screen.warn("all subscriptions were skipped: nothing was audited")
    if fixes is not None and (lines := [*fixes.lines()]):
        from contacts_audit.report.fix_command import source

        for line in (*source(fixes.run), *map(str, lines)):
            host.screen.note(line)

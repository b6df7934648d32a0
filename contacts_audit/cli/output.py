"""Writes a report to stdout and to files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options import OutputOptions
from contacts_audit.cli.terminal import plain
from contacts_audit.core.errors import ExitCode, OutputError, UsageError
from contacts_audit.core.files import check_writable
from contacts_audit.core.files import replace as replace_file
from contacts_audit.core.model import Outcome, Report, Run, Unread, Verdict, exit_code
from contacts_audit.core.paths import is_stream, place
from contacts_audit.report import RENDERERS, SUFFIXES, Format, json_, jsonl, order, table
from contacts_audit.report.order import Sort

if TYPE_CHECKING:
    from contacts_audit.report.fix_command import Summary

FOR_PEOPLE = frozenset({Format.TABLE, Format.MARKDOWN, Format.HTML})


@dataclass(frozen=True, slots=True)
class Printing:
    """What was asked for: *format* of stdout, if any; *baseline* where only changes are printed."""

    output: OutputOptions
    format: Format | None
    baseline: Sequence[Mapping[str, Any]] | None = None


def checked(host: Host, output: OutputOptions) -> Printing:
    """
    Return what is to be printed and written.

    Raises:
        UsageError: the options contradict each other, the filter or the baseline is none.
        OutputError: a report could not be written where it should be.
    """
    if output.jq is not None:
        if output.output not in (None, Format.JSON):
            raise UsageError("--jq shapes JSON", f"leave -o {output.output} out")
        from contacts_audit.report import jq_filter

        jq_filter.check(output.jq, host.ending)
    elif output.raw:
        raise UsageError("-r needs --jq", "give a filter by --jq")
    if output.only_changes != (output.baseline is not None):
        raise UsageError("--only-changes and --baseline need each other", "give both")
    seen = set()
    for path in output.report:
        format_of(path)
        if place(path) in seen:
            raise UsageError(f"--report: {path} is given twice", "give it once")
        seen.add(place(path))
    _check_reports(host, output)
    form = Format.JSON if output.jq is not None else output.output
    if form is None and not (output.quiet and not output.only_changes):
        form = Format.TABLE
    if output.sort and form and form not in FOR_PEOPLE and not output.quiet:
        host.screen.warn(f"--sort orders table, markdown and html; {form} keeps Azure's order")
    if output.baseline is None:
        return Printing(output, form)
    host.screen.hold()
    return Printing(output, form, _baseline(host, output.baseline))


def _check_reports(host: Host, output: OutputOptions) -> None:
    """
    Tell which reports cannot be written, as long as something else will come of the run.

    That is another report, or what was asked for on stdout.

    Raises:
        OutputError: nothing else would.
    """
    failures = []
    for path in output.report:
        try:
            check_writable(path)
        except OutputError as error:
            failures.append(error)
    asked_for = output.output is not None or output.jq is not None or output.only_changes
    if failures and len(failures) == len(output.report) and not asked_for:
        raise failures[0]
    for failure in failures:
        host.screen.log(f"warning: {failure}: the run goes on without it, and ends with 74")


def format_of(path: Path) -> Format:
    """
    Return the format that the suffix of *path* tells; a pipe or device may have none.

    Raises:
        UsageError: it tells none.
    """
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.endswith(suffix):
            return SUFFIXES[suffix]
    if is_stream(path):
        return Format.JSON
    raise UsageError(
        f"--report: {str(path)!r} has no known suffix", f"use one of {' '.join(sorted(SUFFIXES))}"
    )


def reported(
    host: Host,
    run: Run,
    outcomes: Iterator[Outcome],
    printing: Printing,
    *,
    finished: datetime | None = None,
) -> ExitCode:
    """Print and write what comes of the subscriptions, as soon as the format allows it."""
    from contacts_audit.report.fix_command import Summary

    verdicts: Counter[Verdict] = Counter()
    kept: list[Outcome] = []
    fixes, wanted = Summary(run), printing.output.only
    streams = printing.format is Format.JSONL and printing.baseline is None
    for outcome in outcomes:
        verdicts[outcome.verdict] += 1
        fixes.add(outcome)
        if streams:
            if not wanted or outcome.verdict in wanted:
                host.screen.data(jsonl.line(outcome, run))
            _tell(host, outcome)
        if printing.output.report or not streams:
            kept.append(outcome)
    report = Report(run, finished or datetime.now(UTC), tuple(kept))
    unwritten = _written(printing, report)
    if printing.baseline is not None:
        report = order.only(_changed(report, printing.baseline), wanted)
        if not report.outcomes and not report.gone:
            host.screen.drop()
            if unwritten is not None:
                raise unwritten
            return exit_code(verdicts)
        host.screen.release()
    if streams:
        host.screen.data(jsonl.last_line(run, report.finished, verdicts, wanted))
    else:
        _print(host, order.only(report, wanted), printing)
        for outcome in report.outcomes:
            _tell(host, outcome)
    told = printing.format is not Format.PROMETHEUS  # which has no rows for what is no more
    for row in () if told else report.gone or ():
        host.screen.note(f"{row['name'] or row['id']} ({row['id']}): it is in scope no more")
    _sum_up(host, verdicts, fixes, wanted)
    if unwritten is not None:
        raise unwritten
    return exit_code(verdicts)


def read_report(host: Host, name: str, option: str) -> Sequence[Mapping[str, Any]]:
    """
    Return the rows of the JSON report *name*, which *option* gave.

    Raises:
        UsageError: it is none, or not a whole one.
    """
    told = f"{option} {name}" if option.startswith("--") else name
    from contacts_audit.audit import report_file

    document = report_file.read(host.read(name, option, LARGEST_REPORT), told)
    report_file.check_counts(document, told)
    rows: Sequence[Mapping[str, Any]] = document["subscriptions"]
    return rows


def _baseline(host: Host, path: Path) -> Sequence[Mapping[str, Any]]:
    """Return the rows of the report *path*, none where it does not exist yet."""
    if _is_missing(path):
        host.screen.note(f"--baseline: {path} does not exist: all is new")
        return ()
    return read_report(host, str(path), "--baseline")


def _is_missing(path: Path) -> bool:
    """Say whether there is no such file; one that we may not look for may be there."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        pass
    return False


def _changed(report: Report, baseline: Sequence[Mapping[str, Any]]) -> Report:
    """Return *report* with the rows that differ from the *baseline*, and what it lacks."""
    rows = [json_.row(outcome, report.run) for outcome in report.outcomes]
    from contacts_audit.audit import diff

    differing = [one for one in diff.compare(baseline, rows) if one.differs]
    ids = {one.row["id"]: one.old for one in differing if one.new is not None}
    return replace(
        report,
        outcomes=tuple(each for each in report.outcomes if each.subscription.id in ids),
        whole=report.verdicts,
        gone=tuple(one.row for one in differing if one.new is None),
        was={id: old for id, old in ids.items() if old is not None},
    )


def _written(printing: Printing, report: Report) -> OutputError | None:
    """Write the report to all paths; return the first failure, once all were tried."""
    failures = []
    for path in printing.output.report:
        try:
            form = format_of(path)
            mode = 0o644 if form is Format.PROMETHEUS else 0o600  # its collector is another user
            replace_file(path, RENDERERS[form](_ordered(report, form, printing)), mode)
        except OutputError as error:
            failures.append(error)
    return failures[0] if failures else None


def _ordered(
    report: Report, form: Format, printing: Printing, *, at_terminal: bool = True
) -> Report:
    """Return *report* as people read it in *form*; what programs read keeps Azure's order."""
    sort = printing.output.sort
    if sort is None:
        sort = Sort.VERDICT if at_terminal or form is not Format.TABLE else Sort.AZURE
    return order.urgent_first(report) if form in FOR_PEOPLE and sort is Sort.VERDICT else report


def _print(host: Host, report: Report, printing: Printing) -> None:
    output, form, width = printing.output, printing.format, host.screen.terminal_width
    if form is not None:
        report = _ordered(report, form, printing, at_terminal=width is not None)
    if output.jq is not None:
        from contacts_audit.report import jq_filter

        document = "".join(json_.render(report))
        host.screen.data(jq_filter.shape(document, output.jq, host.ending, raw=output.raw))
    elif form is Format.TABLE and width is not None:
        host.screen.data(table.render_at(report, width, plain=plain()))
    elif form is not None:
        host.screen.stream(RENDERERS[form](report))


def _tell(host: Host, outcome: Outcome) -> None:
    if isinstance(outcome, Unread):
        host.screen.fault(outcome.subscription, outcome.fault)


def _sum_up(
    host: Host, verdicts: Counter[Verdict], fixes: "Summary", wanted: Sequence[Verdict]
) -> None:
    """Say the counts, and what to do next: a command for each kind of failure."""
    from contacts_audit.report.fix_command import source

    total = verdicts.total()
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    noun = "subscription" if total == 1 else "subscriptions"
    host.screen.note(f"{total} {noun}: {counts}")
    if wanted:
        shown = sum(verdicts[verdict] for verdict in {*wanted})
        host.screen.note(f"Only {', '.join(wanted)}: {shown} of {total} are printed")
    if exit_code(verdicts) is ExitCode.INCOMPLETE:
        host.screen.note("The audit is incomplete: fix what could not be read, then run it again.")
    if total and verdicts[Verdict.SKIPPED] == total:
        host.screen.warn("all subscriptions were skipped: nothing was audited")
    lines = [*fixes.lines()]
    for line in [*(source(fixes.run) if lines else ()), *map(str, lines)]:
        host.screen.note(line)

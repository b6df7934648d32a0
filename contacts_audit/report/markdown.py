"""The report in Markdown, for a ticket: counts, rows, and what to do."""

from collections.abc import Iterator

from contacts_audit.core.model import Outcome, Report, Unread, Verdict
from contacts_audit.report import fix_command, json_, wording
from contacts_audit.report.disappeared import DISAPPEARED, gone, was_in_words
from contacts_audit.report.markdown_table import Code, block, cell, table

HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY", "FIX")


def render(report: Report) -> Iterator[str]:
    """Yield the counts, a row a subscription, and the commands that fix what was found."""
    yield from _head(report)
    verdicts = report.verdicts
    counts = [(verdict, str(verdicts[verdict])) for verdict in Verdict if verdicts[verdict]]
    yield from table([("VERDICT", "COUNT"), *counts, ("in scope", str(verdicts.total()))])
    yield "\n"
    yield from table(_rows(report))
    yield from _what_to_do(report)


def _head(report: Report) -> Iterator[str]:
    run = report.run
    facts = json_.summary(run, report.finished, report.verdicts)
    span = f"{facts['started']} to {facts['finished']}"
    judged = ", ".join(run.checks) + (f" ({run.profile})" if run.profile else "")
    rule = facts["rule"]
    yield "## Security contacts\n\n"
    yield f"- rule: {rule['id']}, {wording.RULE}; risk: {rule['risk']}\n"
    yield f"- cloud: {cell(run.cloud)}\n"
    for identity in run.identities:
        yield f"- signed in as: {cell(identity.label)}\n"
    yield f"- checks: {judged}\n"
    yield f"- audited: {span}, by contacts-audit {cell(run.version)}\n"
    if facts["recorded"] is not None:
        yield f"- recorded: {facts['recorded']}; this is not the state of today\n"
    yield f"- exit code: {facts['exit_code']}\n"
    if report.gone is not None:
        yield "- listed: only those that changed since the baseline\n"
    if report.only:
        shown, total = len(report.outcomes), report.verdicts.total()
        yield f"- listed: only {', '.join(report.only)} ({shown} of {total})\n"
    yield "\n"


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    changes = report.was is not None
    yield (*HEADER, *(["WAS"] if changes else []))
    for outcome in report.outcomes:
        was = [was_in_words(report, outcome.subscription.id)] if changes else []
        yield (*_cells(outcome, report), *was)
    for one in gone(report):
        found = one.subscription
        row = DISAPPEARED, found.name or found.id, found.id, "", one.message, ""
        yield (*row, *([one.was] if changes else []))


def _cells(outcome: Outcome, report: Report) -> tuple[str, ...]:
    subscription = outcome.subscription
    return (
        outcome.verdict,
        subscription.name or subscription.id,
        subscription.id,
        ", ".join(wording.emails(outcome)),
        _why(outcome),
        Code(fix_command.command(outcome, report.run) or ""),
    )


def _why(outcome: Outcome) -> str:
    """Return the whole story: whoever reads a ticket cannot look at stderr."""
    if isinstance(outcome, Unread):
        fault = outcome.fault
        return f"{fault.reason}: {fault.detail}; {fault.hint}"
    return wording.message(outcome)


def _what_to_do(report: Report) -> Iterator[str]:
    """Yield a command for each kind of failure among the rows."""
    summary = fix_command.Summary(report.run, part=report.whole is not None)
    for outcome in report.outcomes:
        summary.add(outcome)
    lines = [*summary.lines()]
    if not lines:
        return
    yield "\n### What to do\n"
    for remark in fix_command.source(report.run):
        yield f"\n{cell(remark)}\n"
    for line in lines:
        yield f"\n{cell(line.text)}\n"
        if line.command is not None:
            yield "\n"
            yield from block([line.command])

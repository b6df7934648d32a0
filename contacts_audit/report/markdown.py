"""Renders the report in Markdown, for a ticket: counts, rows, and what to do."""

from collections.abc import Iterator

from contacts_audit.core.model import Report, Unread, Verdict
from contacts_audit.report import fix_command, json_, wording
from contacts_audit.report.markdown_table import Code, block, cell, table


def render(report: Report) -> Iterator[str]:
    """Yield the counts, a row for each subscription, and the commands that fix the findings."""
    yield from _head(report)
    verdicts = report.verdicts
    counts = [(verdict, str(verdicts[verdict])) for verdict in Verdict if verdicts[verdict]]
    yield from table([("VERDICT", "COUNT"), *counts, ("in scope", str(verdicts.total()))])
    yield "\n"
    fix = {"FIX": lambda row: Code(fix_command.command(row, report.run) or "")}
    yield from table(wording.rows(report, _why, fix))
    yield from _what_to_do(report)


def _head(report: Report) -> Iterator[str]:
    run = report.run
    facts = json_.summary(report)
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
        yield f"- recorded: {facts['recorded']}; {wording.NOT_TODAY}\n"
    yield f"- exit code: {facts['exit_code']}\n"
    if report.gone is not None:
        yield "- listed: only those that changed since the baseline\n"
    if report.only:
        shown, total = len(report.outcomes), report.verdicts.total()
        yield f"- listed: only {', '.join(report.only)} ({shown} of {total})\n"
    yield "\n"


def _why(row: wording.Row) -> str:
    """Return the message with all facts and the hint: a ticket has no stderr."""
    if isinstance(row, Unread):
        return f"{row.fault.line}; {row.fault.hint}"
    return wording.message(row)


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
            yield f"\n{block(line.command)}"

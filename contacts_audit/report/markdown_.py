"""The report for a ticket: what was audited, the counts, and a table of all subscriptions."""

from collections.abc import Iterator

from contacts_audit.model import Outcome, Report, Unread, Verdict
from contacts_audit.report import json_, markdown, wording
from contacts_audit.report.gone import DISAPPEARED, gone

HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")


def render(report: Report) -> Iterator[str]:
    """Yield the counts, then a row a subscription."""
    run, verdicts = report.run, report.verdicts
    facts = json_.summary(run, report.finished, verdicts)
    span = f"{facts['started']} to {facts['finished']}"
    judged = ", ".join(run.checks) + (f" ({run.profile})" if run.profile else "")
    yield "## Security contacts\n\n"
    yield f"- cloud: {markdown.cell(run.cloud)}\n"
    for identity in run.identities:
        yield f"- signed in as: {markdown.cell(identity.label)}\n"
    yield f"- checks: {judged}\n"
    yield f"- audited: {span}, by contacts-audit {markdown.cell(run.version)}\n"
    if facts["recorded"] is not None:
        yield f"- recorded: {facts['recorded']}; this is not the state of today\n"
    yield f"- exit code: {facts['exit_code']}\n"
    if report.gone is not None:
        yield "- listed: only those that changed since the baseline\n"
    yield "\n"
    counts = [(verdict, str(verdicts[verdict])) for verdict in Verdict if verdicts[verdict]]
    yield from markdown.table([("VERDICT", "COUNT"), *counts, ("in scope", str(verdicts.total()))])
    yield "\n"
    yield from markdown.table(_rows(report))


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    yield HEADER
    yield from map(_cells, report.outcomes)
    for one in gone(report):
        found = one.subscription
        yield DISAPPEARED, found.name or found.id, found.id, "", one.message


def _cells(outcome: Outcome) -> tuple[str, ...]:
    subscription = outcome.subscription
    return (
        outcome.verdict,
        subscription.name or subscription.id,
        subscription.id,
        ", ".join(wording.emails(outcome)),
        _why(outcome),
    )


def _why(outcome: Outcome) -> str:
    """Return the whole story: whoever reads a ticket cannot look at stderr."""
    if isinstance(outcome, Unread):
        fault = outcome.fault
        return f"{fault.reason}: {fault.told}; {fault.hint}"
    return wording.message(outcome)

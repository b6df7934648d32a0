"""Renders the report as JSON lines: one for each subscription, and a summary at the end."""

from collections.abc import Iterator

from contacts_audit.core.model import Outcome, Report, Run
from contacts_audit.report import json_, wording


def render(report: Report) -> Iterator[str]:
    """Yield a line for each subscription, for each that disappeared, and for the summary."""
    for outcome in report.outcomes:
        yield json_.dump({"record": "subscription", **json_.row_of(report, outcome)}) + "\n"
    for row in json_.gone_rows(report):
        yield json_.dump({"record": wording.DISAPPEARED, **row}) + "\n"
    yield last_line(report)


def line(outcome: Outcome, run: Run) -> str:
    """Return the line of one subscription."""
    return json_.dump({"record": "subscription", **json_.row(outcome, run)}) + "\n"


def last_line(report: Report) -> str:
    """Return the last line, the summary; without it a report is incomplete."""
    return json_.dump({"record": "summary", **json_.summary(report)}) + "\n"

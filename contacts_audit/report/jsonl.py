"""Renders the report as JSON lines: one for each subscription, and a summary at the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from contacts_audit.core.model import Outcome, Report, Run, Verdict
from contacts_audit.report import json_
from contacts_audit.report.disappeared import DISAPPEARED


def render(report: Report) -> Iterator[str]:
    """Yield a line for each subscription, for each that disappeared, and for the summary."""
    for outcome in report.outcomes:
        yield json_.dump({"record": "subscription", **json_.row_of(report, outcome)}) + "\n"
    for row in json_.gone_rows(report):
        yield json_.dump({"record": DISAPPEARED, **row}) + "\n"
    yield last_line(report.run, report.finished, report.verdicts, report.only)


def line(outcome: Outcome, run: Run) -> str:
    """Return the line of one subscription."""
    return json_.dump({"record": "subscription", **json_.row(outcome, run)}) + "\n"


def last_line(
    run: Run, finished: datetime, verdicts: Counter[Verdict], only: Sequence[Verdict] = ()
) -> str:
    """Return the last line, the summary; without it a report is incomplete."""
    summary = json_.summary(run, finished, verdicts, only)
    return json_.dump({"record": "summary", **summary}) + "\n"

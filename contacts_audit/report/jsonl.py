"""The report as JSON lines: a line a subscription, and a last one without which it is not whole."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from contacts_audit.model import Outcome, Report, Run, Verdict
from contacts_audit.report import json_
from contacts_audit.report.gone import DISAPPEARED, gone


def render(report: Report) -> Iterator[str]:
    """Yield each subscription's line, those of what disappeared, and the summary's."""
    for outcome in report.outcomes:
        yield line(outcome, report.run)
    for one in gone(report):
        yield json_.dump({"record": DISAPPEARED, **json_.gone_row(one)}) + "\n"
    yield last_line(report.run, report.finished, report.verdicts)


def line(outcome: Outcome, run: Run) -> str:
    """Return the line of one subscription."""
    return json_.dump({"record": "subscription", **json_.row(outcome, run)}) + "\n"


def last_line(run: Run, finished: datetime, verdicts: Counter[Verdict]) -> str:
    """Return the line that says that the report is whole."""
    return json_.dump({"record": "summary", **json_.summary(run, finished, verdicts)}) + "\n"

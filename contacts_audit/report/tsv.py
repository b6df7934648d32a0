"""The report as tab-separated values without a header, as az prints them."""

from collections.abc import Iterator

from contacts_audit.inert import inert
from contacts_audit.model import Outcome, Report
from contacts_audit.report import wording


def render(report: Report) -> Iterator[str]:
    """Yield a line a subscription."""
    for outcome in report.outcomes:
        yield "\t".join(inert(cell) for cell in cells(outcome)) + "\n"


def cells(outcome: Outcome) -> tuple[str, ...]:
    """Return id, name, tenant_id, state, verdict, emails, decided_by, reason and message."""
    subscription = outcome.subscription
    return (
        subscription.id,
        subscription.name or "",
        subscription.tenant_id or "",
        subscription.state or "",
        outcome.verdict,
        ";".join(wording.emails(outcome)),
        wording.decided_by(outcome),
        wording.reason(outcome),
        wording.message(outcome),
    )

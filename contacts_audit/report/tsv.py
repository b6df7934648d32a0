"""Renders the report as tab-separated values without a header, like `az -o tsv`."""

from collections.abc import Iterator
from itertools import chain

from contacts_audit.core.model import Outcome, Report
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import wording
from contacts_audit.report.disappeared import DISAPPEARED, gone


def render(report: Report) -> Iterator[str]:
    """Yield a line for each subscription."""
    for row in chain(map(cells, report.outcomes), lost(report)):
        yield "\t".join(map(sanitized, row)) + "\n"


def lost(report: Report) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each subscription that disappeared."""
    for one in gone(report):
        found = one.subscription
        yield found.id, found.name or "", "", "", DISAPPEARED, "", "", "", one.message


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

"""Renders the report as tab-separated values without a header, like `az -o tsv`."""

from collections.abc import Iterator

from contacts_audit.core.model import Audited, Report
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import wording


def render(report: Report) -> Iterator[str]:
    """Yield a line for each subscription."""
    for row in wording.all_rows(report):
        yield "\t".join(map(sanitized, cells(row))) + "\n"


def cells(row: wording.Row) -> tuple[str, ...]:
    """Return id, name, tenant_id, state, verdict, emails, decided_by, reason and message."""
    subscription = row.subscription
    return (
        subscription.id,
        subscription.name or "",
        subscription.tenant_id or "",
        subscription.state or "",
        row.verdict,
        ";".join(wording.emails(row)),
        row.decided_by if isinstance(row, Audited) else "",
        wording.reason(row),
        wording.message(row),
    )

"""Compares a report with its baseline: rows no longer in scope, and what each row was."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from contacts_audit.core.model import Report, Subscription

DISAPPEARED = "disappeared"  # in the place of a verdict


class Gone(NamedTuple):
    """A *subscription* that is no longer in scope, and its verdict in the baseline."""

    subscription: Subscription
    was: str

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return f"no longer in scope; was {self.was}"


def gone(report: Report) -> Iterator[Gone]:
    """Yield the subscriptions of the baseline that *report* lacks, in the order of the baseline."""
    for row in report.gone or ():
        yield Gone(Subscription(row["id"], row["name"]), row["verdict"])


def was(report: Report, subscription_id: str) -> dict[str, Any] | None:
    """Return the row of a subscription in the baseline, shortened; None if it has none."""
    row = (report.was or {}).get(subscription_id)
    if row is None:
        return None
    error = row["error"]
    return {
        "verdict": row["verdict"],
        "emails": [str(email) for email in row["emails"]],
        "reason": None if error is None else str(error["reason"]),
        "checks": [str(finding["check"]) for finding in row["findings"]],
    }


def was_in_words(report: Report, subscription_id: str) -> str:
    """Return the verdict of a subscription in the baseline, and why, for a cell."""
    row = was(report, subscription_id)
    if row is None:
        return "not in the baseline"
    facts = [row["reason"]] if row["reason"] else row["checks"] or row["emails"]
    return f"{row['verdict']} ({', '.join(facts)})" if facts else str(row["verdict"])

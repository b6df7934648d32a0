"""The rows of subscriptions that are in a baseline and no longer in scope."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from contacts_audit.core.model import Report, Subscription

DISAPPEARED = "disappeared"  # stands where a verdict would: there is none


class Gone(NamedTuple):
    """A *subscription* that nothing was asked of, and the verdict that it *was* given last."""

    subscription: Subscription
    was: str

    @property
    def message(self) -> str:
        """What became of it, in a sentence."""
        return f"it is in scope no more; it was {self.was}"


def gone(report: Report) -> Iterator[Gone]:
    """Yield what the baseline has and *report* has not, in the order of the baseline."""
    for row in report.gone or ():
        yield Gone(Subscription(row["id"], row["name"]), row["verdict"])


def was(report: Report, subscription_id: str) -> dict[str, Any] | None:
    """Return what the baseline said of a subscription, None where it did not know it."""
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
    """Return what the baseline said of a subscription, for a cell: the verdict, and its facts."""
    row = was(report, subscription_id)
    if row is None:
        return "not in the baseline"
    facts = [row["reason"]] if row["reason"] else row["checks"] or row["emails"]
    return f"{row['verdict']} ({', '.join(facts)})" if facts else str(row["verdict"])

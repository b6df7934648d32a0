"""Compares a report with its baseline: rows no longer in scope, and what each row was."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from contacts_audit.core.model import Outcome, Report, Subscription

DISAPPEARED = "disappeared"  # in the place of a verdict


class Gone(NamedTuple):
    """A *subscription* that is no longer in scope, and its verdict in the baseline."""

    subscription: Subscription
    was: str
    verdict: str = DISAPPEARED

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return f"no longer in scope; was {self.was}"


Row = Outcome | Gone


def gone(report: Report) -> Iterator[Gone]:
    """Yield the subscriptions of the baseline that *report* lacks, in the order of the baseline."""
    for row in report.gone or ():
        yield Gone(Subscription(row["id"], row["name"]), row["verdict"])


def all_rows(report: Report) -> Iterator[Row]:
    """Yield each outcome, then each subscription that disappeared."""
    yield from report.outcomes
    yield from gone(report)


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


def was_in_words(report: Report, row: Row) -> str:
    """Return the verdict of *row* in the baseline, and why, for a cell."""
    if isinstance(row, Gone):
        return row.was
    old = was(report, row.subscription.id)
    if old is None:
        return "not in the baseline"
    facts = [old["reason"]] if old["reason"] else old["checks"] or old["emails"]
    return f"{old['verdict']} ({', '.join(facts)})" if facts else str(old["verdict"])

"""Subscriptions of a baseline that are in scope no more, told where only changes are told."""

from collections.abc import Iterator
from typing import NamedTuple

from contacts_audit.model import Report, Subscription

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

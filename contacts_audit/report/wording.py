"""The rows of a report, those that disappeared since its baseline too, and the words for each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from contacts_audit.core.model import Audited, Outcome, Report, Subscription, Unread

RULE = "Security Contact Emails"  # the published name of the rule
HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
NOT_TODAY = "this is not the current state"  # of a recording
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
Cell = Callable[[Row], str]


def all_rows(report: Report) -> Iterator[Row]:
    """Yield each outcome, then each subscription of the baseline that *report* lacks."""
    yield from report.outcomes
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


def was_in_words(report: Report, row: Row) -> str:
    """Return the verdict of *row* in the baseline, and why, for a cell."""
    if isinstance(row, Gone):
        return row.was
    old = was(report, row.subscription.id)
    if old is None:
        return "not in the baseline"
    facts = [old["reason"]] if old["reason"] else old["checks"] or old["emails"]
    return f"{old['verdict']} ({', '.join(facts)})" if facts else str(old["verdict"])


def rows(report: Report, why: Cell, more: Mapping[str, Cell]) -> Iterator[tuple[str, ...]]:
    """
    Yield the header, and the cells of each subscription, also of those that disappeared.

    *why* fills the last column of HEADER; *more* are columns behind it.  A report of changes has
    the column WAS, too.
    """
    changes = report.was is not None
    yield (*HEADER, *more, *(["WAS"] if changes else []))
    for row in all_rows(report):
        found = row.subscription
        yield (
            row.verdict,
            found.name or found.id,
            found.id,
            ", ".join(emails(row)),
            why(row),
            *(cell(row) for cell in more.values()),
            *([was_in_words(report, row)] if changes else []),
        )


def reason(row: Row) -> str:
    """Return the failed checks, separated by commas, or the reason why it could not be read."""
    match row:
        case Audited(findings=findings):
            return ",".join(finding.check for finding in findings)
        case Unread(fault=fault):
            return fault.reason
    return ""


def message(row: Row) -> str:
    """Return what is wrong, in a sentence; the empty text where nothing is."""
    match row:
        case Audited(findings=findings, waiver=waiver):
            found = "; ".join(finding.message for finding in findings)
            return found if waiver is None else f"{found} ({waiver.terms})"
        case Unread(fault=fault):
            return fault.message
        case Gone():
            return row.message
    return row.subscription.state_message


def emails(row: Row) -> tuple[str, ...]:
    """Return the addresses at the API version that decided."""
    return row.emails if isinstance(row, Audited) else ()


def why(row: Row) -> str:
    """Return the message in short: of a fault the reason, and the status and code of Azure."""
    if isinstance(row, Unread):
        fault = row.fault
        facts = " ".join(str(fact) for fact in (fault.status, fault.code) if fact)
        return f"{fault.reason} ({facts})" if facts else fault.reason
    return message(row)

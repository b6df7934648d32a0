"""The words for one outcome, and the rows of formats for people."""

from collections.abc import Callable, Iterator, Mapping

from contacts_audit.core.model import Audited, Outcome, Report, Skipped, Unread
from contacts_audit.report.disappeared import DISAPPEARED, gone, was_in_words

RULE = "Security Contact Emails"  # the published name of the rule
HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
NOT_TODAY = "this is not the current state"  # of a recording
Cell = Callable[[Outcome], str]


def rows(report: Report, why: Cell, more: Mapping[str, Cell]) -> Iterator[tuple[str, ...]]:
    """
    Yield the header, a row for each subscription, and a row for each that disappeared.

    *why* fills the last column of HEADER; *more* are columns behind it.  A report of changes has
    the column WAS, too.
    """
    changes = report.was is not None
    yield (*HEADER, *more, *(["WAS"] if changes else []))
    for outcome in report.outcomes:
        found = outcome.subscription
        yield (
            outcome.verdict,
            found.name or found.id,
            found.id,
            ", ".join(emails(outcome)),
            why(outcome),
            *(cell(outcome) for cell in more.values()),
            *([was_in_words(report, found.id)] if changes else []),
        )
    for one in gone(report):
        found = one.subscription
        row = DISAPPEARED, found.name or found.id, found.id, "", one.message, *("" for _ in more)
        yield (*row, *([one.was] if changes else []))


def reason(outcome: Outcome) -> str:
    """Return the failed checks, separated by commas, or the reason why it could not be read."""
    match outcome:
        case Audited():
            return ",".join(finding.check for finding in outcome.findings)
        case Unread():
            return outcome.fault.reason
        case Skipped():
            return ""


def message(outcome: Outcome) -> str:
    """Return what is wrong, in a sentence; the empty text where nothing is."""
    match outcome:
        case Audited(waiver=waiver):
            found = "; ".join(finding.message for finding in outcome.findings)
            if waiver is None:
                return found
            return f"{found} (waived until {waiver.expires}: {waiver.reason}, {waiver.owner})"
        case Unread():
            return outcome.fault.message
        case Skipped():
            return outcome.subscription.state_message


def emails(outcome: Outcome) -> tuple[str, ...]:
    """Return the addresses at the API version that decided."""
    return outcome.emails if isinstance(outcome, Audited) else ()


def decided_by(outcome: Outcome) -> str:
    """Return the API version that decided, or the empty text."""
    return outcome.decided_by if isinstance(outcome, Audited) else ""


def why(outcome: Outcome) -> str:
    """Return the message in short: of a fault the reason, and the status and code of Azure."""
    if isinstance(outcome, Unread):
        fault = outcome.fault
        facts = " ".join(str(fact) for fact in (fault.status, fault.code) if fact)
        return f"{fault.reason} ({facts})" if facts else fault.reason
    return message(outcome)

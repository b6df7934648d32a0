"""The words for one outcome, and the rows of formats for people."""

from collections.abc import Callable, Iterator, Mapping

from contacts_audit.core.model import Audited, Report, Unread
from contacts_audit.report.disappeared import Gone, Row, all_rows, was_in_words

RULE = "Security Contact Emails"  # the published name of the rule
HEADER = ("VERDICT", "NAME", "ID", "EMAILS", "WHY")
NOT_TODAY = "this is not the current state"  # of a recording
Cell = Callable[[Row], str]


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


def decided_by(row: Row) -> str:
    """Return the API version that decided, or the empty text."""
    return row.decided_by if isinstance(row, Audited) else ""


def why(row: Row) -> str:
    """Return the message in short: of a fault the reason, and the status and code of Azure."""
    if isinstance(row, Unread):
        fault = row.fault
        facts = " ".join(str(fact) for fact in (fault.status, fault.code) if fact)
        return f"{fault.reason} ({facts})" if facts else fault.reason
    return message(row)

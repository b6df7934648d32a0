"""Sorts the rows of a report, and selects those to show."""

from collections.abc import Collection
from enum import StrEnum

from contacts_audit.core.model import Report, Verdict

URGENT = (
    Verdict.NON_COMPLIANT,
    Verdict.UNREADABLE,
    Verdict.WAIVED,
    Verdict.SKIPPED,
    Verdict.COMPLIANT,
)


class Sort(StrEnum):
    """The orders of the rows."""

    VERDICT = "verdict"
    AZURE = "azure"


def urgent_first(report: Report) -> Report:
    """Return *report* with the rows that need attention first, in the order of Azure otherwise."""
    rows = sorted(report.outcomes, key=lambda outcome: URGENT.index(outcome.verdict))
    return report._replace(outcomes=tuple(rows))


def only(report: Report, verdicts: Collection[Verdict]) -> Report:
    """Return *report* with only the rows of *verdicts*; its counts still include all rows."""
    if not verdicts:
        return report
    gone = report.gone
    return report._replace(
        outcomes=tuple(one for one in report.outcomes if one.verdict in verdicts),
        whole=report.verdicts,
        gone=None if gone is None else tuple(one for one in gone if one["verdict"] in verdicts),
        only=tuple(dict.fromkeys(verdicts)),
    )

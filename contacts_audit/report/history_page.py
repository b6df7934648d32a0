"""Renders the history as one self-contained HTML page: a bar for each day, and all changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from contacts_audit.audit.history import History, Run
from contacts_audit.core.model import Verdict
from contacts_audit.report import html
from contacts_audit.report.table import STYLES

TALL = 200  # units of the picture
MOST_DAYS = 366  # in the picture; the table has all


def render(history: History) -> Iterator[str]:
    """Yield the page in pieces; it runs no script and makes no request."""
    style = html.asset("page.css") + html.asset("history.css")
    days = history.days
    page = html.environment().get_template("history.html.j2")
    yield from page.generate(
        style=style,
        csp=html.content_security_policy(style),
        history=history,
        days=days[::-1],
        latest=days[-1],
        bars=[*_bars(days)],
        span=_span(days),
        tall=TALL,
        most=max(day.total for day in days),
        verdicts=[*Verdict],
        marks=html.MARKS,
        colors=STYLES,
        changed=[run for run in reversed(history.runs) if run.changes],
        changed_checks=_changed_checks(history),
    )


class Bar(NamedTuple):
    """A part of the bar of one day: *at* days after the first, *top* and *height* in units."""

    at: int
    top: float
    height: float
    verdict: Verdict
    title: str


def _span(days: tuple[Run, ...]) -> int:
    """Return how many days the picture spans."""
    return (days[-1].day - _first(days)).days + 1


def _first(days: tuple[Run, ...]) -> date:
    return max(days[0].day, days[-1].day - timedelta(days=MOST_DAYS - 1))


def _bars(days: tuple[Run, ...]) -> Iterator[Bar]:
    """Yield the parts of the bar of each day, from the bottom; days without a run have none."""
    first, most = _first(days), max(day.total for day in days) or 1
    for day in days:
        at, top = (day.day - first).days, float(TALL)
        for verdict in reversed(Verdict):
            height = TALL * day.counts[verdict] / most
            if at >= 0 and height:
                top -= height
                title = f"{day.day}: {day.counts[verdict]} {verdict}"
                yield Bar(at, round(top, 2), round(height, 2), verdict, title)


def _changed_checks(history: History) -> list[dict[str, Any]]:
    """Return each run with other checks than the run before: the counts changed with them."""
    pairs = zip(history.runs, history.runs[1:], strict=False)
    return [
        {"finished": new.finished, "old": old.checks, "new": new.checks}
        for old, new in pairs
        if old.checks != new.checks
    ]

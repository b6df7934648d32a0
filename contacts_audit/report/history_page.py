"""Renders the history as one self-contained HTML page: a bar for each day, and all changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from contacts_audit.audit.history import History, Run
from contacts_audit.core.model import Verdict
from contacts_audit.report import html

TALL = 200  # units of the picture
MOST_DAYS = 366  # in the picture; the table has all


def render(history: History) -> Iterator[str]:
    """Yield the page in pieces; it runs no script and makes no request."""
    style = html.asset("page.css") + html.asset("history.css")
    days, runs = history.days, history.runs
    first = max(days[0].day, days[-1].day - timedelta(days=MOST_DAYS - 1))
    most = max(day.total for day in days)
    page = html.environment().get_template("history.html.j2")
    yield from page.generate(
        style=style,
        csp=html.content_security_policy(style),
        history=history,
        days=days[::-1],
        latest=days[-1],
        bars=_bars(days, first, most or 1),
        span=(days[-1].day - first).days + 1,
        tall=TALL,
        most=most,
        verdicts=[*Verdict],
        changed=[run for run in reversed(runs) if run.changes],
        changed_checks=history.changed_checks,
    )


class Bar(NamedTuple):
    """A part of the bar of one day: *at* days after the first, *top* and *height* in units."""

    at: int
    top: float
    height: float
    verdict: Verdict
    title: str


def _bars(days: tuple[Run, ...], first: date, most: int) -> Iterator[Bar]:
    """Yield the parts of the bar of each day, from the bottom; days without a run have none."""
    for day in days:
        at, top = (day.day - first).days, float(TALL)
        for verdict in reversed(Verdict):
            height = TALL * day.counts[verdict] / most
            if at >= 0 and height:
                top -= height
                title = f"{day.day}: {day.counts[verdict]} {verdict}"
                yield Bar(at, round(top, 2), round(height, 2), verdict, title)

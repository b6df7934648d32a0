"""Combines the reports of many runs: a row for each day, and what changed when. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from contacts_audit.audit.diff import ChangeKind, Difference, compare, other_checks
from contacts_audit.audit.report_file import parse_time
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Verdict

SCHEMA = 1
QUIET = frozenset({ChangeKind.UNCHANGED, ChangeKind.STILL_FAILING, ChangeKind.STILL_UNREADABLE})

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """
    What is kept of one report: its times, its counts, and what changed since the run before.

    *changes* leaves out what stayed as it was; it is empty for the first run.
    """

    name: str
    finished: datetime
    counts: Mapping[Verdict, int]
    checks: tuple[str, ...]
    changes: tuple[Difference, ...]

    @property
    def day(self) -> date:
        """The day in UTC."""
        return self.finished.date()

    @property
    def total(self) -> int:
        """How many subscriptions were in scope."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class History:
    """All runs, the oldest first, of one cloud and its tenants."""

    cloud: str
    tenants: tuple[str, ...]
    runs: tuple[Run, ...]

    @property
    def days(self) -> tuple[Run, ...]:
        """The last run of each day."""
        return tuple({run.day: run for run in self.runs}.values())

    @property
    def changed_checks(self) -> tuple[tuple[Run, Run], ...]:
        """Each two runs in a row that judged different checks."""
        pairs = pairwise(self.runs)
        return tuple((old, new) for old, new in pairs if other_checks(old.checks, new.checks))


def moment_of(document: Document) -> datetime:
    """
    Return the moment that a report is of, in UTC: of a replay, that of its recording.

    Raises:
        ValueError: it names none.
    """
    return parse_time(document["recorded"] or document["finished"])


def history(documents: Iterable[tuple[str, Document]]) -> History:
    """
    Return the history of the named reports, which come in the order of their moments.

    Only one report is held at a time.

    Raises:
        UsageError: one is a shard, or two are of different clouds or tenants.
    """
    runs: list[Run] = []
    whose: tuple[str, tuple[str, ...]] | None = None
    before: Sequence[Mapping[str, Any]] = ()
    for name, document in documents:
        if document["shard"] is not None:
            raise UsageError(
                f"{name} is shard {document['shard']} of a run",
                "join the shards with 'contacts-audit merge', and keep the whole report",
            )
        mine = document["cloud"], tuple(sorted(document["tenants"]))
        if whose is not None and mine != whose:
            raise UsageError(
                f"{name} is of another cloud or other tenants than {runs[0].name}",
                "keep the reports of each in a folder of their own",
            )
        rows = document["subscriptions"]
        summary = document["summary"]
        counts = {verdict: summary[verdict.replace("-", "_")] for verdict in Verdict}
        checks = tuple(document["checks"])
        differences = compare(before, rows) if runs else ()
        changes = tuple(one for one in differences if one.change not in QUIET)
        runs.append(Run(name, moment_of(document), counts, checks, changes))
        whose, before = mine, rows
    if whose is None:
        raise UsageError("no report to show", "name a folder of JSON reports (--report DAY.json)")
    return History(*whose, tuple(runs))


def document(found: History) -> dict[str, Any]:
    """Return *found* as the JSON document that `history -o json` prints."""
    return {
        "schema": SCHEMA,
        "kind": "history",
        "cloud": found.cloud,
        "tenants": [*found.tenants],
        "days": [
            {
                "date": run.day.isoformat(),
                "finished": _spelled(run.finished),
                "report": run.name,
                "checks": [*run.checks],
                "in_scope": run.total,
                **{verdict.replace("-", "_"): run.counts[verdict] for verdict in Verdict},
            }
            for run in found.days
        ],
        "changes": [
            {"at": _spelled(run.finished), **one.document()}
            for run in found.runs
            for one in run.changes
        ],
    }


def _spelled(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

"""Merge the reports of shards into one report. Pure."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from contacts_audit import __version__
from contacts_audit.audit.shards import Shard, parse_shard
from contacts_audit.core.errors import IncompleteError
from contacts_audit.core.model import Report

MAX_GAP = timedelta(hours=1)  # between two shards of one run
MAX_GAP_WITH_RUN_ID = timedelta(hours=12)  # so that a constant id does not join two nights
MAX_NAMED = 5  # missing shards in a message


def merged(reports: Sequence[tuple[str, Report]], run_id: str | None = None) -> Report:
    """
    Return one report of all *reports*, each with the name of its file, in the order of the shards.

    All belong to one run: to *run_id*, unless it is None.

    Raises:
        IncompleteError: a shard is missing or appears twice, or the reports are of several runs.
    """
    first_name, first = reports[0]
    if run_id is not None and first.run.run_id != run_id:
        raise _other_run(first_name, first, run_id)
    _check_alike(reports)
    parts = _in_order(reports)
    _check_times(reports)
    runs = [report.run for report in parts]
    outcomes = tuple(itertools.chain.from_iterable(report.outcomes for report in parts))
    ids = Counter(one.subscription.id for one in outcomes)
    if ids and (most := ids.most_common(1)[0])[1] > 1:
        raise IncompleteError(f"{most[0]} appears twice", "merge the shards of one run")
    run = replace(
        first.run,
        version=__version__,
        started=min(one.started for one in runs),
        profile=first.run.profile if len({one.profile for one in runs}) == 1 else None,
        shard=None,
        recorded=min((one.recorded for one in runs if one.recorded), default=None),
        identities=tuple(dict.fromkeys(one for each in runs for one in each.identities)),
    )
    return Report(run, max(report.finished for report in parts), outcomes)


def _check_alike(reports: Sequence[tuple[str, Report]]) -> None:
    """Check that all have the same checks, cloud, tenants and run id."""
    (first_name, first), *others = reports
    for name, other in others:
        for what in ("checks", "cloud", "tenants"):
            one, two = getattr(first.run, what), getattr(other.run, what)
            if one != two:
                raise IncompleteError(
                    f"{name} differs from {first_name} in its {what}: "
                    f"{_shown(two)}, not {_shown(one)}",
                    "merge reports of the same audit",
                )
        if first.run.run_id != other.run.run_id:
            raise _other_run(name, other, f"{_shown(first.run.run_id)}, as {first_name}")


def _other_run(name: str, report: Report, expected: str) -> IncompleteError:
    return IncompleteError(
        f"{name} belongs to another run: its run_id is {_shown(report.run.run_id)}, not {expected}",
        "merge the shards of one run; run what failed again",
    )


def _check_times(reports: Sequence[tuple[str, Report]]) -> None:
    """Check that no report was started long after the ones before it were finished."""
    max_gap = MAX_GAP if reports[0][1].run.run_id is None else MAX_GAP_WITH_RUN_ID
    (name, first), *others = sorted(reports, key=lambda one: one[1].run.started)
    ended = first.finished
    for later, report in others:
        if report.run.started - ended > max_gap:
            raise IncompleteError(
                f"{name} belongs to another run than {later}: it ended {ended:%Y-%m-%d %H:%M} UTC, "
                f"the other started {report.run.started:%Y-%m-%d %H:%M}",
                "merge the shards of one run, and give all of them the same --run-id",
            )
        if report.finished >= ended:
            name, ended = later, report.finished


def _in_order(reports: Sequence[tuple[str, Report]]) -> list[Report]:
    """Return the reports in the order of their shards; check that each shard is there once."""
    found: dict[Shard, tuple[str, Report]] = {}
    for name, report in reports:
        part = parse_shard(report.run.shard or "0/1", None)
        parts = next(iter(found), part).parts
        if part.parts != parts:
            raise IncompleteError(f"{name} is one of {part.parts} shards, the first one of {parts}")
        if part in found:
            raise IncompleteError(f"{name} and {found[part][0]} are both shard {part}")
        found[part] = name, report
    missing = (one for one in range(parts) if Shard(one, parts) not in found)
    if len(found) < parts:
        named = ", ".join(str(Shard(one, parts)) for one in itertools.islice(missing, MAX_NAMED))
        raise IncompleteError(
            f"{parts - len(found)} of {parts} shards are missing: {named}"
            + (" and more" if parts - len(found) > MAX_NAMED else ""),
            "run the missing ones, and merge all",
        )
    return [report for _, (_, report) in sorted(found.items())]


def _shown(value: str | tuple[str, ...] | None) -> str:
    return value if isinstance(value, str) else "none" if value is None else ", ".join(value)

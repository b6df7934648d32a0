"""Merges the reports of shards into one report. Pure."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from contacts_audit import __version__
from contacts_audit.audit.shards import Shard, shard
from contacts_audit.core.errors import IncompleteError
from contacts_audit.core.model import Report

APART = timedelta(hours=1)  # that no shard of a run was at work
APART_OF_ONE_ID = timedelta(hours=12)  # a constant id is not to join tonight and yesterday
WHOLE = Shard(0, 1)
NAMED = 5  # of what is missing


def joined(reports: Sequence[tuple[str, Report]], run_id: str | None = None) -> Report:
    """
    Return the one report of all the named *reports*, the rows in the order of the shards.

    They have to be of one run: of that of this *run_id*, where it is known.

    Raises:
        IncompleteError: a shard is missing or there twice; or they are not of one audit.
    """
    first_name, first = reports[0]
    if run_id is not None and first.run.run_id != run_id:
        raise _of_another_run(first_name, first, run_id)
    _check_alike(reports)
    parts = _whole(reports)
    _check_times(reports)
    runs = [report.run for report in parts]
    outcomes = tuple(itertools.chain.from_iterable(report.outcomes for report in parts))
    ids = Counter(one.subscription.id for one in outcomes)
    if ids and (most := ids.most_common(1)[0])[1] > 1:
        raise IncompleteError(f"{most[0]} is there twice", "merge the shards of one run")
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
    """Check that all are of the same run, as far as they name it, and were audited alike."""
    (first_name, first), *others = reports
    for name, other in others:
        for what in ("checks", "cloud", "tenants"):
            one, two = getattr(first.run, what), getattr(other.run, what)
            if one != two:
                raise IncompleteError(
                    f"{name} is of other {what} than {first_name}",
                    f"merge what was audited alike: {_spelt(two)} is not {_spelt(one)}",
                )
        if first.run.run_id != other.run.run_id:
            raise _of_another_run(name, other, f"{_spelt(first.run.run_id)}, as {first_name}")


def _of_another_run(name: str, report: Report, expected: str) -> IncompleteError:
    return IncompleteError(
        f"{name} is of another run: its run_id is {_spelt(report.run.run_id)}, not {expected}",
        "merge the shards of one run; audit anew what failed in it",
    )


def _check_times(reports: Sequence[tuple[str, Report]]) -> None:
    """Check that none was begun long after all before it had ended: it would be of another run."""
    apart = APART if reports[0][1].run.run_id is None else APART_OF_ONE_ID
    (name, first), *others = sorted(reports, key=lambda one: one[1].run.started)
    ended = first.finished
    for later, report in others:
        if report.run.started - ended > apart:
            raise IncompleteError(
                f"{name} is of another run than {later}: it had ended {ended:%Y-%m-%d %H:%M} UTC, "
                f"before that began {report.run.started:%Y-%m-%d %H:%M}",
                "merge the shards of one run, and tie them together by --run-id",
            )
        if report.finished >= ended:
            name, ended = later, report.finished


def _whole(reports: Sequence[tuple[str, Report]]) -> list[Report]:
    """Return the reports in the order of their shards: each is there once, with its own rows."""
    found: dict[Shard, tuple[str, Report]] = {}
    for name, report in reports:
        part = WHOLE if report.run.shard is None else shard(report.run.shard, None)
        parts = next(iter(found), part).parts
        if part.parts != parts:
            raise IncompleteError(f"{name} is one of {part.parts} shards, the first one of {parts}")
        if part in found:
            raise IncompleteError(f"{name} and {found[part][0]} are both shard {part}")
        found[part] = name, report
    missing = (one for one in range(parts) if Shard(one, parts) not in found)
    if len(found) < parts:
        named = ", ".join(str(Shard(one, parts)) for one in itertools.islice(missing, NAMED))
        raise IncompleteError(
            f"{parts - len(found)} of {parts} shards are missing: {named}"
            + (" and more" if parts - len(found) > NAMED else ""),
            "run the missing ones, and merge all",
        )
    return [report for _, (_, report) in sorted(found.items())]


def _spelt(value: str | tuple[str, ...] | None) -> str:
    return value if isinstance(value, str) else "none" if value is None else ", ".join(value)

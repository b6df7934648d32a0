"""Read the JSON reports of shards back, and merge them into one report. Pure."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from contacts_audit import __version__
from contacts_audit.audit.report_file import CONTACT, ERROR, HINT, IDENTITY, Row, parse_time
from contacts_audit.audit.shards import Shard, parse_shard
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.core import model
from contacts_audit.core.errors import HINTS, IncompleteError, Reason, UsageError
from contacts_audit.core.mailbox import is_address

MAX_GAP = timedelta(hours=1)  # between two shards of one run
MAX_GAP_WITH_RUN_ID = timedelta(hours=12)  # so that a constant id does not join two nights
MAX_NAMED = 5  # missing shards in a message


def merged(reports: Sequence[tuple[str, model.Report]], run_id: str | None = None) -> model.Report:
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
    run = first.run._replace(
        version=__version__,
        started=min(one.started for one in runs),
        profile=first.run.profile if len({one.profile for one in runs}) == 1 else None,
        shard=None,
        recorded=min((one.recorded for one in runs if one.recorded), default=None),
        identities=tuple(dict.fromkeys(one for each in runs for one in each.identities)),
    )
    return model.Report(run, max(report.finished for report in parts), outcomes)


def _check_alike(reports: Sequence[tuple[str, model.Report]]) -> None:
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


def _other_run(name: str, report: model.Report, expected: str) -> IncompleteError:
    return IncompleteError(
        f"{name} belongs to another run: its run_id is {_shown(report.run.run_id)}, not {expected}",
        "merge the shards of one run; run what failed again",
    )


def _check_times(reports: Sequence[tuple[str, model.Report]]) -> None:
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


def _in_order(reports: Sequence[tuple[str, model.Report]]) -> list[model.Report]:
    """Return the reports in the order of their shards; check that each shard is there once."""
    found: dict[Shard, tuple[str, model.Report]] = {}
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


def report_from(document: Row, name: str) -> model.Report:
    """
    Return the report in *document*, which `report_file.read` took from the file *name*.

    No link and no command takes a host from the file: links and hints with a URL are our own.

    Raises:
        UsageError: it is damaged.
    """
    cloud = document["cloud"]
    try:
        return model.Report(
            model.Run(
                document["tool"]["version"],
                parse_time(document["started"]),
                cloud,
                tuple(document["tenants"]),
                None if document["profile"] is None else model.Profile(document["profile"]),
                tuple(map(model.Check, document["checks"])),
                next((one.portal_url for one in CLOUDS.values() if one.name == cloud), None),
                None if document["shard"] is None else str(parse_shard(document["shard"], None)),
                document["run_id"],
                recorded=parse_time(document["recorded"]) if document["recorded"] else None,
                identities=tuple(
                    model.Identity(**_known(row, IDENTITY)) for row in document["identities"]
                ),
            ),
            parse_time(document["finished"]),
            tuple(map(_outcome, document["subscriptions"])),
        )
    except (ValueError, UsageError) as error:
        raise UsageError(f"{name} is damaged: {error}", HINT) from error


def _known(row: Row, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values of the known *keys* in *row*, a list as a tuple."""
    found = ((key, row[key]) for key in keys)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found}


def _outcome(row: Row) -> model.Outcome:
    """Return the outcome in *row*; raise ValueError if its verdict contradicts its findings."""
    subscription = model.Subscription(row["id"], row["name"], row["state"], row["tenant_id"])
    contacts = tuple(map(_contact, row["contacts"]))
    match model.Verdict(row["verdict"]):
        case model.Verdict.SKIPPED:
            return model.Skipped(subscription)
        case model.Verdict.UNREADABLE:
            return model.Unread(subscription, _fault(row["error"], subscription), contacts)
        case verdict:
            if row["decided_by"] is None:
                raise ValueError(f"{subscription.id} has no decided_by")
            audited = model.Audited(
                subscription,
                contacts,
                tuple(row["emails"]),
                tuple(map(_finding, row["findings"])),
                row["decided_by"],
                None if row["waiver"] is None else _waiver(row["waiver"], subscription.id),
                _checks(row.get("checks", [])),
            )
            if audited.verdict is not verdict or (audited.waiver and not audited.findings):
                raise ValueError(
                    f"{verdict} does not follow from the findings of {subscription.id}"
                )
            return audited


def _checks(names: object) -> tuple[model.Check, ...]:
    """Return the checks of a row; reports of version 0.1 have none."""
    if not isinstance(names, list):
        raise ValueError("the checks are not a list")  # noqa: TRY004
    return tuple(map(model.Check, names))


def _contact(row: Row) -> model.Contact:
    known = _known(row, CONTACT)
    malformed = tuple(email for email in known["emails"] if not is_address(email))
    return model.Contact(**known, malformed=malformed)


def _finding(row: Row) -> model.Finding:
    return model.Finding(model.Check(row["check"]), row["message"], row["api_version"])


def _waiver(row: Row, subscription_id: str) -> model.Waiver:
    return model.Waiver(
        subscription_id,
        row["reason"],
        row["owner"],
        date.fromisoformat(row["expires"]),
        None if row["check"] is None else model.Check(row["check"]),
    )


def _fault(row: Row, subscription: model.Subscription) -> model.Fault:
    reason = Reason(row["reason"])
    own_hint = HINTS[reason].replace("SUBSCRIPTION_ID", subscription.id)
    hint = own_hint if "://" in row["hint"] else row["hint"]
    return model.Fault(**{**_known(row, ERROR), "reason": reason, "hint": hint})

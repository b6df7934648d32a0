"""Merges the reports of shards into one report. Pure."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta

from contacts_audit import __version__
from contacts_audit.audit.report_file import HINT, Row, moment
from contacts_audit.audit.scope import Shard, shard
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.contacts.read import is_address
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import HINTS, IncompleteError, Reason, UsageError
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
    Identity,
    Outcome,
    Profile,
    Report,
    Run,
    Skipped,
    Subscription,
    Unread,
    Verdict,
    Waiver,
)

APART = timedelta(hours=1)  # that no shard of a run was at work
APART_OF_ONE_ID = timedelta(hours=12)  # a constant id is not to join tonight and yesterday
WHOLE = Shard(0, 1)
NAMED = 5  # of what is missing


def report_of(document: Row, name: str) -> Report:
    """
    Return the report that the *document* of the file *name* tells, as `reportfile` reads it.

    Its words are told as they are.  Where they would lead somebody, they are ours: no link, and no
    command to copy, takes a host from a file.

    Raises:
        UsageError: it is damaged.
    """
    try:
        return Report(
            Run(
                document["tool"]["version"],
                moment(document["started"]),
                document["cloud"],
                tuple(document["tenants"]),
                None if document["profile"] is None else Profile(document["profile"]),
                tuple(map(Check, document["checks"])),
                _portal(document["cloud"]),
                None if document["shard"] is None else str(shard(document["shard"], None)),
                document["run_id"],
                recorded=moment(document["recorded"]) if document["recorded"] else None,
                identities=tuple(map(_identity, document["identities"])),
            ),
            moment(document["finished"]),
            tuple(map(_outcome, document["subscriptions"])),
        )
    except (ValueError, UsageError) as error:
        raise UsageError(f"{name} is damaged: {error}", HINT) from error


def _portal(cloud: str) -> str | None:
    known = CLOUDS.get(CloudName(cloud)) if cloud in {*CloudName} else None
    return None if known is None else known.portal_url


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


def _identity(row: Row) -> Identity:
    return Identity(*(row[each.name] for each in fields(Identity)))


def _outcome(row: Row) -> Outcome:
    """Return what *row* tells; its verdict has to follow from the rest."""
    who = Subscription(row["id"], row["name"], row["state"], row["tenant_id"])
    contacts = tuple(map(_contact, row["contacts"]))
    match Verdict(row["verdict"]):
        case Verdict.SKIPPED:
            return Skipped(who)
        case Verdict.UNREADABLE:
            return Unread(who, _fault(row["error"], who), contacts)
        case verdict:
            if row["decided_by"] is None:
                raise ValueError(f"{who.id} was decided by nothing")
            audited = Audited(
                who,
                contacts,
                tuple(row["emails"]),
                tuple(map(_finding, row["findings"])),
                row["decided_by"],
                None if row["waiver"] is None else _waiver(row["waiver"], who.id),
                _checks(row.get("checks", [])),
            )
            if audited.verdict is not verdict or (audited.waiver and not audited.findings):
                raise ValueError(f"{verdict} does not follow from the findings of {who.id}")
            return audited


def _checks(told: object) -> tuple[Check, ...]:
    """Return the checks of a row, a key that came after the first reports."""
    if not isinstance(told, list):
        raise ValueError("the checks are no list")  # noqa: TRY004
    return tuple(map(Check, told))


def _contact(told: Row) -> Contact:
    emails = tuple(told["emails"])
    return Contact(
        name=told["name"],
        api_version=told["api_version"],
        emails=emails,
        malformed=tuple(email for email in emails if not is_address(email)),
        enabled=told["enabled"],
        phone=told["phone"],
        alert_severity=told["alert_severity"],
        attack_path_risk=told["attack_path_risk"],
        roles=tuple(told["roles"]),
    )


def _finding(told: Row) -> Finding:
    return Finding(Check(told["check"]), told["message"], told["api_version"])


def _waiver(told: Row, subscription_id: str) -> Waiver:
    return Waiver(
        subscription_id,
        told["reason"],
        told["owner"],
        date.fromisoformat(told["expires"]),
        None if told["check"] is None else Check(told["check"]),
    )


def _fault(told: Row, who: Subscription) -> Fault:
    reason = Reason(told["reason"])
    ours = HINTS[reason].replace("SUBSCRIPTION_ID", who.id)
    return Fault(
        reason,
        told["message"],
        ours if "://" in told["hint"] else told["hint"],
        told["status"],
        told["code"],
        told["request_id"],
    )


def _spelt(value: str | tuple[str, ...] | None) -> str:
    return value if isinstance(value, str) else "none" if value is None else ", ".join(value)

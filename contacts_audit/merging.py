"""From the reports of shards back to the report of them all. Pure."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from contacts_audit import __version__
from contacts_audit.azure.contacts import is_address
from contacts_audit.azure.subscriptions import GUID
from contacts_audit.comparing import DAMAGED
from contacts_audit.errors import IncompleteError, Reason, UsageError
from contacts_audit.model import (
    Audited,
    Check,
    Contact,
    Fault,
    Finding,
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
from contacts_audit.scope import Shard, shard

WHOLE = Shard(0, 1)
NAMED = 5  # of what is missing
Row = Mapping[str, Any]


def read(document: Row, name: str) -> Report:
    """
    Return the report that the JSON *document* in the file *name* tells, all rows and facts of it.

    Raises:
        UsageError: it is damaged.
        IncompleteError: it holds less than it counts.
    """
    try:
        rows = document["subscriptions"]
        outcomes = tuple(map(_outcome, rows))
        run = Run(
            _text(document["tool"]["version"]),
            _moment(document["started"]),
            _text(document["cloud"]),
            _texts(document["tenants"]),
            None if document["profile"] is None else Profile(document["profile"]),
            tuple(map(Check, document["checks"])),
            next((_maybe(row["portal_url"]) for row in rows), None),
            None if document["shard"] is None else str(shard(document["shard"], None)),
        )
        report = Report(run, _moment(document["finished"]), outcomes)
        counted = document["summary"]["in_scope"]
    except (*DAMAGED, UsageError) as error:
        raise UsageError(
            f"{name} is damaged: {error}", "name one that 'audit -o json' printed"
        ) from error
    if counted != len(outcomes):
        raise IncompleteError(
            f"{name} counts {counted} subscriptions and holds {len(outcomes)}",
            "write the whole report: --report PATH, not -o json with --only or --only-changes",
        )
    return report


def joined(reports: Sequence[tuple[str, Report]]) -> Report:
    """
    Return the one report of all the named *reports*, the rows in the order of the shards.

    Raises:
        IncompleteError: a shard is missing or there twice; or they are not of one audit.
    """
    (first_name, first), *others = reports
    for name, other in others:
        for what in ("checks", "cloud", "tenants"):
            one, two = getattr(first.run, what), getattr(other.run, what)
            if one != two:
                raise IncompleteError(
                    f"{name} is of other {what} than {first_name}",
                    f"merge what was audited alike: {_spelt(two)} is not {_spelt(one)}",
                )
    parts = _whole(reports)
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
        portal_url=next((one.portal_url for one in runs if one.portal_url), None),
        shard=None,
    )
    return Report(run, max(report.finished for report in parts), outcomes)


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


def _outcome(row: Row) -> Outcome:
    """Return what *row* tells; its verdict has to follow from the rest."""
    if GUID.fullmatch(row["id"]) is None or row["id"] != row["id"].lower():
        raise ValueError(f"{row['id']!r} is no id")
    who = Subscription(
        row["id"], _maybe(row["name"]), _maybe(row["state"]), _maybe(row["tenant_id"])
    )
    contacts = tuple(map(_contact, row["contacts"]))
    match Verdict(row["verdict"]):
        case Verdict.SKIPPED:
            return Skipped(who)
        case Verdict.UNREADABLE:
            return Unread(who, _fault(row["error"]), contacts)
        case verdict:
            audited = Audited(
                who,
                contacts,
                _texts(row["emails"]),
                tuple(map(_finding, row["findings"])),
                _text(row["decided_by"]),
                None if row["waiver"] is None else _waiver(row["waiver"], who.id),
                tuple(map(Check, row.get("checks", ()))),
            )
            if audited.verdict is not verdict:
                raise ValueError(f"{verdict} does not follow from the findings of {who.id}")
            return audited


def _contact(told: Row) -> Contact:
    emails = _texts(told["emails"])
    return Contact(
        name=_text(told["name"]),
        api_version=_text(told["api_version"]),
        emails=emails,
        malformed=tuple(email for email in emails if not is_address(email)),
        enabled=told["enabled"] is True,
        phone=_maybe(told["phone"]),
        alert_severity=_maybe(told["alert_severity"]),
        attack_path_risk=_maybe(told["attack_path_risk"]),
        roles=_texts(told["roles"]),
    )


def _finding(told: Row) -> Finding:
    return Finding(Check(told["check"]), _text(told["message"]), _text(told["api_version"]))


def _waiver(told: Row, subscription_id: str) -> Waiver:
    return Waiver(
        subscription_id,
        _text(told["reason"]),
        _text(told["owner"]),
        date.fromisoformat(told["expires"]),
        None if told["check"] is None else Check(told["check"]),
    )


def _fault(told: Row) -> Fault:
    status = told["status"]
    if not isinstance(status, int | None):
        raise TypeError("a status is no number")
    return Fault(
        Reason(told["reason"]),
        _text(told["message"]),
        _text(told["hint"]),
        status,
        _maybe(told["code"]),
        _maybe(told["request_id"]),
    )


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} is of no time zone")
    return moment


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _maybe(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return tuple(map(_text, values))


def _spelt(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)

"""Turns a JSON report, read as `report_file` does, back into a Report with its outcomes. Pure."""

from dataclasses import fields
from datetime import date

from contacts_audit.audit.report_file import HINT, Row, moment
from contacts_audit.audit.shards import shard
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.contacts.read import is_address
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import HINTS, Reason, UsageError
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

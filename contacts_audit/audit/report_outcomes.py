"""Turn a JSON report, read by `report_file`, back into a Report with its outcomes. Pure."""

from dataclasses import fields
from datetime import date

from contacts_audit.audit.report_file import HINT, Row, parse_time
from contacts_audit.audit.shards import parse_shard
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import HINTS, Reason, UsageError
from contacts_audit.core.mailbox import is_address
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


def report_from(document: Row, name: str) -> Report:
    """
    Return the report in *document*, which `report_file.read` took from the file *name*.

    No link and no command takes a host from the file: links and hints with a URL are our own.

    Raises:
        UsageError: it is damaged.
    """
    try:
        return Report(
            Run(
                document["tool"]["version"],
                parse_time(document["started"]),
                document["cloud"],
                tuple(document["tenants"]),
                None if document["profile"] is None else Profile(document["profile"]),
                tuple(map(Check, document["checks"])),
                _portal(document["cloud"]),
                None if document["shard"] is None else str(parse_shard(document["shard"], None)),
                document["run_id"],
                recorded=parse_time(document["recorded"]) if document["recorded"] else None,
                identities=tuple(map(_identity, document["identities"])),
            ),
            parse_time(document["finished"]),
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
    """Return the outcome in *row*; raise ValueError if its verdict contradicts its findings."""
    subscription = Subscription(row["id"], row["name"], row["state"], row["tenant_id"])
    contacts = tuple(map(_contact, row["contacts"]))
    match Verdict(row["verdict"]):
        case Verdict.SKIPPED:
            return Skipped(subscription)
        case Verdict.UNREADABLE:
            return Unread(subscription, _fault(row["error"], subscription), contacts)
        case verdict:
            if row["decided_by"] is None:
                raise ValueError(f"{subscription.id} has no decided_by")
            audited = Audited(
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


def _checks(names: object) -> tuple[Check, ...]:
    """Return the checks of a row; reports of version 0.1 have none."""
    if not isinstance(names, list):
        raise ValueError("the checks are not a list")  # noqa: TRY004
    return tuple(map(Check, names))


def _contact(row: Row) -> Contact:
    emails = tuple(row["emails"])
    return Contact(
        name=row["name"],
        api_version=row["api_version"],
        emails=emails,
        malformed=tuple(email for email in emails if not is_address(email)),
        enabled=row["enabled"],
        phone=row["phone"],
        alert_severity=row["alert_severity"],
        attack_path_risk=row["attack_path_risk"],
        roles=tuple(row["roles"]),
    )


def _finding(row: Row) -> Finding:
    return Finding(Check(row["check"]), row["message"], row["api_version"])


def _waiver(row: Row, subscription_id: str) -> Waiver:
    return Waiver(
        subscription_id,
        row["reason"],
        row["owner"],
        date.fromisoformat(row["expires"]),
        None if row["check"] is None else Check(row["check"]),
    )


def _fault(row: Row, subscription: Subscription) -> Fault:
    reason = Reason(row["reason"])
    own_hint = HINTS[reason].replace("SUBSCRIPTION_ID", subscription.id)
    return Fault(
        reason,
        row["message"],
        own_hint if "://" in row["hint"] else row["hint"],
        row["status"],
        row["code"],
        row["request_id"],
    )

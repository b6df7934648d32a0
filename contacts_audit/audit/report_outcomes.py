"""Turn a JSON report, read by `report_file`, back into a Report with its outcomes. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from contacts_audit.audit.report_file import CONTACT, ERROR, HINT, IDENTITY, Row, parse_time
from contacts_audit.audit.shards import parse_shard
from contacts_audit.azure.clouds import CLOUDS
from contacts_audit.core import model
from contacts_audit.core.errors import HINTS, Reason, UsageError
from contacts_audit.core.mailbox import is_address


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

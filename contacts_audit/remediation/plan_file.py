"""Writes and reads plan files. A plan that is read is computed again, and refused if it differs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from contacts_audit.audit.checks import RISKS
from contacts_audit.azure.contacts.records import Json, same
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change, Check, Criteria, Fault, Profile
from contacts_audit.remediation.file_format import (
    DamageError,
    Origin,
    origin_of,
    parse_or_refuse,
    rows_of,
    snapshot_from_json,
    snapshot_json,
    subscription_from_json,
    subscription_json,
    verified,
    with_digest,
)
from contacts_audit.remediation.plan import (
    Intent,
    Judgment,
    LeftAlone,
    PlanRow,
    check,
    is_empty,
    row_for,
    row_for_findings,
)

LATER = {"wish": None, "lacking": None, "judged": None}  # keys that older plans lack


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The requested *change*, and a row for each subscription.

    *version* is the API version to write at, None for the newest that is offered.  *recorded* is
    the time (UTC) of the recording that the plan was made from, None for a plan of today's Azure.
    """

    origin: Origin
    change: Change
    version: str | None
    rows: tuple[PlanRow, ...]
    recorded: str | None = None


def plan_document(plan: Plan) -> Json:
    """Return *plan* as its file holds it."""
    change = {**asdict(plan.change), "api_version": plan.version}
    rows = [_plan_row(row) for row in plan.rows]
    content = {"recorded": plan.recorded, "wish": change, "subscriptions": rows}
    return with_digest("plan", plan.origin, content)


def read_plan(text: bytes, name: str) -> Plan:
    """
    Return the plan in *text*, the content of the file *name*.

    Raises:
        UsageError: the file is not a plan, is damaged, or its writes do not follow from what it
            read and the change that it names.
    """
    document = verified(text, "plan", name)

    def parse() -> Plan:
        change, version = _change(document["wish"])
        shared = any(map(_shares_the_change, rows_of(document)))
        if shared or not is_empty(change):
            check(change, version)
        rows = tuple(_row(row, change, version) for row in rows_of(document))
        recorded = document.get("recorded")
        if not isinstance(recorded, str | None):
            raise DamageError("recorded is not a string")
        return Plan(origin_of(document), change, version, rows, recorded)

    plan = parse_or_refuse(parse, name)
    rows = [{**LATER, **row} for row in document["subscriptions"]]
    stated = {"wish": document["wish"], "subscriptions": rows}
    computed = parse_or_refuse(lambda: plan_document(plan), name)
    if not same(stated, {key: computed[key] for key in stated}):
        message = f"{name}: what it would write does not follow from what it read"
        raise UsageError(message, "make a new plan")
    return plan


def _change(stated: Mapping[str, Any]) -> tuple[Change, str | None]:
    """Return the change and API version of the key `wish`; each value must have its type."""
    values = {}
    for item in fields(Change):
        value = stated[item.name]
        kind = str | None if item.default is None else type(item.default)
        if kind is tuple:
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise DamageError(f"{item.name} is not a list of strings")
            value = tuple(value)
        elif not isinstance(value, kind):
            raise DamageError(f"{item.name} has the wrong type")
        values[item.name] = value
    version = stated["api_version"]
    if not isinstance(version, str | None) or len(stated) != len(values) + 1:
        raise DamageError("the wish has other keys")
    return Change(**values), version


def _plan_row(row: PlanRow) -> Json:
    steps = [
        {"contact": step.contact, "before": step.before, "after": step.after} for step in row.steps
    ]
    records = row.seen.at(row.api_version or "") if row.seen is not None else ()
    standing = records[0] if records else None
    held = standing and standing.properties
    unchanged = {"contact": standing and standing.name, "before": held, "after": held}
    return {
        **subscription_json(row.subscription),
        "status": row.intent,
        "api_version": row.api_version,
        **(steps[0] if steps else unchanged),
        "steps": steps,
        "message": row.message,
        "error": None if row.fault is None else asdict(row.fault),
        "read": None if row.seen is None else snapshot_json(row.seen),
        "left_alone": None if row.left_alone is None else {"until": _day(row.left_alone.until)},
        "wish": None if row.change is None else asdict(row.change),
        "lacking": row.lacking,
        "judged": None if row.judged is None else _judged(row.judged),
    }


def _judged(judgment: Judgment) -> Json:
    """Return how a row was judged, without the answers of DNS: they are asked for again."""
    document = asdict(judgment)
    del document["criteria"]["mail"]
    return document


def _row(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    return replace(_unjudged_row(row, change, version), judged=_judgment(row.get("judged")))


def _unjudged_row(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    subscription, intent = subscription_from_json(row), Intent(row["status"])
    seen = None if row["read"] is None else snapshot_from_json(row["read"])
    if row["left_alone"] is not None:
        if intent not in (Intent.WAIVED, Intent.NOTHING) or seen is None:
            raise DamageError("a row that is left alone was read, and is waived or compliant")
        until = row["left_alone"]["until"]
        left = LeftAlone(None if until is None else date.fromisoformat(until))
        return PlanRow(subscription, intent, seen, message=row["message"], left_alone=left)
    if seen is not None and row.get("wish") is not None:
        own, lacking = _change({**row["wish"], "api_version": version})[0], row["lacking"]
        if not isinstance(lacking, str | None):
            raise DamageError("lacking is not a string")
        return row_for_findings(subscription, seen, own, lacking, version)
    if seen is not None:
        return row_for(subscription, seen, change, version)
    fault = None if row["error"] is None else Fault(**row["error"])
    return PlanRow(subscription, intent, fault=fault, message=row["message"])


def _shares_the_change(row: Mapping[str, Any]) -> bool:
    """Return whether a row is computed from the change of the plan, not from one of its own."""
    return row["read"] is not None and row["left_alone"] is None and row.get("wish") is None


def _judgment(stated: Mapping[str, Any] | None) -> Judgment | None:
    """Return what a row was judged by; older plans do not say."""
    if stated is None:
        return None
    found, said = stated["criteria"], stated["said"]
    lists = [found[each] for each in ("checks", "required_emails", "allowed_domains")]
    if not all(
        isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists
    ):
        raise DamageError("a list of the criteria is not a list of strings")
    if not isinstance(found["minimum_emails"], int | None) or not isinstance(said, str | None):
        raise DamageError("a value of the criteria has the wrong type")
    if found["attack_path_level"] not in RISKS:
        raise DamageError("attack_path_level is not a risk level")
    profile = None if found["profile"] is None else Profile(found["profile"])
    criteria = Criteria(
        profile,
        tuple(map(Check, lists[0])),
        found["attack_path_level"],
        tuple(lists[1]),
        tuple(lists[2]),
        found["minimum_emails"],
    )
    return Judgment(criteria, said)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

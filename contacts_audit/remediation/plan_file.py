"""Plans as files, and their rows computed again when one is read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from contacts_audit.audit.checks import RISKS
from contacts_audit.azure.contacts.records import (
    Json,
    same,
)
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change, Check, Criteria, Fault, Profile
from contacts_audit.remediation.file_format import (
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
    What is to be done, for whom, and at which api-version, if one was chosen.

    *recorded* is when the recording was made that it was made of, None where that was Azure itself.
    """

    origin: Origin
    change: Change
    version: str | None
    rows: tuple[PlanRow, ...]
    recorded: str | None = None


def plan_document(plan: Plan) -> Json:
    """Return *plan* as it is saved, its digest last."""
    change = {**asdict(plan.change), "api_version": plan.version}
    rows = [_plan_row(row) for row in plan.rows]
    content = {"recorded": plan.recorded, "wish": change, "subscriptions": rows}
    return with_digest("plan", plan.origin, content)


def read_plan(text: bytes, name: str) -> Plan:
    """
    Return the plan in the file *name*, computed anew from what it saw and wished.

    Raises:
        UsageError: it is damaged, or says something else than what follows.
    """
    document = verified(text, "plan", name)

    def parsed() -> Plan:
        change, version = _change(document["wish"])
        shared = any(map(_shares_the_change, rows_of(document)))
        if shared or not is_empty(change):
            check(change, version)
        rows = tuple(_planned(row, change, version) for row in rows_of(document))
        recorded = document.get("recorded")
        if not isinstance(recorded, str | None):
            raise TypeError("recorded is no time")
        return Plan(origin_of(document), change, version, rows, recorded)

    plan = parse_or_refuse(parsed, name)
    rows = [{**LATER, **row} for row in document["subscriptions"]]
    told = {"wish": document["wish"], "subscriptions": rows}
    follows = parse_or_refuse(lambda: plan_document(plan), name)
    if not same(told, {key: follows[key] for key in told}):
        raise UsageError(
            f"{name}: what it would write does not follow from what it read", "make it anew"
        )
    return plan


def _change(told: Mapping[str, Any]) -> tuple[Change, str | None]:
    """Return the wish of a plan, and at which api-version; each value has to be of its kind."""
    values = {}
    for item in fields(Change):
        value = told[item.name]
        kind = str | None if item.default is None else type(item.default)
        if kind is tuple:
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise TypeError(f"{item.name} is no list of texts")
            value = tuple(value)
        elif not isinstance(value, kind):
            raise TypeError(f"{item.name} is of another kind")
        values[item.name] = value
    version = told["api_version"]
    if not isinstance(version, str | None) or len(told) != len(values) + 1:
        raise TypeError("the wish is none")
    return Change(**values), version


def _plan_row(row: PlanRow) -> Json:
    steps = [
        {"contact": step.contact, "before": step.before, "after": step.after} for step in row.steps
    ]
    records = row.seen.at(row.api_version or "") if row.seen is not None else ()
    standing = records[0] if records else None
    first = (
        steps[0]
        if steps
        else {
            "contact": standing and standing.name,
            "before": standing and standing.properties,
            "after": standing and standing.properties,
        }
    )
    return {
        **subscription_json(row.subscription),
        "status": row.intent,
        "api_version": row.api_version,
        **first,
        "steps": steps,
        "message": row.message,
        "error": None if row.fault is None else asdict(row.fault),
        "read": None if row.seen is None else snapshot_json(row.seen),
        "left_alone": None if row.left_alone is None else {"until": _day(row.left_alone.until)},
        "wish": None if row.change is None else asdict(row.change),
        "lacking": row.lacking,
        "judged": None if row.judged is None else asdict(row.judged),
    }


def _planned(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    return replace(_undecided(row, change, version), judged=_judgment(row.get("judged")))


def _undecided(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    subscription, intent = subscription_from_json(row), Intent(row["status"])
    seen = None if row["read"] is None else snapshot_from_json(row["read"])
    if row["left_alone"] is not None:
        if intent not in (Intent.WAIVED, Intent.NOTHING) or seen is None:
            raise ValueError("what is left alone was read, and is waived or complies")
        until = row["left_alone"]["until"]
        left = LeftAlone(None if until is None else date.fromisoformat(until))
        return PlanRow(subscription, intent, seen, message=row["message"], left_alone=left)
    if seen is not None and row.get("wish") is not None:
        own, lacking = _change({**row["wish"], "api_version": version})[0], row["lacking"]
        if not isinstance(lacking, str | None):
            raise TypeError("what is lacking is no text")
        return row_for_findings(subscription, seen, own, lacking, version)
    if seen is not None:
        return row_for(subscription, seen, change, version)
    fault = None if row["error"] is None else Fault(**row["error"])
    return PlanRow(subscription, intent, fault=fault, message=row["message"])


def _shares_the_change(row: Mapping[str, Any]) -> bool:
    """Return whether what a row would write follows from the wish of the plan, not from its own."""
    return row["read"] is not None and row["left_alone"] is None and row.get("wish") is None


def _judgment(told: Mapping[str, Any] | None) -> Judgment | None:
    """Return by what a row was judged; older plans do not tell."""
    if told is None:
        return None
    found = told["criteria"]
    lists = [found[each] for each in ("checks", "required_emails", "allowed_domains")]
    if not all(
        isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists
    ):
        raise TypeError("a list of the criteria is no list of texts")
    if not isinstance(found["minimum_emails"], int | None) or not isinstance(
        told["said"], str | None
    ):
        raise TypeError("the criteria are none")
    if found["attack_path_level"] not in RISKS:
        raise ValueError("the level of attack paths is none")
    profile = None if found["profile"] is None else Profile(found["profile"])
    criteria = Criteria(
        profile,
        tuple(map(Check, lists[0])),
        found["attack_path_level"],
        tuple(lists[1]),
        tuple(lists[2]),
        found["minimum_emails"],
    )
    return Judgment(criteria, told["said"])


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

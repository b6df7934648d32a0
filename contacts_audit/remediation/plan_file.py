"""Writes and reads plan files. A plan that is read is computed again, and refused if it differs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from contacts_audit.audit.checks import RISKS
from contacts_audit.azure.contacts.records import Json, same
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change, Check, Criteria, Fault, Profile
from contacts_audit.remediation import file_format
from contacts_audit.remediation.file_format import DamageError
from contacts_audit.remediation.plan import Intent, PlanRow, check, is_empty, row_for

LATER = {"wish": None, "lacking": None, "judged": None}  # keys that older plans lack


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The requested *change*, and a row for each subscription.

    *version* is the API version to write at, None for the newest that is offered.  *recorded* is
    the time (UTC) of the recording that the plan was made from, None for a plan of today's Azure.
    """

    origin: file_format.Origin
    change: Change
    version: str | None
    rows: tuple[PlanRow, ...]
    recorded: str | None = None


def plan_document(plan: Plan) -> Json:
    """Return *plan* as its file holds it."""
    change = {**plan.change._asdict(), "api_version": plan.version}
    rows = [_plan_row(row) for row in plan.rows]
    content = {"recorded": plan.recorded, "wish": change, "subscriptions": rows}
    return file_format.with_digest("plan", plan.origin, content)


def read_plan(text: bytes, name: str) -> Plan:
    """
    Return the plan in *text*, the content of the file *name*.

    Raises:
        UsageError: the file is not a plan, is damaged, or its writes do not follow from what it
            read and the change that it names.
    """
    document = file_format.verified(text, "plan", name)
    with file_format.refused_if_damaged(name):
        change, version = _change(document["wish"])
        rows = file_format.rows_of(document)
        shared = any(  # a row is computed from the change of the plan, not from one of its own
            row["read"] is not None and row["left_alone"] is None and row.get("wish") is None
            for row in rows
        )
        if shared or not is_empty(change):
            check(change, version)
        read = tuple(_row(row, change, version) for row in rows)
        recorded = document.get("recorded")
        if not isinstance(recorded, str | None):
            raise DamageError("recorded is not a string")
        plan = Plan(file_format.origin_of(document), change, version, read, recorded)
        computed = plan_document(plan)
    stated = {"wish": document["wish"], "subscriptions": [{**LATER, **row} for row in rows]}
    if not same(stated, {key: computed[key] for key in stated}):
        message = f"{name}: what it would write does not follow from what it read"
        raise UsageError(message, "make a new plan")
    return plan


def _change(stated: Mapping[str, Any]) -> tuple[Change, str | None]:
    """Return the change and API version of the key `wish`; each value must have its type."""
    values = {}
    for name, default in Change()._asdict().items():
        value = stated[name]
        kind = str | None if default is None else type(default)
        if kind is tuple:
            value = _strings(value, name)
        elif not isinstance(value, kind):
            raise DamageError(f"{name} has the wrong type")
        values[name] = value
    version = stated["api_version"]
    if not isinstance(version, str | None) or len(stated) != len(values) + 1:
        raise DamageError("the wish has other keys")
    return Change(**values), version


def _strings(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise DamageError(f"{name} is not a list of strings")
    return tuple(value)


def _plan_row(row: PlanRow) -> Json:
    steps = [
        {"contact": step.contact, "before": step.before, "after": step.after} for step in row.steps
    ]
    records = row.seen.at(row.api_version or "") if row.seen is not None else ()
    standing = records[0] if records else None
    held = standing and standing.properties
    unchanged = {"contact": standing and standing.name, "before": held, "after": held}
    until = row.until and row.until.isoformat()
    criteria = None if row.criteria is None else asdict(row.criteria)
    if criteria is not None:
        del criteria["mail"]  # the answers of DNS: they are asked for again
    return {
        **file_format.subscription_json(row.subscription),
        "status": row.intent,
        "api_version": row.api_version,
        **(steps[0] if steps else unchanged),
        "steps": steps,
        "message": row.message,
        "error": None if row.fault is None else row.fault._asdict(),
        "read": None if row.seen is None else file_format.snapshot_json(row.seen),
        "left_alone": {"until": until} if row.left_alone else None,
        "wish": None if row.change is None else row.change._asdict(),
        "lacking": row.lacking,
        "judged": criteria and {"criteria": criteria, "said": row.said},
    }


def _row(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    made = _unjudged_row(row, change, version)
    if (stated := row.get("judged")) is None:  # older plans do not say
        return made
    said = stated["said"]
    if not isinstance(said, str | None):
        raise DamageError("a value of the criteria has the wrong type")
    return replace(made, criteria=_criteria(stated["criteria"]), said=said)


def _unjudged_row(row: Mapping[str, Any], change: Change, version: str | None) -> PlanRow:
    subscription, intent = file_format.subscription_from_json(row), Intent(row["status"])
    seen = None if row["read"] is None else file_format.snapshot_from_json(row["read"])
    if row["left_alone"] is not None:
        if intent not in (Intent.WAIVED, Intent.NOTHING) or seen is None:
            raise DamageError("a row that is left alone was read, and is waived or compliant")
        until = row["left_alone"]["until"]
        day = None if until is None else date.fromisoformat(until)
        message = row["message"]
        return PlanRow(subscription, intent, seen, message=message, left_alone=True, until=day)
    if seen is None:
        fault = None if row["error"] is None else Fault(**row["error"])
        return PlanRow(subscription, intent, fault=fault, message=row["message"])
    if row.get("wish") is None:
        return row_for(subscription, seen, change, version)
    own, lacking = _change({**row["wish"], "api_version": version})[0], row["lacking"]
    if not isinstance(lacking, str | None):
        raise DamageError("lacking is not a string")
    return row_for(subscription, seen, change, version, own=own, lacking=lacking)


def _criteria(stated: Mapping[str, Any]) -> Criteria:
    checks, required, allowed = (
        _strings(stated[name], "a list of the criteria")
        for name in ("checks", "required_emails", "allowed_domains")
    )
    if not isinstance(stated["minimum_emails"], int | None):
        raise DamageError("a value of the criteria has the wrong type")
    if stated["attack_path_level"] not in RISKS:
        raise DamageError("attack_path_level is not a risk level")
    profile = None if stated["profile"] is None else Profile(stated["profile"])
    level, least = stated["attack_path_level"], stated["minimum_emails"]
    return Criteria(profile, tuple(map(Check, checks)), level, required, allowed, least)

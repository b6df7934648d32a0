"""Plans and backups as files, with schema and digest."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from contacts_audit import __version__
from contacts_audit.audit.checks import RISKS
from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.contacts.records import (
    Json,
    Record,
    Snapshot,
    canonical,
    is_name,
    is_storable,
    same,
)
from contacts_audit.core import strict_json
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change, Check, Criteria, Fault, Profile, Subscription
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

SCHEMA = 1
VERSIONS = frozenset({protocol.V2017, protocol.V2020, protocol.V2023})
DAMAGED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
LATER = {"wish": None, "lacking": None, "judged": None}  # keys that older plans lack
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Of which *cloud*, at which *endpoint*, and of which *tenants* a file is."""

    cloud: str
    endpoint: str
    tenants: tuple[str, ...]

    @classmethod
    def of(cls, cloud: Cloud, tenants: Sequence[str]) -> "Origin":
        """Return the origin of what is made now."""
        return cls(cloud.name, cloud.arm, tuple(tenants))

    def check(self, cloud: Cloud, name: str) -> None:
        """
        Check that a file is of *cloud*.

        Raises:
            UsageError: it is of another one.
        """
        if (self.cloud, self.endpoint) != (cloud.name, cloud.arm):
            raise UsageError(
                f"{name} is of {self.cloud} ({self.endpoint}), not of {cloud.name} ({cloud.arm})",
                "give --cloud or --arm-endpoint as then",
            )


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


@dataclass(frozen=True, slots=True)
class Backup:
    """
    What stood before a change.

    *journal* is the name of the file beside it that tells the change; *restores* is the digest of
    the backup that was restored by it, None where it was no restore.  A file has a *digest* of its
    own and says when it was *created*.
    """

    origin: Origin
    rows: tuple[tuple[Subscription, Snapshot], ...]
    journal: str | None = None
    restores: str | None = None
    digest: str = field(default="", compare=False)
    created: str = field(default="", compare=False)


def plan_document(plan: Plan) -> Json:
    """Return *plan* as it is saved, its digest last."""
    change = {**asdict(plan.change), "api_version": plan.version}
    rows = [_plan_row(row) for row in plan.rows]
    content = {"recorded": plan.recorded, "wish": change, "subscriptions": rows}
    return _sealed("plan", plan.origin, content)


def backup_document(backup: Backup) -> Json:
    """Return *backup* as it is saved, its digest last."""
    rows = [{**_who(who), "versions": snapshot_json(seen)} for who, seen in backup.rows]
    more = {"journal": backup.journal, "restores": backup.restores}
    return _sealed("backup", backup.origin, {**more, "subscriptions": rows})


def read_plan(text: bytes, name: str) -> Plan:
    """
    Return the plan in the file *name*, computed anew from what it saw and wished.

    Raises:
        UsageError: it is damaged, or says something else than what follows.
    """
    document = _unsealed(text, "plan", name)

    def parsed() -> Plan:
        change, version = _change(document["wish"])
        shared = any(map(_shares_the_change, _rows(document)))
        if shared or not is_empty(change):
            check(change, version)
        rows = tuple(_planned(row, change, version) for row in _rows(document))
        recorded = document.get("recorded")
        if not isinstance(recorded, str | None):
            raise TypeError("recorded is no time")
        return Plan(_origin(document), change, version, rows, recorded)

    plan = _undamaged(parsed, name)
    rows = [{**LATER, **row} for row in document["subscriptions"]]
    told = {"wish": document["wish"], "subscriptions": rows}
    follows = _undamaged(lambda: plan_document(plan), name)
    if not same(told, {key: follows[key] for key in told}):
        raise UsageError(
            f"{name}: what it would write does not follow from what it read", "make it anew"
        )
    return plan


def read_backup(text: bytes, name: str) -> Backup:
    """
    Return the backup in the file *name*.

    Raises:
        UsageError: it is damaged.
    """
    document = _unsealed(text, "backup", name)

    def parsed() -> Backup:
        for key in ("journal", "restores"):  # which older backups lack
            if not isinstance(document.get(key), str | None):
                raise TypeError(f"{key} is no text")
        return Backup(
            _origin(document),
            tuple(
                (_subscription(row), snapshot_from_json(row["versions"])) for row in _rows(document)
            ),
            document.get("journal"),
            document.get("restores"),
            _digest(document),
            str(document["created"]),
        )

    return _undamaged(parsed, name)


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
        **_who(row.subscription),
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
    subscription, intent = _subscription(row), Intent(row["status"])
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


def _who(subscription: Subscription) -> Json:
    return {
        "id": subscription.id,
        "name": subscription.name,
        "tenant_id": subscription.tenant_id,
        "state": subscription.state,
    }


def _subscription(row: Mapping[str, Any]) -> Subscription:
    if not GUID.fullmatch(row["id"]):
        raise ValueError(f"{row['id']!r} is no id")
    for key in ("name", "tenant_id", "state"):
        if not isinstance(row[key], str | None):
            raise TypeError(f"{key} is no text")
    return Subscription(row["id"].lower(), row["name"], row["state"], row["tenant_id"])


def snapshot_json(seen: Snapshot) -> Json:
    """Return what was *seen* as files hold it."""
    return {
        version: [{"name": one.name, "properties": one.properties} for one in records]
        for version, records in sorted(seen.versions.items())
    }


def snapshot_from_json(versions: Mapping[str, Any]) -> Snapshot:
    """
    Return what a file says was seen at each of *versions*.

    Raises:
        ValueError: it was never that.
        TypeError: it was never that.
        LookupError: it was never that.
    """
    if not versions or not VERSIONS.issuperset(versions):
        raise ValueError("an api-version is none")
    for records in versions.values():
        if not isinstance(records, list) or len({one["name"] for one in records}) < len(records):
            raise TypeError("the contacts are no list, or one is there twice")
        for one in records:
            if not isinstance(one["properties"], dict) or not is_storable(one["properties"]):
                raise TypeError("a contact is none")
            if not isinstance(one["name"], str) or not is_name(one["name"]):
                raise TypeError("a contact has no name")
    return Snapshot(
        {
            version: tuple(Record(one["name"], one["properties"]) for one in records)
            for version, records in versions.items()
        }
    )


def _rows(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = document["subscriptions"]
    if not isinstance(rows, list):
        raise TypeError("the subscriptions are no list")
    if len({row["id"].lower() for row in rows}) < len(rows):
        raise ValueError("a subscription is there twice")
    return rows


def _origin(document: Mapping[str, Any]) -> Origin:
    if not isinstance(document["tenants"], list):
        raise TypeError("the tenants are no list")
    return Origin(
        str(document["cloud"]), str(document["arm_endpoint"]), tuple(map(str, document["tenants"]))
    )


def _sealed(kind: str, origin: Origin, content: Json) -> Json:
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "tool": {"name": "contacts-audit", "version": __version__},
        "created": now_text(),
        "cloud": origin.cloud,
        "arm_endpoint": origin.endpoint,
        "tenants": list(origin.tenants),
        **content,
    }
    return {**document, "sha256": _digest(document)}


def _unsealed(text: bytes, kind: str, name: str) -> Mapping[str, Any]:
    """Return the document of *kind* in *text*, its digest checked."""

    def parsed() -> Json:
        document = strict_json.parsed(text)
        if document["kind"] != kind:
            raise ValueError(f"it is a {document['kind']}")
        if not same(document["schema"], SCHEMA):
            raise ValueError("it is of another schema")
        digest = document.pop("sha256")
        if digest != _digest(document):
            raise ValueError("its digest is wrong")
        return dict(document)

    return _undamaged(parsed, f"{name} is no {kind} of ours")


def _undamaged(parse: Callable[[], T], name: str) -> T:
    try:
        return parse()
    except DAMAGED as error:
        raise UsageError(f"{name}: {error}", "make it anew, or name another file") from error


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def now_text() -> str:
    """Return the moment, in UTC, as files hold it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

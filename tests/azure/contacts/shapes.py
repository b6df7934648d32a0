"""What a subscription shows before a write, and the writes that follow."""

from collections.abc import Iterable
from typing import Any

import pytest

from contacts_audit.azure.contacts.records import Json, Record, Snapshot
from contacts_audit.azure.contacts.steps import Step, Writes, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.model import Change

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
ID = "00000000-0000-0000-0000-00000000000a"
NEW = {
    V2023: {
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    },
    V2020: {
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    },
}
NEWER = [pytest.param(V2020, id="2020"), pytest.param(V2023, id="2023")]


def seen(version: str, properties: Any = None, *older: Record) -> Snapshot:
    """Return a subscription whose `default` at *version* has *properties*; *older* is 2017's."""
    newest = () if properties is None else (Record("default", properties),)
    return Snapshot({V2017: older, version: newest})


def old(number: int, email: Any, **properties: Any) -> Record:
    """Return a contact of 2017's sequence."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On", **properties}
    return Record(f"default{number}", {"email": email, **flags})


def only(found: Writes) -> Step:
    """Return the one step of a draft."""
    (step,) = found.steps
    return step


def after(version: str, properties: Json, change: Change) -> Json:
    """Return `default` after *change*, as before if nothing is written."""
    steps = writes_for(seen(version, properties), change, version).steps
    if not steps:
        return sendable(version, properties)
    (step,) = steps
    assert (step.contact, step.before) == ("default", properties)
    assert step.after is not None
    return step.after


def two(*records: Record) -> Snapshot:
    """Return a subscription that shows *records* at 2017."""
    return Snapshot({V2017: records})


def told(steps: Iterable[Step]) -> list[tuple[str, str | None]]:
    """Return which contact gets which address, None for a deletion."""
    return [(step.contact, None if step.after is None else step.after["email"]) for step in steps]


def without(value: Any, *names: str) -> Json:
    """Return an object without the fields *names*."""
    return {key: each for key, each in (value or {}).items() if key not in names}

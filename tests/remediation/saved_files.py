"""A plan and a backup as files, and others drawn by Hypothesis."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.core.errors import Reason, UsageError
from contacts_audit.core.model import Change, Fault, Subscription
from contacts_audit.remediation.backup import Backup
from contacts_audit.remediation.file_format import Origin
from contacts_audit.remediation.plan import Intent, PlanRow, row_for
from contacts_audit.remediation.plan_file import Plan

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
ID = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
THIRD, FOURTH, FIFTH = (OTHER[:-1] + digit for digit in "cde")
ORIGIN = Origin("AzureCloud", "https://management.azure.com", ("t-1", "t-2"))
WHO = Subscription(ID, "Prod", "Enabled", "t-1")
ADD = Change(emails=("new@contoso.com",))
OLD = Record("default1", {"email": "a@b.co", "alertNotifications": "On", "alertsToAdmins": "On"})
DEFAULT = Record(
    "default",
    {
        "emails": "a@b.co",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [],
        "x": [1, 1.5, None, "ö"],
    },
)
SEEN = Snapshot({V2017: (OLD,), V2023: (DEFAULT,)})
FAULT = Fault(Reason.FORBIDDEN, "no", "ask", 403, "Denied", "r-1")
PLAN = Plan(
    ORIGIN,
    ADD,
    None,
    (
        row_for(WHO, SEEN, ADD),
        PlanRow(Subscription(OTHER), Intent.UNREADABLE, fault=FAULT),
        PlanRow(
            Subscription(f"{OTHER[:-1]}1", "S", "Disabled"),
            Intent.SKIPPED,
            message="it is Disabled",
        ),
        PlanRow(Subscription(FOURTH, "W"), Intent.WAIVED, message="it is waived"),
        PlanRow(Subscription(FIFTH, "C"), Intent.NOTHING, message="it complies"),
    ),
)
BACKUP = Backup(ORIGIN, ((WHO, SEEN), (Subscription(OTHER), Snapshot({V2020: ()}))))
Edit = Callable[[Any], object]


def spelt(document: Any) -> bytes:
    """Return *document* as a file."""
    return json.dumps(document).encode()


def sealed(document: Any) -> bytes:
    """Return *document* as a file with a new digest, as an attacker would make it."""
    document.pop("sha256", None)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return spelt({**document, "sha256": hashlib.sha256(text.encode()).hexdigest()})


def refused(read: Callable[[bytes, str], object], text: bytes) -> UsageError:
    """Return the error that *read* raises for *text*."""
    with pytest.raises(UsageError) as caught:
        read(text, "the-file")
    assert caught.value.hint
    return caught.value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
emails = st.sampled_from(["a@b.co", "A@b.co", "c@b.co;d@b.co", "", "bad", "jörg@b.co"])
some_records = st.lists(
    st.builds(
        Record,
        st.sampled_from(["default", "default1", "default2", "me", "ö'$(x)"]),
        st.dictionaries(
            st.sampled_from(["email", "emails", "phone", "isEnabled", "new"])
            | st.sampled_from(["notificationsByRole", "notificationsSources", "alertsToAdmins"]),
            json_values | emails,
        ),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
some_seen = st.dictionaries(st.sampled_from([V2017, V2020, V2023]), some_records, min_size=1).map(
    Snapshot
)
some_text = st.none() | st.text(max_size=8)
some_who = st.builds(
    Subscription,
    st.uuids().map(str),
    some_text,
    some_text,
    some_text,
    st.just(True),
)
some_fault = st.builds(
    Fault,
    st.sampled_from(list(Reason)),
    st.text(max_size=8),
    st.text(max_size=8),
    st.none() | st.integers(100, 599),
    some_text,
    some_text,
)
some_change = st.sampled_from(
    [
        ADD,
        Change(emails=("a@b.co", "jörg@b.co"), replace=True, notify_owners=True),
        Change(remove_emails=("a@b.co", "bad")),
        Change(remove_emails=("a@b.co",), allow_empty=True, phone="110"),
        Change(minimum_severity="High", phone="+1 555"),
    ]
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan that could have been made."""
    change, version = draw(some_change), draw(st.sampled_from([None, V2017]))
    rows = [
        row_for(who, seen, change, version)
        for who, seen in draw(st.lists(st.tuples(some_who, some_seen), max_size=3))
    ]
    rows += [
        PlanRow(who, Intent.UNREADABLE, fault=fault)
        for who, fault in draw(st.lists(st.tuples(some_who, some_fault), max_size=1))
    ]
    assume(len({row.subscription.id for row in rows}) == len(rows))
    return Plan(ORIGIN, change, version, tuple(rows))


def first(document: Any) -> Any:
    """Return the row that changes something."""
    return document["subscriptions"][0]

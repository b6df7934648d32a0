"""Contacts and changes, drawn by Hypothesis."""

from collections.abc import Sequence
from typing import Any

from azure.contacts.shapes import V2017, V2020, V2023, old
from hypothesis import strategies as st

from contacts_audit.azure.contacts.records import Json, Record
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Change
from contacts_audit.remediation.plan import check

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
pool = st.sampled_from(
    [
        *("a@contoso.com", "A@Contoso.com", "b@contoso.com", "c@fabrikam.com"),
        *("jörg@contoso.com", "JÖRG@contoso.com", "a@bücher.example.org", "o'brien@contoso.com"),
    ]
)
separators = st.sampled_from([";", ",", " ; ", ", ", ";;"])
texts = st.builds(
    lambda separator, parts: separator.join(parts),
    separators,
    st.lists(pool | st.sampled_from(["bad", "", " ", "x y"]), max_size=4),
)
levels = st.sampled_from(["High", "Medium", "Low", "New", None, 5])
states = st.sampled_from(["On", "Off", "on", None])
more = st.dictionaries(st.sampled_from(["x", "y"]), json_values, max_size=2)


def fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Return objects with some of the *known* fields, and unknown ones."""
    return st.builds(
        lambda some, others: {**others, **some}, st.fixed_dictionaries({}, optional=known), more
    )


source = fields(
    sourceType=st.sampled_from(["Alert", "AttackPath", "AttachPath", "New", None, 5]),
    minimalSeverity=levels,
    minimalRiskLevel=levels,
)
properties_of_default = fields(
    emails=texts | texts | json_values,
    phone=st.sampled_from(["", "1", "+1 555", None]),
    isEnabled=st.sampled_from([True, False, None, "true"]),
    alertNotifications=fields(state=states, minimalSeverity=levels) | json_values,
    notificationsByRole=fields(
        state=states,
        roles=st.lists(st.sampled_from(["Owner", "owner", "Admin", "New", 5, None]), max_size=3),
    )
    | json_values,
    notificationsSources=st.lists(source, max_size=3) | json_values,
)


def is_change(change: Change) -> bool:
    """Return whether the command line can request the change."""
    try:
        check(change, None)
    except UsageError:
        return False
    return True


def is_change_at_2017(change: Change) -> bool:
    """Return whether the command line can request it with `--api-version 2017-08-01-preview`."""
    try:
        check(change, V2017)
    except UsageError:
        return False
    return True


def changes(severities: Sequence[str | None] = ("High", "Medium", "Low")) -> Any:
    """Return all kinds of changes, most of them with a few parts."""
    return st.builds(
        Change,
        emails=st.lists(pool, max_size=3).map(tuple),
        replace=st.booleans(),
        remove_emails=st.lists(pool | st.just("bad"), max_size=2).map(tuple),
        notify_owners=st.booleans(),
        minimum_severity=st.sampled_from([None, None, *severities]),
        attack_paths=st.sampled_from([None, None, "Critical", "High", "Medium", "Low"]),
        enable=st.booleans(),
        phone=st.sampled_from([None, None, "+1 555", "(214)275-4038"]),
        allow_empty=st.booleans(),
    )


any_change = changes().filter(is_change)
old_change = st.builds(
    Change,
    emails=st.lists(pool, max_size=4).map(tuple),
    replace=st.booleans(),
    remove_emails=st.lists(pool, max_size=3).map(tuple),
    notify_owners=st.booleans(),
    minimum_severity=st.sampled_from([None, "High"]),
    phone=st.sampled_from([None, "+1 555"]),
    allow_empty=st.booleans(),
).filter(is_change_at_2017)
some_old = st.lists(pool | texts | json_values, max_size=3).map(
    lambda emails: tuple(old(n, email, phone="1") for n, email in enumerate(emails, start=1))
)
newer = st.sampled_from([V2020, V2023])
flag = st.sampled_from(["On", "Off"])


@st.composite
def sequences(draw: st.DrawFn) -> tuple[Record, ...]:
    """Draw what 2017 can hold: one address a contact, a number on the first, in any order."""
    emails = draw(st.lists(pool | pool.map(lambda one: f" {one}"), max_size=6))
    found = [
        Record(
            f"default{number}",
            {
                **draw(more),
                "email": email,
                "alertNotifications": draw(flag),
                "alertsToAdmins": draw(flag),
                **({"phone": "1"} if number == 1 and draw(st.booleans()) else {}),
            },
        )
        for number, email in enumerate(emails, start=1)
    ]
    return tuple(draw(st.permutations(found)))

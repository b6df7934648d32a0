"""Whatever a contact holds, a write changes what was asked for, and nothing else."""

import copy

from azure.contacts.drawn import (
    any_change,
    newer,
    pool,
    properties_of_default,
    some_old,
)
from azure.contacts.shapes import V2023, seen, without
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.azure.contacts.read import addresses, is_address
from contacts_audit.azure.contacts.records import Json, Record, same
from contacts_audit.azure.contacts.steps import RefusedError, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.mailbox import distinct
from contacts_audit.core.model import Change


def concerned(change: Change, version: str) -> set[str]:
    """Return the fields that *change* may change."""
    alerts = "notificationsSources" if version == V2023 else "alertNotifications"
    asked = {
        "emails": change.emails or change.remove_emails or change.replace,
        "notificationsByRole": change.notify_owners,
        alerts: change.minimum_severity or (version == V2023 and change.attack_paths),
        "isEnabled": change.enable,
        "phone": change.phone,
    }
    return {field for field, value in asked.items() if value}


@settings(max_examples=150)
@given(newer, properties_of_default, some_old, any_change)
def test_what_was_not_asked_for_never_changes(
    version: str, properties: Json, older: tuple[Record, ...], change: Change
) -> None:
    """No other field changes, and no other part of a field."""
    untouched = copy.deepcopy(properties)
    try:
        steps = writes_for(seen(version, properties, *older), change, version).steps
    except RefusedError:
        steps = ()

    assert same(properties, untouched)
    for step in steps:
        assert step.contact == "default"
        assert same(step.before, untouched)
        assert step.after is not None
        assert not same(step.after, untouched)
        untouched = sendable(version, untouched)
        asked = concerned(change, version)
        assert same(without(step.after, *asked), without(untouched, *asked))
        by_role = [each.get("notificationsByRole") for each in (untouched, step.after)]
        if not same(*by_role):
            assert same(*(without(each, "state", "roles") for each in by_role))
            roles = [(each or {}).get("roles", []) for each in by_role]
            assert same(roles[1][: len(roles[0])], roles[0])
            assert roles[1][len(roles[0]) :] in ([], ["Owner"])
        alerts = [each.get("alertNotifications") for each in (untouched, step.after)]
        if not same(*alerts):
            assert same(*(without(each, "state", "minimalSeverity") for each in alerts))
        sources = [each.get("notificationsSources") or [] for each in (untouched, step.after)]
        if not same(*sources):
            for one, other in zip(*sources, strict=False):
                levels = {"Alert": "minimalSeverity", "AttackPath": "minimalRiskLevel"}
                level = levels.get(str(one.get("sourceType")), "")
                assert same(without(one, level), without(other, level))
                assert level or same(one, other)
            added = [each["sourceType"] for each in sources[1][len(sources[0]) :]]
            assert added in ([], ["Alert"], ["AttackPath"], ["Alert", "AttackPath"])


@settings(max_examples=150)
@given(newer, st.none() | properties_of_default, some_old, any_change)
def test_a_change_that_was_fulfilled_plans_nothing(
    version: str, properties: Json | None, older: tuple[Record, ...], change: Change
) -> None:
    """A second run finds nothing to do, whatever the first one found."""
    try:
        steps = writes_for(seen(version, properties, *older), change, version).steps
    except RefusedError:
        return
    now = steps[0].after if steps else properties

    again = writes_for(seen(version, now, *older), change, version)

    assert len(steps) <= 1
    assert again.steps == ()


@settings(max_examples=150)
@given(newer, st.none() | properties_of_default, some_old, any_change)
def test_no_address_is_lost_that_was_not_asked_to_go(
    version: str, properties: Json | None, older: tuple[Record, ...], change: Change
) -> None:
    """Addresses of the newest version stay, and those of 2017 are carried over."""
    try:
        steps = writes_for(seen(version, properties, *older), change, version).steps
    except RefusedError:
        return

    for step in steps:
        assert step.after is not None
        if properties is None:
            before = [one.properties["email"] for one in older]
        else:
            before = [properties.get("emails")]
        there = {
            one.casefold() for text in before if isinstance(text, str) for one in addresses(text)
        }
        spelt = step.after.get("emails")
        now = {one.casefold() for one in addresses(spelt)} if isinstance(spelt, str) else there
        given_ = {one.casefold() for one in change.emails}
        removed = {one.casefold() for one in change.remove_emails}
        assert now - there <= given_
        assert given_ <= now
        assert not removed & now or not concerned(change, version) & {"emails"}
        assert (set() if change.replace else there - removed) <= now
        assert change.allow_empty or any(map(is_address, now)) or not any(map(is_address, there))


@settings(max_examples=100)
@given(st.lists(pool))
def test_each_address_once_as_first_spelt(given_: list[str]) -> None:
    """Case does not matter."""
    found = distinct(given_)

    assert [one.casefold() for one in found] == list(dict.fromkeys(map(str.casefold, given_)))
    assert all(
        one == next(each for each in given_ if each.casefold() == one.casefold()) for one in found
    )

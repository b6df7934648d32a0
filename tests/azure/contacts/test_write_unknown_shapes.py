"""What nobody understands is not written over."""

from typing import Any

import pytest
from azure.contacts.drawn import changes, fields, json_values, properties_of_default, texts
from azure.contacts.shapes import NEWER, V2017, V2020, V2023, after, old, seen, two
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.contacts.steps import RefusedError, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.model import Change


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize("value", [5, True, ["a@b.co"], {"a": 1}, [], {}, 0, False])
def test_addresses_of_an_unknown_shape_are_not_written(version: str, value: object) -> None:
    """The addresses are left as they are; other changes are still possible."""
    properties = {"emails": value}
    with pytest.raises(RefusedError):
        writes_for(seen(version, properties), Change(emails=("a@b.co",)), version)

    expected = sendable(version, {"emails": value, "phone": "123"})
    assert after(version, properties, Change(phone="123")) == expected


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    "value",
    [5, "On", ["Owner"], [], "", 0, False, {"roles": "Owner"}, {"roles": 5}, {"roles": {}}],
)
def test_roles_of_an_unknown_shape_are_not_written(version: str, value: object) -> None:
    """A value of an unknown shape is not overwritten."""
    with pytest.raises(RefusedError):
        writes_for(
            seen(version, {"notificationsByRole": value}), Change(notify_owners=True), version
        )


@pytest.mark.parametrize(
    "value", [5, "Alert", {}, "", 0, False, {"sourceType": "Alert"}, ["Alert"], [None], [[]]]
)
@pytest.mark.parametrize(
    "change",
    [Change(minimum_severity="High"), Change(attack_paths="High")],
    ids=["alerts", "paths"],
)
def test_sources_of_an_unknown_shape_are_not_written(value: object, change: Change) -> None:
    """A value of an unknown shape is not overwritten."""
    with pytest.raises(RefusedError):
        writes_for(seen(V2023, {"notificationsSources": value}), change, V2023)


@pytest.mark.parametrize("value", [5, "On", [], "", 0, False])
def test_alerts_of_an_unknown_shape_are_not_written(value: object) -> None:
    """2017's text is not 2020's object."""
    with pytest.raises(RefusedError):
        writes_for(
            seen(V2020, {"alertNotifications": value}), Change(minimum_severity="High"), V2020
        )


@pytest.mark.parametrize("email", [None, 5, ["a@b.co"], {}, True])
def test_an_address_of_an_unknown_shape_stops_2017(email: object) -> None:
    """A contact whose address is not a string stops the change."""
    with pytest.raises(RefusedError):
        writes_for(two(old(1, "a@b.co"), old(2, email)), Change(emails=("c@b.co",)), V2017)


@settings(max_examples=120)
@given(
    st.lists(st.builds(Record, st.text(max_size=9), fields(email=json_values | texts)), max_size=3),
    st.lists(json_values | properties_of_default, max_size=2),
    changes(),
    st.sampled_from([V2017, V2020, V2023]),
)
def test_unknown_shapes_are_refused_or_stay(
    older: list[Record], newest: list[Any], change: Change, version: str
) -> None:
    """Whatever a service shows, the change is made or refused."""
    kept = tuple(Record("default", each) for each in newest if isinstance(each, dict))
    versions = {V2017: tuple(older)} | ({} if version == V2017 else {version: kept})
    try:
        found = writes_for(Snapshot(versions), change, version)
    except RefusedError as error:
        assert str(error) and error.hint  # noqa: PT017, PT018
    else:
        assert all(step.before is not None or step.after is not None for step in found.steps)

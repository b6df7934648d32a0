"""The contact that is written where there is none, and what it carries over."""

import pytest
from azure.contacts.shapes import NEW, NEWER, V2017, V2023, old, only, seen

from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Record
from contacts_audit.azure.contacts.steps import RefusedError, Step, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.model import Change


@pytest.mark.parametrize("version", NEWER)
def test_a_new_contact_is_on(version: str) -> None:
    """It says what the document's "On, On" says."""
    step = only(
        writes_for(seen(version), Change(emails=("a@contoso.com", "b@contoso.com")), version)
    )

    assert step == Step("default", None, {"emails": "a@contoso.com;b@contoso.com", **NEW[version]})


@pytest.mark.parametrize("version", NEWER)
def test_drafting_never_changes_what_a_new_contact_is(version: str) -> None:
    """The second subscription gets the same as the first one."""
    full = Change(
        emails=("a@contoso.com",), minimum_severity="Low", phone="+1 555", notify_owners=True
    )
    writes_for(seen(version), full, version)

    step = only(writes_for(seen(version), Change(emails=("a@contoso.com",)), version))

    assert step.after == {"emails": "a@contoso.com", **NEW[version]}


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        pytest.param(Change(notify_owners=True), "emails", "", id="owners"),
        pytest.param(Change(minimum_severity="Low"), "emails", "", id="severity"),
        pytest.param(
            Change(emails=("a@contoso.com",), phone="+1 555"), "phone", "+1 555", id="telephone"
        ),
    ],
)
def test_a_new_contact_for_each_change(
    version: str, change: Change, field: str, value: str
) -> None:
    """Owners can be notified where there is no address."""
    step = only(writes_for(seen(version), change, version))

    assert step.after is not None
    assert step.after[field] == value


def test_a_new_contact_has_the_requested_levels() -> None:
    """And its Alert source once."""
    change = Change(emails=("a@contoso.com",), minimum_severity="Medium", attack_paths="Critical")

    step = only(writes_for(seen(V2023), change, V2023))

    assert step.after is not None
    assert step.after["notificationsSources"] == [
        {"sourceType": "Alert", "minimalSeverity": "Medium"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ]


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(phone="+1 555"), id="telephone"),
        pytest.param(Change(enable=True), id="enable"),
    ],
)
def test_without_a_contact_there_is_nothing_to_mend(version: str, change: Change) -> None:
    """No contact without an address is created unless it is requested."""
    with pytest.raises(RefusedError) as caught:
        writes_for(seen(version), change, version)

    assert "--email" in caught.value.hint


@pytest.mark.parametrize("version", [*NEWER, pytest.param(V2017, id="2017")])
def test_without_a_contact_there_is_nothing_to_remove(version: str) -> None:
    """What is not there need not go."""
    change = Change(remove_emails=("a@contoso.com",))

    assert writes_for(seen(version), change, version).steps == ()


@pytest.mark.parametrize("version", NEWER)
def test_what_2017_shows_is_carried_over(version: str) -> None:
    """Its addresses in the order of the sequence, its first number; and the plan says so."""
    older = (
        old(10, "j@b.co"),
        old(2, "b@b.co, X@b.co", phone="9"),
        old(1, "A@b.co", phone="(1) 2"),
    )

    found = writes_for(seen(version, None, *older), Change(emails=("new@b.co", "a@b.co")), version)

    assert only(found) == Step(
        "default",
        None,
        {"emails": "A@b.co;b@b.co;X@b.co;j@b.co;new@b.co", **NEW[version], "phone": "(1) 2"},
    )
    assert found.notes[0] == f"carried over from {V2017}: A@b.co, b@b.co, X@b.co, j@b.co"


@pytest.mark.parametrize("version", NEWER)
def test_nothing_is_carried_over_to_a_contact(version: str) -> None:
    """Where the newest shows one, it alone counts."""
    found = writes_for(
        seen(version, {"emails": "x@b.co"}, old(1, "a@b.co", phone="1")),
        Change(emails=("new@b.co",)),
        version,
    )

    assert only(found).after == sendable(version, {"emails": "x@b.co;new@b.co"})
    assert found.notes == ()


@pytest.mark.parametrize("version", NEWER)
def test_an_empty_contact_is_one(version: str) -> None:
    """An empty contact is changed, not replaced: its switches stay off."""
    found = writes_for(seen(version, {}, old(1, "a@b.co")), Change(emails=("new@b.co",)), version)

    assert only(found) == Step("default", {}, sendable(version, {"emails": "new@b.co"}))


@pytest.mark.parametrize("version", NEWER)
def test_replacing_carries_no_address_over(version: str) -> None:
    """Only the given addresses are written; the note names those that stay at 2017."""
    found = writes_for(
        seen(version, None, old(1, "a@b.co"), old(2, "b@b.co")),
        Change(emails=("new@b.co", "B@b.co"), replace=True),
        version,
    )

    step = only(found)
    assert step.after is not None
    assert {one.casefold() for one in addresses(step.after["emails"])} == {"new@b.co", "b@b.co"}
    assert any("still at" in note and "a@b.co" in note for note in found.notes)


@pytest.mark.parametrize("version", NEWER)
def test_a_removed_address_is_not_carried_over(version: str) -> None:
    """The address stays at 2017, and the note says so."""
    found = writes_for(
        seen(version, None, old(1, "a@b.co"), old(2, "b@b.co")),
        Change(emails=("new@b.co",), remove_emails=("A@b.co",)),
        version,
    )

    assert only(found).after == {"emails": "b@b.co;new@b.co", **NEW[version]}
    assert found.notes == (
        f"carried over from {V2017}: b@b.co",
        f"still at {V2017}: a@b.co",
    )


@pytest.mark.parametrize("version", NEWER)
def test_an_address_at_2017_alone_cannot_be_removed_elsewhere(version: str) -> None:
    """The option that can is named."""
    with pytest.raises(RefusedError) as caught:
        writes_for(
            seen(version, None, old(1, "A@B.co")), Change(remove_emails=("a@b.CO",)), version
        )

    assert V2017 in caught.value.hint


@pytest.mark.parametrize(
    ("older", "change"),
    [
        pytest.param(old(1, "", phone="+1 555"), Change(emails=("b@b.co",)), id="nothing but it"),
        pytest.param(
            old(1, "a@b.co", phone="+1 555"),
            Change(emails=("b@b.co",), replace=True),
            id="replaced addresses",
        ),
    ],
)
def test_a_number_that_is_carried_over_is_marked(older: Record, change: Change) -> None:
    """The note names a telephone number that was carried over."""
    found = writes_for(seen(V2023, None, older), change, V2023)

    step = only(found)
    assert step.after is not None
    assert step.after.get("phone") is None or any("carried over" in note for note in found.notes)


def test_odd_contacts_of_2017_carry_nothing() -> None:
    """They are no obstacle either: 2017 keeps them."""
    older = (old(1, None), old(2, ["a@b.co"]), old(3, 5, phone=7), Record("me", {}))

    step = only(writes_for(seen(V2023, None, *older), Change(emails=("b@b.co",)), V2023))

    assert step.after == {"emails": "b@b.co", **NEW[V2023]}

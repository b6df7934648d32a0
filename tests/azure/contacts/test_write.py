"""Each api-version spells a wish in its own way, and what nobody wished stays as it is."""

import copy
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.azure.contacts.read import addresses, is_address
from contacts_audit.azure.contacts.records import Json, Record, Snapshot, same
from contacts_audit.azure.contacts.steps import RefusedError, Step, Writes, body, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.errors import UsageError
from contacts_audit.core.mailbox import distinct
from contacts_audit.core.model import Change
from contacts_audit.remediation.plan import check

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
    """Return `default` after *wish*, the same as before where nothing is to be written."""
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


# At 2020 and 2023: one contact, `default`


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
def test_a_new_contact_for_each_wish(version: str, change: Change, field: str, value: str) -> None:
    """Owners can be notified where there is no address."""
    step = only(writes_for(seen(version), change, version))

    assert step.after is not None
    assert step.after[field] == value


def test_a_new_contact_has_the_wished_levels() -> None:
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
    """A contact without an address that nobody wished for is not made."""
    with pytest.raises(RefusedError) as caught:
        writes_for(seen(version), change, version)

    assert "--email" in caught.value.hint


@pytest.mark.parametrize("version", [*NEWER, pytest.param(V2017, id="2017")])
def test_without_a_contact_there_is_nothing_to_remove(version: str) -> None:
    """What is not there need not go."""
    change = Change(remove_emails=("a@contoso.com",))

    assert writes_for(seen(version), change, version).steps == ()


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("there", "change", "emails"),
    [
        pytest.param(
            "a@contoso.com", Change(emails=("b@x.co",)), "a@contoso.com;b@x.co", id="added"
        ),
        pytest.param(
            "a@b.co, c@b.co", Change(emails=("d@b.co",)), "a@b.co;c@b.co;d@b.co", id="comma"
        ),
        pytest.param(" a@b.co ;; ", Change(emails=("d@b.co",)), "a@b.co;d@b.co", id="blanks"),
        pytest.param(
            "a@b.co, c@b.co", Change(emails=("c@b.co",)), "a@b.co, c@b.co", id="untouched"
        ),
        pytest.param("A@B.co", Change(emails=("a@b.CO",)), "A@B.co", id="there in capitals"),
        pytest.param("JÖRG@b.co", Change(emails=("jörg@b.co",)), "JÖRG@b.co", id="ö in capitals"),
        pytest.param("", Change(emails=("jörg@b.co",)), "jörg@b.co", id="international"),
        pytest.param("", Change(emails=("a@bücher.de",)), "a@bücher.de", id="international domain"),
        pytest.param("", Change(emails=("a@b.co", "A@b.co")), "a@b.co", id="given twice"),
        pytest.param("bad", Change(emails=("a@b.co",)), "bad;a@b.co", id="malformed one stays"),
        pytest.param(
            "x@y.co;a@b.co", Change(emails=("a@b.co",), replace=True), "a@b.co", id="replace"
        ),
        pytest.param(
            "A@b.co,x@y.co", Change(emails=("a@b.co",), replace=True), "A@b.co", id="spelt"
        ),
        pytest.param(
            "b@b.co , a@b.co",
            Change(emails=("a@b.co", "B@b.co"), replace=True),
            "b@b.co , a@b.co",
            id="replace by the same",
        ),
        pytest.param(
            "a@b.co;bad", Change(emails=("a@b.co",), replace=True), "a@b.co", id="exactly these"
        ),
        pytest.param("a@b.co;c@b.co", Change(remove_emails=("A@B.CO",)), "c@b.co", id="removed"),
        pytest.param(
            "a@b.co;A@b.co;c@d.co", Change(remove_emails=("a@b.co",)), "c@d.co", id="both"
        ),
        pytest.param(
            "a@b.co,c@d.co", Change(remove_emails=("x@y.co",)), "a@b.co,c@d.co", id="none"
        ),
        pytest.param(
            "a@b.co;bad", Change(remove_emails=("bad",)), "a@b.co", id="malformed removed"
        ),
        pytest.param(
            "a@b.co", Change(emails=("c@b.co",), remove_emails=("a@b.co",)), "c@b.co", id="swapped"
        ),
        pytest.param(
            "a@b.co", Change(remove_emails=("a@b.co",), allow_empty=True), "", id="emptied as meant"
        ),
        pytest.param(None, Change(emails=("a@b.co",)), "a@b.co", id="null"),
    ],
)
def test_addresses(version: str, there: str | None, change: Change, emails: str) -> None:
    """They are added, kept as spelt and joined by semicolons; unchanged text is not respelt."""
    properties = {"emails": there, "phone": "1", "isEnabled": True}

    expected = {**properties, "emails": emails}
    assert after(version, properties, change) == sendable(version, expected)


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    "properties",
    [pytest.param({"phone": ""}, id="absent"), pytest.param({"emails": None}, id="null")],
)
def test_removing_what_is_not_there_writes_nothing(version: str, properties: Json) -> None:
    """A contact that has no field for addresses does not get one."""
    change = Change(remove_emails=("a@contoso.com",))

    assert writes_for(seen(version, properties), change, version).steps == ()


@pytest.mark.parametrize("version", [*NEWER, pytest.param(V2017, id="2017")])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(remove_emails=("a@b.co",)), id="the only one"),
        pytest.param(Change(remove_emails=("A@B.CO",), notify_owners=True), id="with another wish"),
    ],
)
def test_the_last_address_goes_only_if_that_is_meant(version: str, change: Change) -> None:
    """A removal that would silence alerts names the option that allows it."""
    shown = two(old(1, "a@b.co")) if version == V2017 else seen(version, {"emails": "a@b.co"})
    with pytest.raises(RefusedError) as caught:
        writes_for(shown, change, version)

    assert "--allow-empty" in caught.value.hint


@pytest.mark.parametrize("version", NEWER)
def test_a_malformed_address_is_none_that_is_left(version: str) -> None:
    """Mail to it would not go out."""
    with pytest.raises(RefusedError):
        writes_for(
            seen(version, {"emails": "a@b.co;bad"}), Change(remove_emails=("a@b.co",)), version
        )


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({"state": "On", "roles": ["Owner"]}, None, id="already"),
        pytest.param({"state": "On", "roles": ["owner"]}, None, id="in lower case"),
        pytest.param(
            {"state": "On", "roles": ["Admin", "New"], "x": 1},
            {"state": "On", "roles": ["Admin", "New", "Owner"], "x": 1},
            id="added, the others stay",
        ),
        pytest.param(
            {"state": "Off", "roles": ["Owner"]}, {"state": "On", "roles": ["Owner"]}, id="off"
        ),
        pytest.param({}, {"state": "On", "roles": ["Owner"]}, id="empty"),
        pytest.param(None, {"state": "On", "roles": ["Owner"]}, id="null"),
        pytest.param(
            {"state": "On", "roles": [5, None]},
            {"state": "On", "roles": [5, None, "Owner"]},
            id="odd roles",
        ),
    ],
)
def test_owners(version: str, before: object, expected: object) -> None:
    """The role is added and notified."""
    properties = {"emails": "a@b.co", "notificationsByRole": before}

    found = after(version, properties, Change(notify_owners=True))

    expected = {"emails": "a@b.co", "notificationsByRole": expected or before}
    assert found == sendable(version, expected)


@pytest.mark.parametrize(
    ("before", "change", "expected"),
    [
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "Low", "x": 1}],
            Change(minimum_severity="High"),
            [{"sourceType": "Alert", "minimalSeverity": "High", "x": 1}],
            id="exactly that, even if it is less",
        ),
        pytest.param(
            [{"sourceType": "New", "y": []}],
            Change(minimum_severity="Low"),
            [{"sourceType": "New", "y": []}, {"sourceType": "Alert", "minimalSeverity": "Low"}],
            id="adds the source",
        ),
        pytest.param(
            None,
            Change(minimum_severity="Medium"),
            [{"sourceType": "Alert", "minimalSeverity": "Medium"}],
            id="null",
        ),
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "Low"}],
            Change(attack_paths="High"),
            [
                {"sourceType": "Alert", "minimalSeverity": "Low"},
                {"sourceType": "AttackPath", "minimalRiskLevel": "High"},
            ],
            id="attack paths",
        ),
        pytest.param(
            [
                {"sourceType": "AttackPath", "minimalRiskLevel": "Low", "z": None},
                {"sourceType": "Alert", "minimalSeverity": "Low"},
            ],
            Change(attack_paths="Critical", minimum_severity="High"),
            [
                {"sourceType": "AttackPath", "minimalRiskLevel": "Critical", "z": None},
                {"sourceType": "Alert", "minimalSeverity": "High"},
            ],
            id="both, in their order",
        ),
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "High"}],
            Change(minimum_severity="High"),
            [{"sourceType": "Alert", "minimalSeverity": "High"}],
            id="already",
        ),
        pytest.param(
            [{"sourceType": "AttachPath", "minimalRiskLevel": "Low"}],
            Change(attack_paths="Low"),
            [
                {"sourceType": "AttachPath", "minimalRiskLevel": "Low"},
                {"sourceType": "AttackPath", "minimalRiskLevel": "Low"},
            ],
            id="an unknown source stays",
        ),
    ],
)
def test_sources_at_2023(before: object, change: Change, expected: object) -> None:
    """The level of one source is set, its other fields and the other sources stay."""
    properties = {"emails": "", "notificationsSources": before}

    expected = {"emails": "", "notificationsSources": expected}
    assert after(V2023, properties, change) == sendable(V2023, expected)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            {"state": "Off", "minimalSeverity": "Low", "x": 1},
            {"state": "On", "minimalSeverity": "High", "x": 1},
            id="off",
        ),
        pytest.param({"state": "On"}, {"state": "On", "minimalSeverity": "High"}, id="without"),
        pytest.param(None, {"state": "On", "minimalSeverity": "High"}, id="null"),
    ],
)
def test_severity_at_2020(before: object, expected: object) -> None:
    """It is the threshold of what is on."""
    properties = {"emails": "", "alertNotifications": before}

    found = after(V2020, properties, Change(minimum_severity="High"))

    assert found == sendable(V2020, {"emails": "", "alertNotifications": expected})


@pytest.mark.parametrize(
    "properties", [pytest.param(None, id="no contact"), pytest.param({"emails": ""}, id="contact")]
)
def test_2020_knows_no_attack_paths(properties: Json | None) -> None:
    """It says so, and writes nothing of the rest."""
    change = Change(emails=("a@b.co",), attack_paths="Critical")
    with pytest.raises(RefusedError) as caught:
        writes_for(seen(V2020, properties), change, V2020)

    assert "--attack-paths" in caught.value.hint


@pytest.mark.parametrize(
    ("enabled", "changes"),
    [
        pytest.param({"isEnabled": False}, True, id="false"),
        pytest.param({"isEnabled": "true"}, True, id="text"),
        pytest.param({"isEnabled": 0}, True, id="0"),
        pytest.param({"isEnabled": 1}, True, id="1"),
        pytest.param({"isEnabled": 1.0}, True, id="1.0"),
        pytest.param({"isEnabled": True}, False, id="true"),
        pytest.param({}, False, id="absent"),
    ],
)
def test_enabling(enabled: Json, changes: bool) -> None:
    """What the audit calls disabled is enabled; 1 is not true."""
    properties = {"emails": "a@b.co", **enabled}

    steps = writes_for(seen(V2023, properties), Change(enable=True), V2023).steps

    if not changes:
        assert steps == ()
    else:
        expected = sendable(V2023, {"emails": "a@b.co", "isEnabled": True})
        assert [same(step.after, expected) for step in steps] == [True]


@pytest.mark.parametrize("version", NEWER)
def test_a_telephone_number(version: str) -> None:
    """It is set, and nothing else is."""
    properties = {"emails": "a@b.co", "phone": "1", "x": [1]}

    expected = sendable(version, {**properties, "phone": "+49 30 1"})
    assert after(version, properties, Change(phone="+49 30 1")) == expected
    assert writes_for(seen(version, properties), Change(phone="1"), version).steps == ()


@pytest.mark.parametrize(
    ("enabled", "change", "noted"),
    [
        pytest.param({"isEnabled": False}, Change(emails=("b@b.co",)), True, id="false"),
        pytest.param(
            {"isEnabled": False}, Change(emails=("b@b.co",), enable=True), False, id="mended"
        ),
        pytest.param({"isEnabled": True}, Change(emails=("b@b.co",)), False, id="true"),
        pytest.param({}, Change(emails=("b@b.co",)), False, id="absent"),
        pytest.param({"isEnabled": None}, Change(emails=("b@b.co",)), False, id="null is absent"),
    ],
)
def test_an_address_of_a_disabled_contact_is_told(
    enabled: Json, change: Change, noted: bool
) -> None:
    """Nobody gets mail: the operator must know, and the contact stays as it is."""
    notes = writes_for(seen(V2023, {"emails": "a@b.co", **enabled}), change, V2023).notes

    assert any("--enable" in note for note in notes) is noted


# What is carried over from 2017


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
    """It is not made anew: what is off in it was switched off."""
    found = writes_for(seen(version, {}, old(1, "a@b.co")), Change(emails=("new@b.co",)), version)

    assert only(found) == Step("default", {}, sendable(version, {"emails": "new@b.co"}))


@pytest.mark.parametrize("version", NEWER)
def test_replacing_carries_no_address_over(version: str) -> None:
    """Exactly these: and what stays at 2017 is told."""
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
    """It stays at 2017, which is told."""
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
    """A number that nobody gave is not written without a word."""
    found = writes_for(seen(V2023, None, older), change, V2023)

    step = only(found)
    assert step.after is not None
    assert step.after.get("phone") is None or any("carried over" in note for note in found.notes)


def test_odd_contacts_of_2017_carry_nothing() -> None:
    """They are no obstacle either: 2017 keeps them."""
    older = (old(1, None), old(2, ["a@b.co"]), old(3, 5, phone=7), Record("me", {}))

    step = only(writes_for(seen(V2023, None, *older), Change(emails=("b@b.co",)), V2023))

    assert step.after == {"emails": "b@b.co", **NEW[V2023]}


# Unknown shapes


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize("value", [5, True, ["a@b.co"], {"a": 1}, [], {}, 0, False])
def test_addresses_of_an_unknown_shape_are_not_written(version: str, value: object) -> None:
    """Whoever reads them may know better; the other wishes can still be had."""
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
    """Nothing that cannot be understood is replaced."""
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
    """Nothing that cannot be understood is replaced."""
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
    """Nobody knows whose place that is."""
    with pytest.raises(RefusedError):
        writes_for(two(old(1, "a@b.co"), old(2, email)), Change(emails=("c@b.co",)), V2017)


# At 2017: one address a contact


def documented() -> Json:
    """Return the document's own JSON file, for *ID* and one address."""
    text = """{
      "id": "/subscriptions/<azure-subscription-id>/providers/Microsoft.Security/securityContacts/default",
      "name": "default",
      "type": "Microsoft.Security/securityContacts",
      "properties": {
        "email": "<valid-email-address(es)>",
        "alertNotifications": "On",
        "alertsToAdmins": "On"
      }
    }"""  # noqa: E501 -- as it is published
    text = text.replace("<azure-subscription-id>", ID)
    found: Json = json.loads(text.replace("<valid-email-address(es)>", "a@contoso.com"))
    return found


def test_the_documented_request() -> None:
    """PUT default1, whose body says `default`, as the document has it."""
    step = only(writes_for(two(), Change(emails=("a@contoso.com",)), V2017))

    assert (step.contact, step.before) == ("default1", None)
    assert same(body(ID, V2017, step), documented())


def test_what_exists_is_written_by_its_properties_alone() -> None:
    """Read-only fields are not sent."""
    change = Step("default1", {"email": "a@b.co"}, {"email": "b@b.co", "new": 1})

    assert body(ID, V2017, change) == {"properties": {"email": "b@b.co", "new": 1}}
    assert body(ID, V2023, Step("default", None, {"emails": ""})) == {"properties": {"emails": ""}}


def test_several_addresses_are_several_contacts() -> None:
    """A number goes to the first of them only."""
    change = Change(emails=("a@b.co", "b@b.co"), phone="+1 555")

    steps = writes_for(two(), change, V2017).steps

    assert told(steps) == [("default1", "a@b.co"), ("default2", "b@b.co")]
    assert [step.after and step.after.get("phone") for step in steps] == ["+1 555", None]


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        pytest.param(["default1", "default2"], "default3", id="the next"),
        pytest.param(["default1", "default3"], "default2", id="a gap"),
        pytest.param(["DEFAULT1", "me"], "default2", id="in capitals"),
        pytest.param(["me", "default"], "default1", id="other names"),
        pytest.param([f"default{n}" for n in range(1, 11)], "default11", id="ten"),
    ],
)
def test_the_lowest_free_name(taken: list[str], name: str) -> None:
    """Names of the sequence are used up from below."""
    older = [Record(one, old(1, f"{one}@b.co").properties) for one in taken]

    step = only(writes_for(two(*older), Change(emails=("new@b.co",)), V2017))

    assert (step.contact, step.before) == (name, None)


def test_existing_ones_keep_phone_and_flags() -> None:
    """Only the address is new where one takes the place of another."""
    there = old(1, "a@b.co", phone="(1) 2", alertNotifications="Off", alertsToAdmins="Off", x=[1])

    step = only(writes_for(two(there), Change(emails=("b@b.co",), replace=True), V2017))

    assert step == Step("default1", there.properties, {**there.properties, "email": "b@b.co"})


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        pytest.param(Change(notify_owners=True), ("Off", "On"), id="owners"),
        pytest.param(Change(minimum_severity="High"), ("On", "Off"), id="severity"),
        pytest.param(Change(notify_owners=True, minimum_severity="High"), ("On", "On"), id="both"),
    ],
)
def test_flags_that_are_asked_for(change: Change, flags: tuple[str, str]) -> None:
    """On each contact; its address stays."""
    off = {"alertNotifications": "Off", "alertsToAdmins": "Off"}
    shown = two(old(1, "a@b.co", **off), old(2, "b@b.co", **off))

    steps = writes_for(shown, change, V2017).steps

    assert [
        step.after and (step.after["alertNotifications"], step.after["alertsToAdmins"])
        for step in steps
    ] == [flags, flags]
    assert told(steps) == [("default1", "a@b.co"), ("default2", "b@b.co")]


def test_a_number_goes_to_the_first_alone() -> None:
    """Azure refuses it on any other; the order of the list does not matter."""
    shown = two(old(10, "j@b.co"), old(2, "b@b.co"), old(1, "a@b.co", phone="1"))

    step = only(writes_for(shown, Change(phone="+1 555"), V2017))

    assert step.contact == "default1"
    assert step.after == {**old(1, "a@b.co").properties, "phone": "+1 555"}


def test_deletions_go_from_the_highest_down() -> None:
    """Only the last of the sequence can be deleted: so the last ones move into freed places."""
    older = [old(n, f"{n}@b.co") for n in (10, *range(1, 10))]
    change = Change(remove_emails=("2@b.co", "9@b.co", "5@b.co"))

    steps = writes_for(two(*older), change, V2017).steps

    assert told(steps) == [
        ("default2", "10@b.co"),
        ("default5", "8@b.co"),
        ("default10", None),
        ("default9", None),
        ("default8", None),
    ]


def test_new_addresses_take_freed_places() -> None:
    """One is written over the other, and nothing is deleted."""
    shown = two(old(1, "a@b.co"), old(2, "b@b.co"), old(3, "c@b.co"))
    change = Change(emails=("x@b.co",), remove_emails=("b@b.co",))

    assert told(writes_for(shown, change, V2017).steps) == [("default2", "x@b.co")]


def test_all_can_be_deleted_if_that_is_meant() -> None:
    """From the highest down."""
    change = Change(remove_emails=("a@b.co", "b@b.co"), allow_empty=True)

    steps = writes_for(two(old(1, "a@b.co"), old(2, "b@b.co")), change, V2017).steps

    assert told(steps) == [("default2", None), ("default1", None)]


@pytest.mark.parametrize(
    ("change", "option"),
    [
        pytest.param(Change(enable=True), "--enable", id="enable"),
        pytest.param(Change(attack_paths="Low"), "--attack-paths", id="attack paths"),
        pytest.param(Change(minimum_severity="Low"), "High", id="low"),
        pytest.param(Change(minimum_severity="Medium"), "High", id="medium"),
        pytest.param(Change(notify_owners=True), "--email", id="owners without a contact"),
        pytest.param(Change(minimum_severity="High"), "--email", id="severity without a contact"),
        pytest.param(Change(phone="+1 555"), "--email", id="telephone without a contact"),
    ],
)
def test_what_2017_cannot_say(change: Change, option: str) -> None:
    """It is refused, and the option named."""
    with pytest.raises(RefusedError) as caught:
        writes_for(two(), change, V2017)

    assert option in caught.value.hint


@pytest.mark.parametrize("separator", [";", ",", " , "])
@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        pytest.param(Change(emails=("B@b.co",)), {"a@b.co", "b@b.co"}, id="already there"),
        pytest.param(Change(remove_emails=("a@b.co",)), {"b@b.co"}, id="to be removed"),
        pytest.param(Change(emails=("b@b.co",), replace=True), {"b@b.co"}, id="exactly these"),
    ],
)
def test_several_addresses_in_one_contact_of_2017(
    separator: str, change: Change, wanted: set[str]
) -> None:
    """The document's own file invites to it: each is an address, or the wish is refused."""
    shown = old(1, separator.join(["a@b.co", "b@b.co"]))
    try:
        steps = writes_for(two(shown), change, V2017).steps
    except RefusedError:
        return

    now = {shown.name: shown.properties}
    now |= {step.contact: step.after for step in steps if step.after is not None}
    found = [one.casefold() for each in now.values() for one in addresses(each["email"])]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(
    "name", [pytest.param("me", id="another name"), pytest.param("default2", id="a gap below")]
)
def test_a_number_is_written_once(name: str) -> None:
    """A second contact that sorts before the first one does not get it as well."""
    change = Change(emails=("new@b.co",), phone="+1 555")
    shown = Record(name, old(1, "a@b.co").properties)
    steps = writes_for(two(shown), change, V2017).steps
    now = {shown.name: shown.properties} | {step.contact: step.after or {} for step in steps}

    again = writes_for(two(*(Record(*one) for one in now.items())), change, V2017).steps

    assert sum("phone" in properties for properties in now.values()) == 1
    assert again == ()


def test_emptying_leaves_no_contact_for_another_wish() -> None:
    """At 2017 a contact is an address: whoever drops the last one has nobody to notify."""
    change = Change(remove_emails=("a@b.co",), allow_empty=True, notify_owners=True)

    for seen in (two(old(1, "a@b.co")), two()):
        with pytest.raises(RefusedError, match="no contact"):
            writes_for(seen, change, V2017)


# Whatever is there, and whatever is wished


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
    """Say whether somebody can wish for it on the command line."""
    try:
        check(change, None)
    except UsageError:
        return False
    return True


def is_change_at_2017(change: Change) -> bool:
    """Say whether somebody can wish for it with `--api-version 2017-08-01-preview`."""
    try:
        check(change, V2017)
    except UsageError:
        return False
    return True


def changes(severities: Sequence[str | None] = ("High", "Medium", "Low")) -> Any:
    """Return all kinds of wishes, most of them of a few parts."""
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


def concerned(change: Change, version: str) -> set[str]:
    """Return the fields that *wish* may change."""
    alerts = "notificationsSources" if version == V2023 else "alertNotifications"
    asked = {
        "emails": change.emails or change.remove_emails or change.replace,
        "notificationsByRole": change.notify_owners,
        alerts: change.minimum_severity or (version == V2023 and change.attack_paths),
        "isEnabled": change.enable,
        "phone": change.phone,
    }
    return {field for field, value in asked.items() if value}


def without(value: Any, *names: str) -> Json:
    """Return an object without the fields *names*."""
    return {key: each for key, each in (value or {}).items() if key not in names}


@settings(max_examples=150)
@given(newer, properties_of_default, some_old, any_change)
def test_what_was_not_asked_for_never_changes(
    version: str, properties: Json, older: tuple[Record, ...], change: Change
) -> None:
    """Whatever stands in a contact: each field, and within fields each part."""
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
def test_a_wish_that_was_fulfilled_plans_nothing(
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
    """What the newest version showed stays in it, and what 2017 alone showed comes to it."""
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


def replayed(older: Iterable[Record], steps: Iterable[Step], kept: set[str]) -> dict[str, Json]:
    """Return what a service that keeps to 2017's rules holds after *steps*."""
    held = {one.name: one.properties for one in older}
    for step in steps:
        numbers = {int(name.removeprefix("default")) for name in held}
        assert same(held.get(step.contact), step.before)
        if step.after is None:
            assert step.contact == f"default{max(numbers)}"
            del held[step.contact]
        else:
            free = next(n for n in range(1, 100) if n not in numbers)
            assert step.contact in held or step.contact == f"default{free}"
            assert re.fullmatch(r"[^\s@,;]+@[^\s@,;]+", step.after["email"].strip())
            assert {"alertNotifications", "alertsToAdmins"} <= step.after.keys()
            assert not step.after.get("phone") or step.contact == "default1"
            held[step.contact] = step.after
        assert kept <= {each["email"].strip().casefold() for each in held.values()}
    return held


@settings(max_examples=150)
@given(sequences(), old_change)
def test_no_step_breaks_a_rule_of_2017(older: tuple[Record, ...], change: Change) -> None:
    """All steps are taken, what stays is there all the while, and the wished set is the end."""
    before = copy.deepcopy(older)
    there = {one.properties["email"].strip().casefold() for one in older}
    given_ = {one.casefold() for one in change.emails}
    wanted = (given_ if change.replace else there | given_) - {
        one.casefold() for one in change.remove_emails
    }
    try:
        steps = writes_for(two(*older), change, V2017).steps
    except RefusedError:
        assert not wanted
        return

    held = replayed(older, steps, there & wanted)

    assert older == before
    assert {each["email"].strip().casefold() for each in held.values()} == wanted
    for one in older:
        now, flags = held.get(one.name), ("alertNotifications", "alertsToAdmins")
        if now is not None:
            assert same(
                without(now, "email", "phone", *flags),
                without(one.properties, "email", "phone", *flags),
            )
            assert change.notify_owners or now["alertsToAdmins"] == one.properties["alertsToAdmins"]
            assert change.minimum_severity or (
                now["alertNotifications"] == one.properties["alertNotifications"]
            )
            assert change.phone or now.get("phone") == one.properties.get("phone")
    if held:
        assert writes_for(two(*(Record(*one) for one in held.items())), change, V2017).steps == ()


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
    """Nothing but our own refusal comes of whatever a service shows."""
    kept = tuple(Record("default", each) for each in newest if isinstance(each, dict))
    versions = {V2017: tuple(older)} | ({} if version == V2017 else {version: kept})
    try:
        found = writes_for(Snapshot(versions), change, version)
    except RefusedError as error:
        assert str(error) and error.hint  # noqa: PT017, PT018
    else:
        assert all(step.before is not None or step.after is not None for step in found.steps)


@settings(max_examples=100)
@given(st.lists(pool))
def test_each_address_once_as_first_spelt(given_: list[str]) -> None:
    """Whatever its case."""
    found = distinct(given_)

    assert [one.casefold() for one in found] == list(dict.fromkeys(map(str.casefold, given_)))
    assert all(
        one == next(each for each in given_ if each.casefold() == one.casefold()) for one in found
    )

"""The writes at 2017-08-01-preview: one contact per address."""

import copy
import json
import re
from collections.abc import Iterable

import pytest
from azure.contacts.drawn import old_change, sequences
from azure.contacts.shapes import ID, V2017, V2023, old, only, told, two, without
from hypothesis import given, settings

from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Record, same
from contacts_audit.azure.contacts.steps import RefusedError, Step, body
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.model import Change


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
    """PUT default1 with the documented body, whose name is `default`."""
    step = only(writes_for(two(), Change(emails=("a@contoso.com",)), V2017))

    assert (step.contact, step.before) == ("default1", None)
    assert same(body(ID, V2017, step), documented())


def test_what_exists_is_written_by_its_properties_alone() -> None:
    """Read-only fields are not sent."""
    change = Step("default1", {"email": "a@b.co"}, {"email": "b@b.co", "new": 1})

    assert body(ID, V2017, change) == {"properties": {"email": "b@b.co", "new": 1}}
    assert body(ID, V2023, Step("default", None, {"emails": ""})) == {"properties": {"emails": ""}}


def test_several_addresses_are_several_contacts() -> None:
    """Only the first contact gets the telephone number."""
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
    """The lowest free number is used first."""
    older = [Record(one, old(1, f"{one}@b.co").properties) for one in taken]

    step = only(writes_for(two(*older), Change(emails=("new@b.co",)), V2017))

    assert (step.contact, step.before) == (name, None)


def test_existing_ones_keep_phone_and_flags() -> None:
    """A replaced address changes nothing else."""
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
    """Azure refuses a number on other contacts; the order of the list does not matter."""
    shown = two(old(10, "j@b.co"), old(2, "b@b.co"), old(1, "a@b.co", phone="1"))

    step = only(writes_for(shown, Change(phone="+1 555"), V2017))

    assert step.contact == "default1"
    assert step.after == {**old(1, "a@b.co").properties, "phone": "+1 555"}


def test_deletions_go_from_the_highest_down() -> None:
    """Only the last contact can be deleted, so the last ones move into gaps."""
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
    """A new address replaces a removed one, and nothing is deleted."""
    shown = two(old(1, "a@b.co"), old(2, "b@b.co"), old(3, "c@b.co"))
    change = Change(emails=("x@b.co",), remove_emails=("b@b.co",))

    assert told(writes_for(shown, change, V2017).steps) == [("default2", "x@b.co")]


def test_all_can_be_deleted_if_that_is_meant() -> None:
    """The highest number is deleted first."""
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
    """The change is refused, and the message names the option."""
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
    """Each part is an address, or the change is refused."""
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
    """A second contact that sorts first does not get the number as well."""
    change = Change(emails=("new@b.co",), phone="+1 555")
    shown = Record(name, old(1, "a@b.co").properties)
    steps = writes_for(two(shown), change, V2017).steps
    now = {shown.name: shown.properties} | {step.contact: step.after or {} for step in steps}

    again = writes_for(two(*(Record(*one) for one in now.items())), change, V2017).steps

    assert sum("phone" in properties for properties in now.values()) == 1
    assert again == ()


def test_emptying_leaves_no_contact_for_another_change() -> None:
    """At 2017 a contact is an address, so without addresses nobody can be notified."""
    change = Change(remove_emails=("a@b.co",), allow_empty=True, notify_owners=True)

    for seen in (two(old(1, "a@b.co")), two()):
        with pytest.raises(RefusedError, match="no contact"):
            writes_for(seen, change, V2017)


def replayed(older: Iterable[Record], steps: Iterable[Step], kept: set[str]) -> dict[str, Json]:
    """Return the contacts after *steps*; check that each step keeps the rules of 2017."""
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
    """Addresses that stay are there after each step, and the last step completes the change."""
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

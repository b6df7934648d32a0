"""What means the same to Azure is the same to plan, apply and restore; all else is a difference."""

from typing import Any

import pytest

from contacts_audit.azure.contacts.equality import alike, all_alike, differences, is_blank, unread
from contacts_audit.azure.contacts.records import Record
from contacts_audit.azure.contacts.steps import Step, sendable

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
ALERT = {"sourceType": "Alert", "minimalSeverity": "High"}
PATHS = {"sourceType": "AttackPath", "minimalRiskLevel": "Low"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("emails", ["a@b.co;C@b.co", "c@b.co, A@b.co", "a@b.co;;c@b.co;a@b.co"]),
        ("emails", [None, "", " ; "]),
        ("email", ["a@b.co", " A@B.co"]),
        ("phone", [None, ""]),
        ("alertNotifications", ["Off", "off", "", None]),
        ("alertsToAdmins", ["On", "on", "ON"]),
        (
            "alertNotifications",
            [
                None,
                {"state": "Off"},
                {"state": "off", "minimalSeverity": ""},
                {"state": "Off", "minimalSeverity": "High"},
            ],
        ),
        (
            "notificationsByRole",
            [{"state": "On", "roles": ["Owner", "A"]}, {"roles": ["a", "owner"], "state": "on"}],
        ),
        ("notificationsByRole", [None, {"state": "Off", "roles": []}, {"state": "off"}]),
        ("notificationsSources", [[ALERT, PATHS], [PATHS, ALERT], [PATHS, ALERT, ALERT]]),
        ("notificationsSources", [None, []]),
        ("notificationsSources", [["odd", ALERT], [ALERT, "odd"]]),
        ("alertNotifications", [{"state": "On"}, {"state": "On", "minimalSeverity": ""}]),
        (
            "notificationsByRole",
            [{"state": "On", "roles": ["A", 1]}, {"state": "On", "roles": [1, "a"]}],
        ),
        ("isEnabled", [None, True]),
        ("x", [[1, {"y": [2, 3]}], [{"y": [3, 2]}, 1]]),
    ],
)
def test_what_means_the_same(field: str, values: list[Any]) -> None:
    """They are equal in both directions, also as sent and read back."""
    for one in values:
        for other in values:
            assert alike({field: one}, {field: other}), (one, other)
            assert unread({field: one}, {field: other}) == []
        if one is None:
            assert all(alike({}, {field: other}) for other in values)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("emails", "a@b.co", "a@b.co;c@b.co"),
        ("emails", "a@b.co", ["a@b.co"]),
        ("phone", "1", "+1"),
        ("phone", "", "1"),
        ("alertNotifications", "On", "Off"),
        ("alertNotifications", {"state": "On"}, {"state": "On", "minimalSeverity": "Low"}),
        ("alertNotifications", {"state": "On", "minimalSeverity": "High"}, {"state": "Off"}),
        ("alertNotifications", {"state": "Off", "x": 1}, {"state": "Off"}),
        ("notificationsByRole", {"state": "On", "roles": []}, {"state": "On", "roles": ["Owner"]}),
        ("notificationsByRole", {"state": "On", "roles": ["Owner"]}, {"state": "Off"}),
        ("notificationsSources", [ALERT], [ALERT, PATHS]),
        ("notificationsSources", [ALERT], [{**ALERT, "minimalSeverity": "Low"}]),
        ("isEnabled", True, False),
        ("isEnabled", True, 1),
        ("x", [1, 1], [1]),
        ("notificationsSources", ["odd", ALERT], [ALERT]),
        ("alertNotifications", {"state": "On", "x": ""}, {"state": "On"}),
        ("x", 1, True),
        ("x", "a", "A"),
    ],
)
def test_what_differs_is_named(field: str, one: Any, other: Any) -> None:
    """The difference is named by its field, in both directions."""
    assert differences({field: one, "y": 1}, {field: other, "y": 1}) == [field]
    assert differences({field: other}, {field: one}) == [field]


def test_lists_are_compared_by_name() -> None:
    """In any order, and in any case; one more or less is a difference."""
    one, other = Record("default1", {"email": "a"}), Record("x-b.co", {"email": "x"})

    assert all_alike([one, other], [Record("X-B.co", {"email": "X"}), one])
    assert not all_alike([one], [one, other])
    assert not all_alike([one], [Record("default1", {"email": "b"})])
    assert not all_alike([one], [Record("default2", {"email": "a"})])


@pytest.mark.parametrize(
    ("properties", "blank"),
    [({}, True), ({"emails": ";", "phone": None}, True), ({"phone": "1"}, False)],
)
def test_a_blank_contact(properties: dict[str, Any], blank: bool) -> None:
    """It holds neither address nor number, whatever else is on."""
    assert is_blank({**properties, "isEnabled": True}) is blank
    assert not is_blank({"email": "a@b.co"})


@pytest.mark.parametrize(
    ("version", "properties", "sent"),
    [
        (
            V2023,
            {"x": 1, "notificationsByRole": {"state": "On"}},
            {
                "x": 1,
                "notificationsByRole": {"state": "On", "roles": []},
                "isEnabled": True,
                "notificationsSources": [],
            },
        ),
        (
            V2020,
            {"alertNotifications": {"state": "Off", "minimalSeverity": ""}},
            {
                "alertNotifications": {"state": "Off"},
                "notificationsByRole": {"state": "Off", "roles": []},
            },
        ),
        (
            V2023,
            {
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": ["Owner"]},
                "notificationsSources": [{**ALERT, "minimalSeverity": ""}, PATHS],
            },
            {
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": ["Owner"]},
                "notificationsSources": [{"sourceType": "Alert"}, PATHS],
            },
        ),
        (
            V2017,
            {"email": "a@b.co"},
            {"email": "a@b.co", "alertNotifications": "Off", "alertsToAdmins": "Off"},
        ),
    ],
)
def test_what_is_sent_is_whole(
    version: str, properties: dict[str, Any], sent: dict[str, Any]
) -> None:
    """Every object, and no empty level; what was there stays."""
    assert sendable(version, properties) == sent


OLD, NEW, BLANK = {"emails": "a"}, {"emails": "b"}, {"emails": "", "isEnabled": True}


@pytest.mark.parametrize(
    ("step", "now", "done", "confirmed", "untouched"),
    [
        pytest.param(Step("default", OLD, NEW), NEW, True, True, False, id="done"),
        pytest.param(Step("default", OLD, NEW), OLD, False, False, True, id="untouched"),
        pytest.param(Step("default", OLD, NEW), None, False, False, False, id="gone"),
        pytest.param(Step("default", None, NEW), None, False, False, True, id="not made"),
        pytest.param(Step("default", None, NEW), BLANK, False, False, True, id="made by Azure"),
        pytest.param(Step("default1", None, NEW), BLANK, False, False, False, id="not default"),
        pytest.param(Step("default", OLD, None), None, True, True, False, id="deleted"),
        pytest.param(Step("default", OLD, None), OLD, False, False, True, id="still there"),
        pytest.param(Step("default", OLD, None), BLANK, True, True, False, id="made again"),
        pytest.param(Step("default", OLD, None), NEW, False, False, False, id="by others"),
        pytest.param(Step("default", BLANK, None), BLANK, False, True, True, id="nobody can tell"),
    ],
)
def test_what_a_look_shows(
    step: Step, now: Any, done: bool, confirmed: bool, untouched: bool
) -> None:
    """A blank default contact was created by Azure, and is neither a change nor a leftover."""
    assert step.is_done(now) is done
    assert step.is_confirmed(now) is confirmed
    assert step.is_untouched(now) is untouched


def test_a_number_that_stays_is_no_sign_of_somebody_else() -> None:
    """All else is as requested, and the old number is still there."""
    step = Step("default", {"emails": "a", "phone": "1"}, {"emails": "b", "phone": ""})

    assert step.is_done_except_phone({"emails": "b", "phone": "1"})
    assert not step.is_done_except_phone({"emails": "b", "phone": "2"})
    assert not step.is_done_except_phone({"emails": "a", "phone": "1"})
    assert not step.is_done_except_phone(None)
    wished = Step("default", {"emails": "a", "phone": "1"}, {"emails": "b", "phone": "2"})
    assert not wished.is_done_except_phone({"emails": "b", "phone": "1"})

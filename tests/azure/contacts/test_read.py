"""All dialects of a contact are read; what is none is an error, never a contact, never a pass."""

import json
from typing import Any

import pytest
from azure.contacts.answers import VERSION, answer, one, read, read_whole

from contacts_audit.azure.contacts.read import (
    MOST_VALUES,
    contacts,
    documented_emails,
)
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.core.model import Contact

V2017 = {
    "email": "john@contoso.com",
    "phone": "(214)275-4038",
    "alertNotifications": "On",
    "alertsToAdmins": "On",
}
V2020 = {
    "emails": "john@contoso.com;jane@contoso.com",
    "phone": "",
    "alertNotifications": {"state": "On", "minimalSeverity": "Medium"},
    "notificationsByRole": {"state": "On", "roles": ["Owner", "Admin"]},
}
V2023 = {
    "emails": "john@contoso.com;jane@contoso.com",
    "phone": "1",
    "isEnabled": True,
    "notificationsSources": [
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        {"sourceType": "Alert", "minimalSeverity": "Low"},
    ],
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
}


@pytest.mark.parametrize(
    ("properties", "contact"),
    [
        pytest.param(
            V2017,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com",),
                malformed=(),
                enabled=True,
                phone="(214)275-4038",
                alert_severity="High",
                attack_path_risk=None,
                roles=("Owner",),
            ),
            id="2017",
        ),
        pytest.param(
            V2020,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com", "jane@contoso.com"),
                malformed=(),
                enabled=True,
                phone=None,
                alert_severity="Medium",
                attack_path_risk=None,
                roles=("Owner", "Admin"),
            ),
            id="2020",
        ),
        pytest.param(
            V2023,
            Contact(
                name="default",
                api_version=VERSION,
                emails=("john@contoso.com", "jane@contoso.com"),
                malformed=(),
                enabled=True,
                phone="1",
                alert_severity="Low",
                attack_path_risk="Critical",
                roles=("Owner",),
            ),
            id="2023",
        ),
        pytest.param(
            {},
            Contact(
                name="default",
                api_version=VERSION,
                emails=(),
                malformed=(),
                enabled=True,
                phone=None,
                alert_severity=None,
                attack_path_risk=None,
                roles=(),
            ),
            id="nothing set",
        ),
    ],
)
def test_each_dialect_is_translated(properties: dict[str, Any], contact: Contact) -> None:
    """A contact is the same, whichever API version shows it."""
    assert one(properties) == contact


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"value": [{"name": "x", "properties": V2017}]}, id="as documented"),
        pytest.param([{"name": "x", "properties": V2017}], id="bare array"),
        pytest.param({"name": "x", "properties": V2017}, id="single contact"),
        pytest.param({"value": [{"name": "x", "properties": V2017}], "new": 1}, id="new key"),
        pytest.param(
            b"\xef\xbb\xbf" + json.dumps([{"name": "x", "properties": V2017}]).encode(),
            id="byte order mark",
        ),
    ],
)
def test_each_shape_of_a_list_is_read(body: object) -> None:
    """At 2020 Azure answers with a bare array."""
    (contact,) = read(body)

    assert (contact.name, contact.emails) == ("x", ("john@contoso.com",))


@pytest.mark.parametrize(
    "body", [pytest.param({"value": []}, id="object"), pytest.param([], id="bare array")]
)
def test_an_empty_list_has_no_contacts(body: object) -> None:
    """That is an answer, not an error."""
    assert read(body) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="null"),
        pytest.param("ok", id="text"),
        pytest.param(5, id="number"),
        pytest.param(True, id="true"),
        pytest.param({}, id="empty object"),
        pytest.param({"value": None}, id="null value"),
        pytest.param({"value": {}}, id="object value"),
        pytest.param({"value": "x"}, id="text value"),
        pytest.param({"value": [None]}, id="null item"),
        pytest.param({"value": ["a@contoso.com"]}, id="text item"),
        pytest.param([[]], id="array item"),
        pytest.param({"value": [{"properties": []}]}, id="array properties"),
        pytest.param({"value": [{"properties": "a@contoso.com"}]}, id="text properties"),
        pytest.param({"properties": None}, id="single contact without properties"),
        pytest.param({"error": {"code": "x"}}, id="an error with status 200"),
        pytest.param({"value": [{"properties": V2017}, 5]}, id="good, then bad"),
        pytest.param(b'{"value":[]} {"value":[]}', id="two texts"),
        pytest.param(b'{"value":[NaN]}', id="NaN"),
        pytest.param(b'{"value":[', id="cut"),
    ],
)
def test_anything_else_is_malformed(body: object) -> None:
    """A body of another shape is malformed, and never means no contacts."""
    with pytest.raises(AzureError) as caught:
        read(body)

    assert (caught.value.reason, caught.value.request_id) == (Reason.MALFORMED, "r-1")


@pytest.mark.parametrize(
    "properties",
    [pytest.param({"name": "x"}, id="absent"), pytest.param({"properties": None}, id="null")],
)
def test_an_item_may_have_no_properties(properties: dict[str, Any]) -> None:
    """It is a contact without anything."""
    (contact,) = read({"value": [properties]})

    assert (contact.emails, contact.enabled) == ((), True)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        pytest.param("Microsoft.Security/securityContacts", True, id="plural"),
        pytest.param("Microsoft.Security/securityContact", True, id="singular"),
        pytest.param("MICROSOFT.SECURITY/SECURITYCONTACTS", True, id="capitals"),
        pytest.param("", False, id="empty"),
        pytest.param("Microsoft.Security/pricings", False, id="another"),
        pytest.param("Microsoft.Security/securityContacts/x", False, id="below"),
        pytest.param(None, True, id="null"),
        pytest.param(5, True, id="no text"),
    ],
)
def test_items_of_another_type_are_left_out_and_named(kind: object, kept: bool) -> None:
    """Only where a type says clearly that it is something else."""
    left_out: list[str] = []
    body = {"value": [{"type": kind, "properties": V2017}]}

    found = list(contacts(answer(body), VERSION, left_out.append))

    assert (len(found), left_out) == ((1, []) if kept else (0, [kind]))


def test_left_out_items_may_go_unnamed() -> None:
    """The callback is optional."""
    assert read({"value": [{"type": "x", "properties": V2017}]}) == []


@pytest.mark.parametrize(
    ("properties", "enabled"),
    [
        pytest.param({}, True, id="absent"),
        pytest.param({"isEnabled": None}, True, id="null"),
        pytest.param({"isEnabled": True}, True, id="true"),
        pytest.param({"isEnabled": False}, False, id="false"),
        pytest.param({"isEnabled": "true"}, False, id="text"),
        pytest.param({"isEnabled": 1}, False, id="number"),
    ],
)
def test_an_unknown_state_is_not_enabled(properties: dict[str, Any], enabled: bool) -> None:
    """Absent means enabled; an unknown value means disabled."""
    assert one(properties).enabled is enabled


@pytest.mark.parametrize(
    ("properties", "severity"),
    [
        pytest.param({"alertNotifications": "Off"}, None, id="2017 off"),
        pytest.param({"alertNotifications": "on"}, None, id="2017 unknown"),
        pytest.param({"alertNotifications": True}, None, id="2017 odd"),
        pytest.param(
            {"alertNotifications": {"state": "Off", "minimalSeverity": "High"}}, None, id="2020 off"
        ),
        pytest.param({"alertNotifications": {"state": "On"}}, None, id="2020 without a severity"),
        pytest.param(
            {"alertNotifications": {"state": "On", "minimalSeverity": "New"}},
            "New",
            id="2020 new one",
        ),
        pytest.param(
            {"alertNotifications": {"state": "On", "minimalSeverity": 5}}, "5", id="2020 odd"
        ),
        pytest.param({"notificationsSources": []}, None, id="2023 none"),
        pytest.param({"notificationsSources": None}, None, id="2023 null"),
        pytest.param({"notificationsSources": {"sourceType": "Alert"}}, None, id="2023 no array"),
        pytest.param({"notificationsSources": True}, None, id="2023 true"),
        pytest.param({"notificationsSources": ["Alert", None, 5]}, None, id="2023 odd sources"),
        pytest.param(
            {"notificationsSources": [{"sourceType": "Alert"}]}, None, id="2023 without a severity"
        ),
        pytest.param(
            {"notificationsSources": [{"sourceType": "AttachPath", "minimalSeverity": "Low"}]},
            None,
            id="2023 unknown source",
        ),
    ],
)
def test_the_severity_is_that_of_what_is_on(
    properties: dict[str, Any], severity: str | None
) -> None:
    """Off and malformed values are None; an unknown severity is kept for the finding."""
    assert one(properties).alert_severity == severity


@pytest.mark.parametrize(
    ("properties", "roles"),
    [
        pytest.param({"alertsToAdmins": "Off"}, (), id="2017 off"),
        pytest.param({"notificationsByRole": {"state": "Off", "roles": ["Owner"]}}, (), id="off"),
        pytest.param({"notificationsByRole": {"state": "On", "roles": []}}, (), id="empty"),
        pytest.param({"notificationsByRole": {"state": "On"}}, (), id="absent"),
        pytest.param({"notificationsByRole": {"state": "On", "roles": "Owner"}}, (), id="no array"),
        pytest.param(
            {"notificationsByRole": {"state": "On", "roles": [1, None, "New"]}},
            ("1", "New"),
            id="odd ones",
        ),
        pytest.param({"notificationsByRole": ["On"]}, (), id="no object"),
    ],
)
def test_roles_are_those_that_are_on(properties: dict[str, Any], roles: tuple[str, ...]) -> None:
    """Off and malformed values are empty; unknown roles are kept."""
    assert one(properties).roles == roles


@pytest.mark.parametrize("name", [None, 5, [], {}])
def test_a_name_that_is_no_text_is_empty(name: object) -> None:
    """A contact without a name is still a contact."""
    assert one(V2017, name=name).name == ""


@pytest.mark.parametrize("phone", [None, "", 5, ["1"]])
def test_a_telephone_number_is_text(phone: object) -> None:
    """Any other value is None."""
    assert one({"phone": phone}).phone is None


def test_pages_of_contacts_keep_their_order() -> None:
    """As Azure lists them."""
    body = {"value": [{"name": f"default{number}"} for number in range(1, 6)]}

    assert [contact.name for contact in read(body)] == [f"default{n}" for n in range(1, 6)]


def test_a_deep_body_is_read_or_refused() -> None:
    """Deep nesting does not crash the run."""
    for depth in (100, *range(950, 1010), 100_000):
        deep = b'[{"properties":{"x":' + b"[" * depth + b"]" * depth + b"}}]"
        try:
            assert len(read(deep)) == 1
        except AzureError as error:
            assert error.reason is Reason.MALFORMED  # noqa: PT017


@pytest.mark.parametrize(
    ("read_", "body", "said"),
    [
        pytest.param(
            documented_emails, [], "the answer is no list of security contacts", id="bare array"
        ),
        pytest.param(
            read_whole,
            {"value": 5},
            "the answer is no list of security contacts: the value is no array",
            id="no array",
        ),
        pytest.param(
            read_whole,
            {"value": [5]},
            "the answer is no list of security contacts: an item is no object",
            id="no object",
        ),
    ],
)
def test_what_is_no_list_is_told(read_: Any, body: Any, said: str) -> None:
    """The error has the request id, for Azure support."""
    with pytest.raises(AzureError) as caught:
        read_(answer(body))

    assert str(caught.value) == said
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize("read_", [read_whole, documented_emails])
def test_an_answer_of_more_values_than_there_may_be_is_refused(read_: Any) -> None:
    """An answer above the limit is refused, one at the limit is read."""
    start = b'{"value":[{"type":"Microsoft.Security/securityContacts","properties":{"x":['
    most, more = (start + b"0," * (MOST_VALUES - 1 + over) + b"0]}}]}" for over in (0, 1))

    assert len(read_(answer(most))) == 1
    with pytest.raises(AzureError) as caught:
        read_(answer(more))
    assert caught.value.reason is Reason.TOO_LARGE
    assert str(caught.value) == f"the answer holds more than {MOST_VALUES} values"

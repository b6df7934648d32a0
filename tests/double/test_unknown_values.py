"""What is unknown of the values that a write keeps, drops or respells, one switch at a time."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from asking import (
    CONTACT,
    CONTACT_2017,
    V2017,
    V2020,
    V2023,
    WRITTEN,
    WRITTEN_2020,
    Client,
    code,
    contacts,
    record,
)
from azure_double import AzureDouble


@pytest.mark.parametrize(
    ("version", "written", "kept"),
    [
        pytest.param(
            V2017,
            {**CONTACT_2017, "emails": "a@b.c", "isEnabled": True},
            CONTACT_2017,
            id="2017",
        ),
        pytest.param(
            V2020,
            {
                "emails": "a@b.c",
                "phone": "1",
                "alertNotifications": {"state": "On", "minimalSeverity": "Low", "new": 1},
                "notificationsByRole": {"state": "On", "roles": ["Owner", "New"], "new": 1},
                "isEnabled": False,
                "new": 1,
            },
            {
                "emails": "a@b.c",
                "phone": "1",
                "notificationsByRole": {"state": "On", "roles": ["Owner", "New"]},
                "isEnabled": True,
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Low"}],
            },
            id="2020",
        ),
        pytest.param(
            V2023,
            {
                "emails": "a@b.c",
                "phone": "1",
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": [], "new": 1},
                "notificationsSources": [
                    {"sourceType": "AttackPath", "minimalRiskLevel": "Low", "new": 1},
                    {"sourceType": "New", "minimalNewness": "High"},
                    "new",
                ],
                "alertNotifications": {"state": "On"},
                "new": 1,
            },
            {
                "emails": "a@b.c",
                "phone": "1",
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": []},
                "notificationsSources": [
                    {"sourceType": "AttackPath", "minimalRiskLevel": "Low"},
                    {"sourceType": "New"},
                    "new",
                ],
            },
            id="2023",
        ),
    ],
)
def test_unknown_properties_may_be_lost(
    azure: AzureDouble, ask: Client, version: str, written: dict[str, Any], kept: dict[str, Any]
) -> None:
    """A PUT drops them, also within a property. Until then they stay."""
    azure.drops_unknown = True
    subscription = azure.add(contact=CONTACT)
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == CONTACT

    assert ask.put(subscription, written, version).ok

    old = version == V2017
    assert (subscription.contacts_2017[0]["properties"] if old else subscription.contact) == kept


def test_a_contact_may_come_back_respelled(azure: AzureDouble, ask: Client) -> None:
    """Addresses, roles and sources change their order, and letters their case."""
    azure.respells = True
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "High"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ]
    written = {
        "emails": "A@X.example;b@x.example, C@x.example;",
        "phone": "A",
        "notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]},
        "notificationsSources": sources,
        "somethingNew": [1, 2],
    }
    subscription = azure.add()
    respelled: dict[str, Any] = {
        "emails": "c@x.example; b@x.example; a@x.example",
        "phone": "A",
        "notificationsByRole": {"state": "On", "roles": ["Contributor", "Owner"]},
    }

    answer = ask.put(subscription, written).json()

    (newest,) = ask(contacts(subscription)).json()["value"]
    (newer,) = ask(contacts(subscription, V2020)).json()
    assert answer == newest == ask(contacts(subscription, V2023, "default")).json()
    assert newest["properties"] == {
        **respelled,
        "isEnabled": True,
        "notificationsSources": sources[::-1],
        "somethingNew": [1, 2],
    }
    assert newer["properties"] == {
        **respelled,
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "somethingNew": [1, 2],
    }
    assert subscription.contact == {**written, "isEnabled": True}


def test_a_record_of_2017_may_come_back_respelled(azure: AzureDouble, ask: Client) -> None:
    """Only its address changes, to lower case. An odd one stays."""
    azure.respells = True
    records = [record(email="A@Contoso.com", phone="X"), record(2, email="B@contoso.com")]
    odd = {"emails": None, "notificationsByRole": {"state": "On"}, "notificationsSources": None}
    subscription = azure.add(contacts_2017=records, contact=odd)

    listed = ask(contacts(subscription, V2017)).json()["value"]

    assert [each["properties"] for each in listed] == [
        {**CONTACT_2017, "email": "a@contoso.com", "phone": "X"},
        {**CONTACT_2017, "email": "b@contoso.com", "phone": ""},
    ]
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == odd


@pytest.mark.parametrize(("fate", "phone"), [("kept", "1"), ("emptied", "")])
@pytest.mark.parametrize("version", [V2017, V2023])
def test_an_empty_phone_may_keep_the_old_one(
    azure: AzureDouble, ask: Client, version: str, fate: Literal["kept", "emptied"], phone: str
) -> None:
    """As at 2020, or not."""
    azure.empty_phone = fate
    subscription = azure.add()
    ask.put(subscription, WRITTEN[version], version)

    answer = ask.put(subscription, {**WRITTEN[version], "phone": ""}, version)

    assert answer.json()["properties"]["phone"] == phone


@pytest.mark.parametrize(
    ("version", "name", "empty"),
    [
        (V2020, "alertNotifications", {"state": "Off", "minimalSeverity": ""}),
        (V2023, "notificationsSources", []),
        (V2023, "notificationsByRole", {"state": "Off", "roles": []}),
    ],
)
@pytest.mark.parametrize("fate", ["refused", "kept", "emptied"])
def test_an_object_that_a_put_leaves_out(
    azure: AzureDouble,
    ask: Client,
    version: str,
    name: str,
    empty: Any,
    fate: Literal["refused", "kept", "emptied"],
) -> None:
    """It is refused, as roles at 2020, or stays, or is empty."""
    azure.left_out = fate
    subscription = azure.add()
    before = ask.put(subscription, WRITTEN[version], version).json()["properties"]
    part = {key: value for key, value in WRITTEN[version].items() if key != name}

    answer = ask.put(subscription, part, version)

    if fate == "refused":
        assert code(answer) == (400, "BadRequest")
        assert name in answer.json()["error"]["message"]
    else:
        wanted = before[name] if fate == "kept" else empty
        assert answer.json()["properties"][name] == wanted


@pytest.mark.parametrize("fate", ["kept", "emptied"])
@pytest.mark.parametrize("name", ["emails", "phone"])
def test_a_string_that_a_put_leaves_out(
    azure: AzureDouble, ask: Client, name: str, fate: Literal["kept", "emptied"]
) -> None:
    """It stays, or is empty."""
    azure.left_out = fate
    subscription = azure.add()
    ask.put(subscription, WRITTEN_2020, V2020)
    part = {key: value for key, value in WRITTEN_2020.items() if key != name}

    properties = ask.put(subscription, part, V2020).json()["properties"]

    assert properties[name] == (WRITTEN_2020[name] if fate == "kept" else "")


@pytest.mark.parametrize(("fate", "status"), [("refused", 400), ("taken", 200)])
def test_an_empty_severity_sent_back(
    azure: AzureDouble, ask: Client, fate: Literal["refused", "taken"], status: int
) -> None:
    """Off at 2020 reads back with one. Whether it may be sent is not known."""
    azure.blank_severity = fate
    subscription = azure.add(contact={**CONTACT, "notificationsSources": []})
    (item,) = ask.listed(subscription, V2020)

    assert ask.put(subscription, item["properties"], V2020).status_code == status


@pytest.mark.parametrize(("fate", "status"), [("refused", 400), ("taken", 200)])
@pytest.mark.parametrize("version", [V2020, V2023])
def test_a_contact_without_an_address(
    azure: AzureDouble, ask: Client, version: str, fate: Literal["refused", "taken"], status: int
) -> None:
    """Such contacts were recorded, but no write of one."""
    azure.empty_emails = fate
    subscription = azure.add(contact=CONTACT)

    answer = ask.put(subscription, {**WRITTEN[version], "emails": ""}, version)

    assert answer.status_code == status
    assert (subscription.contact == CONTACT) is (fate == "refused")

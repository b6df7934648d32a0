"""A PUT is completed and changed as recorded."""

from __future__ import annotations

from typing import Any

import pytest
from asking import (
    CONTACT_2017,
    V2017,
    V2020,
    V2023,
    WRITTEN,
    WRITTEN_2020,
    WRITTEN_2023,
    Client,
)
from azure_double import AzureDouble

VERSIONS = [V2017, V2020, V2023]


@pytest.mark.parametrize("sent", [{"phone": ""}, {"phone": None}, {}], ids=["empty", "null", "no"])
def test_an_empty_phone_keeps_the_old_one_at_2020(
    azure: AzureDouble, ask: Client, sent: dict[str, Any]
) -> None:
    """A PUT is no replacement. After a DELETE there is no old phone."""
    subscription = azure.add()
    ask.put(subscription, WRITTEN_2020, V2020)
    again = {key: value for key, value in WRITTEN_2020.items() if key != "phone"} | sent

    kept = ask.put(subscription, again, V2020).json()["properties"]["phone"]
    ask.delete(subscription, V2020)
    new = ask.put(subscription, again, V2020).json()["properties"]["phone"]

    assert (kept, new) == ("1", "")


@pytest.mark.parametrize(
    ("state", "alerts", "by_role"),
    [
        (
            "On",
            {"state": "On", "minimalSeverity": "High"},
            {"state": "On", "roles": ["Owner"]},
        ),
        ("Off", {"state": "Off", "minimalSeverity": ""}, {"state": "Off", "roles": []}),
    ],
)
def test_a_state_alone_is_completed_at_2020(
    azure: AzureDouble, ask: Client, state: str, alerts: dict[str, Any], by_role: dict[str, Any]
) -> None:
    """On means High, for the owners. Off has the severity "", and no roles."""
    written = {
        **WRITTEN_2020,
        "alertNotifications": {"state": state},
        "notificationsByRole": {"state": state},
    }

    properties = ask.put(azure.add(), written, V2020).json()["properties"]

    assert properties["alertNotifications"] == alerts
    assert properties["notificationsByRole"] == by_role


def test_roles_and_addresses_keep_their_order(azure: AzureDouble, ask: Client) -> None:
    """They read back exactly as sent."""
    written = {**WRITTEN_2020, "emails": "b@contoso.com;a@contoso.com"}
    written["notificationsByRole"] = {"state": "On", "roles": ["ServiceAdmin", "Owner"]}

    properties = ask.put(azure.add(), written, V2020).json()["properties"]

    assert properties["emails"] == "b@contoso.com;a@contoso.com"
    assert properties["notificationsByRole"]["roles"] == ["ServiceAdmin", "Owner"]


def test_2023_is_enabled_by_default(azure: AzureDouble, ask: Client) -> None:
    """One source stays one. Its level comes first, although it was sent last."""
    subscription = azure.add()

    answer = ask.put(subscription, WRITTEN_2023)
    disabled = ask.put(subscription, {**WRITTEN_2023, "isEnabled": False})

    assert '"notificationsSources":[{"minimalSeverity":"Low","sourceType":"Alert"}]' in answer.text
    assert answer.json()["properties"]["isEnabled"] is True
    assert disabled.json()["properties"]["isEnabled"] is False


def test_2023_shows_what_2020_writes(azure: AzureDouble, ask: Client) -> None:
    """Both are views of one contact."""
    subscription = azure.add()

    ask.put(subscription, WRITTEN_2020, V2020)

    (read,) = ask.listed(subscription)
    assert read["properties"]["isEnabled"] is True
    assert read["properties"]["notificationsSources"] == [
        {"minimalSeverity": "Low", "sourceType": "Alert"}
    ]


@pytest.mark.parametrize("spelled", ["", "off", "OFF"])
def test_odd_flags_of_2017_read_off(azure: AzureDouble, ask: Client, spelled: str) -> None:
    """They do not read back as sent."""
    written = {**CONTACT_2017, "alertNotifications": spelled, "alertsToAdmins": "on"}

    properties = ask.put(azure.add(), written, V2017).json()["properties"]

    assert (properties["alertNotifications"], properties["alertsToAdmins"]) == ("Off", "On")


@pytest.mark.parametrize("phone", ["555010123", "+555-5550142", "(214) 275-4038", "ext. 12"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_phone_is_free_text(azure: AzureDouble, ask: Client, version: str, phone: str) -> None:
    """It reads back exactly."""
    written = {**WRITTEN[version], "phone": phone}

    answer = ask.put(azure.add(), written, version)

    assert answer.json()["properties"]["phone"] == phone

"""Every object of a contact is sent with each write."""

import json

import pytest
from azure_double import AzureDouble
from azure_double.contacts import view
from remediation.workspace import (
    CHANGE,
    OFF,
    V2017,
    V2020,
    V2023,
    Workspace,
    full_contact,
    statuses,
)


@pytest.mark.parametrize("version", [V2020, V2023])
def test_every_object_is_sent_each_time(
    azure: AzureDouble, workspace: Workspace, version: str
) -> None:
    """What is left out may be refused, or become On: but an empty level is left out."""
    subscription = azure.add("Prod")
    azure.offered = {V2017, version}
    alerts = {"alertNotifications": {"state": "Off", "minimalSeverity": ""}}
    properties = {"emails": "a@contoso.com", **(alerts if version == V2020 else {})}
    item = {"name": "default", "properties": properties}
    subscription.answers[version] = json.dumps({"value": [item]}).encode()

    workspace.write("apply", *CHANGE)

    (put, *_) = azure.writes()
    sent = put.json()["properties"]
    assert sent["notificationsByRole"] == {"state": "Off", "roles": []}
    if version == V2020:
        assert sent["alertNotifications"] == {"state": "Off"}
    else:
        assert (sent["isEnabled"], sent["notificationsSources"]) == (True, [])


def test_what_is_off_at_2020_is_written_and_put_back(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """It reads back with an empty level, which is not sent."""
    azure.offered = {V2017, V2020}
    off = full_contact("a@contoso.com", notificationsByRole=OFF, notificationsSources=[])
    subscription = azure.add("Prod", contact=off)
    before = view(azure, subscription, V2020)[0]["properties"]

    applied = workspace.write("apply", *CHANGE)
    restored = workspace.write("restore", workspace.backup())

    assert (statuses(applied), statuses(restored)) == (["done"], ["done"])
    assert view(azure, subscription, V2020)[0]["properties"] == before
    for put in azure.writes():
        sent = put.json()["properties"]
        assert sent["alertNotifications"] == {"state": "Off"}
        assert sent["notificationsByRole"] == OFF

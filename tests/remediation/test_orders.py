"""An order or a spelling that means nothing to Azure is no change."""

from typing import Any

import pytest
from azure_double import AzureDouble
from remediation.workspace import CHANGE, HIGH, Workspace, full_contact, statuses

REORDERED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "addresses": (
        {"emails": "a@contoso.com;b@contoso.com"},
        {"emails": "B@contoso.com, a@contoso.com"},
    ),
    "roles": (
        {"notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]}},
        {"notificationsByRole": {"roles": ["Contributor", "Owner"], "state": "On"}},
    ),
    "sources": (
        {"notificationsSources": [*HIGH, {"sourceType": "AttackPath", "minimalRiskLevel": "Low"}]},
        {"notificationsSources": [{"minimalRiskLevel": "Low", "sourceType": "AttackPath"}, *HIGH]},
    ),
    "what is Off": (
        {"notificationsByRole": {"state": "Off", "roles": []}},
        {"notificationsByRole": {"state": "off"}},
    ),
    "an unknown list": ({"someday": [1, {"x": [2, 3]}]}, {"someday": [{"x": [3, 2]}, 1]}),
    "an empty phone": ({"phone": ""}, {"phone": None}),
}


@pytest.mark.parametrize("kind", REORDERED)
@pytest.mark.parametrize("command", ["plan", "apply", "restore"])
def test_an_order_is_no_change(
    azure: AzureDouble, workspace: Workspace, command: str, kind: str
) -> None:
    """A different order is no conflict, needs no write, and is confirmed."""
    then, now = REORDERED[kind]
    subscription = azure.add("Prod", contact=full_contact(**{"emails": "a@contoso.com", **then}))
    change = CHANGE if command != "plan" else ("--email", "a@contoso.com")
    name = workspace.saved(*change)
    if command == "restore":
        assert statuses(workspace.write("apply", name)) == ["done"]
    subscription.contact = full_contact(**{"emails": "a@contoso.com", **now})

    if command == "plan":
        assert workspace.run("plan", *change).code == 0
    elif command == "apply":
        assert statuses(workspace.write("apply", name)) == ["done"]
    else:
        assert statuses(workspace.write("restore", workspace.backup())) == ["already"]


def test_a_restore_is_confirmed_in_whatever_order_it_is_read(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Azure returns every list in reverse order; the restore is confirmed."""
    roles = {"state": "On", "roles": ["Owner", "Contributor"]}
    azure.respells = True
    subscription = azure.add(
        "Prod", contact=full_contact("a@contoso.com;b@contoso.com", notificationsByRole=roles)
    )
    workspace.write("apply", *CHANGE)

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])
    assert subscription.contact is not None
    assert "soc@" not in subscription.contact["emails"]

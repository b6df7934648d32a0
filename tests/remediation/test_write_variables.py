"""Environment variables that would decide what is written are ignored."""

import copy
import json

import pytest
from azure_double import AzureDouble
from remediation.workspace import CHANGE, V2017, Workspace, full_contact, statuses

SET = {
    "EMAIL": "evil@contoso.com",
    "REMOVE_EMAIL": "a@contoso.com",
    "REPLACE": "1",
    "ALLOW_EMPTY": "1",
    "NOTIFY_OWNERS": "yes",
    "MINIMUM_SEVERITY": "Low",
    "ATTACK_PATHS": "Low",
    "ENABLE": "maybe",
    "PHONE": "555",
    "API_VERSION": V2017,
    "YES": "1",
    "RECREATE": "1",
}


@pytest.mark.parametrize("name", SET)
@pytest.mark.parametrize("command", ["plan", "apply", "restore"])
def test_a_variable_writes_nothing(
    azure: AzureDouble, workspace: Workspace, command: str, name: str
) -> None:
    """A line names the variable; it changes neither what is sent nor whether."""
    contact = full_contact("a@contoso.com", isEnabled=False, notificationsSources=[])
    azure.add("Prod", contact=copy.deepcopy(contact))
    workspace.write("apply", *CHANGE)
    backup, sent = workspace.backup(), len(azure.writes())
    variable = {f"CONTACTS_AUDIT_{name}": SET[name]}
    of_command = {
        "plan": SET.keys() - {"YES", "RECREATE"},
        "apply": SET.keys() - {"RECREATE"},
        "restore": {"YES", "RECREATE"},
    }[command]

    if command == "plan":
        ran = workspace.run("plan", "-o", "json", "--email", "b@contoso.com", **variable)
        (row,) = json.loads(ran.out)["subscriptions"]
        after = full_contact("a@contoso.com;soc@contoso.com;b@contoso.com", isEnabled=False)
        assert row["after"] == {**after, "notificationsSources": []}
    else:
        arguments = ("--email", "b@contoso.com") if command == "apply" else (backup,)
        ran = workspace.write(command, *arguments, **variable)
        (put,) = azure.writes()[sent:]
        assert statuses(ran) == ["done"]
        assert put.json()["properties"]["isEnabled"] is False
        assert put.json()["properties"]["notificationsSources"] == []
    lines = [line for line in ran.err.splitlines() if f"CONTACTS_AUDIT_{name}" in line]
    assert len(lines) == (name in of_command)


def test_variables_of_scope_and_guards_stay(azure: AzureDouble, workspace: Workspace) -> None:
    """Variables of the scope and of the limits count."""
    azure.add("Good", contact=full_contact("a@contoso.com"))
    azure.add("Bad", contact=full_contact(""))
    azure.add("Out", contact=full_contact(""))
    variables = {"CONTACTS_AUDIT_FAILING_ONLY": "1", "CONTACTS_AUDIT_EXCLUDE": "Out"}

    none = workspace.write("apply", *CHANGE, CONTACTS_AUDIT_MAX_CHANGES="0", **variables)
    ran = workspace.write("apply", *CHANGE, **variables)

    assert (none.code, statuses(none)) == (5, ["already", "not-sent"])
    assert (ran.code, statuses(ran)) == (0, ["already", "done"])

"""Telephone numbers, and `restore --recreate` where Azure keeps one."""

import pytest
from azure_double import AzureDouble
from remediation.workspace import CHANGE, Workspace, full_contact, keeping_phone, rows, statuses


@pytest.mark.parametrize("phone", ["", None])
def test_a_number_that_azure_keeps_is_named_and_recreate_clears_it(
    azure: AzureDouble, workspace: Workspace, phone: str | None
) -> None:
    """An empty number leaves the old one: `unconfirmed`; `--recreate` removes it."""
    contact = full_contact("a@contoso.com", phone=phone)
    subscription = azure.add("Prod", contact=contact)
    workspace.write("apply", "--phone", "(214)275-4038")
    first = workspace.backup()
    azure.fail("PUT", keeping_phone(subscription))

    kept = workspace.write("restore", first)
    sent = len(azure.writes())
    cleared = workspace.write("restore", first, "--recreate")

    assert (kept.code, statuses(kept)) == (5, ["unconfirmed"])
    assert "phone" in rows(kept)[0]["message"]
    assert "--recreate" in kept.err
    assert azure.writes()[sent - 1].json()["properties"]["phone"] == ""
    assert (cleared.code, statuses(cleared)) == (0, ["done"])
    assert [asked.method for asked in azure.writes()[sent:]] == ["DELETE", "PUT"]
    assert "for a moment there is no contact" in cleared.err
    assert subscription.contact is not None
    assert not subscription.contact["phone"]


def test_recreate_deletes_nothing_that_a_put_can_mend(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Only where a telephone number has to go."""
    azure.add("Prod", contact=full_contact("a@contoso.com", phone="1"))
    workspace.write("apply", *CHANGE)

    ran = workspace.write("restore", workspace.backup(), "--recreate")

    assert statuses(ran) == ["done"]
    assert [asked.method for asked in azure.writes()] == ["PUT", "PUT"]


@pytest.mark.parametrize("phone", ["(214)275-4038", "555-0138 ext. <7>", "٠١٢", "-1 5"])
def test_any_line_is_a_telephone_number(
    azure: AzureDouble, workspace: Workspace, phone: str
) -> None:
    """As Azure takes it: it arrives to the letter."""
    subscription = azure.add("Prod", contact=full_contact("a@contoso.com"))

    ran = workspace.write("apply", f"--phone={phone}")

    assert (statuses(ran), (subscription.contact or {})["phone"]) == (["done"], phone)

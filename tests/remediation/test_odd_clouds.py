"""However a cloud behaves, a change is made once, and no address is lost."""

from typing import Any

import pytest
from azure_double import AzureDouble
from remediation.switches import STATES, SWITCHES, addresses_kept, turn
from remediation.workspace import (
    CHANGE,
    OFF,
    V2017,
    Workspace,
    full_contact,
    named_contact,
    numbered_contacts,
    puts,
    result_statuses,
    statuses,
)


@pytest.mark.parametrize("switch", SWITCHES)
def test_whatever_azure_is_like_a_change_comes_true_once(
    azure: AzureDouble, workspace: Workspace, switch: str
) -> None:
    """Every row is done, no address is lost, and a second run sends nothing."""
    turn(azure, SWITCHES[switch])
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(STATES)]
    before = [addresses_kept(subscription) for subscription in subscriptions]

    first = workspace.apply(*CHANGE)
    written = puts(azure)
    second = workspace.apply(*CHANGE)

    assert (first.code, result_statuses(first)) == (0, ["done"] * 5 + ["already"]), first.text
    assert written == [subscription.id for subscription in subscriptions[:5]] == puts(azure)
    assert (second.code, result_statuses(second)) == (0, ["already"] * 6)
    for subscription, there in zip(subscriptions, before, strict=True):
        assert addresses_kept(subscription) == there | {"soc@contoso.com"}


@pytest.mark.parametrize(
    "switch",
    ["as it seems", "2017 hidden", "empty body", "drops unknown", "respells", "2020 alone"],
)
def test_whatever_azure_is_like_a_list_is_replaced(
    azure: AzureDouble, workspace: Workspace, switch: str
) -> None:
    """`--replace` leaves exactly these at the newest version; a second run sends nothing."""
    turn(azure, SWITCHES[switch])
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(STATES[:3])]
    change = (*CHANGE, "--email", "on-call@contoso.com", "--replace")

    first = workspace.apply(*change)
    written = len(azure.writes())
    second = workspace.apply(*change)

    assert (first.code, result_statuses(first)) == (0, ["done"] * 3), first.text
    assert (written, len(azure.writes()), result_statuses(second)) == (3, 3, ["already"] * 3)
    for subscription in subscriptions:
        assert subscription.contact is not None
        assert subscription.contact["emails"] == "soc@contoso.com;on-call@contoso.com"


@pytest.mark.parametrize(
    "switch",
    [
        *("as it seems", "always 201", "empty body", "names in sequence", "drops unknown"),
        *("respells", "two documents", "2017 shares its flags", "2020 alone"),
    ],
)
def test_whatever_azure_is_like_2017_is_written_one_address_a_contact(
    azure: AzureDouble, workspace: Workspace, switch: str
) -> None:
    """Added in the next place, removed from the end; a phone stays on the first."""
    turn(azure, SWITCHES[switch])
    none = azure.add("None")
    two = azure.add("Two", contacts_2017=numbered_contacts("a@contoso.com", "b@contoso.com"))
    phone = azure.add(
        "Phone", contacts_2017=numbered_contacts("c@contoso.com", phone="+1-425-555-0100")
    )
    at_2017 = ("--api-version", V2017)

    added = workspace.apply(*CHANGE, *at_2017)
    removed = workspace.apply("--remove-email", "a@contoso.com", *at_2017)
    again = workspace.apply("--remove-email", "a@contoso.com", *at_2017)

    assert (added.code, result_statuses(added)) == (0, ["done"] * 3), added.text
    assert (removed.code, result_statuses(removed)) == (0, ["already", "done", "already"]), (
        removed.text
    )
    assert result_statuses(again) == ["already"] * 3
    assert none.contacts_2017 == numbered_contacts("soc@contoso.com")
    assert sorted(addresses_kept(two)) == ["b@contoso.com", "soc@contoso.com"]
    assert [each["name"] for each in two.contacts_2017] == ["default1", "default2"]
    phones = [each["properties"].get("phone") for each in phone.contacts_2017]
    assert phones == ["+1-425-555-0100", None]


LOSING = {"2017 replaced", "2017 hidden"}  # addresses, which no restore at these can bring back


@pytest.mark.parametrize("switch", [name for name in SWITCHES if name not in LOSING])
@pytest.mark.parametrize("at", [(), ("--api-version", V2017)], ids=["newest", "2017"])
def test_whatever_azure_is_like_a_restore_is_confirmed(
    azure: AzureDouble, workspace: Workspace, switch: str, at: tuple[str, ...]
) -> None:
    """All addresses are back; a second restore finds nothing but what Azure created again."""
    turn(azure, SWITCHES[switch])
    states: list[dict[str, Any]] = [
        {},
        {"contact": full_contact("A@contoso.com;b@contoso.com", notificationsByRole=OFF)},
        {
            "contacts_2017": [
                named_contact("default1", "A@contoso.com"),
                named_contact("default2", "b@contoso.com"),
            ]
        },
    ]
    if at:
        states[1:] = [states[2]]
    subscriptions = [azure.add(f"S{number}", **state) for number, state in enumerate(states)]
    before = [addresses_kept(each) for each in subscriptions]
    applied = workspace.write("apply", *CHANGE, *at)
    backup = workspace.backup()

    ran = workspace.write("restore", backup)
    again = workspace.write("restore", backup)

    assert (applied.code, set(statuses(applied))) == (0, {"done"}), applied.err
    assert (ran.code, set(statuses(ran))) == (0, {"done"}), ran.err
    assert [addresses_kept(each) for each in subscriptions] == before
    assert again.code == 0
    if switch != "a contact comes again":
        assert set(statuses(again)) == {"already"}

"""What `restore` writes and deletes."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from remediation.workspace import (
    CHANGE,
    V2017,
    V2023,
    Workspace,
    kept,
    meanwhile,
    numbered_contacts,
    portal_contact,
    refusal,
    result_statuses,
)


def test_restore_puts_back_and_deletes(azure: AzureDouble, workspace: Workspace) -> None:
    """To the letter; what was not there is deleted; a second one sends nothing; it is undone."""
    created = azure.add("Created")
    changed = azure.add("Changed", contact=portal_contact("a@contoso.com", someday={"x": 1}))
    other = azure.add("Other", contact=portal_contact("soc@contoso.com"))
    before = [kept(each) for each in (created, changed, other)]
    workspace.apply(*CHANGE, "--notify-owners")
    after = [kept(each) for each in (created, changed, other)]
    backup, written = workspace.backup(), len(azure.writes())

    restored = workspace.restore(backup)
    sent = azure.writes()[written:]
    found = [kept(each) for each in (created, changed, other)]
    again = workspace.restore(backup)
    still = len(azure.writes())
    redone = workspace.restore(workspace.backup())

    assert (restored.code, result_statuses(restored), found) == (0, ["done"] * 3, before)
    assert [asked.method for asked in sent] == ["DELETE", "PUT", "PUT"]
    assert (again.code, result_statuses(again), still) == (0, ["already"] * 3, written + 3)
    assert (redone.code, [kept(each) for each in (created, changed, other)]) == (0, after)
    assert len(workspace.backups()) == 3


def test_restore_deletes_from_the_highest_down(azure: AzureDouble, workspace: Workspace) -> None:
    """Where 2017 lets only the last be deleted, what `apply` added there goes again."""
    azure.names_2017, azure.newer_put_on_2017 = "sequence", "survives"
    subscription = azure.add("Prod", contacts_2017=numbered_contacts("a@contoso.com"))
    before = kept(subscription)
    more = [word for n in range(1, 12) for word in ("--email", f"a{n}@contoso.com")]
    workspace.apply(*more, "--api-version", V2017)

    ran = workspace.restore(workspace.backup())

    assert (ran.code, kept(subscription)) == (0, before)


def test_restore_takes_its_own_backup_before_it_writes(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """What it overwrites is on disk when its first write arrives."""
    subscription = azure.add("Prod")
    workspace.apply(*CHANGE)
    found: list[str] = []
    azure.fail("DELETE", meanwhile(lambda: found.append(Path(workspace.backup()).read_text())))

    ran = workspace.restore(workspace.backup())

    (row,) = json.loads(found[0])["subscriptions"]
    assert (result_statuses(ran), subscription.contact) == (["done"], None)
    assert row["versions"][V2023][0]["properties"]["emails"] == "soc@contoso.com"


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        pytest.param(faults.applied(faults.reset()), 1, id="reset after"),
        pytest.param(faults.reset(), 2, id="reset before"),
        pytest.param(faults.cut_after_status(), 1, id="cut"),
        pytest.param(refusal(503, "Busy"), 2, id="503"),
    ],
)
def test_a_deletion_that_goes_wrong(
    azure: AzureDouble, workspace: Workspace, fault: Fault, sent: int
) -> None:
    """A DELETE is as careful as a PUT: it is read before it is sent again."""
    subscription = azure.add("Prod")
    workspace.apply(*CHANGE)
    azure.fail("DELETE", fault, times=1)

    ran = workspace.restore(workspace.backup())

    assert (ran.code, result_statuses(ran), subscription.contact) == (0, ["done"], None)
    assert len([asked for asked in azure.writes() if asked.method == "DELETE"]) == sent


def test_restore_stops_short_of_more_changes_than_allowed(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """`--max-changes` guards the way back, too."""
    for number in range(2):
        azure.add(f"S{number}")
    workspace.apply(*CHANGE)
    written = len(azure.writes())

    ran = workspace.restore(workspace.backup(), "--max-changes", "1")

    assert (ran.code, result_statuses(ran), len(azure.writes())) == (5, ["not-sent"] * 2, written)


def test_a_subscription_that_is_gone_is_unreadable(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The others are restored, and the code is 4."""
    gone, there = azure.add("Gone"), azure.add("There")
    workspace.apply(*CHANGE)
    gone.visible = False

    ran = workspace.restore(workspace.backup())

    assert (ran.code, result_statuses(ran), there.contact) == (4, ["unreadable", "done"], None)


def test_a_list_of_backups_is_not_that_of_a_recording(workspace: Workspace) -> None:
    """They are of this machine; a forgotten variable would look as if it had an effect."""
    ran = workspace.run("restore", "--replay", "fixtures/contoso")

    assert (ran.code, ran.out) == (2, b"")
    assert "a recording cannot be written to" in ran.err

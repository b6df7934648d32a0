"""What somebody else changed since a backup stays, unless --overwrite is given."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from remediation.workspace import (
    CHANGE,
    Workspace,
    full_contact,
    keeping_phone,
    meanwhile,
    named_contact,
    statuses,
    write_of,
)

from contacts_audit.core.errors import UsageError
from contacts_audit.remediation.journal import read_journal


def test_what_changed_since_stays(azure: AzureDouble, workspace: Workspace) -> None:
    """The newer contact stays, exit code 5; --overwrite warns and restores."""
    prod, *_ = [azure.add(name, contact=full_contact("a@contoso.com")) for name in ("Prod", "Test")]
    workspace.write("apply", *CHANGE)
    backup = workspace.backup()
    prod.contact = full_contact("carol@contoso.com")

    ran = workspace.write("restore", backup)

    assert (ran.code, statuses(ran)) == (5, ["conflict", "done"])
    assert "--overwrite" in ran.err
    assert prod.contact["emails"] == "carol@contoso.com"
    over = workspace.write("restore", backup, "--overwrite")
    assert (over.code, statuses(over)) == (0, ["done", "already"]), over.err
    assert any("warning" in line and "Prod" in line for line in over.err.splitlines())
    assert prod.contact["emails"] == "a@contoso.com"


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "1"},
        {"isEnabled": False},
        {"notificationsByRole": {"state": "Off", "roles": []}},
        {"emails": "a@contoso.com;soc@contoso.com;b@contoso.com"},
    ],
)
def test_any_field_may_have_changed_since(
    azure: AzureDouble, workspace: Workspace, change: dict[str, object]
) -> None:
    """A change of any field stays, also in a contact that was created."""
    prod, fresh = azure.add("Prod", contact=full_contact("a@contoso.com")), azure.add("New")
    workspace.write("apply", *CHANGE)
    for one in (prod, fresh):
        assert one.contact is not None
        one.contact = {**one.contact, **change}

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"] * 2)


def test_orders_and_spellings_are_no_change(azure: AzureDouble, workspace: Workspace) -> None:
    """What means the same to Azure is what apply left."""
    prod = azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    assert prod.contact is not None
    prod.contact = {**prod.contact, "emails": "SOC@contoso.com;a@contoso.com"}

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])


def test_what_apply_did_not_write_is_not_restored_over(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A refused row is as before, or a change by somebody else."""
    prod, test = (
        azure.add(name, contact=full_contact("a@contoso.com")) for name in ("Prod", "Test")
    )
    azure.fail(lambda asked: asked.method == "PUT", faults.arm_error(400, "BadRequest", "no"))
    assert workspace.write("apply", *CHANGE).code == 5
    azure.heal()
    test.contact = full_contact("carol@contoso.com")

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["already", "conflict"])
    assert prod.contact == full_contact("a@contoso.com")


def test_without_its_journal_what_differs_stays(azure: AzureDouble, workspace: Workspace) -> None:
    """Without the journal the author of a change is not known; --overwrite decides."""
    prod = azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    (journal,) = workspace.state.glob("journal-*")
    journal.unlink()

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"])
    assert "its journal" in ran.err
    assert workspace.write("restore", workspace.backup(), "--overwrite").code == 0
    assert (prod.contact or {})["emails"] == "a@contoso.com"


def test_a_backup_that_was_moved_still_knows_its_journal(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path
) -> None:
    """The journal is found in the state folder, whatever the name of the backup."""
    azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    moved = Path(workspace.backup()).rename(tmp_path / "keep.json")

    assert workspace.write("restore", str(moved)).code == 0


@pytest.mark.parametrize("events", [("sent",), ("sent", "answered")])
def test_a_run_that_died_can_be_restored(
    azure: AzureDouble, workspace: Workspace, events: tuple[str, ...]
) -> None:
    """The journal ends before a read-back: the run left all that it sent, or nothing."""
    prod = azure.add("Prod", contact=full_contact("a@contoso.com"))
    fresh = azure.add("New")
    workspace.write("apply", *CHANGE)
    (journal,) = workspace.state.glob("journal-*")
    kept = [
        line
        for line in journal.read_text().splitlines(keepends=True)
        if json.loads(line)["event"] in ("wanted", *events)
    ]
    journal.write_text("".join(kept) + '{"at": "2026')
    backup = workspace.backup()

    ran = workspace.write("restore", backup)

    assert (ran.code, statuses(ran)) == (0, ["done"] * 2), ran.err
    assert (prod.contact or {})["emails"] == "a@contoso.com"
    fresh.contact = full_contact("carol@contoso.com")
    again = workspace.write("restore", backup)
    assert (again.code, statuses(again)) == (5, ["already", "conflict"])


def test_a_damaged_journal_is_a_lost_one(azure: AzureDouble, workspace: Workspace) -> None:
    """With a damaged line nothing is known, so nothing is overwritten."""
    azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    (journal,) = workspace.state.glob("journal-*")
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([lines[0], "{}\n", *lines[1:]]))

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"])


def test_runs_are_taken_back_the_last_one_first(azure: AzureDouble, workspace: Workspace) -> None:
    """A later run is a change since, until that run is restored, too."""
    prod = azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    first = workspace.backup()
    workspace.write("apply", "--email", "b@contoso.com")
    second = workspace.backup()

    assert statuses(workspace.write("restore", first)) == ["conflict"]
    assert statuses(workspace.write("restore", second)) == ["done"]
    assert statuses(workspace.write("restore", first)) == ["done"]
    assert (prod.contact or {})["emails"] == "a@contoso.com"


def test_a_contact_that_azure_made_again_is_no_change(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A contact that Azure created again without an address is not a change."""
    prod = azure.add("Prod")
    workspace.write("apply", *CHANGE)
    first = workspace.backup()
    workspace.write("restore", first)
    second = workspace.backup()
    prod.contact = full_contact("")

    ran = workspace.write("restore", second)

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert (prod.contact or {})["emails"] == "soc@contoso.com"


def test_a_restore_that_was_not_confirmed_can_be_gone_on_with(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Writes of an earlier restore of the same backup are not a change by somebody else."""
    prod = azure.add("Prod", contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE, "--phone", "(214)275-4038")
    first = workspace.backup()
    azure.fail("PUT", keeping_phone(prod))
    assert statuses(workspace.write("restore", first)) == ["unconfirmed"]
    azure.heal()

    ran = workspace.write("restore", first, "--recreate")

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert prod.contact is not None
    assert (prod.contact["emails"], bool(prod.contact["phone"])) == ("a@contoso.com", False)


def test_an_address_that_was_added_elsewhere_is_a_change(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The address is at 2017 only, which has its own document."""
    prod = azure.add("Prod", parted=True, contact=full_contact("a@contoso.com"))
    workspace.write("apply", *CHANGE)
    prod.contacts_2017 = [named_contact("default1", "carol@contoso.com")]

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"])


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"subscription": "x"}',
        '{"subscription": "x", "event": "sent"}',
        '{"subscription": "x", "event": "wanted", "contact": "default", "api_version": "v", '
        '"before": null, "after": 1}',
        '{"subscription": "x", "event": "read back", "missing": null, "left": {"v": []}}',
        '{"subscription": "x", "event": "read back", "missing": null, "left": 1}',
        "\x00",
    ],
)
def test_a_line_that_no_journal_holds(line: str) -> None:
    """A journal with such a line is damaged, and not used."""
    with pytest.raises(UsageError):
        read_journal(f"{line}\n".encode(), "journal")


def test_a_conflict_of_a_restore_names_no_plan(azure: AzureDouble, workspace: Workspace) -> None:
    """A restore has no plan: its next step is to look, and to run the same command again."""
    first, changed = azure.add("First"), azure.add("Changed")
    assert workspace.write("apply", *CHANGE).code == 0
    edit = meanwhile(lambda: setattr(changed, "contact", full_contact("other@contoso.com")))
    azure.fail(write_of(first), edit, times=1)

    ran = workspace.restore(workspace.backup())

    assert (ran.code, statuses(ran)) == (5, ["done", "conflict"])
    (line,) = (line for line in ran.err.splitlines() if line.startswith("Changed"))
    assert line.endswith(f"'contacts-audit explain {changed.id}', then run the same command again")
    assert "plan" not in line.replace("explain", "")

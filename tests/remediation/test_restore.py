"""What was written can be taken back: by the line that says so, in part, and never unseen."""

import json
import shlex
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import Ran, Run, run_in, surroundings
from pseudo_terminal import at_a_terminal
from remediation.test_promises import CHANGE, Desk, keeping_phone, new, old, statuses

from contacts_audit.core.errors import UsageError
from contacts_audit.core.lock import locked
from contacts_audit.remediation.journal import read_journal


@pytest.fixture
def desk(run: Run, tmp_path: Path) -> Desk:
    """Return the program, and a place to write."""
    return Desk(run, tmp_path)


def undo_lines(ran: Ran) -> list[str]:
    """Return the commands that stderr names as taking back what was written."""
    lines = ran.err.splitlines()
    return [line.removeprefix("undo: ") for line in lines if line.startswith("undo: ")]


def kept_by(desk: Desk) -> list[str]:
    """Return the kinds of files in the state folder, but for its lock."""
    return sorted(path.name.partition("-")[0] for path in desk.state.glob("*-*"))


# The backup, the question, and the line that undoes it


def test_a_no_is_no_error_and_leaves_nothing_behind(azure: AzureDouble, tmp_path: Path) -> None:
    """One line, 1, no backup: nothing was about to be sent."""
    azure.add("Prod")
    state = tmp_path / "state"

    arguments = ["apply", *CHANGE, "--state-dir", str(state)]
    ran = at_a_terminal(arguments, surroundings(azure), b"n\n")

    assert (ran.code, ran.out, azure.writes()) == (1, b"", [])
    assert ran.err.splitlines()[-1].endswith("nothing was sent")
    assert "error" not in ran.err
    assert "undo:" not in ran.err
    assert not [*state.glob("backup-*"), *state.glob("journal-*")]


def test_the_question_counts_what_is_written(azure: AzureDouble, tmp_path: Path) -> None:
    """Subscriptions and contacts, in words; the identity stands right above."""
    azure.add("Prod")
    azure.add("Test")

    arguments = ["apply", *CHANGE, "--state-dir", str(tmp_path / "state")]
    ran = at_a_terminal(arguments, surroundings(azure), b"n\n")

    *_, contacts, whom, question = ran.err.partition(" [y/N]")[0].splitlines()
    assert contacts == "2 contacts to write, 0 to delete"
    assert whom.startswith("signed in as ")
    assert question == "Write to 2 subscriptions?"


def test_too_many_changes_leave_no_backup(azure: AzureDouble, desk: Desk) -> None:
    """5, and not a file: nothing would be sent."""
    azure.add("Prod")
    azure.add("Test")

    ran = desk.write("apply", *CHANGE, "--max-changes", "1")

    assert (ran.code, statuses(ran)) == (5, ["not-sent"] * 2)
    assert json.loads(ran.out)["backup"] is None
    assert (kept_by(desk), undo_lines(ran)) == ([], [])


def test_the_last_line_undoes_it(azure: AzureDouble, tmp_path: Path) -> None:
    """Pasted in a shell without any of the variables, whatever the folder is called."""
    subscription = azure.add("Prod", contact=new("a@contoso.com"))
    state = tmp_path / "it's a folder"
    options = ["--arm-endpoint", azure.endpoint, "--authority-host", azure.authority]
    options += ["--audience", azure.audience, "--ca-bundle", str(azure.ca), "--auth", "env"]
    bare = {
        name: value
        for name, value in surroundings(azure).items()
        if not name.startswith("CONTACTS_AUDIT_")
    }

    ran = run_in(bare, "apply", *CHANGE, "--yes", "--state-dir", str(state), *options)

    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[-1].startswith("undo: contacts-audit restore ")
    (command,) = undo_lines(ran)
    program, *words = shlex.split(command)
    assert program == "contacts-audit"
    back = run_in(bare, *words, "--yes")
    assert back.code == 0, back.err
    assert subscription.contact is not None
    assert subscription.contact["emails"] == "a@contoso.com"
    (again,) = undo_lines(back)
    assert run_in(bare, *shlex.split(again)[1:], "--yes").code == 0
    assert "soc@contoso.com" in subscription.contact["emails"]


def test_nothing_written_is_nothing_to_undo(azure: AzureDouble, desk: Desk) -> None:
    """Neither where all is as wished already, nor where the first look met a change."""
    azure.add("Prod", contact=new("soc@contoso.com"))

    ran = desk.write("apply", *CHANGE)

    assert (statuses(ran), undo_lines(ran), kept_by(desk)) == (["already"], [], [])


def test_what_may_have_been_written_can_be_undone(azure: AzureDouble, desk: Desk) -> None:
    """A refusal was sent, too: whoever doubts it is told how to take it back."""
    azure.add("Prod")
    azure.fail(lambda asked: asked.method == "PUT", faults.arm_error(400, "BadRequest", "no"))

    ran = desk.write("apply", *CHANGE)

    assert ran.code == 5
    assert undo_lines(ran)


# Which backups there are


def test_backups_are_listed_the_newest_first(azure: AzureDouble, desk: Desk, run: Run) -> None:
    """When, which tenant, how many subscriptions, which file; no request, no lock."""
    azure.add("Prod")
    desk.write("apply", *CHANGE)
    first = desk.backup()
    azure.add("Test")
    desk.write("apply", *CHANGE)
    second = desk.backup()
    desk.write("apply", "--email", "b@contoso.com")
    asked = len(azure.asked)

    with locked(desk.state):
        listing = run("restore", "--state-dir", str(desk.state))
        document = run("restore", "-o", "json", "--state-dir", str(desk.state))
        ticket = run("restore", "-o", "markdown", "--state-dir", str(desk.state))

    assert (listing.code, document.code, ticket.code) == (0, 0, 0)
    assert len(azure.asked) == asked
    header, *lines = listing.text.splitlines()
    assert header.split() == ["CREATED", "TENANT", "SUBSCRIPTIONS", "FILE"]
    rows = json.loads(document.out)["backups"]
    assert [row["file"] for row in rows] == [desk.backup(), second, first]
    assert [row["subscriptions"] for row in rows] == [2, 1, 1]
    assert all(row["tenants"] == [azure.tenant] for row in rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.endswith(row["file"])
        assert azure.tenant in line
    assert Path(first).name in ticket.text


def test_what_is_no_backup_is_told_and_left_out(azure: AzureDouble, desk: Desk) -> None:
    """A line for each file; the others are listed, and the code is 0."""
    azure.add("Prod")
    desk.write("apply", *CHANGE)
    good = desk.backup()
    (desk.state / "backup-1.json").write_text("{}")
    (desk.state / "backup-2.json").write_text(Path(good).read_text().replace("Prod", "Pro"))
    (desk.state / "backup-3.json").mkdir()

    ran = desk.write("restore")

    assert ran.code == 0
    assert [row["file"] for row in json.loads(ran.out)["backups"]] == [good]
    for number in "123":
        assert f"backup-{number}.json" in ran.err
    assert "error" not in ran.err


@pytest.mark.parametrize("exists", [False, True])
def test_no_backup_at_all(desk: Desk, *, exists: bool) -> None:
    """It says so, 0."""
    if exists:
        desk.state.mkdir()

    ran = desk.write("restore", output="table")

    assert (ran.code, ran.out) == (0, b"")
    assert f"there is no backup in {desk.state}" in ran.err


@pytest.mark.parametrize("option", [("-s", "Prod"), ("--exclude", "Prod"), ("--overwrite",)])
def test_what_is_chosen_is_of_a_backup(desk: Desk, option: tuple[str, ...]) -> None:
    """2: a list is no restore, whatever a script forgot."""
    ran = desk.write("restore", *option)

    assert (ran.code, ran.out) == (2, b"")


# A part of a backup


@pytest.mark.parametrize(
    ("options", "back"),
    [
        (("-s", "Prod"), ["Prod"]),
        (("-s", "Prod", "--subscription", "Dev"), ["Prod", "Dev"]),
        (("--exclude", "Prod"), ["Test", "Dev"]),
        (("--exclude", "Prod", "-s", "Prod", "-s", "Test"), ["Test"]),
    ],
)
@pytest.mark.parametrize("by_id", [False, True])
def test_a_part_of_a_backup(
    azure: AzureDouble, desk: Desk, options: tuple[str, ...], back: list[str], *, by_id: bool
) -> None:
    """By ids and by names; the rest stays as it is, and is no row."""
    there = {
        name: azure.add(name, contact=new("a@contoso.com")) for name in ("Prod", "Test", "Dev")
    }
    assert desk.write("apply", *CHANGE).code == 0
    words = [there[one].id if by_id and one in there else one for one in options]

    ran = desk.write("restore", desk.backup(), *words)

    assert (ran.code, statuses(ran)) == (0, ["done"] * len(back)), ran.err
    assert [
        name for name, each in there.items() if (each.contact or {})["emails"] == "a@contoso.com"
    ] == back


def test_a_part_from_a_file(azure: AzureDouble, desk: Desk, tmp_path: Path) -> None:
    """One a line, as `audit` takes it."""
    there = [azure.add(name, contact=new("a@contoso.com")) for name in ("Prod", "Test")]
    desk.write("apply", *CHANGE)
    (tmp_path / "list").write_text(f"# these\n{there[1].id}\n")

    ran = desk.write("restore", desk.backup(), "--subscriptions-from", str(tmp_path / "list"))

    assert (ran.code, statuses(ran)) == (0, ["done"])
    assert "soc@contoso.com" in (there[0].contact or {})["emails"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("Prdo", "did you mean Prod"),
        ("Zzzz", "the backup holds: Prod"),
        ("00000000-0000-4000-8000-000000000000", "holds no subscription"),
    ],
)
def test_what_is_not_in_the_backup(azure: AzureDouble, desk: Desk, wrong: str, said: str) -> None:
    """2, before anything is sent."""
    azure.add("Prod")
    desk.write("apply", *CHANGE)
    azure.add("Later", id=wrong) if len(wrong) > 9 else azure.add(wrong)
    asked = len(azure.asked)

    ran = desk.write("restore", desk.backup(), "-s", wrong)

    assert (ran.code, len(azure.asked)) == (2, asked)
    assert said in ran.err


def test_no_variable_narrows_a_restore(azure: AzureDouble, desk: Desk) -> None:
    """The scope of other commands leaves nothing unrestored unseen."""
    azure.add("Prod")
    azure.add("Test")
    desk.write("apply", *CHANGE)

    ran = desk.write("restore", desk.backup(), CONTACTS_AUDIT_SUBSCRIPTION="Prod")

    assert (ran.code, statuses(ran)) == (0, ["done"] * 2)
    assert "ignored: CONTACTS_AUDIT_SUBSCRIPTION" in ran.err


# What somebody else changed since


def test_what_changed_since_stays(azure: AzureDouble, desk: Desk) -> None:
    """5, and the newer contact stays; --overwrite, which the line names, warns and restores."""
    prod, *_ = [azure.add(name, contact=new("a@contoso.com")) for name in ("Prod", "Test")]
    desk.write("apply", *CHANGE)
    backup = desk.backup()
    prod.contact = new("carol@contoso.com")

    ran = desk.write("restore", backup)

    assert (ran.code, statuses(ran)) == (5, ["conflict", "done"])
    assert "--overwrite" in ran.err
    assert prod.contact["emails"] == "carol@contoso.com"
    over = desk.write("restore", backup, "--overwrite")
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
    azure: AzureDouble, desk: Desk, change: dict[str, object]
) -> None:
    """Whatever it is, it stays; in the contact of a new one, too."""
    prod, fresh = azure.add("Prod", contact=new("a@contoso.com")), azure.add("New")
    desk.write("apply", *CHANGE)
    for one in (prod, fresh):
        assert one.contact is not None
        one.contact = {**one.contact, **change}

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"] * 2)


def test_orders_and_spellings_are_no_change(azure: AzureDouble, desk: Desk) -> None:
    """What means the same to Azure is what apply left."""
    prod = azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    assert prod.contact is not None
    prod.contact = {**prod.contact, "emails": "SOC@contoso.com;a@contoso.com"}

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])


def test_what_apply_did_not_write_is_not_restored_over(azure: AzureDouble, desk: Desk) -> None:
    """A row that was refused is as it was, or somebody else's by now."""
    prod, test = (azure.add(name, contact=new("a@contoso.com")) for name in ("Prod", "Test"))
    azure.fail(lambda asked: asked.method == "PUT", faults.arm_error(400, "BadRequest", "no"))
    assert desk.write("apply", *CHANGE).code == 5
    azure.heal()
    test.contact = new("carol@contoso.com")

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (5, ["already", "conflict"])
    assert prod.contact == new("a@contoso.com")


def test_without_its_journal_what_differs_stays(azure: AzureDouble, desk: Desk) -> None:
    """Nobody knows then who changed it: it says so, and --overwrite decides."""
    prod = azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    (journal,) = desk.state.glob("journal-*")
    journal.unlink()

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"])
    assert "its journal" in ran.err
    assert desk.write("restore", desk.backup(), "--overwrite").code == 0
    assert (prod.contact or {})["emails"] == "a@contoso.com"


def test_a_backup_that_was_moved_still_knows_its_journal(
    azure: AzureDouble, desk: Desk, tmp_path: Path
) -> None:
    """Whatever it is called: the state folder has the journal."""
    azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    moved = Path(desk.backup()).rename(tmp_path / "keep.json")

    assert desk.write("restore", str(moved)).code == 0


@pytest.mark.parametrize("events", [("sent",), ("sent", "answered")])
def test_a_run_that_died_can_be_restored(
    azure: AzureDouble, desk: Desk, events: tuple[str, ...]
) -> None:
    """Its journal ends before anything was read back: what was sent is what it left, or nothing."""
    prod = azure.add("Prod", contact=new("a@contoso.com"))
    fresh = azure.add("New")
    desk.write("apply", *CHANGE)
    (journal,) = desk.state.glob("journal-*")
    kept = [
        line
        for line in journal.read_text().splitlines(keepends=True)
        if json.loads(line)["event"] in ("wanted", *events)
    ]
    journal.write_text("".join(kept) + '{"at": "2026')
    backup = desk.backup()

    ran = desk.write("restore", backup)

    assert (ran.code, statuses(ran)) == (0, ["done"] * 2), ran.err
    assert (prod.contact or {})["emails"] == "a@contoso.com"
    fresh.contact = new("carol@contoso.com")
    again = desk.write("restore", backup)
    assert (again.code, statuses(again)) == (5, ["already", "conflict"])


def test_a_damaged_journal_is_a_lost_one(azure: AzureDouble, desk: Desk) -> None:
    """A line in the middle that is none: nothing is known, so nothing is overwritten."""
    azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    (journal,) = desk.state.glob("journal-*")
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([lines[0], "{}\n", *lines[1:]]))

    ran = desk.write("restore", desk.backup())

    assert (ran.code, statuses(ran)) == (5, ["conflict"])


def test_runs_are_taken_back_the_last_one_first(azure: AzureDouble, desk: Desk) -> None:
    """What a later run wrote is a change since, too; once that is taken back, it is none."""
    prod = azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    first = desk.backup()
    desk.write("apply", "--email", "b@contoso.com")
    second = desk.backup()

    assert statuses(desk.write("restore", first)) == ["conflict"]
    assert statuses(desk.write("restore", second)) == ["done"]
    assert statuses(desk.write("restore", first)) == ["done"]
    assert (prod.contact or {})["emails"] == "a@contoso.com"


def test_a_contact_that_azure_made_again_is_no_change(azure: AzureDouble, desk: Desk) -> None:
    """Restored, then made again without an address: the way forth and back stays open."""
    prod = azure.add("Prod")
    desk.write("apply", *CHANGE)
    first = desk.backup()
    desk.write("restore", first)
    second = desk.backup()
    prod.contact = new("")

    ran = desk.write("restore", second)

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert (prod.contact or {})["emails"] == "soc@contoso.com"


def test_a_restore_that_was_not_confirmed_can_be_gone_on_with(
    azure: AzureDouble, desk: Desk
) -> None:
    """What an earlier restore of the same backup wrote is nobody else's change."""
    prod = azure.add("Prod", contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE, "--phone", "(214)275-4038")
    first = desk.backup()
    azure.fail("PUT", keeping_phone(prod))
    assert statuses(desk.write("restore", first)) == ["unconfirmed"]
    azure.heal()

    ran = desk.write("restore", first, "--recreate")

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert prod.contact is not None
    assert (prod.contact["emails"], bool(prod.contact["phone"])) == ("a@contoso.com", False)


def test_an_address_that_was_added_elsewhere_is_a_change(azure: AzureDouble, desk: Desk) -> None:
    """At 2017 alone, where that has a document of its own."""
    prod = azure.add("Prod", own_2017=True, contact=new("a@contoso.com"))
    desk.write("apply", *CHANGE)
    prod.contacts_2017 = [old("default1", "carol@contoso.com")]

    ran = desk.write("restore", desk.backup())

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
    """It is no journal then: nothing that it says is believed."""
    with pytest.raises(UsageError):
        read_journal(f"{line}\n".encode(), "journal")

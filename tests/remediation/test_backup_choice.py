"""The list of backups, and a part of one."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run
from remediation.workspace import (
    CHANGE,
    Workspace,
    full_contact,
    statuses,
)

from contacts_audit.core.lock import locked


def test_backups_are_listed_the_newest_first(
    azure: AzureDouble, workspace: Workspace, run: Run
) -> None:
    """The list shows time, tenant, number of subscriptions and file, without request or lock."""
    azure.add("Prod")
    workspace.write("apply", *CHANGE)
    first = workspace.backup()
    azure.add("Test")
    workspace.write("apply", *CHANGE)
    second = workspace.backup()
    workspace.write("apply", "--email", "b@contoso.com")
    asked = len(azure.asked)

    with locked(workspace.state):
        listing = run("restore", "--state-dir", str(workspace.state))
        document = run("restore", "-o", "json", "--state-dir", str(workspace.state))
        ticket = run("restore", "-o", "markdown", "--state-dir", str(workspace.state))

    assert (listing.code, document.code, ticket.code) == (0, 0, 0)
    assert len(azure.asked) == asked
    header, *lines = listing.text.splitlines()
    assert header.split() == ["CREATED", "TENANT", "SUBSCRIPTIONS", "FILE"]
    rows = json.loads(document.out)["backups"]
    assert [row["file"] for row in rows] == [workspace.backup(), second, first]
    assert [row["subscriptions"] for row in rows] == [2, 1, 1]
    assert all(row["tenants"] == [azure.tenant] for row in rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.endswith(row["file"])
        assert azure.tenant in line
    assert Path(first).name in ticket.text


def test_what_is_no_backup_is_told_and_left_out(azure: AzureDouble, workspace: Workspace) -> None:
    """Each such file has a line on stderr; the others are listed, and the exit code is 0."""
    azure.add("Prod")
    workspace.write("apply", *CHANGE)
    good = workspace.backup()
    (workspace.state / "backup-1.json").write_text("{}")
    (workspace.state / "backup-2.json").write_text(Path(good).read_text().replace("Prod", "Pro"))
    (workspace.state / "backup-3.json").mkdir()

    ran = workspace.write("restore")

    assert ran.code == 0
    assert [row["file"] for row in json.loads(ran.out)["backups"]] == [good]
    for number in "123":
        assert f"backup-{number}.json" in ran.err
    assert "error" not in ran.err


@pytest.mark.parametrize("exists", [False, True])
def test_no_backup_at_all(workspace: Workspace, *, exists: bool) -> None:
    """It says so, and the exit code is 0."""
    if exists:
        workspace.state.mkdir()

    ran = workspace.write("restore", output="table")

    assert (ran.code, ran.out) == (0, b"")
    assert f"no backups in {workspace.state}" in ran.err


@pytest.mark.parametrize("option", [("-s", "Prod"), ("--exclude", "Prod"), ("--overwrite",)])
def test_what_is_chosen_is_of_a_backup(workspace: Workspace, option: tuple[str, ...]) -> None:
    """Choosing subscriptions without a backup is a usage error, not a list."""
    ran = workspace.write("restore", *option)

    assert (ran.code, ran.out) == (2, b"")


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
    azure: AzureDouble,
    workspace: Workspace,
    options: tuple[str, ...],
    back: list[str],
    *,
    by_id: bool,
) -> None:
    """Subscriptions are chosen by id or name; the others stay, and have no row."""
    there = {
        name: azure.add(name, contact=full_contact("a@contoso.com"))
        for name in ("Prod", "Test", "Dev")
    }
    assert workspace.write("apply", *CHANGE).code == 0
    words = [there[one].id if by_id and one in there else one for one in options]

    ran = workspace.write("restore", workspace.backup(), *words)

    assert (ran.code, statuses(ran)) == (0, ["done"] * len(back)), ran.err
    assert [
        name for name, each in there.items() if (each.contact or {})["emails"] == "a@contoso.com"
    ] == back


def test_a_part_from_a_file(azure: AzureDouble, workspace: Workspace, tmp_path: Path) -> None:
    """The file has one subscription per line, as for `audit`."""
    there = [azure.add(name, contact=full_contact("a@contoso.com")) for name in ("Prod", "Test")]
    workspace.write("apply", *CHANGE)
    (tmp_path / "list").write_text(f"# these\n{there[1].id}\n")

    ran = workspace.write(
        "restore", workspace.backup(), "--subscriptions-from", str(tmp_path / "list")
    )

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
def test_what_is_not_in_the_backup(
    azure: AzureDouble, workspace: Workspace, wrong: str, said: str
) -> None:
    """It is a usage error, before anything is sent."""
    azure.add("Prod")
    workspace.write("apply", *CHANGE)
    azure.add("Later", id=wrong) if len(wrong) > 9 else azure.add(wrong)
    asked = len(azure.asked)

    ran = workspace.write("restore", workspace.backup(), "-s", wrong)

    assert (ran.code, len(azure.asked)) == (2, asked)
    assert said in ran.err


def test_no_variable_narrows_a_restore(azure: AzureDouble, workspace: Workspace) -> None:
    """A scope variable of other commands does not leave anything out."""
    azure.add("Prod")
    azure.add("Test")
    workspace.write("apply", *CHANGE)

    ran = workspace.write("restore", workspace.backup(), CONTACTS_AUDIT_SUBSCRIPTION="Prod")

    assert (ran.code, statuses(ran)) == (0, ["done"] * 2)
    assert "ignored: CONTACTS_AUDIT_SUBSCRIPTION" in ran.err

"""The question before a write, and the `undo:` line after it."""

import json
import shlex
from pathlib import Path

from azure_double import AzureDouble, faults
from conftest import run_in, surroundings
from pseudo_terminal import at_a_terminal
from remediation.workspace import (
    CHANGE,
    Workspace,
    full_contact,
    kept_by,
    statuses,
    undo_lines,
)


def test_a_no_is_no_error_and_leaves_nothing_behind(azure: AzureDouble, tmp_path: Path) -> None:
    """One line, exit code 1, and no backup, as nothing is sent."""
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
    """The question counts subscriptions and contacts, right below the identity."""
    azure.add("Prod")
    azure.add("Test")

    arguments = ["apply", *CHANGE, "--state-dir", str(tmp_path / "state")]
    ran = at_a_terminal(arguments, surroundings(azure), b"n\n")

    *_, contacts, whom, question = ran.err.partition(" [y/N]")[0].splitlines()
    assert contacts == "2 contacts to write, 0 to delete"
    assert whom.startswith("signed in as ")
    assert question == "Write to 2 subscriptions?"


def test_too_many_changes_leave_no_backup(azure: AzureDouble, workspace: Workspace) -> None:
    """The exit code is 5, and there is no backup, as nothing is sent."""
    azure.add("Prod")
    azure.add("Test")

    ran = workspace.write("apply", *CHANGE, "--max-changes", "1")

    assert (ran.code, statuses(ran)) == (5, ["not-sent"] * 2)
    assert json.loads(ran.out)["backup"] is None
    assert (kept_by(workspace), undo_lines(ran)) == ([], [])


def test_the_last_line_undoes_it(azure: AzureDouble, tmp_path: Path) -> None:
    """The line works in a shell without variables, whatever the name of the folder."""
    subscription = azure.add("Prod", contact=full_contact("a@contoso.com"))
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


def test_nothing_written_is_nothing_to_undo(azure: AzureDouble, workspace: Workspace) -> None:
    """There is no `undo:` line if all is as requested, or the first row is a conflict."""
    azure.add("Prod", contact=full_contact("soc@contoso.com"))

    ran = workspace.write("apply", *CHANGE)

    assert (statuses(ran), undo_lines(ran), kept_by(workspace)) == (["already"], [], [])


def test_what_may_have_been_written_can_be_undone(azure: AzureDouble, workspace: Workspace) -> None:
    """A refused write was sent, too, so the `undo:` line is printed."""
    azure.add("Prod")
    azure.fail(lambda asked: asked.method == "PUT", faults.arm_error(400, "BadRequest", "no"))

    ran = workspace.write("apply", *CHANGE)

    assert ran.code == 5
    assert undo_lines(ran)

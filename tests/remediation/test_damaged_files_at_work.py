"""A plan or backup that is damaged, edited, or of another cloud is refused before any request."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import Ran, run_in, surroundings
from remediation.edits import GHOST, edited, row_of
from remediation.workspace import CHANGE, V2023, Workspace, portal_contact

DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "schema": lambda plan: plan.update(schema=2),
    "kind": lambda plan: plan.update(kind="report"),
    "after": lambda plan: row_of(plan)["after"].update(emails="evil@example.com"),
    "step": lambda plan: row_of(plan)["steps"][0]["after"].update(emails="evil@example.com"),
    "more steps": lambda plan: row_of(plan)["steps"].append(row_of(plan)["steps"][0]),
    "contact": lambda plan: row_of(plan).update(contact="../../x"),
    "id": lambda plan: row_of(plan).update(id="../../x"),
    "status": lambda plan: row_of(plan).update(status="nothing"),
    "no status": lambda plan: row_of(plan).pop("status"),
    "api-version": lambda plan: row_of(plan).update(api_version="2099-01-01"),
    "no wish": lambda plan: plan.update(wish={}),
    "bad wish": lambda plan: plan["wish"].update(emails=["a@contoso.com\nBcc: x"]),
    "wish of another type": lambda plan: plan["wish"].update(emails=7),
    "unknown wish": lambda plan: plan["wish"].update(evil=True),
    "rows": lambda plan: plan.update(subscriptions={}),
    "a row": lambda plan: plan.update(subscriptions=[7]),
    "read": lambda plan: row_of(plan).update(read={"2017-08-01-preview": [{"name": 7}]}),
    "no tenants": lambda plan: plan.pop("tenants"),
    "tenants": lambda plan: plan.update(tenants=7),
}


@dataclass(frozen=True)
class Gone:
    """A plan and a backup of a cloud that is no more: whoever asks it anything fails with 1."""

    plan: Path
    backup: Path
    environment: dict[str, str]


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    """Write a plan and a backup that are as they should be."""
    folder = tmp_path_factory.mktemp("gone")
    with AzureDouble() as azure:
        azure.add("Prod", contact=portal_contact("a@contoso.com"))
        environment = surroundings(azure)

        def run(*arguments: str, stdin: bytes = b"") -> Ran:
            return run_in(environment, *arguments, stdin=stdin)

        workspace = Workspace(run, folder)
        plan = workspace.saved(*CHANGE)
        assert workspace.apply(plan).code == 0
        ca = folder / "ca.pem"
        ca.write_bytes(azure.ca.read_bytes())
        environment["CONTACTS_AUDIT_CA_BUNDLE"] = str(ca)
        return Gone(Path(plan), workspace.backups()[0], environment)


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_what_is_whole_is_asked_for(gone: Gone, tmp_path: Path, command: str) -> None:
    """The files of the tests below are good but for their damage: they lead to a request."""
    file = gone.plan if command == "apply" else gone.backup
    name = edited(str(shutil.copy(str(file), tmp_path)), lambda document: None)

    quick = ("--auth-timeout", "0.5", "--deadline", "0.5", "--state-dir", str(tmp_path / "state"))
    ran = run_in(gone.environment, command, name, "--yes", *quick)

    assert ran.code == 1, ran.err


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_plan_that_was_edited_is_2_even_with_a_right_digest(
    gone: Gone, tmp_path: Path, damage: str
) -> None:
    """The writes must follow from what was read and requested; no request is sent."""
    name = edited(str(shutil.copy(str(gone.plan), tmp_path)), DAMAGES[damage])

    ran = run_in(gone.environment, "apply", name, "--yes", "--state-dir", str(tmp_path / "state"))

    assert (ran.code, ran.out) == (2, b""), ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b"7", b"\xff\xfe", b"\x00" * 100, b"[" * 100_000),
        *(b'{"kind": "plan"}', b'{"kind": "plan", "schema": 1, "sha256": NaN}', b"9" * 5000),
    ],
    ids=lambda content: repr(content[:12]),
)
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_file_that_is_none_of_ours_is_2(
    gone: Gone, tmp_path: Path, command: str, content: bytes
) -> None:
    """Whatever it holds: one line, and no request."""
    file = tmp_path / "file"
    file.write_bytes(content)
    state = str(tmp_path / "state")

    ran = run_in(gone.environment, command, "--yes", "--state-dir", state, str(file))

    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.count("\n") == 1, ran.err


def test_a_plan_whose_digest_is_wrong_or_that_is_cut_is_2(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """One letter is enough; so are a missing file, a folder, and a backup in a plan's place."""
    azure.add("Prod")
    name = workspace.saved(*CHANGE)
    cut = workspace.folder / "cut.json"
    cut.write_bytes(Path(name).read_bytes()[:-40])
    workspace.apply(name)
    written = len(azure.writes())

    named = edited(name, lambda plan: row_of(plan).update(name="Evil"), seal=False)
    codes = [
        workspace.apply(named).code,
        workspace.apply(str(cut)).code,
        workspace.apply(str(workspace.folder / "none.json")).code,
        workspace.apply(str(workspace.folder)).code,
        workspace.apply(str(workspace.backups()[0])).code,
        workspace.restore(name).code,
    ]

    assert (codes, len(azure.writes())) == ([2] * 6, written)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plan: plan.update(tenants=[GHOST]), id="tenant"),
        pytest.param(lambda plan: plan.update(cloud="AzureChinaCloud"), id="cloud"),
        pytest.param(lambda plan: plan.update(arm_endpoint="https://x.example"), id="endpoint"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_file_of_another_tenant_or_cloud_is_2(
    azure: AzureDouble, workspace: Workspace, command: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    """Nothing is written, whatever its digest says."""
    subscription = azure.add("Prod")
    plan = workspace.saved(*CHANGE)
    workspace.apply(plan)
    subscription.contact = None
    name = edited(plan if command == "apply" else str(workspace.backups()[0]), change)
    written = len(azure.writes())

    ran = workspace.apply(name) if command == "apply" else workspace.restore(name)

    assert (ran.code, ran.out, len(azure.writes())) == (2, b"", written)


BACKUP_DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "schema": lambda backup: backup.update(schema=2),
    "kind": lambda backup: backup.update(kind="plan"),
    "id": lambda backup: row_of(backup).update(id="../x"),
    "version": lambda backup: row_of(backup)["versions"].update({"2099-01-01": []}),
    "no version": lambda backup: row_of(backup).update(versions={}),
    "contact": lambda backup: row_of(backup)["versions"].update({V2023: [{"name": "default"}]}),
    "properties": lambda backup: row_of(backup)["versions"].update(
        {V2023: [{"name": "default", "properties": []}]}
    ),
    "rows": lambda backup: backup.update(subscriptions="x"),
}


@pytest.mark.parametrize("damage", BACKUP_DAMAGES)
def test_a_damaged_backup_is_2(gone: Gone, tmp_path: Path, damage: str) -> None:
    """Even with a right digest: before any request."""
    name = edited(str(shutil.copy(str(gone.backup), tmp_path)), BACKUP_DAMAGES[damage])

    ran = run_in(gone.environment, "restore", name, "--yes", "--state-dir", str(tmp_path / "state"))

    assert (ran.code, ran.out) == (2, b""), ran.err

"""What `apply` writes, and the backup and journal that it keeps."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from remediation.workspace import (
    CHANGE,
    V2017,
    V2020,
    V2023,
    Workspace,
    meanwhile,
    numbered_contacts,
    portal_contact,
    puts,
    requests_for,
    result_statuses,
)


@pytest.mark.parametrize("saved", [False, True], ids=["in one go", "from a plan"])
def test_apply_makes_the_change_true_and_a_second_one_sends_nothing(
    azure: AzureDouble, workspace: Workspace, saved: bool
) -> None:
    """One PUT per subscription; then `audit` finds all compliant, and nothing is left to do."""
    subscriptions = [azure.add(f"S{number}") for number in range(3)]
    arguments = (workspace.saved(*CHANGE),) if saved else CHANGE

    first = workspace.apply(*arguments)
    written = puts(azure)
    second = workspace.apply(*arguments)
    audit = workspace.run("audit")

    assert (first.code, result_statuses(first)) == (0, ["done"] * 3)
    assert written == [subscription.id for subscription in subscriptions] == puts(azure)
    assert (second.code, result_statuses(second)) == (0, ["already"] * 3)
    assert audit.code == 0
    assert json.loads(second.out)["backup"] is None


def test_a_plan_is_read_from_stdin_too(azure: AzureDouble, workspace: Workspace) -> None:
    """`plan -o json | apply - --yes` works."""
    azure.add("Prod")
    planned = workspace.plan(*CHANGE)

    ran = workspace.apply("-", stdin=planned.out)

    assert (ran.code, result_statuses(ran)) == (0, ["done"])


def test_what_arrives(azure: AzureDouble, workspace: Workspace) -> None:
    """A PUT keeps unknown fields, drops read-only ones, and changes only what was requested."""
    contact = portal_contact("a@contoso.com", someday={"x": [1, 2.5]}, phone="+1-425-555-0100")
    subscription = azure.add("Prod", contact=contact)

    workspace.apply(*CHANGE, "--minimum-severity", "Low", "--attack-paths", "Critical")

    (put,) = azure.writes()
    path = f"/subscriptions/{subscription.id}/providers/Microsoft.Security/securityContacts/default"
    assert (put.method, put.path, put.query) == ("PUT", path, f"api-version={V2023}")
    assert put.headers["content-type"] == "application/json"
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "Low"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ]
    assert put.json() == {
        "properties": {
            **contact,
            "emails": "a@contoso.com;soc@contoso.com",
            "notificationsSources": sources,
        }
    }


def test_a_new_contact_says_what_the_document_says(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Enabled, Owner notified, high alerts; at 2020 in its own terms."""
    azure.add("Prod")

    workspace.apply(*CHANGE)
    azure.offered = {V2017, V2020}
    other = azure.add("Other")
    workspace.apply(*CHANGE, "-s", other.id)

    at_2023, at_2020 = azure.writes()
    by_role = {"state": "On", "roles": ["Owner"]}
    assert at_2023.json()["properties"] == {
        "emails": "soc@contoso.com",
        "isEnabled": True,
        "notificationsByRole": by_role,
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    }
    assert at_2020.query == f"api-version={V2020}"
    assert at_2020.json()["properties"] == {
        "emails": "soc@contoso.com",
        "notificationsByRole": by_role,
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
    }


def test_the_requests_of_a_subscription_are_counted(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Both API versions are read at first, before and after the PUT, and once to judge."""
    subscription = azure.add("Prod")

    workspace.apply(*CHANGE)

    asked = requests_for(azure, subscription)
    assert asked == ["GET", "GET", "GET", "GET", "PUT", "GET", "GET", "GET"]


@pytest.mark.parametrize(
    "option",
    [
        *(["--email", "b@contoso.com"], ["--replace"], ["--remove-email", "x@contoso.com"]),
        *(["--failing-only"], ["--enable"], ["--phone", "+1-425-555-0100"], ["--allow-empty"]),
        *(["-s", "Prod"], ["--exclude", "Dev"], ["--current"], ["--api-version", V2017]),
    ],
    ids=lambda option: option[0],
)
def test_a_plan_has_a_change_and_a_scope_of_its_own(
    azure: AzureDouble, workspace: Workspace, option: list[str]
) -> None:
    """An option that the plan cannot obey is a usage error, before any request."""
    azure.add("Prod")
    name = workspace.saved(*CHANGE)
    asked = len(azure.asked)

    ran = workspace.apply(name, *option)

    assert (ran.code, len(azure.asked)) == (2, asked)


def test_the_codes_of_apply_outrank_each_other(azure: AzureDouble, workspace: Workspace) -> None:
    """Unreadable is 4, refused is 5, and 5 wins."""
    azure.add("Good")
    azure.add("Dark", readable=False)
    azure.add("Off", state="Disabled")

    unreadable = workspace.apply(*CHANGE)
    azure.add("Odd", contact=portal_contact(7))
    refused = workspace.apply(*CHANGE)

    assert (unreadable.code, result_statuses(unreadable)) == (4, ["done", "unreadable", "skipped"])
    assert (refused.code, result_statuses(refused)) == (
        5,
        ["already", "unreadable", "skipped", "refused"],
    )


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_without_a_terminal_and_without_yes_nothing_begins(
    azure: AzureDouble, workspace: Workspace, command: str
) -> None:
    """It is a usage error before any request; a variable cannot say yes."""
    azure.add("Prod")
    name = workspace.saved(*CHANGE)
    workspace.apply(name)
    asked = len(azure.asked)
    file = name if command == "apply" else str(workspace.backups()[0])

    ran = workspace.run(
        command, file, "--state-dir", str(workspace.state), stdin=b"y\n", CONTACTS_AUDIT_YES="1"
    )

    assert (ran.code, len(azure.asked)) == (2, asked)
    assert "--yes" in ran.err


@pytest.mark.parametrize("command", ["apply", "restore"])
def test_a_recording_cannot_be_written_to(
    azure: AzureDouble, workspace: Workspace, command: str
) -> None:
    """It is a usage error, before anything is read."""
    ran = workspace.run(command, "x", "--yes", "--replay", "fixtures/contoso")

    assert (ran.code, azure.asked) == (2, [])


def test_the_backup_is_there_before_the_first_put(azure: AzureDouble, workspace: Workspace) -> None:
    """The backup holds both API versions, has mode 0600, and is named on stderr."""
    azure.newer_put_on_2017 = "survives"
    first = azure.add("First", contacts_2017=numbered_contacts("a@contoso.com"))
    second = azure.add("Second", contact=portal_contact("b@contoso.com", someday=1))
    azure.add("Good", contact=portal_contact("soc@contoso.com"))
    found: list[dict[str, Any]] = []

    def look() -> None:
        found.extend(json.loads(file.read_text()) for file in workspace.backups())

    azure.fail("PUT", meanwhile(look), times=1)

    ran = workspace.apply(*CHANGE)

    (document,) = found
    (file,) = workspace.backups()
    assert json.loads(file.read_text()) == document
    assert (document["kind"], document["schema"], document["tenants"]) == (
        "backup",
        1,
        [azure.tenant],
    )
    assert {row["id"]: row["versions"] for row in document["subscriptions"]} == {
        first.id: {V2017: numbered_contacts("a@contoso.com", phone=""), V2023: []},
        second.id: {
            V2017: [],
            V2023: [{"name": "default", "properties": portal_contact("b@contoso.com", someday=1)}],
        },
    }
    assert str(file) in ran.err
    assert json.loads(ran.out)["backup"] == str(file)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in workspace.state.iterdir()}
    assert (modes, stat.S_IMODE(workspace.state.stat().st_mode)) == ({0o600}, 0o700)


def test_no_backup_no_put(azure: AzureDouble, workspace: Workspace) -> None:
    """If the state folder cannot be created, nothing is sent, and the exit code is 74."""
    azure.add("Prod")
    workspace.state.write_text("a file")

    ran = workspace.apply(*CHANGE)

    assert (ran.code, azure.writes()) == (74, [])


def test_the_journal_is_ahead_of_azure(azure: AzureDouble, workspace: Workspace) -> None:
    """`wanted` and `sent` are on disk when the PUT arrives; `answered` and `read back` follow."""
    subscription = azure.add("Prod")
    seen: list[list[str]] = []
    azure.fail(
        "PUT", meanwhile(lambda: seen.append([line["event"] for line in workspace.journal()]))
    )

    ran = workspace.apply(*CHANGE)

    lines = workspace.journal()
    assert seen == [["wanted", "sent"]]
    assert [line["event"] for line in lines] == ["wanted", "sent", "answered", "read back"]
    assert {line["subscription"] for line in lines} == {subscription.id}
    assert (lines[0]["before"], lines[0]["after"]["emails"]) == (None, "soc@contoso.com")
    assert (lines[2]["status"], bool(lines[2]["request_id"])) == (201, True)
    assert json.loads(ran.out)["journal"] in ran.err


def test_nothing_to_do_leaves_nothing_behind(azure: AzureDouble, workspace: Workspace) -> None:
    """Only the lock file is left: no backup, no journal."""
    azure.add("Good", contact=portal_contact("soc@contoso.com"))

    ran = workspace.apply(*CHANGE)

    assert (ran.code, [file.name for file in workspace.state.iterdir()]) == (0, ["lock"])


def test_no_secret_is_kept_or_shown(azure: AzureDouble, workspace: Workspace) -> None:
    """No token or secret is in `--debug` output, plan, backup, journal, recording or result."""
    azure.add("Prod", contacts_2017=numbered_contacts("a@contoso.com"))
    azure.fail("PUT", faults.arm_error(401, "ExpiredAuthenticationToken", "expired"), times=1)
    name = workspace.saved(*CHANGE, "--debug")

    ran = workspace.apply(name, "--debug", "--record", str(workspace.folder / "tape"))

    texts = [ran.err, ran.text, Path(name).read_text()]
    kept_files = [*workspace.state.iterdir(), *(workspace.folder / "tape").iterdir()]
    texts += [each.read_text() for each in kept_files if each.is_file()]
    assert result_statuses(ran) == ["done"]
    assert len(azure.tokens) > 1
    for secret in (azure.secret, *azure.tokens):
        assert not [text for text in texts if secret in text]


def test_each_row_is_written_with_the_token_of_its_tenant(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The token is that of the tenant that listed the subscription, for a restore, too."""
    other = azure.add_tenant("fabrikam.example")
    theirs = azure.add("Theirs", tenant_id=other.id)
    ours = azure.add("Ours")
    shared = azure.add("Shared", tenant_id=other.id, delegated_to=[azure.tenant])
    both = ("--tenant", azure.tenant, "--tenant", other.id)
    name = workspace.saved(*CHANGE, *both)

    ran = workspace.apply(name, *both)
    restored = workspace.restore(str(workspace.backups()[0]), *both)
    alone = workspace.apply(name)

    assert (ran.code, restored.code, alone.code) == (0, 0, 2)
    issued = [
        (asked.path.split("/")[2], azure.tokens[asked.bearer or ""].tenant)
        for asked in azure.writes()
    ]
    expected = [(ours.id, azure.tenant), (shared.id, azure.tenant), (theirs.id, other.id)]
    assert issued == expected * 2

"""What `plan` prints and saves, and its exit codes."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from conftest import Run, run_in, surroundings
from remediation.workspace import (
    CHANGE,
    V2017,
    V2023,
    Workspace,
    numbered_contacts,
    portal_contact,
    puts,
    result_statuses,
)


@pytest.mark.parametrize(
    ("subscriptions", "code", "expected"),
    [
        pytest.param(
            [{"contact": portal_contact("soc@contoso.com")}], 0, ["nothing"], id="nothing to do"
        ),
        pytest.param(
            [{"contact": portal_contact("a@contoso.com")}, {}], 3, ["change", "change"], id="change"
        ),
        pytest.param([{}, {"readable": False}], 4, ["change", "unreadable"], id="unreadable"),
        pytest.param(
            [{}, {"readable": False}, {"contact": portal_contact(7)}],
            5,
            ["change", "unreadable", "refused"],
            id="refused",
        ),
        pytest.param([{"state": "Disabled"}], 0, ["skipped"], id="skipped"),
    ],
)
def test_the_code_of_a_plan(
    azure: AzureDouble,
    workspace: Workspace,
    subscriptions: list[Any],
    code: int,
    expected: list[str],
) -> None:
    """No change 0, changes 3, unreadable 4, refused 5: the largest wins; nothing is written."""
    for fields in subscriptions:
        azure.add("Prod", **fields)

    ran = workspace.plan(*CHANGE)

    assert (ran.code, [row["status"] for row in json.loads(ran.out)["subscriptions"]]) == (
        code,
        expected,
    )
    assert azure.writes() == []


def test_a_plan_says_all_that_the_contract_promises(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A plan has every documented key, before and after of each write, and a digest."""
    contact = portal_contact("a@contoso.com", phone="+1-425-555-0100")
    subscription = azure.add("Prod", contact=contact)

    document = json.loads(workspace.plan(*CHANGE, "--notify-owners").out)

    (row,) = document["subscriptions"]
    assert (document["schema"], document["kind"], document["cloud"]) == (
        1,
        "plan",
        document["cloud"],
    )
    assert (document["arm_endpoint"], document["tenants"]) == (azure.endpoint, [azure.tenant])
    assert {"tool", "created", "wish", "sha256"} <= document.keys()
    assert (row["id"], row["name"], row["tenant_id"]) == (subscription.id, "Prod", azure.tenant)
    assert (row["status"], row["api_version"], row["contact"]) == ("change", V2023, "default")
    assert (row["before"], row["error"]) == (contact, None)
    by_role = {"state": "On", "roles": ["Owner"]}
    emails = "a@contoso.com;soc@contoso.com"
    assert row["after"] == {**contact, "emails": emails, "notificationsByRole": by_role}


def test_a_saved_plan_is_the_printed_one_private_and_atomic(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The file has mode 0600 even if it replaces another; no temporary file is left."""
    azure.add("Prod")
    file = workspace.folder / "plan.json"
    file.write_text("old")
    file.chmod(0o644)

    ran = workspace.plan(*CHANGE, "--save", str(file))

    saved, printed = json.loads(file.read_text()), json.loads(ran.out)
    for each in (saved, printed):
        del each["created"], each["sha256"]
    assert (ran.code, saved) == (3, printed)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in workspace.folder.iterdir()] == ["plan.json"]


def test_a_plan_that_cannot_be_saved_is_74_before_the_first_request(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A folder that does not exist, and a folder in place of a file."""
    azure.add("Prod")

    nowhere = workspace.plan(*CHANGE, "--save", str(workspace.folder / "none" / "plan.json"))
    folder = workspace.plan(*CHANGE, "--save", str(workspace.folder))

    assert (nowhere.code, folder.code, nowhere.out) == (74, 74, b"")
    assert azure.asked == []


@pytest.mark.parametrize("output", ["table", "markdown"])
def test_a_plan_for_people_names_each_field_that_changes(
    azure: AzureDouble, run: Run, output: str
) -> None:
    """Before and after are in one line; unchanged fields are not shown."""
    azure.add("Prod", contact=portal_contact("a@contoso.com", phone="+1-425-555-0100"))
    azure.add("Dark", readable=False)

    ran = run("plan", "-o", output, *CHANGE)

    (line,) = (line for line in ran.text.splitlines() if "emails" in line)
    assert re.search(r"change.*Prod.*a@contoso\.com\W.*a@contoso\.com;soc@contoso\.com", line)
    assert "555-0100" not in ran.text
    assert "forbidden" in ran.text
    assert (ran.code, ran.err.count("Dark (")) == (4, 1)


def test_hostile_text_of_azure_is_inert_in_a_plan_and_whole_in_what_is_sent(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Escape codes and bidi characters survive a saved plan to the letter."""
    weird = {"kept": "\x1b[31m\u202e", "n": [1, 2.5, None, True]}
    item = {"name": "default", "properties": portal_contact("a@contoso.com", weird=weird)}
    subscription = azure.add("\x1b[2JProd")
    subscription.answers[V2023] = json.dumps({"value": [item]}).encode()
    azure.fail("PUT", faults.arm_error(400, "Bad", "\x1b[2J\u202eno"))

    name = workspace.saved(*CHANGE)
    table = workspace.run("plan", *CHANGE)
    ran = workspace.apply(name)

    shown = table.text + ran.text + ran.err + Path(name).read_text()
    assert not {"\x1b", "\u202e"} & {*shown}
    assert result_statuses(ran) == ["refused"]
    assert azure.writes()[0].json()["properties"]["weird"] == weird


def test_failing_only_leaves_alone_what_complies(azure: AzureDouble, workspace: Workspace) -> None:
    """A subscription with another address complies, and is not written to."""
    azure.add("Good", contact=portal_contact("a@contoso.com"))
    azure.add("Old", contacts_2017=numbered_contacts("a@contoso.com"))
    bad = azure.add("Bad", contact=portal_contact(""))

    ran = workspace.apply(*CHANGE, "--failing-only")

    assert (ran.code, result_statuses(ran)) == (0, ["already", "already", "done"])
    assert puts(azure) == [bad.id]


def test_what_is_waived_is_left_alone(azure: AzureDouble, workspace: Workspace) -> None:
    """`plan` and `apply` skip a subscription whose finding is waived; the exit code is 0."""
    waived = azure.add("Waived", contact=portal_contact(""))
    azure.add("Bad", contact=portal_contact(""))
    policy = workspace.folder / "policy.toml"
    policy.write_text(
        f'[[waiver]]\nsubscription = "{waived.id}"\nreason = "test"\nowner = "me"\n'
        "expires = 2999-01-01\n"
    )

    planned = workspace.plan(*CHANGE, "--policy", str(policy))
    ran = workspace.apply(*CHANGE, "--policy", str(policy))

    rows = json.loads(planned.out)["subscriptions"]
    assert (planned.code, [row["status"] for row in rows]) == (3, ["waived", "change"])
    assert (ran.code, result_statuses(ran), len(azure.writes())) == (0, ["waived", "done"], 1)


def test_a_plan_can_be_made_of_a_recording(azure: AzureDouble, workspace: Workspace) -> None:
    """The plan is made offline, without credentials, and differs only in its date."""
    azure.add("Prod", contacts_2017=numbered_contacts("a@contoso.com"))
    azure.add("Dark", readable=False)
    tape = str(workspace.folder / "tape")
    recorded = json.loads(workspace.plan(*CHANGE, "--record", tape).out)
    asked = len(azure.asked)

    ran = run_in({}, "plan", "-o", "json", *CHANGE, "--replay", tape)

    replayed = json.loads(ran.out)
    assert (ran.code, len(azure.asked)) == (4, asked)
    assert replayed["subscriptions"] == recorded["subscriptions"]
    assert (recorded["recorded"], replayed["recorded"] is None) == (None, False)
    assert f"recorded {replayed['recorded']}" in ran.err
    ticket = run_in({}, "plan", "-o", "markdown", *CHANGE, "--replay", tape).text
    assert ticket.startswith(f"recorded: {replayed['recorded']}; this is not the current state\n")


def test_a_forgotten_replay_writes_nothing_and_is_named(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The error names the variable that prevents the change."""
    azure.add("Prod")

    ran = run_in(surroundings(azure, CONTACTS_AUDIT_REPLAY="tape"), "apply", *CHANGE, "--yes")

    assert (ran.code, azure.asked) == (2, [])
    assert "CONTACTS_AUDIT_REPLAY" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        pytest.param([], id="none"),
        pytest.param(["--email", "no address"], id="no address"),
        pytest.param(["--email", "a@contoso.com;b@contoso.com"], id="two in one"),
        pytest.param(["--email", "a@b@c"], id="two ats"),
        pytest.param(["--email", "a@contoso.com\r\nBcc: x@y.zz"], id="header"),
        pytest.param(["--replace"], id="replace what"),
        pytest.param(["--email", "a@contoso.com", "--remove-email", "A@contoso.com"], id="both"),
        pytest.param(["--phone", "call\nme"], id="phone"),
        pytest.param(["--minimum-severity", "Worst"], id="severity"),
        pytest.param(["--attack-paths", "All"], id="risk"),
        pytest.param([*CHANGE, "--api-version", "2099-01-01"], id="version"),
        pytest.param([*CHANGE, "--api-version", V2017, "--attack-paths", "High"], id="not at 2017"),
        pytest.param(["--allow-empty"], id="only leave"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_wrong_change_is_2_before_any_request(
    azure: AzureDouble, workspace: Workspace, command: str, change: list[str]
) -> None:
    """No request is sent, and one line says what is wrong."""
    azure.add("Prod")
    more = ["--yes", "--state-dir", str(workspace.state)] if command == "apply" else []

    ran = workspace.run(command, *change, *more)

    assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    assert ran.err.count("\n") == 1, ran.err
    assert not workspace.state.exists()


def test_the_plan_that_is_printed_is_the_one_that_is_saved(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Both are the same bytes, with the same time and digest."""
    azure.add("Prod")

    ran = workspace.run("plan", *CHANGE, "-o", "json", "--save", str(workspace.plan_file))

    assert workspace.plan_file.read_bytes() == ran.out

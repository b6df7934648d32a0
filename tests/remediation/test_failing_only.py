"""A plan of what fails: derived from the checks, judged by them, and told afterwards."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from conftest import Ran, Run
from remediation.workspace import CHANGE, Workspace, full_contact, rows, statuses

OFF: dict[str, Any] = {"state": "Off", "roles": []}
CIS = ("--profile", "cis")


def changes(ran: Ran) -> list[dict[str, Any]]:
    """Return what the rows of a plan would write, a contact each."""
    return [row["after"] for row in rows(ran) if row["status"] == "change"]


def test_what_fails_says_what_is_needed(azure: AzureDouble, run: Run) -> None:
    """Each row enables, notifies Owner, and sets levels only as its findings need."""
    azure.add("Disabled", contact=full_contact("a@contoso.com", isEnabled=False))
    azure.add("Owner", contact=full_contact("a@contoso.com", notificationsByRole=OFF))
    azure.add("Well", contact=full_contact("a@contoso.com"))
    checks = ("--check", "contact-email", "--check", "owner-notified")

    ran = run("plan", "--failing-only", *checks, "-o", "json")

    assert (ran.code, statuses(ran)) == (3, ["change", "change", "nothing"]), ran.err
    disabled, owner = changes(ran)
    assert disabled["isEnabled"] is True
    assert owner["notificationsByRole"] == {"state": "On", "roles": ["Owner"]}
    assert owner["emails"] == disabled["emails"] == "a@contoso.com"


def test_no_address_can_be_derived(azure: AzureDouble, run: Run) -> None:
    """The row names --email; it is refused, or has a note if something else changes."""
    azure.add("Nothing")
    azure.add("Blank", contact=full_contact("", notificationsByRole=OFF))

    ran = run("plan", "--failing-only", "-o", "json")
    more = run("plan", "--failing-only", *CIS)

    assert (ran.code, statuses(ran)) == (5, ["refused"] * 2)
    assert all("give --email ADDRESS" in row["message"] for row in rows(ran))
    assert more.code == 3
    assert "give --email ADDRESS" in more.text


def test_a_change_adds_to_what_is_derived(azure: AzureDouble, run: Run) -> None:
    """The address that was given, the role that fails, and the severity that was given."""
    azure.add("Prod", contact=full_contact("", notificationsByRole=OFF, notificationsSources=[]))

    ran = run("plan", "--failing-only", *CIS, *CHANGE, "--minimum-severity", "Low", "-o", "json")

    (after,) = changes(ran)
    assert after["emails"] == "soc@contoso.com"
    assert after["notificationsByRole"]["roles"] == ["Owner"]
    assert {"sourceType": "Alert", "minimalSeverity": "Low"} in after["notificationsSources"]


def test_what_a_policy_requires_is_derived(azure: AzureDouble, run: Run) -> None:
    """An address that the checks name is added without an option."""
    azure.add("Prod", contact=full_contact("a@contoso.com"))

    ran = run("plan", "--failing-only", "--required-email", "soc@contoso.com", "-o", "json")

    (after,) = changes(ran)
    assert after["emails"] == "a@contoso.com;soc@contoso.com"


def test_apply_derives_the_same(azure: AzureDouble, workspace: Workspace) -> None:
    """Whether at once or by a saved plan, the audit complies afterwards."""
    one = azure.add("One", contact=full_contact("a@contoso.com", isEnabled=False))
    two = azure.add("Two", contact=full_contact("a@contoso.com", isEnabled=False))

    check = ("--check", "reachable")
    saved = workspace.saved("--failing-only", *check, "-s", one.id)
    first = workspace.write("apply", saved)
    second = workspace.write("apply", "--failing-only", *check, "-s", two.id)

    assert (statuses(first), statuses(second)) == (["done"], ["done"]), first.err + second.err
    assert workspace.run("audit", *check).code == 0
    assert (
        statuses(workspace.write("apply", workspace.saved("--failing-only", *check)))
        == ["already"] * 2
    )
    assert "still fails" not in first.err + second.err


def test_a_variable_narrows_and_adds_nothing(azure: AzureDouble, workspace: Workspace) -> None:
    """The variable adds no change: without an option it is a usage error."""
    prod = azure.add("Prod", contact=full_contact("", notificationsByRole=OFF))
    only = {"CONTACTS_AUDIT_FAILING_ONLY": "1"}

    nothing = workspace.write("apply", *CIS, **only)
    wished = workspace.write("apply", *CHANGE, *CIS, **only)

    assert (nothing.code, wished.code) == (2, 0)
    assert prod.contact is not None
    assert prod.contact["notificationsByRole"] == OFF


# By the checks of a report


def audited(workspace: Workspace, folder: Path, *options: str) -> str:
    """Return the name of a report."""
    path = folder / "report.json"
    assert workspace.run("audit", "--report", str(path), *options).code in {0, 3, 4}
    return str(path)


def test_a_report_brings_its_checks_and_its_subscriptions(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path
) -> None:
    """Subscriptions outside the report have no row, unless a scope is given."""
    first = azure.add("First", contact=full_contact("a@contoso.com", notificationsByRole=OFF))
    report = audited(workspace, tmp_path, *CIS)
    later = azure.add("Later", contact=full_contact("a@contoso.com", notificationsByRole=OFF))

    ran = workspace.run("plan", "--from-report", report, "-o", "json")
    other = workspace.run(
        "plan", "--failing-only", "--from-report", report, "-s", later.id, "-o", "json"
    )
    done = workspace.write("apply", "--from-report", report)

    assert [row["id"] for row in rows(ran)] == [first.id]
    assert changes(ran)[0]["notificationsByRole"]["roles"] == ["Owner"]
    assert [row["id"] for row in rows(other)] == [later.id]
    assert (done.code, statuses(done)) == (0, ["done"]), done.err
    assert workspace.run("audit", *CIS, "-s", first.id).code == 0


def test_checks_that_are_given_go_before_those_of_a_report(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path
) -> None:
    """The report may have judged more."""
    azure.add("Prod", contact=full_contact("a@contoso.com", notificationsByRole=OFF))
    report = audited(workspace, tmp_path, *CIS)

    ran = workspace.run("plan", "--from-report", report, "--check", "contact-email", "-o", "json")

    assert (ran.code, statuses(ran)) == (0, ["nothing"])


def test_a_report_without_the_value_of_a_check(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path
) -> None:
    """The usage error names the option, and the command works with it."""
    azure.add("Prod", contact=full_contact("a@contoso.com"))
    value = ("--required-email", "soc@contoso.com")
    report = audited(workspace, tmp_path, *value)

    ran = workspace.run("plan", "--from-report", report)
    more = workspace.run("plan", "--from-report", report, *value, "-o", "json")

    assert ran.code == 2
    assert "--required-email" in ran.err
    assert (more.code, statuses(more)) == (3, ["change"])


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("cloud", "AzureChinaCloud", "is from AzureChinaCloud"),
        ("tenants", ["99999999-9999-4999-8999-999999999999"], "is of tenant 99999999"),
    ],
)
def test_a_report_of_elsewhere(
    azure: AzureDouble, workspace: Workspace, tmp_path: Path, key: str, value: Any, why: str
) -> None:
    """A report of another cloud or tenant is a usage error; no contact is read."""
    azure.add("Prod")
    report = Path(audited(workspace, tmp_path))
    report.write_text(json.dumps({**json.loads(report.read_text()), key: value}))
    asked = sum("securityContacts" in each.path for each in azure.asked)

    ran = workspace.run("plan", "--from-report", str(report))

    assert ran.code == 2
    assert why in ran.err
    assert sum("securityContacts" in each.path for each in azure.asked) == asked


def test_no_report_at_all(workspace: Workspace, tmp_path: Path) -> None:
    """It is a usage error, before anything is sent."""
    (tmp_path / "r.json").write_text("[]")

    assert workspace.run("plan", "--from-report", str(tmp_path / "r.json")).code == 2


# What still fails


def test_a_plan_names_the_checks_that_it_judged_by(azure: AzureDouble, run: Run) -> None:
    """`plan` never calls a row compliant that `audit` calls failing with the same options."""
    azure.add("Prod", contact=full_contact("soc@contoso.com", notificationsByRole=OFF))

    plain = run("plan", *CHANGE, "-v")
    wide = run("plan", *CHANGE, *CIS)
    failing = run("plan", "--failing-only", "-v")

    assert "complies with contact-email" in plain.text
    assert "complies with contact-email" in failing.text
    assert "still fails owner-notified" in wide.text
    assert "complies" not in wide.text
    assert (plain.code, wide.code, failing.code) == (0, 0, 0)


def test_what_still_fails_after_apply_is_told(azure: AzureDouble, workspace: Workspace) -> None:
    """A line has the finding and a command that works, for `done` and `already`."""
    off = azure.add("Off", contact=full_contact("a@contoso.com", isEnabled=False))
    azure.add("Done", contact=full_contact("soc@contoso.com", isEnabled=False))

    ran = workspace.write("apply", *CHANGE, "--check", "reachable")

    assert (ran.code, statuses(ran)) == (0, ["done", "already"])
    assert all("add --enable" in row["message"] for row in rows(ran))
    lines = [line for line in ran.err.splitlines() if "still fails reachable" in line]
    assert len(lines) == 2
    command = shlex.split(next(line for line in lines if off.id in line).rpartition(" -- ")[2])
    assert command[:2] == ["contacts-audit", "apply"]
    state = ("--yes", "--state-dir", str(workspace.state))
    assert workspace.run(*command[1:], *state).code == 0
    assert workspace.run("audit", "--check", "reachable", "-s", off.id).code == 0


def test_a_saved_plan_keeps_its_checks(azure: AzureDouble, workspace: Workspace) -> None:
    """`apply PLAN` judges by the checks of the plan."""
    azure.add("Prod", contact=full_contact("a@contoso.com", notificationsByRole=OFF))
    narrow, wide = workspace.saved(*CHANGE), None
    first = workspace.write("apply", narrow)
    wide = workspace.saved("--email", "b@contoso.com", *CIS)

    second = workspace.write("apply", wide)

    assert "still fails" not in first.err
    assert "still fails owner-notified" in second.err
    assert "--check owner-notified" in second.err


def test_what_cannot_be_read_afterwards_is_told(azure: AzureDouble, workspace: Workspace) -> None:
    """It is neither compliant nor failing; the write stays confirmed."""
    prod = azure.add("Prod", contact=full_contact("soc@contoso.com"))
    workspace.run("plan", *CHANGE)
    counted = [each for each in azure.asked if prod.id in each.path]
    reads = len(counted)  # of a plan: so many that `apply` alone needs to know that it is done

    seen = iter(range(10_000))
    azure.fail(
        lambda asked: "securityContacts" in asked.path and next(seen) >= reads,
        faults.arm_error(403, "AuthorizationFailed", "no"),
    )
    ran = workspace.write("apply", *CHANGE)

    assert (ran.code, statuses(ran)) == (0, ["already"])
    assert "could not be judged after that" in ran.err


# What needs nothing


@pytest.mark.parametrize("output", ["table", "markdown"])
def test_a_plan_prints_what_changes_and_counts_the_rest(
    azure: AzureDouble, run: Run, tmp_path: Path, output: str
) -> None:
    """At -v all rows are there; JSON and what is saved are whole."""
    changed = azure.add("Changed")
    well = azure.add("Well", contact=full_contact("soc@contoso.com"))
    off = azure.add("Off", state="Disabled")
    hidden = azure.add("Hidden", readable=False)
    saved = tmp_path / "plan.json"

    ran = run("plan", *CHANGE, "-o", output, "--save", str(saved))
    more = run("plan", *CHANGE, "-o", output, "-v")
    whole = run("plan", *CHANGE, "-o", "json")

    assert [each.id in ran.text for each in (changed, well, off, hidden)] == [
        *(True, False, False, True)
    ]
    assert "4 subscriptions: 1 change, 1 nothing, 1 skipped, 1 unreadable" in ran.err
    assert all(each.id in more.text for each in (changed, well, off, hidden))
    assert len(rows(whole)) == len(json.loads(saved.read_text())["subscriptions"]) == 4

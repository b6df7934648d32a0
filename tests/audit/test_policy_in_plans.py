"""What a policy does to plan and apply, against the double."""

import json
from pathlib import Path

import pytest
from audit.judged_runs import (
    EMAIL,
    GOOD,
    OWNER,
    V2017,
    V2020,
    Write,
    asked,
    waiver,
)
from azure_double import AzureDouble
from conftest import Ran, Run

WISH = ("--email", "new@contoso.com")


def statuses(ran: Ran) -> list[str]:
    """Return the status of each row of a plan or a result."""
    return [row["status"] for row in json.loads(ran.out)["subscriptions"]]


def test_a_waived_subscription_is_left_alone(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """By plan and by apply, with or without a saved plan; the others are written."""
    waived, other = azure.add("Prod"), azure.add("Other")
    file = policy(waiver())
    saved, state = str(tmp_path / "plan.json"), str(tmp_path / "state")
    yes = ("--yes", "-o", "json", "--state-dir", state)

    planned = run("plan", "-o", "json", *WISH, "--policy", file, "--save", saved)
    from_plan = run("apply", *yes, saved)
    at_once = run("apply", *yes, *WISH, "--policy", file)

    assert (planned.code, statuses(planned)) == (3, ["waived", "change"])
    assert (from_plan.code, statuses(from_plan)) == (0, ["waived", "done"])
    assert (at_once.code, statuses(at_once)) == (0, ["waived", "already"])
    assert {one.path.split("/")[2] for one in azure.writes()} == {other.id}
    assert (waived.contact, waived.contacts_2017) == (None, [])


@pytest.mark.parametrize("more", [[], ["--failing-only"]])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param(waiver(), "waived", id="of all checks"),
        pytest.param(waiver(check=EMAIL), "waived", id="of the failing check"),
        pytest.param(waiver(check=OWNER), "change", id="of another check"),
        pytest.param(waiver(days=-1), "change", id="expired"),
        pytest.param(waiver("Prdo"), "change", id="of another subscription"),
        pytest.param(waiver(check=EMAIL) + "subscriptions = 1", None, id="a wrong policy"),
    ],
)
def test_only_a_waiver_that_counts_holds_a_plan_back(
    azure: AzureDouble, run: Run, policy: Write, more: list[str], text: str, status: str | None
) -> None:
    """As in the audit."""
    azure.add("Prod")

    ran = run("plan", "-o", "json", *WISH, "--policy", policy(text), *more)

    if status is None:
        assert (ran.code, ran.out, azure.asked) == (2, b"", [])
    else:
        assert (ran.code, statuses(ran)) == (0 if status == "waived" else 3, [status])


def test_a_waiver_of_what_complies_holds_no_plan_back(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """The subscription is compliant, not waived; only --failing-only leaves it out."""
    azure.add("Prod", contact=GOOD)
    file = policy(waiver())

    plan = run("plan", "-o", "json", *WISH, "--policy", file)
    failing = run("plan", "-o", "json", *WISH, "--policy", file, "--failing-only")

    assert (statuses(plan), statuses(failing)) == (["change"], ["nothing"])


def test_failing_only_judges_by_the_policy(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Its overrides count, too."""
    azure.add("Prod", contact=GOOD)
    azure.add("Strict", contact=GOOD)
    file = policy(
        '[[override]]\nsubscription = "strict"\nchecks = ["minimum-emails"]\nminimum_emails = 2\n'
    )

    ran = run("plan", "-o", "json", *WISH, "--failing-only", "--policy", file)

    assert statuses(ran) == ["nothing", "change"]


def test_a_waiver_costs_no_other_subscription_a_request(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """A check that the cloud lacks does not stop the plan of subscriptions without a waiver."""
    azure.add("Prod")
    other = azure.add("Other", contact=GOOD)
    file = policy('profile = "cis"\n' + waiver())
    azure.offered = {V2017, V2020}

    ran = run("plan", "-o", "json", *WISH, "-s", "Prod", "-s", "Other", "--policy", file)

    assert statuses(ran)[1] == "change"
    assert len(asked(azure, other)) == 3


def test_a_saved_plan_is_applied_whatever_the_variables_of_audit_say(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """A policy in a variable, set for audit and plan, does not matter to apply PLAN."""
    azure.add("Prod")
    saved = str(tmp_path / "plan.json")
    more = {"CONTACTS_AUDIT_POLICY": policy('profile = "cis"')}
    run("plan", *WISH, "--save", saved, **more)

    ran = run("apply", "--yes", "--state-dir", str(tmp_path / "state"), saved, **more)

    assert ran.code == 0


def test_a_policy_that_is_given_with_a_plan_is_not_ignored(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """A subscription that was waived after the plan is left alone, or the plan is refused."""
    azure.add("Prod")
    saved = str(tmp_path / "plan.json")
    run("plan", *WISH, "--save", saved)
    more = ("--policy", policy(waiver()), "--yes", "--state-dir", str(tmp_path / "state"))

    run("apply", saved, *more)

    assert azure.writes() == []


def test_overrides_that_leave_a_check_without_its_value_are_2_before_any_list(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """The group asks for the check, and the subscription removes its value."""
    first, second = azure.add("First"), azure.add("Second", contact=GOOD)
    azure.group("sandbox", subscriptions=[second])
    file = policy(
        '[[override]]\nmanagement_group = "sandbox"\nchecks = ["required-email"]\n'
        'required_emails = ["a@b.com"]\n'
        '[[override]]\nsubscription = "second"\nrequired_emails = []\n'
    )

    ran = run("audit", "-o", "jsonl", "--workers", "1", "--policy", file)

    assert (ran.code, ran.out, asked(azure, first)) == (2, b"", [])

"""What overrides do to rows, and how names and management groups are found, against the double."""

import json
from pathlib import Path

import pytest
from audit.judged_runs import (
    CIS,
    EMAIL,
    GOOD,
    OWNER,
    V2023,
    Write,
    asked,
    report,
    rows,
    waiver,
)
from azure_double import AzureDouble
from conftest import Run

SANDBOX = '[[override]]\nmanagement_group = "Sandbox"\nchecks = ["minimum-emails"]\n'


def test_the_nearest_override_counts(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Subscription before nearest group before top, with nested groups."""
    names = ["Top", "InRoot", "InLeaf", "Own"]
    top, in_root, in_leaf, own = (azure.add(name, contact=GOOD) for name in names)
    azure.group("root", subscriptions=[in_root])
    azure.group("between", parent="root")
    azure.group("leaf", parent="between", subscriptions=[in_leaf, own])
    file = policy(
        'checks = ["minimum-emails"]\nminimum_emails = 9\n'
        '[[override]]\nmanagement_group = "root"\nminimum_emails = 2\n'
        '[[override]]\nmanagement_group = "LEAF"\nminimum_emails = 3\n'
        f'[[override]]\nsubscription = "{own.id.upper()}"\nminimum_emails = 1\n'
    )

    ran = run("audit", "-o", "json", "--policy", file)

    said = [[finding["message"] for finding in row["findings"]] for row in rows(ran)]
    assert said == [
        ["1 of at least 9 addresses"],
        ["1 of at least 2 addresses"],
        ["1 of at least 3 addresses"],
        [],
    ]
    assert asked(azure, top) == [V2023]


def test_each_key_is_taken_from_the_nearest_group_that_sets_it(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """An override hides only the keys that it sets itself."""
    inside, outside = (azure.add(name, contact=GOOD) for name in ("Inside", "Outside"))
    azure.group("root", subscriptions=[outside])
    azure.group("middle", parent="root")
    azure.group("leaf", parent="middle", subscriptions=[inside])
    file = policy(
        'allowed_domains = ["fabrikam.com"]\n'
        '[[override]]\nmanagement_group = "leaf"\nminimum_emails = 3\n'
        '[[override]]\nmanagement_group = "middle"\nminimum_emails = 2\n'
        'required_emails = ["middle@contoso.com"]\n'
        '[[override]]\nmanagement_group = "root"\nchecks = ["contact-email"]\n'
        'required_emails = ["root@contoso.com"]\n'
    )

    ran = run("audit", "-o", "json", "--policy", file)

    said = [[finding["message"] for finding in row["findings"]] for row in rows(ran)]
    domain = "in a domain that is not allowed: soc@contoso.com"
    assert said == [
        ["not configured: middle@contoso.com", domain, "1 of at least 3 addresses"],
        ["not configured: root@contoso.com", domain],
    ]


@pytest.mark.parametrize(
    ("arguments", "content", "checks"),
    [
        pytest.param(
            ["--required-email", "nobody@contoso.com"], None, [EMAIL, "required-email"], id="option"
        ),
        pytest.param(
            ["--required-email", "nobody@contoso.com"],
            'profile = "cis"',
            [*CIS, "required-email"],
            id="an option beside a policy",
        ),
        pytest.param(
            ["--profile", "cis", "--minimum-emails", "2"], None, [*CIS, "minimum-emails"],
            id="beside a profile",
        ),
        pytest.param(
            ["--check", OWNER, "--allowed-domain", "x.com"], None, [OWNER, "allowed-domain"],
            id="beside a check",
        ),
        pytest.param(
            [], 'profile = "cis"\nrequired_emails = ["nobody@contoso.com"]',
            [*CIS, "required-email"], id="a policy's, beside its profile",
        ),
        pytest.param([], "minimum_emails = 2", [EMAIL, "minimum-emails"], id="a policy's alone"),
        pytest.param(
            ["--profile", "cis"], "minimum_emails = 2", CIS, id="a nearer profile says anew"
        ),
        pytest.param(["--check", OWNER], "minimum_emails = 2", [OWNER], id="a nearer check alone"),
    ],
)  # fmt: skip
def test_a_value_switches_its_check_on(
    azure: AzureDouble,
    run: Run,
    policy: Write,
    arguments: list[str],
    content: str | None,
    checks: list[str],
) -> None:
    """A value that somebody gives is never left unjudged."""
    azure.add("Prod", contact=GOOD)
    more = [] if content is None else ["--policy", policy(content)]

    ran = run("audit", "-o", "json", *arguments, *more)

    assert report(ran)["checks"] == checks
    assert ran.code == (0 if checks in (CIS, [OWNER]) else 3)


EXCEPTIONS = {
    "waiver": '[[waiver]]\nsubscription = "{}"\nreason = "r"\nowner = "o"\nexpires = 2999-12-31\n',
    "override": '[[override]]\nsubscription = "{}"\nchecks = ["owner-notified"]\n',
}


@pytest.mark.parametrize("exception", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_ids_match_ids_and_names_match_names(
    azure: AzureDouble, run: Run, policy: Write, exception: str
) -> None:
    """A subscription that is named like the id of another is not waived, overridden or selected."""
    meant = azure.add("Prod")
    azure.add(meant.id)
    azure.add(meant.id.upper())
    file = policy(exception.format(f"/subscriptions/{meant.id.upper()}"))

    ran = run("audit", "-o", "json", "--policy", file)
    one = run("audit", "-o", "json", "-s", f"/Subscriptions/{meant.id}/", "--policy", file)
    others = run("audit", "-o", "json", "--exclude", f"/subscriptions/{meant.id}/")

    assert [row["waiver"] is None and row["checks"] == [EMAIL] for row in rows(ran)] == [
        False,
        True,
        True,
    ]
    assert [row["name"] for row in rows(one)] == ["Prod"]
    assert [row["name"] for row in rows(others)] == [meant.id, meant.id.upper()]


@pytest.mark.parametrize("exception", EXCEPTIONS.values(), ids=EXCEPTIONS)
@pytest.mark.parametrize(
    "scope",
    [
        pytest.param([], id="all"),
        pytest.param(["-s", "Third"], id="neither in scope"),
        pytest.param(["--shard", "0/2"], id="a shard"),
    ],
)
@pytest.mark.parametrize(
    "command", [("audit",), ("plan", "--email", "a@contoso.com"), ("explain", "Third")]
)
def test_an_ambiguous_name_is_wrong_usage(
    azure: AzureDouble,
    run: Run,
    policy: Write,
    exception: str,
    scope: list[str],
    command: tuple[str, ...],
) -> None:
    """Wherever the name stands and whatever is in scope, the error lists both ids."""
    ids = [azure.add("Sandbox").id, azure.add("sandbox").id]
    azure.add("Third")
    file = policy(exception.format("SANDBOX"))

    ran = run(*command, *(scope if command[0] != "explain" else ()), "--policy", file)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert all(id_ in ran.err for id_ in ids)
    assert "policy.toml, line 1" in ran.err
    assert not [one for one in azure.arm_asked() if "securityContacts" in one.path]


def test_a_name_to_the_letter_is_of_one(azure: AzureDouble, run: Run, policy: Write) -> None:
    """As `-s` takes it."""
    azure.add("Sandbox")
    azure.add("sandbox")

    ran = run("audit", "-o", "json", "--policy", policy(EXCEPTIONS["waiver"].format("sandbox")))

    assert [row["verdict"] for row in rows(ran)] == ["non-compliant", "waived"]


def test_a_waiver_of_a_management_group(azure: AzureDouble, run: Run, policy: Write) -> None:
    """It covers all subscriptions under the group, at all levels, and no others."""
    inside = azure.add("Inside")
    azure.add("Outside")
    azure.group("trials")
    azure.group("deep", parent="trials", subscriptions=[inside])
    group = "/providers/Microsoft.Management/managementGroups/TRIALS"
    text = EXCEPTIONS["waiver"].replace("subscription", "management_group").format(group)

    ran = run("audit", "-o", "json", "--policy", policy(text))
    planned = run("plan", "-o", "json", "--email", "a@contoso.com", "--policy", policy(text))

    assert [row["verdict"] for row in rows(ran)] == ["waived", "non-compliant"]
    assert [row["status"] for row in json.loads(planned.out)["subscriptions"]] == [
        "waived",
        "change",
    ]


def test_a_check_whose_value_no_group_above_has_is_wrong_usage(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """It is refused once the groups are known, before any subscription is read."""
    azure.group("a", subscriptions=[azure.add("Prod")])
    azure.group("b")
    file = policy(
        '[[override]]\nmanagement_group = "a"\nchecks = ["minimum-emails"]\n'
        '[[override]]\nmanagement_group = "b"\nminimum_emails = 2\n'
    )

    ran = run("audit", "--policy", file)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert "policy.toml, line 1, override 1: the check minimum-emails has no value" in ran.err


def test_options_go_before_overrides(azure: AzureDouble, run: Run, policy: Write) -> None:
    """A check that is named replaces the others, and a value counts everywhere."""
    azure.add("Prod", contact=GOOD)
    azure.add("Own", contact=GOOD | {"notificationsByRole": {"state": "Off", "roles": []}})
    file = policy(
        'profile = "strict"\n'
        '[[override]]\nsubscription = "own"\nprofile = "strict"\nminimum_emails = 1\n'
    )
    options = ["--check", "minimum-emails", "--minimum-emails", "5"]

    found = report(run("audit", "-o", "json", "--policy", file, *options))

    said = [[one["message"] for one in row["findings"]] for row in found["subscriptions"]]
    assert said == [["1 of at least 5 addresses"]] * 2
    assert (found["profile"], found["checks"]) == (None, ["minimum-emails"])


def test_groups_of_two_tenants_are_both_asked(azure: AzureDouble, run: Run, policy: Write) -> None:
    """A group may be in one tenant only, or in both under the same id."""
    other = azure.add_tenant("fabrikam.example")
    ours = azure.add("Ours", contact=GOOD)
    theirs = azure.add("Theirs", tenant_id=other.id, contact=GOOD)
    azure.add("Loose", tenant_id=other.id, contact=GOOD)
    azure.group("sandbox", subscriptions=[ours])
    azure.group("sandbox", tenant=other.id)
    azure.group("deep", tenant=other.id, parent="sandbox", subscriptions=[theirs])
    azure.group("alone", tenant=other.id, subscriptions=[])
    strict = "minimum_emails = 2\n"
    file = policy(
        f'{SANDBOX}{strict}[[override]]\nmanagement_group = "alone"\n'
        f'checks = ["minimum-emails"]\n{strict}'
    )

    ran = run(
        *("audit", "-o", "json", "--policy", file),
        *("--tenant", azure.tenant, "--tenant", other.id),
    )

    verdicts = {row["name"]: row["verdict"] for row in rows(ran)}
    assert verdicts == {"Ours": "non-compliant", "Theirs": "non-compliant", "Loose": "compliant"}


@pytest.mark.parametrize("readable", [True, False], ids=["not there", "forbidden"])
def test_a_group_that_cannot_be_read_fails_the_run(
    azure: AzureDouble, run: Run, policy: Write, readable: bool
) -> None:
    """Otherwise its subscriptions would be judged by the wrong settings: no report, exit code 1."""
    subscription = azure.add("Prod", contact=GOOD)
    azure.groups_readable = readable

    ran = run("audit", "-o", "json", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}"))

    assert (ran.code, ran.out, asked(azure, subscription)) == (1, b"", [])
    assert "Sandbox" in ran.err


def test_the_error_of_a_group_names_the_policy(azure: AzureDouble, run: Run, policy: Write) -> None:
    """No option named that group."""
    azure.add("Prod", contact=GOOD)

    ran = run("audit", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}"))

    assert "--management-group" not in ran.err


def test_a_group_is_asked_for_once(azure: AzureDouble, run: Run, policy: Write) -> None:
    """Two overrides may name the same group."""
    azure.group("Sandbox", subscriptions=[azure.add("Prod", contact=GOOD)])
    second = SANDBOX.replace("Sandbox", "SANDBOX")

    run("audit", "--policy", policy(f"minimum_emails = 1\n{SANDBOX}{second}"))

    assert len([one for one in azure.arm_asked() if "descendants" in one.path]) == 1


def test_an_override_that_matches_nothing_is_warned_of(
    azure: AzureDouble, run: Run, policy: Write
) -> None:
    """A misspelled name would leave a subscription judged by less than was meant."""
    azure.add("Prod", contact=GOOD)

    ran = run("audit", "--policy", policy('[[override]]\nsubscription = "Prdo"\nprofile = "cis"\n'))

    assert "the override of Prdo matches no subscription in scope\n" in ran.err
    assert "override 1: no subscription is named 'Prdo' -- did you mean Prod (" in ran.err


def test_a_replay_judges_by_overrides_as_the_run_did(
    azure: AzureDouble, run: Run, policy: Write, tmp_path: Path
) -> None:
    """A recording has the groups that the overrides need."""
    azure.group("sandbox", subscriptions=[azure.add("Prod", contact=GOOD)])
    azure.add("Other")
    file = policy(f"minimum_emails = 2\n{SANDBOX}{waiver('Other')}")
    tape = str(tmp_path / "tape")

    recorded = run("audit", "-o", "json", "--policy", file, "--record", tape)
    replayed = run("audit", "-o", "json", "--policy", file, "--replay", tape)

    assert [row["verdict"] for row in rows(recorded)] == ["non-compliant", "waived"]
    assert rows(replayed) == rows(recorded)

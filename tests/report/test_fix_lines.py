"""The commands that a run prints fix everything that it found."""

import shlex
from pathlib import Path

import pytest
from azure_double import AzureDouble
from conftest import Run
from report.basic_report import V2017
from report.fix_commands import (
    OTHERS,
    SOC,
    STATES,
    contact,
    done,
    ending,
    fixes,
    organised,
    shown_in,
)

from contacts_audit.azure.contacts.records import Json
from contacts_audit.core.model import (
    Check,
)

V2020 = "2020-01-01-preview"
VALUED = {Check.REQUIRED_EMAIL, Check.ALLOWED_DOMAIN, Check.MINIMUM_EMAILS}
VALUES = ["--required-email", SOC, "--allowed-domain", "a.example", "--minimum-emails", "3"]
ASKED = [
    [],
    *(["--check", check] for check in Check if check not in {*VALUED, Check.DELIVERABLE}),
    ["--check", "required-email", "--required-email", SOC],
    ["--check", "allowed-domain", "--allowed-domain", "a.example"],
    ["--check", "minimum-emails", "--minimum-emails", "2"],
    ["--check", "owner-notified", "--check", "contact-email"],
    ["--profile", "cis", "--attack-path-level", "High"],
    ["--profile", "strict"],
    ["--profile", "strict", *VALUES],
    ["--profile", "cis", "--check", "required-email", "--required-email", SOC],
]


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_the_lines_at_the_end_fix_everything(
    run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path
) -> None:
    """Each command is accepted and changes something; after all of them the same audit passes."""
    organised(azure)
    ran = run("audit", *asked)
    assert ran.code == 3

    for line in ending(ran.err):
        done(run, line, tmp_path)

    assert run("audit", *asked).code == 0


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_the_commands_of_the_rows_fix_everything(
    run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path
) -> None:
    """They are run one by one, as from a ticket."""
    organised(azure)

    for command in fixes(run("audit", *asked, "-o", "csv").text):
        done(run, command, tmp_path)

    assert run("audit", *asked).code == 0


OLD = [
    one for one in ASKED if "attack-paths" not in one and "cis" not in one and "strict" not in one
]


@pytest.mark.parametrize("asked", OLD, ids=" ".join)
@pytest.mark.parametrize("offered", [{V2017, V2020}, {V2017}], ids=["2020", "2017"])
def test_the_lines_fix_what_older_versions_can_express(
    run: Run, azure: AzureDouble, offered: set[str], asked: list[str], tmp_path: Path
) -> None:
    """This is in a cloud that offers nothing newer."""
    azure.offered = offered
    if offered == {V2017}:
        azure.add("Nothing")
        azure.add("Silent").contacts_2017 = [older("default1", SOC, flag="Off")]
        azure.add("Elsewhere").contacts_2017 = [older("default1", OTHERS)]
        azure.add("Both").contacts_2017 = [older("default1", SOC), older("default2", OTHERS)]
    else:  # which can neither disable a contact nor map attack paths
        for name in ("Good", "Nothing", "No Address", "No Owner", "Elsewhere", "Both"):
            azure.add(name).contact = STATES[name]

    for line in ending(run("audit", *asked).err):
        done(run, line, tmp_path)

    assert run("audit", *asked).code == 0


def older(name: str, email: str, flag: str = "On") -> Json:
    """Return a contact as 2017 has it."""
    properties = {"email": email, "phone": "", "alertNotifications": flag, "alertsToAdmins": flag}
    return {"name": name, "properties": properties}


def test_the_lines_of_a_merged_report_work(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """Their blanks must be filled in; in an unknown cloud the endpoint is one."""
    for name in ("Nothing", "No Address", "Disabled", "Good"):
        azure.add(name).contact = STATES[name]
    report_file = str(tmp_path / "report.json")
    run("audit", "-q", "--report", report_file)

    for line in ending(run("merge", report_file).err):
        assert "--arm-endpoint ENDPOINT" in line
        done(run, line.replace("ENDPOINT", azure.endpoint), tmp_path)

    assert run("audit").code == 0


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "ocsf"])
def test_every_format_has_the_same_commands(run: Run, azure: AzureDouble, form: str) -> None:
    """All formats take them from one place."""
    organised(azure)
    azure.add("Closed", readable=False)
    azure.add("Unregistered", registered=False)
    asked = ["audit", "--profile", "strict", *VALUES]
    wanted = fixes(run(*asked, "-o", "csv").text)

    shown = shown_in(form, run(*asked, "-o", form).text)

    assert len(wanted) == 13
    assert {*shown} == {*wanted}


def test_addresses_of_other_domains_are_one_kind(
    run: Run, azure: AzureDouble, tmp_path: Path
) -> None:
    """One command removes them from all rows, however many there are."""
    for number in range(30):
        azure.add(f"S{number}").contact = contact(SOC, f"guest{number}@b.example")
    asked = ["audit", "--check", "allowed-domain", "--allowed-domain", "a.example"]

    (line,) = ending(run(*asked).err)
    done(run, line, tmp_path)

    assert run(*asked).code == 0


@pytest.mark.parametrize(("ones", "others"), [(60, 2), (2, 60), (60, 60)])
def test_many_of_two_kinds(run: Run, azure: AzureDouble, ones: int, others: int) -> None:
    """A command names the smaller set of subscriptions; if both are large, it takes a file."""
    for number in range(ones):
        azure.add(f"Empty{number}")
    for number in range(others):
        azure.add(f"Muted{number}").contact = contact(SOC, isEnabled=False)
    asked = ["audit", "--check", "alert-notifications"]

    first, second = map(shlex.split, ending(run(*asked).err))

    if min(ones, others) < 60:
        assert first.count("--exclude") == second.count("-s") == 2
    else:
        assert first[first.index("--subscriptions-from") + 1] == "IDS"
    assert {*first, *second} >= {"--enable", "--minimum-severity"}


def test_what_could_not_be_read_has_a_command_of_az(run: Run, azure: AzureDouble) -> None:
    """It assigns the role or registers the provider, with the id; the assignee is a blank."""
    closed, new = azure.add("Closed", readable=False), azure.add("New", registered=False)

    ran = run("audit")

    role, provider = (shlex.split(line) for line in ending(ran.err, "az"))
    assert role[1:4] == ["role", "assignment", "create"]
    assert role[role.index("--assignee") + 1] == "ASSIGNEE"
    assert role[role.index("--role") + 1] == "Security Reader"
    assert role[role.index("--scope") + 1] == f"/subscriptions/{closed.id}"
    assert provider[-2:] == ["--subscription", new.id]
    assert "ASSIGNEE = the object id" in ran.err


def test_many_that_could_not_be_read_do_not_flood(run: Run, azure: AzureDouble) -> None:
    """A few commands are printed, then the number of the others."""
    for number in range(9):
        azure.add(f"Closed{number}", readable=False)

    ran = run("audit")

    assert len(ending(ran.err, "az")) == 5
    assert "4 more are forbidden" in ran.err


def test_quiet_and_unchanged_runs_say_nothing(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """A cron mail without news stays empty."""
    azure.add("Prod")
    old = str(tmp_path / "old.json")

    assert run("audit", "-q", "--report", old).err == ""
    assert run("audit", "--only-changes", "--baseline", old).err == ""

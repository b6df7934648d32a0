"""The commands that a report prints work where they are pasted, and fix what was found."""

import csv
import io
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from azure_double import AzureDouble
from conftest import ROOT, Run, run_in
from junitparser import JUnitXml
from report.test_page import (
    HOSTILE,
    OTHER,
    REPORT,
    RUN,
    TENANT,
    V2017,
    V2023,
    everywhere,
    failing,
    page_of,
    report,
    subscription,
    unread,
)

from contacts_audit.audit import profiles
from contacts_audit.audit.checks import distinct_emails, judge
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts as read_contacts
from contacts_audit.azure.contacts.records import Json, Record, Seen
from contacts_audit.azure.contacts.write import draft
from contacts_audit.core.errors import Reason
from contacts_audit.core.model import (
    Audited,
    Check,
    Contact,
    Criteria,
    Finding,
    Profile,
    Reading,
    Wish,
)
from contacts_audit.core.model import Run as AuditRun
from contacts_audit.report import fix_command

# The command for one row


def test_a_command_for_whoever_can_mend() -> None:
    """And none for what complies, is waived or skipped."""
    commands = [fix_command.command(outcome, RUN) for outcome in REPORT.outcomes]

    assert commands == [
        None,
        f"contacts-audit apply -s {REPORT.outcomes[1].subscription.id} --email ADDRESS",
        f"contacts-audit apply -s {REPORT.outcomes[2].subscription.id} --email ADDRESS",
        "az role assignment create --assignee ASSIGNEE --role 'Security Reader' "
        f"--scope /subscriptions/{REPORT.outcomes[3].subscription.id}",
        None,
        None,
        None,
    ]


def test_a_provider_is_registered_by_az() -> None:
    """As its hint says, with the id."""
    command = fix_command.command(unread(1, "x", Reason.NOT_REGISTERED), RUN)

    assert command == (
        "az provider register --namespace Microsoft.Security "
        "--subscription 00000001-0000-4000-8000-000000000000"
    )


@pytest.mark.parametrize(
    ("run", "words"),
    [
        pytest.param(RUN, "", id="as by default"),
        pytest.param(
            replace(RUN, cloud="AzureChinaCloud"), "--cloud AzureChinaCloud ", id="another cloud"
        ),
        pytest.param(
            replace(RUN, cloud="arm.stack.example:8443"),
            "--arm-endpoint ENDPOINT ",
            id="one's own",
        ),
        pytest.param(
            replace(RUN, tenants=(OTHER, TENANT)), f"--tenant {TENANT} ", id="several tenants"
        ),
    ],
)
def test_a_report_that_was_read_names_no_host(run: AuditRun, words: str) -> None:
    """A known cloud and a tenant's id, at most: whoever wrote the file chooses no host."""
    found = failing(1, "x")

    command = fix_command.command(found, run)

    assert command == f"contacts-audit apply -s {found.subscription.id} {words}--email ADDRESS"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_azures_is_in_a_command(hostile: str) -> None:
    """Only ids, words of ours, and what was asked for."""
    for outcome in everywhere(hostile).outcomes:
        assert fix_command.command(outcome, RUN) in {
            None,
            f"contacts-audit apply -s {outcome.subscription.id} --email ADDRESS",
        }


def test_a_word_for_the_shell_is_quoted() -> None:
    """An address that was asked for may hold what a shell would run."""
    finding = Finding(Check.REQUIRED_EMAIL, "they are missing", V2023)
    wanted = Criteria(
        None,
        (finding.check,),
        required_emails=("$(id)`id`@b.example", "ü@b.example", "a\u202e@b.example"),
    )

    found = replace(failing(1, "x"), findings=(finding,), criteria=wanted)
    command = fix_command.command(found, RUN) or ""

    assert shlex.split(command)[4:] == [
        *("--email", "$(id)`id`@b.example"),
        *("--email", "ü@b.example"),
        *("--email", "ADDRESS"),
    ]


@pytest.mark.parametrize(
    ("check", "options"),
    [
        pytest.param(Check.REQUIRED_EMAIL, "--email ADDRESS", id="required"),
        pytest.param(Check.MINIMUM_EMAILS, "--email ADDRESS", id="minimum"),
        pytest.param(Check.ATTACK_PATHS, "--attack-paths LEVEL", id="attack paths"),
        pytest.param(
            Check.ALLOWED_DOMAIN,
            "--email ADDRESS --remove-email WRONG-ADDRESS-1",
            id="domain",
        ),
    ],
)
def test_what_was_asked_for_may_not_be_known(check: Check, options: str) -> None:
    """A report that is read back tells no criteria: the command has blanks, and guesses nothing."""
    finding = Finding(check, "7 of at least 9 of risk High: a@b.example", V2023)
    found = replace(failing(1, "x"), findings=(finding,))

    command = fix_command.command(found, RUN)

    assert command == f"contacts-audit apply -s {found.subscription.id} {options}"
    assert "Replace the words in capitals" in page_of(report(found))


def read(properties: Json | None, version: str) -> Reading:
    """Return what a service shows that has these *properties*."""
    items = [] if properties is None else [{"name": "default", "properties": properties}]
    body = json.dumps({"value": items}).encode()
    found = read_contacts(Answer("https://arm.example/x", 200, {}, body), version)
    return Reading(version, tuple(found))


CRITERIA = Criteria(None, tuple(Check), "High", ("soc@a.example",), ("a.example",), 3)
KNOWN: list[Json] = [
    {
        "isEnabled": enabled,
        "emails": emails,
        "notificationsByRole": {"state": state, "roles": ["Owner"]},
        "notificationsSources": sources,
    }
    for enabled in (True, False)
    for emails in ("", "x@a.example", "soc@a.example;y@b.example;z@a.example", "y@b.example")
    for state in ("On", "Off")
    for sources in (
        [],
        [{"sourceType": "Alert", "minimalSeverity": "Strange"}],
        [
            {"sourceType": "Alert", "minimalSeverity": "Low"},
            {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        ],
    )
]
CHOICES = [*([check] for check in Check), [*profiles.PROFILES[Profile.STRICT]], [*Check]]


@pytest.mark.parametrize("checks", CHOICES, ids=lambda checks: "+".join(checks[:2]))
@pytest.mark.parametrize("properties", [None, *KNOWN])
def test_the_command_mends(checks: Sequence[Check], properties: Json | None) -> None:
    """What `apply` would write, given that command and the addresses, satisfies all checks."""
    reading = read(properties, V2023)
    audited = judged(reading, checks)
    if not audited.findings:
        return

    wish = wished(fix_command.command(audited, RUN) or "", audited.contacts)
    before = () if properties is None else (Record("default", properties),)
    (step,) = draft(Seen({V2017: (), V2023: before}), wish, V2023).steps

    assert judged(read(step.after, V2023), checks).findings == ()


def judged(reading: Reading, checks: Sequence[Check]) -> Audited:
    """Return what *checks* say of *reading*."""
    judgements = (judge(check, reading, CRITERIA) for check in checks)
    findings = tuple(finding for finding in judgements if finding is not None)
    return Audited(
        subscription(1, "x"),
        reading.contacts,
        (),
        findings,
        reading.api_version,
        criteria=replace(CRITERIA, checks=tuple(checks)),
    )


def wished(command: str, contacts: Sequence[Contact]) -> Wish:
    """Return what *command* wishes, once its words in capitals are filled in."""
    words = iter(shlex.split(command)[4:])
    wrong = [one for one in distinct_emails(contacts) if not one.endswith("@a.example")]
    wish = Wish()
    for number, word in enumerate(words):
        match word:
            case "--enable":
                wish = replace(wish, enable=True)
            case "--notify-owners":
                wish = replace(wish, notify_owners=True)
            case "--minimum-severity":
                wish = replace(wish, minimum_severity=next(words))
            case "--attack-paths":
                wish = replace(wish, attack_paths=next(words))
            case "--email":
                email = next(words).replace("ADDRESS", f"new{number}@a.example")
                wish = replace(wish, emails=(*wish.emails, email))
            case "--remove-email":
                at = int(next(words).removeprefix("WRONG-ADDRESS-"))
                wish = replace(wish, remove_emails=(*wish.remove_emails, wrong[at - 1]))
            case _:
                pytest.fail(f"{word} is no option of apply")
    return wish


# From a run to its end

V2020 = "2020-01-01-preview"


def contact(*emails: str, owner: bool = True, paths: str | None = "Critical", **more: Any) -> Json:
    """Return a contact as the portal writes it, and what *more* says."""
    sources: list[Json] = [{"sourceType": "Alert", "minimalSeverity": "High"}]
    if paths is not None:
        sources.append({"sourceType": "AttackPath", "minimalRiskLevel": paths})
    return {
        "isEnabled": True,
        "emails": ";".join(emails),
        "phone": "",
        "notificationsByRole": {"state": "On" if owner else "Off", "roles": ["Owner"]},
        "notificationsSources": sources,
        **more,
    }


SOC, OTHERS = "soc@a.example", "it@b.example"
STATES: dict[str, Json | None] = {
    "Good": contact(SOC, "a@a.example", "b@a.example"),
    "Nothing": None,
    "No Address": contact(),
    "Disabled": contact("a@a.example", isEnabled=False),
    "Disabled Elsewhere": contact(OTHERS, isEnabled=False, owner=False),
    "No Owner": contact(SOC, owner=False),
    "No Alerts": contact("a@a.example", notificationsSources=[]),
    "Strange": contact(
        "a@a.example", notificationsSources=[{"sourceType": "Alert", "minimalSeverity": "Odd"}]
    ),
    "No Paths": contact("a@a.example", paths=None),
    "Elsewhere": contact(OTHERS, "Odd.One@c.example"),
    "Both": contact(SOC, OTHERS),
    "Malformed": contact("nobody", owner=False),
}
VALUED = {Check.REQUIRED_EMAIL, Check.ALLOWED_DOMAIN, Check.MINIMUM_EMAILS}
VALUES = ["--required-email", SOC, "--allowed-domain", "a.example", "--minimum-emails", "3"]
ASKED = [
    [],
    *(["--check", check] for check in Check if check not in VALUED),
    ["--check", "required-email", "--required-email", SOC],
    ["--check", "allowed-domain", "--allowed-domain", "a.example"],
    ["--check", "minimum-emails", "--minimum-emails", "2"],
    ["--check", "owner-notified", "--check", "contact-email"],
    ["--profile", "cis", "--attack-path-level", "High"],
    ["--profile", "strict"],
    ["--profile", "strict", *VALUES],
    ["--profile", "cis", "--check", "required-email", "--required-email", SOC],
]


def organised(azure: AzureDouble) -> None:
    """Let *azure* have a subscription in each of the states."""
    for name, properties in STATES.items():
        azure.add(name).contact = properties


def filled(command: str) -> list[str]:
    """Return the words of *command*, each blank of an address filled in with a new one."""
    words = shlex.split(command)
    return [f"new{at}@a.example" if word == "ADDRESS" else word for at, word in enumerate(words)]


def ending(err: str, program: str = "contacts-audit") -> list[str]:
    """Return the commands at the end of a run."""
    return re.findall(rf"^[^:]+: ({program} .*)$", err, re.MULTILINE)


def fixes(out: str) -> list[str]:
    """Return the commands of the rows of a CSV report."""
    return [row["command"] for row in csv.DictReader(io.StringIO(out)) if row["command"]]


def done(run: Run, command: str, folder: Path) -> None:
    """Paste *command*, its blanks filled in; a plan is looked at, and then applied."""
    state = ["--yes", "--state-dir", str(folder)]
    _, first, *words = filled(command)
    if first == "plan":
        planned = run("plan", *words)
        assert planned.code == 3, planned.text + planned.err
    applied = run("apply", *words, *state)
    assert applied.code == 0, applied.text + applied.err


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_the_lines_at_the_end_fix_everything(
    run: Run, azure: AzureDouble, asked: list[str], tmp_path: Path
) -> None:
    """Each is accepted, changes something, and after all of them the same audit passes."""
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
    """One by one, as a ticket has them."""
    organised(azure)

    for command in fixes(run("audit", *asked, "-o", "csv").text):
        done(run, command, tmp_path)

    assert run("audit", *asked).code == 0


OLD = [
    one for one in ASKED if "attack-paths" not in one and "cis" not in one and "strict" not in one
]


@pytest.mark.parametrize("asked", OLD, ids=" ".join)
@pytest.mark.parametrize("offered", [{V2017, V2020}, {V2017}], ids=["2020", "2017"])
def test_the_lines_fix_what_older_versions_can_say(
    run: Run, azure: AzureDouble, offered: set[str], asked: list[str], tmp_path: Path
) -> None:
    """Where the cloud offers nothing newer."""
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
    """Once their blanks are filled in: of a cloud that is not known, the endpoint is one."""
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
    """They come from one place, whatever the reader is."""
    organised(azure)
    azure.add("Closed", readable=False)
    azure.add("Unregistered", registered=False)
    asked = ["audit", "--profile", "strict", *VALUES]
    wanted = fixes(run(*asked, "-o", "csv").text)

    shown = shown_in(form, run(*asked, "-o", form).text)

    assert len(wanted) == 13
    assert {*shown} == {*wanted}


def shown_in(form: str, out: str) -> list[str]:
    """Return the commands of the rows of a report of this *form*."""
    match form:
        case "markdown":
            return re.findall(r"`((?:contacts-audit|az) [^`]*)` \|", out)
        case "html":
            return [unescape(one) for one in re.findall(r'class="command"[^>]*>(.*?)</code>', out)]
        case "junit":
            (suite,) = JUnitXml.fromstring(out.encode())
            texts = (str(result.text) for case in suite for result in case.result)
            return re.findall(r"^fix: (.*)$", "\n".join(texts), re.MULTILINE)
    found = [one["remediation"]["desc"] for one in json.loads(out) if "remediation" in one]
    return [re.sub("^.*: (?=az )", "", one) for one in found]


@pytest.fixture
def scoped(azure: AzureDouble, tmp_path: Path) -> dict[str, list[str]]:
    """Return each way to choose Here and There, and not Out, which fails as well."""
    here, there = azure.add("Here"), azure.add("There -- it's")
    azure.add("Out")
    there.contact = contact("a@a.example", isEnabled=False)
    azure.group("team", subscriptions=[here, there])
    file = tmp_path / "list of mine.txt"
    file.write_text(f"Here\n{there.id}\n")
    return {
        "names": ["-s", "Here", "-s", "There -- it's"],
        "file": ["--subscriptions-from", str(file)],
        "group": ["--management-group", "team"],
        "exclude": ["--exclude", "Out"],
        "tenant": ["--tenant", azure.tenant, "--exclude", "Out"],
    }


@pytest.mark.parametrize("way", ["names", "file", "group", "exclude", "tenant"])
def test_the_scope_is_repeated_as_it_was_given(
    run: Run, azure: AzureDouble, scoped: dict[str, list[str]], way: str, tmp_path: Path
) -> None:
    """Every line holds it, and nothing beyond it is written."""
    asked = ["audit", "--check", "alert-notifications", *scoped[way]]
    ran = run(*asked)

    lines = ending(ran.err)
    for line in lines:
        assert shlex.join(scoped[way]) in line or way == "tenant"
        assert {*scoped[way]} <= {*shlex.split(line)}
        done(run, line, tmp_path)

    assert len(lines) == 2
    assert run(*asked).code == 0
    assert {asked.path.split("/")[2] for asked in azure.writes()} == {
        one.id for one in azure.subscriptions[:2]
    }


def test_a_shard_is_repeated_by_its_number(run: Run, azure: AzureDouble) -> None:
    """It may have come from a variable that the next shell lacks."""
    for number in range(20):
        azure.add(f"S{number}")

    ran = run("audit", "--shard", "auto/3", JOB_COMPLETION_INDEX="1")

    (line,) = ending(ran.err)
    assert "--shard 1/3" in line
    assert run(*filled(line)[1:]).err.split()[0] == ran.err.split()[0]


def test_what_variables_said_is_repeated_too(run: Run, azure: AzureDouble) -> None:
    """The command works in a shell without them."""
    azure.add("Prod").contact = contact(SOC, owner=False)
    azure.add("Other")

    ran = run("audit", CONTACTS_AUDIT_PROFILE="cis", CONTACTS_AUDIT_SUBSCRIPTION="Prod")

    (line,) = ending(ran.err)
    words = shlex.split(line)
    assert words[:7] == [
        "contacts-audit",
        "plan",
        "--failing-only",
        "-s",
        "Prod",
        "--profile",
        "cis",
    ]
    assert words[words.index("--arm-endpoint") + 1] == azure.endpoint
    assert words[words.index("--ca-bundle") + 1] == str(azure.ca)
    assert words[-1] == "--notify-owners"


def test_stdin_cannot_be_read_twice(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """What it chose is named by ids; a policy that it held is a blank."""
    azure.add("Prod")
    azure.add("Other")
    policy_file = b'profile = "cis"\n'

    scope = ending(run("audit", "--subscriptions-from", "-", stdin=b"Prod\n").err)
    judged = ending(run("audit", "-s", "Prod", "--policy", "-", stdin=policy_file).err)

    assert f"--failing-only -s {azure.subscriptions[0].id} --arm-endpoint" in scope[0]
    assert "--policy FILE" in judged[0]
    done(run, scope[0], tmp_path)
    assert run("audit", "-s", "Prod").code == 0


def test_the_policy_decides_what_is_needed(run: Run, azure: AzureDouble, tmp_path: Path) -> None:
    """Overrides and waivers, too: a line that judges by the same file, from where it stands."""
    organised(azure)
    policy_file = tmp_path / "my policy.toml"
    policy_file.write_text(
        'profile = "strict"\nallowed_domains = ["a.example"]\n'
        '[[override]]\nsubscription = "Elsewhere"\nallowed_domains = ["b.example"]\n'
        '[[waiver]]\nsubscription = "Nothing"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    asked = ["audit", "--policy", str(policy_file)]

    for line in ending(run(*asked).err):
        assert shlex.join(asked[1:]) in line
        done(run, line, tmp_path)

    assert run(*asked).code == 0
    assert azure.subscriptions[1].contact is None


def test_addresses_of_other_domains_are_one_kind(
    run: Run, azure: AzureDouble, tmp_path: Path
) -> None:
    """However many there are: what a row does not have cannot be taken from it."""
    for number in range(30):
        azure.add(f"S{number}").contact = contact(SOC, f"guest{number}@b.example")
    asked = ["audit", "--check", "allowed-domain", "--allowed-domain", "a.example"]

    (line,) = ending(run(*asked).err)
    done(run, line, tmp_path)

    assert run(*asked).code == 0


@pytest.mark.parametrize(("ones", "others"), [(60, 2), (2, 60), (60, 60)])
def test_many_of_two_kinds(run: Run, azure: AzureDouble, ones: int, others: int) -> None:
    """A line names what it takes fewer words to name; where both are many, a file does."""
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
    """The role and the provider, each with its id; a blank for who is to get the role."""
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
    """A few commands, and how many more there are."""
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


CONTOSO = ROOT / "fixtures/contoso"


def test_a_recording_is_named_and_chooses_nothing(tmp_path: Path) -> None:
    """Its hosts and addresses may be a stranger's: the command says where it leads by itself."""
    asked = ["--check", "allowed-domain", "--allowed-domain", "a.example"]

    ran = run_in({}, "audit", "--replay", str(CONTOSO), *asked)
    page = run_in({}, "audit", "--replay", str(CONTOSO), *asked, "-o", "html").text

    for line in ending(ran.err):
        words = shlex.split(line)
        assert "--replay" not in words
        assert {word for word in words if "@" in word or "://" in word} == set()
        assert words[-1].startswith("WRONG-ADDRESS-")
    said = "From a recording: the commands here talk to https://management.azure.com, not to it."
    assert said in ran.err
    assert said in page


def test_a_recording_is_left_for_the_cloud_of_the_options() -> None:
    """They are the run's own."""
    ran = run_in({}, "audit", "--replay", str(CONTOSO), "--cloud", "AzureUSGovernment")

    assert "talk to https://management.usgovcloudapi.net" in ran.err
    assert all("--cloud AzureUSGovernment" in line for line in ending(ran.err))


@pytest.mark.parametrize("form", ["table", "html", "csv", "junit", "markdown", "ocsf"])
def test_a_merged_report_chooses_no_host(tmp_path: Path, form: str) -> None:
    """Whoever wrote it: neither cloud nor tenant nor address of it leads anywhere."""
    evil, name = "evil.example", str(tmp_path / "evil.json")
    run_in({}, "audit", "--replay", str(CONTOSO), "-q", "--report", name)
    document = json.loads(Path(name).read_text())
    document |= {"cloud": evil, "tenants": [evil, "other"]}
    for row in document["subscriptions"]:
        row["tenant_id"] = evil
        for finding in row["findings"]:
            finding["check"] = "allowed-domain"
    Path(name).write_text(json.dumps(document))

    ran = run_in({}, "merge", name, "-o", form)

    commands = [
        *ending(ran.err),
        *(fixes(ran.text) if form == "csv" else shown_in_any(form, ran.text)),
    ]
    assert commands
    assert not any(evil in command for command in commands)
    assert all("--arm-endpoint ENDPOINT" in command for command in commands if command[:2] != "az")


def shown_in_any(form: str, out: str) -> list[str]:
    """Return the commands of a report of this *form*, none of a table."""
    return [] if form == "table" else shown_in(form, out)

"""The command for one row holds no text from Azure, and makes its checks pass."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace

import pytest
from report.basic_report import TENANT, V2017, V2023
from report.fix_commands import judged
from report.page_report import (
    HOSTILE,
    OTHER,
    REPORT,
    RUN,
    everywhere,
    failing,
    page_of,
    report,
    unread,
)

from contacts_audit.audit import profiles
from contacts_audit.audit.checks import distinct_emails
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.read import contacts as read_contacts
from contacts_audit.azure.contacts.records import Json, Record, Snapshot
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.errors import Reason
from contacts_audit.core.model import (
    Change,
    Check,
    Contact,
    Criteria,
    Finding,
    Profile,
    Reading,
)
from contacts_audit.core.model import Run as AuditRun
from contacts_audit.report import fix_command


def test_who_gets_a_command() -> None:
    """Rows that comply, are waived or are skipped get none."""
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
    """The command is that of the hint, with the id."""
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
            RUN._replace(cloud="AzureChinaCloud"), "--cloud AzureChinaCloud ", id="another cloud"
        ),
        pytest.param(
            RUN._replace(cloud="arm.stack.example:8443"),
            "--arm-endpoint ENDPOINT ",
            id="one's own",
        ),
        pytest.param(
            RUN._replace(tenants=(OTHER, TENANT)), f"--tenant {TENANT} ", id="several tenants"
        ),
    ],
)
def test_a_report_that_was_read_names_no_host(run: AuditRun, words: str) -> None:
    """A report from a file names at most a known cloud and a tenant id."""
    found = failing(1, "x")

    command = fix_command.command(found, run)

    assert command == f"contacts-audit apply -s {found.subscription.id} {words}--email ADDRESS"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_from_azure_is_in_a_command(hostile: str) -> None:
    """It holds only ids, our own words, and the options of the run."""
    for outcome in everywhere(hostile).outcomes:
        assert fix_command.command(outcome, RUN) in {
            None,
            f"contacts-audit apply -s {outcome.subscription.id} --email ADDRESS",
        }


def test_a_word_for_the_shell_is_quoted() -> None:
    """An address from an option may hold characters that a shell would run."""
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
        pytest.param(
            Check.DELIVERABLE,
            "--email ADDRESS --remove-email WRONG-ADDRESS-1",
            id="deliverable",
        ),
    ],
)
def test_unknown_criteria_are_left_blank(check: Check, options: str) -> None:
    """A report from a file has no criteria: its commands have blanks, and guess nothing."""
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
def test_the_command_makes_all_checks_pass(
    checks: Sequence[Check], properties: Json | None
) -> None:
    """What `apply` would write, with the blanks filled in, passes all checks."""
    reading = read(properties, V2023)
    audited = judged(reading, checks)
    if not audited.findings:
        return

    change = wished(fix_command.command(audited, RUN) or "", audited.contacts)
    before = () if properties is None else (Record("default", properties),)
    (step,) = writes_for(Snapshot({V2017: (), V2023: before}), change, V2023).steps

    assert judged(read(step.after, V2023), checks).findings == ()


def wished(command: str, contacts: Sequence[Contact]) -> Change:
    """Return what *command* wishes, once its words in capitals are filled in."""
    words = iter(shlex.split(command)[4:])
    wrong = [one for one in distinct_emails(contacts) if not one.endswith("@a.example")]
    change = Change()
    for number, word in enumerate(words):
        match word:
            case "--enable":
                change = change._replace(enable=True)
            case "--notify-owners":
                change = change._replace(notify_owners=True)
            case "--minimum-severity":
                change = change._replace(minimum_severity=next(words))
            case "--attack-paths":
                change = change._replace(attack_paths=next(words))
            case "--email":
                email = next(words).replace("ADDRESS", f"new{number}@a.example")
                change = change._replace(emails=(*change.emails, email))
            case "--remove-email":
                at = int(next(words).removeprefix("WRONG-ADDRESS-"))
                change = change._replace(remove_emails=(*change.remove_emails, wrong[at - 1]))
            case _:
                pytest.fail(f"{word} is no option of apply")
    return change

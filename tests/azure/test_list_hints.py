"""The hint of a list that cannot be read names what is missing for that list, and what shows it."""

import json
import re
from pathlib import Path

import pytest
from azure.rows import GOOD
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Run

from contacts_audit.core.errors import HINTS

LIST, GROUP, PERMISSIONS = "GET /subscriptions?", "/descendants?", "/permissions?"
FORBIDDEN = faults.arm_error(403, "AuthorizationFailed", "No.")
GONE = faults.arm_error(404, "NotFound", "No.")
BROKEN = faults.answer(b'{"value": 5, "why": "odd"}')
ASTRAY = faults.answer(b'{"value":[],"nextLink":"https://evil.example/","why":"odd"}')
COMMANDS = [
    pytest.param([*words], id=words[0])
    for words in (
        ("audit",),
        ("emails",),
        ("fetch",),
        ("explain", "Prod"),
        ("doctor",),
        ("plan", "--email", "a@x.io"),
        ("apply", "--email", "a@x.io", "--yes"),
    )
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_forbidden_list_names_its_own_action(
    azure: AzureDouble, run: Run, command: list[str], tmp_path: Path
) -> None:
    """It is not the action that reads contacts."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail(LIST, FORBIDDEN)

    ran = run(*command, CONTACTS_AUDIT_STATE_DIR=str(tmp_path))

    told = ran.err + ran.text
    assert ran.code == 1
    assert "the role Reader on a subscription (action Microsoft.Resources/subscriptions/read)" in (
        told
    )
    assert "securityContacts" not in told


@pytest.mark.parametrize("fault", [BROKEN, ASTRAY], ids=["malformed", "paging"])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_in_the_hint_shows_the_list(
    azure: AzureDouble, run: Run, command: list[str], fault: Fault, tmp_path: Path
) -> None:
    """`fetch` reads the same list first, and could not. The same command with --record can."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail(LIST, fault)
    folder, state = tmp_path / "recorded", str(tmp_path / "state")

    ran = run(*command, CONTACTS_AUDIT_STATE_DIR=state)
    run(*command, "--record", str(folder), CONTACTS_AUDIT_STATE_DIR=state)

    told = ran.err + ran.text
    assert ran.code == 1
    assert "run the same command with --record DIR" in told
    assert "contacts-audit fetch" not in told
    assert any("odd" in path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize(
    ("fault", "told", "not_told"),
    [
        (GONE, "check --cloud and --arm-endpoint", "still exists"),
        (faults.arm_error(401, "InvalidAuthenticationToken", "No."), "--tenant", "subscription"),
        (faults.throttle(600), "with a larger --budget", "--workers"),
        (faults.arm_error(409, "MissingSubscriptionRegistration", "No."), "Azure's", "SUBSCR"),
        (faults.answer(b"x", {"Content-Encoding": "br"}), "HTTPS_PROXY", "fetch"),
    ],
    ids=["404", "401", "429", "not registered", "encoded"],
)
def test_a_hint_is_about_the_list(
    azure: AzureDouble, run: Run, fault: Fault, told: str, not_told: str
) -> None:
    """No hint speaks of one subscription where their list could not be read."""
    azure.fail(LIST, fault)

    ran = run("audit")

    hint = ran.err.split(" -- ")[1]
    assert ran.code == 1
    assert told in hint
    assert not_told not in hint


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (FORBIDDEN, "Reader on it (action Microsoft.Management/managementGroups/descendants/read"),
        (GONE, "check its id"),
        (BROKEN, "--record DIR"),
        (ASTRAY, "--record DIR"),
    ],
    ids=["forbidden", "not found", "malformed", "paging"],
)
def test_a_management_group_has_hints_of_its_own(
    azure: AzureDouble, run: Run, fault: Fault, told: str
) -> None:
    """Its action is another one, which the role Management Group Reader does not have."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.group("root", subscriptions=azure.subscriptions)
    azure.fail(GROUP, fault)

    ran = run("fetch", "--management-group", "root")

    assert ran.code == 1
    assert told in ran.err.split(" -- ")[1]
    assert "contacts-audit fetch" not in ran.err


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (FORBIDDEN, "Reader on the subscription (action Microsoft.Authorization/permissions/read)"),
        (BROKEN, "--record DIR"),
    ],
    ids=["forbidden", "malformed"],
)
def test_the_list_of_permissions_has_hints_of_its_own(
    azure: AzureDouble, run: Run, fault: Fault, told: str
) -> None:
    """Only `doctor` reads it."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail(PERMISSIONS, fault)

    checks = json.loads(run("doctor", "-o", "json").out)["checks"]

    (written,) = (each for each in checks if each["name"] == "write permission")
    assert told in written["hint"]


@pytest.mark.parametrize("fault", [BROKEN, ASTRAY], ids=["malformed", "paging"])
def test_the_hint_of_a_body_is_a_command_that_prints_it(
    azure: AzureDouble, run: Run, fault: Fault
) -> None:
    """`doctor` and `audit` name id and version: at another version the body may be sound."""
    one = azure.add("Prod", contacts_2017=[])
    azure.fail("api-version=2023-12-01-preview", fault)

    audited = run("audit", "--check", "attack-paths")
    checks = json.loads(run("doctor", "-o", "json").out)["checks"]

    (diagnosed,) = (each["hint"] for each in checks if each["name"].startswith("read 2023"))
    for hint in (audited.err, diagnosed):
        (command,) = re.findall("'contacts-audit (fetch .*?)'", hint)
        assert command == f"fetch -s {one.id} --api-version 2023-12-01-preview"
        assert b'"odd"' in run(*command.split()).out


@pytest.mark.parametrize("fault", [BROKEN, ASTRAY, faults.status(204)], ids=["1", "2", "204"])
@pytest.mark.parametrize("more", [[], ["--jsonl"]], ids=["plain", "jsonl"])
def test_fetch_does_not_suggest_itself(
    azure: AzureDouble, run: Run, fault: Fault, more: list[str]
) -> None:
    """What it could not print, it could not print the second time."""
    azure.add("Prod")
    azure.fail("securityContacts", fault)

    ran = run("fetch", *more)

    if fault is not BROKEN:  # that is JSON, and `fetch` judges no more
        assert (ran.code, ran.err.count("--record DIR")) == (4, 1)
    assert "contacts-audit fetch" not in ran.err


def test_a_version_that_a_shell_would_read_is_left_out(azure: AzureDouble, run: Run) -> None:
    """A nextLink comes from the network; nothing of it gets into a command unread."""
    one = azure.add("Prod")
    link = f"{azure.endpoint}/subscriptions/{one.id}/providers/Microsoft.Security/securityContacts"
    pages = [
        json.dumps({"value": [], "nextLink": f"{link}?api-version=';reboot;'"}).encode(),
        b"[5",
    ]
    azure.fail("securityContacts", faults.sequence(*map(faults.answer, pages)))

    ran = run("emails")

    assert f"'contacts-audit fetch -s {one.id}'" in ran.err
    assert "reboot" not in ran.err


def test_only_the_id_is_filled_in_by_a_row() -> None:
    """A hint is also given where no answer is known, as in a replay and in a merged report."""
    words = {word for hint in HINTS.values() for word in re.findall(r"\b[A-Z_]{6,}\b", hint)}

    assert words <= {"SUBSCRIPTION_ID", "HTTPS_PROXY", "NO_PROXY"}

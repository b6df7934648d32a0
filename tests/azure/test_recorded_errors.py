"""Commands handle the recorded shapes of errors."""

import json
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults, recorded
from azure_double.exchange import Fault
from conftest import Run

LONG = "Operation is at work. The call can be retried in 300 seconds."


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(recorded.subscription_throttled(300), id="subscription"),
        pytest.param(recorded.resource_throttled(300), id="resource"),
        pytest.param(recorded.conflicting(300), id="in its details"),
        pytest.param(recorded.conflicting(300, pretty=True), id="in its details, on many lines"),
        pytest.param(recorded.capital(429, "429", LONG), id="Code and Message"),
        pytest.param(recorded.bare(429, "Conflict", LONG), id="without an envelope"),
    ],
)
@pytest.mark.parametrize(
    ("command", "match"),
    [
        (("audit", "-o", "json"), "securityContacts"),
        (("fetch",), "securityContacts"),
        (("emails",), "securityContacts"),
        (("explain", "Prod"), "securityContacts"),
        (("plan", "--email", "a@contoso.com"), "securityContacts"),
        (("doctor",), "securityContacts"),
        (("audit",), "GET /subscriptions?"),
        (("audit", "--auth-timeout", "9"), "/oauth2/v2.0/token"),
    ],
)
def test_a_wait_beyond_the_budget_ends_at_once(
    azure: AzureDouble, run: Run, fault: Fault, command: tuple[str, ...], match: str
) -> None:
    """Wherever the seconds are in a message. One request is made, and the row shows them."""
    azure.add("Prod")
    azure.fail(match, fault)

    ran = run(*command, "--budget", "9", "--deadline", "20")

    targets = [asked.target for asked in azure.asked if match in asked.line]
    assert "asked to wait 300 s" in ran.err + ran.text
    assert ran.code in (1, 4)
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("seconds", [1, 2])
def test_the_seconds_in_a_message_are_waited_for(
    azure: AzureDouble, run: Run, seconds: int
) -> None:
    """Then the request is repeated, and the row is read."""
    azure.add("Prod", contact={"emails": "a@contoso.com"})
    azure.fail("securityContacts", recorded.conflicting(seconds), times=1)

    ran = run("audit", "-o", "json", "--budget", "9")

    assert (ran.code, json.loads(ran.out)["summary"]["compliant"]) == (0, 1)


BODY = {"HttpStatusCode": 400, "ErrorCode": "Not Today", "Message": "The rule says no"}


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "markdown", "html", "junit", "ocsf"])
def test_the_message_of_azure_is_in_every_report(azure: AzureDouble, run: Run, format: str) -> None:
    """With its code, for each shape of an error."""
    azure.add("Prod")
    azure.fail("securityContacts", faults.status(400, BODY))

    ran = run("audit", "-o", format)

    assert ran.code == 4
    assert "The rule says no" in ran.text
    assert "Not Today" in ran.text


@pytest.mark.parametrize(
    ("command", "match", "code"),
    [
        (("fetch",), "securityContacts", 4),
        (("emails",), "securityContacts", 4),
        (("explain", "Prod"), "securityContacts", 4),
        (("doctor",), "securityContacts", 1),
        (("plan", "--email", "a@contoso.com"), "securityContacts", 4),
        (("apply", "--email", "a@contoso.com", "--yes", "--state-dir", "STATE"), "PUT ", 5),
        (("audit",), "GET /subscriptions?", 1),
        (("audit", "--management-group", "all"), "/descendants?", 1),
    ],
)
def test_the_message_of_azure_is_in_every_command(
    azure: AzureDouble,
    run: Run,
    tmp_path: Path,
    command: tuple[str, ...],
    match: str,
    code: int,
) -> None:
    """For each refused request."""
    azure.group("all", subscriptions=[azure.add("Prod")])
    azure.fail(match, faults.status(400, BODY))

    ran = run(*(str(tmp_path) if word == "STATE" else word for word in command))

    assert ran.code == code
    assert "The rule says no" in ran.text + ran.err
    assert "Not Today" in ran.text + ran.err

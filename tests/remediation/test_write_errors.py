"""What `apply` does when a write fails."""

import json
from itertools import pairwise

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, Fault
from remediation.workspace import (
    CHANGE,
    Workspace,
    message,
    portal_contact,
    puts,
    refusal,
    requests_for,
    result_statuses,
)

FAULTS: dict[str, tuple[Fault, int | None, str, int, bool]] = {
    # name: the fault, how often, the status, how many PUTs, whether it is written at the end
    "reset after": (faults.applied(faults.reset()), 1, "done", 1, True),
    "reset before": (faults.reset(), 1, "done", 2, True),
    "reset before, always": (faults.reset(), None, "failed", 2, False),
    "closed before": (faults.close(), 1, "done", 2, True),
    "hangs after": (faults.applied(faults.hang()), 1, "done", 1, True),
    "hangs before": (faults.hang(), 1, "done", 2, True),
    "cut after the status": (faults.cut_after_status(), 1, "done", 1, True),
    "cut in the headers": (faults.cut_headers(), 1, "done", 1, True),
    "cut in the body": (faults.cut_body(5), 1, "done", 1, True),
    "500 after": (faults.applied(refusal(500, "Oops")), 1, "done", 1, True),
    "500 before": (refusal(500, "Oops"), 1, "done", 2, True),
    "500 always": (refusal(500, "Oops"), None, "failed", 2, False),
    "502 after": (faults.applied(faults.html(502)), 1, "done", 1, True),
    "504 before": (refusal(504, "GatewayTimeout"), 1, "done", 2, True),
    "408 before": (refusal(408, "Timeout"), 1, "done", 2, True),
    "503 once": (refusal(503, "Busy"), 1, "done", 2, True),
    "503, for too long": (
        faults.arm_error(503, "Busy", "Later.", {"Retry-After": "1000"}),
        None,
        "failed",
        1,
        False,
    ),
    "429 with milliseconds": (
        faults.throttle(headers={"Retry-After-ms": "50"}),
        2,
        "done",
        3,
        True,
    ),
    "429, for too long": (faults.throttle(1000), None, "failed", 1, False),
    "400": (refusal(400, "InvalidInputJson"), None, "refused", 1, False),
    "403 of a policy": (refusal(403, "RequestDisallowedByPolicy"), None, "refused", 1, False),
    "404": (refusal(404, "SubscriptionNotFound"), None, "refused", 1, False),
    "409": (refusal(409, "Conflict"), None, "conflict", 1, False),
    "409, read-only": (refusal(409, "ReadOnlyDisabledSubscription"), None, "refused", 1, False),
    "403, read-only": (refusal(403, "ReadOnlyDisabledSubscription"), None, "refused", 1, False),
    "409, locked": (refusal(409, "ScopeLocked"), None, "refused", 1, False),
    "412": (refusal(412, "PreconditionFailed"), None, "conflict", 1, False),
    "401 once": (refusal(401, "ExpiredAuthenticationToken"), 1, "done", 2, True),
    "401 always": (refusal(401, "InvalidAuthenticationToken"), None, "refused", 2, False),
    "301": (faults.redirect(301, "https://localhost:1/x"), None, "failed", 1, False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_put_that_goes_wrong(azure: AzureDouble, workspace: Workspace, name: str) -> None:
    """A write is sent twice at most, after a lost answer only if nothing changed."""
    fault, times, expected, sent, written = FAULTS[name]
    subscription = azure.add("Prod")
    azure.fail("PUT", fault, times=times)

    ran = workspace.apply(*CHANGE, "--timeout", "2", "--budget", "8")

    assert (result_statuses(ran), len(azure.writes())) == ([expected], sent), ran.text
    assert (ran.code, subscription.contact is not None) == (0 if written else 5, written)
    assert (message(ran) == "None") is (expected == "done")
    assert ("PUT", "PUT") not in pairwise(requests_for(azure, subscription))


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_body_follows_no_redirect(azure: AzureDouble, workspace: Workspace, status: int) -> None:
    """The body goes to no other host, and a redirected GET is not success."""
    azure.add("Prod")
    elsewhere = f"{azure.endpoint}/elsewhere"
    azure.fail("PUT", faults.redirect(status, elsewhere))

    ran = workspace.apply(*CHANGE)

    assert (ran.code, result_statuses(ran), len(azure.writes())) == (5, ["failed"], 1)
    assert not [asked for asked in azure.asked if "elsewhere" in asked.path]
    assert azure.unknown == []


def test_retry_after_is_honoured(azure: AzureDouble, workspace: Workspace) -> None:
    """The second PUT comes as late as Azure asks, and not earlier."""
    azure.add("Prod")
    azure.fail("PUT", faults.throttle(1), times=1)

    ran = workspace.apply(*CHANGE)

    first, second = azure.writes()
    assert result_statuses(ran) == ["done"]
    assert second.at - first.at >= 1


def test_who_may_read_but_not_write_is_told_which_role_is_missing(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The line has Azure's message and the missing action; the others are done."""
    azure.add("Mine", writable=False)
    azure.add("Good")

    ran = workspace.apply(*CHANGE)

    rows = json.loads(ran.out)["subscriptions"]
    assert (ran.code, result_statuses(ran)) == (5, ["refused", "done"])
    assert "Microsoft.Security/securityContacts/write" in rows[0]["message"]


def test_a_lost_answer_and_somebody_else_s_change_are_a_conflict(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """A second PUT would overwrite a change by somebody else."""
    subscription = azure.add("Prod")
    theirs = portal_contact("portal@contoso.com")

    def change() -> None:
        subscription.contact = theirs

    async def fault(exchange: Exchange) -> None:
        change()
        exchange.reset()

    azure.fail("PUT", fault)

    ran = workspace.apply(*CHANGE)

    assert (ran.code, result_statuses(ran), len(azure.writes())) == (5, ["conflict"], 1)
    assert subscription.contact is theirs


def test_a_lost_answer_that_cannot_be_read_back_is_unknown(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The status is `unknown`, as in the journal; the next run reads again."""
    subscription = azure.add("Prod")

    async def fault(exchange: Exchange) -> None:
        subscription.readable = False
        exchange.reset()

    azure.fail("PUT", fault, times=1)

    ran = workspace.apply(*CHANGE)
    events = [line["event"] for line in workspace.journal()]
    subscription.readable = True
    again = workspace.apply(*CHANGE)

    assert (ran.code, result_statuses(ran), events[-1]) == (5, ["unknown"], "unknown")
    assert (again.code, result_statuses(again)) == (0, ["done"])


def test_three_failures_in_a_row_stop_the_rest(azure: AzureDouble, workspace: Workspace) -> None:
    """The others are not sent; the same command does the rest later."""
    subscriptions = [azure.add(f"S{number}") for number in range(6)]
    azure.fail("PUT", faults.throttle(1000), times=3)

    ran = workspace.apply(*CHANGE)
    written = puts(azure)
    again = workspace.apply(*CHANGE)

    assert (ran.code, result_statuses(ran)) == (5, ["failed"] * 3 + ["not-sent"] * 3)
    assert written == [subscription.id for subscription in subscriptions[:3]]
    assert (again.code, result_statuses(again)) == (0, ["done"] * 6)


def test_a_success_between_failures_is_no_row(azure: AzureDouble, workspace: Workspace) -> None:
    """Two fail, one is done, two fail: the sixth is still written."""
    for number in range(6):
        azure.add(f"S{number}")
    no = faults.throttle(1000)
    azure.fail("PUT", faults.sequence(no, no, None, no, no))

    ran = workspace.apply(*CHANGE)

    assert result_statuses(ran) == ["failed", "failed", "done", "failed", "failed", "done"]


def test_a_write_that_is_throttled_to_the_end_says_so(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The message says what took the time, not that no time was left."""
    azure.add("Prod")
    azure.fail("PUT", faults.throttle("0.05"))
    azure.fail(lambda asked: asked.method == "GET" and bool(azure.writes()), faults.slow(0.6))

    ran = workspace.apply(*CHANGE, "--budget", "1.5")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["status"]) == (5, "failed")
    assert "429" in row["message"]
    assert "was not changed" in row["message"]
    assert "no time was left" not in row["message"]

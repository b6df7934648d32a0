"""What goes wrong between us and Azure, over real sockets: rows and requests."""

import gzip
import json
import time
import zlib
from typing import Any

import pytest
import requests
from azure_double import AzureDouble, faults
from conftest import Run, run_in, surroundings
from requests.adapters import BaseAdapter

from contacts_audit.azure.arm.transport import Transport, prepared
from contacts_audit.core.errors import AzureError

V2017 = "2017-08-01-preview"
GOOD = [
    {
        "name": "default1",
        "properties": {
            "email": "a@contoso.com",
            "alertNotifications": "On",
            "alertsToAdmins": "On",
        },
    }
]


def three(azure: AzureDouble) -> str:
    """Fill *azure* with a subscription between two neighbours, and return the id of the middle."""
    for name in ("Left", "Middle", "Right"):
        azure.add(name, contacts_2017=GOOD)
    return azure.subscriptions[1].id


def middle_of(azure: AzureDouble, run: Run, *arguments: str) -> dict[str, Any]:
    """Return the middle row; its neighbours must be right, whatever happened to it."""
    ran = run("audit", "-o", "json", *arguments)
    left, middle, right = json.loads(ran.out)["subscriptions"]
    assert (left["verdict"], right["verdict"]) == ("compliant", "compliant")
    assert ran.code == (0 if middle["verdict"] == "compliant" else 4)
    found: dict[str, Any] = middle
    return found


def test_a_wait_beyond_the_budget_is_not_begun(azure: AzureDouble, run: Run) -> None:
    """The row ends at once, and says what was asked for."""
    azure.fail(three(azure), faults.throttle("3600"))

    began = time.monotonic()
    row = middle_of(azure, run, "--budget", "60")

    assert "3600 s" in row["error"]["message"]
    assert time.monotonic() - began < 30


BODY = json.dumps(
    {"value": [{"name": "default1", "type": "Microsoft.Security/securityContacts", **GOOD[0]}]}
).encode()
HALVES = gzip.compress(BODY[:40]) + gzip.compress(BODY[40:])
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
RAW_DEFLATE = RAW.compress(BODY) + RAW.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", HALVES, id="gzip in two members"),
        pytest.param("x-gzip", gzip.compress(BODY), id="gzip by its old name"),
        pytest.param("gzip", gzip.compress(BODY) + b"\0" * 8, id="gzip with padding behind it"),
        pytest.param("deflate", zlib.compress(BODY), id="deflate with zlib's head"),
        pytest.param("deflate", RAW_DEFLATE, id="raw deflate"),
        pytest.param("Identity", BODY, id="identity"),
        pytest.param("deflate, gzip", gzip.compress(RAW_DEFLATE), id="one in the other"),
    ],
)
def test_a_body_is_unpacked_as_curl_does(
    azure: AzureDouble, run: Run, encoding: str, body: bytes
) -> None:
    """An answer that is packed although we did not ask for that is read to its end."""
    azure.fail(three(azure), faults.answer(body, {"Content-Encoding": encoding}))

    row = middle_of(azure, run)

    assert (row["verdict"], row["emails"]) == ("compliant", ["a@contoso.com"])


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        pytest.param("gzip", HALVES[:-12], "truncated", id="the second member is cut"),
        pytest.param("deflate", RAW_DEFLATE[:-4], "truncated", id="raw deflate is cut"),
        pytest.param("deflate", b"\xff" * 40, "malformed", id="no deflate"),
        pytest.param("br", BODY, "malformed", id="an encoding that we do not know"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_no_answer(
    azure: AzureDouble, run: Run, encoding: str, body: bytes, reason: str
) -> None:
    """Part of a list is never taken for the whole."""
    azure.fail(three(azure), faults.answer(body, {"Content-Encoding": encoding}))

    row = middle_of(azure, run, "--budget", "2")

    assert (row["verdict"], row["error"]["reason"]) == ("unreadable", reason)


class Unasked(BaseAdapter):
    """Fails where anything is asked."""

    def send(self, *given: object, **more: object) -> requests.Response:
        """Fail."""
        raise AssertionError("it was asked")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://localhost/", id="not https"),
        pytest.param("https://user:hunter2@localhost/", id="a user"),
        pytest.param("https://localhost\\@evil.example/", id="a backslash"),
        pytest.param("https://localhost/a b", id="a blank"),
        pytest.param("https://localhost/a\nb", id="a line break"),
        pytest.param("https://localhost/\u00fc", id="no ASCII"),
        pytest.param("https://[::1/", id="half an address"),
        pytest.param("https:///a", id="no host"),
    ],
)
def test_what_is_no_address_is_not_asked(url: str) -> None:
    """Two readers might take it for two addresses."""
    with pytest.raises(AzureError, match="is not an https address") as caught:
        Transport(adapter=Unasked()).send(prepared(url, {}), timeout=1)

    assert "hunter2" not in str(caught.value)


def test_an_unknown_encoding_is_not_quoted(azure: AzureDouble, run: Run) -> None:
    """It may hold a secret, and a part of one would not be recognized."""
    azure.add("S", contacts_2017=GOOD)
    token = azure.token()
    azure.fail("securityContacts", faults.answer(b"x", {"Content-Encoding": token}))

    ran = run("audit", "--debug", "--auth", "token", AZURE_ACCESS_TOKEN=token)

    assert "Content-Encoding" in ran.err
    assert token[:20] not in ran.err + ran.text


def test_a_deadline_before_the_first_row_fails_the_run(azure: AzureDouble, run: Run) -> None:
    """Where not even the list was read in time, there is no verdict."""
    azure.fail("GET /subscriptions?", faults.hang())

    ran = run("audit", "--deadline", "0.5")

    assert (ran.code, ran.out) == (1, b"")


def test_pages_are_read_to_the_end(azure: AzureDouble, run: Run) -> None:
    """An address on the second page counts."""
    azure.contacts_page_size = 1
    blank = [{"name": "default1", "properties": {"email": ""}}]
    azure.add("Left", contacts_2017=GOOD)
    azure.add("Middle", contacts_2017=[*blank, *GOOD])
    azure.add("Right", contacts_2017=GOOD)

    assert middle_of(azure, run)["decided_by"] == V2017


def test_connections_are_reused(azure: AzureDouble, run: Run) -> None:
    """A worker keeps its connection, and no more are opened than there are workers."""
    for number in range(20):
        azure.add(f"S{number}", contacts_2017=GOOD)

    run("audit", "--workers", "2")

    assert len({asked.connection for asked in azure.arm_asked()}) <= 3


# Tokens


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:hunter2#x@127.0.0.1:3128",
        "http://user:hunter2/x@127.0.0.1:3128",
        "http://user:hunter2@127.0.0.1:99999",
        "http://user:hunter2@",
    ],
)
@pytest.mark.parametrize("command", ["audit", "doctor"])
def test_a_proxy_that_is_none_is_said_without_its_password(
    azure: AzureDouble, monkeypatch: pytest.MonkeyPatch, proxy: str, command: str
) -> None:
    """One line; nobody may read the password out of an error."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")

    ran = run_in(surroundings(azure), command)

    assert (ran.code, azure.asked) == (1, [])
    assert "HTTPS_PROXY" in ran.text + ran.err
    assert "hunter2" not in ran.text + ran.err
    assert "Traceback" not in ran.err


def test_a_claims_challenge_is_answered_once(azure: AzureDouble, run: Run) -> None:
    """The claims that Azure asks for are asked of the token service, once for all threads."""
    for number in range(10):
        azure.add(f"S{number}", contacts_2017=GOOD)
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}'
    azure.challenge(claims)

    ran = run("audit")

    assert ran.code == 0
    assert len(azure.token_asked()) == 2
    asked_for = json.loads(azure.token_asked()[-1].form["claims"])
    assert asked_for["access_token"]["nbf"] == {"essential": True, "value": "1726077595"}


def test_a_401_as_a_page_refreshes_the_token_once(azure: AzureDouble, run: Run) -> None:
    """For all threads and subscriptions; where it stays, it is about the token."""
    for number in range(10):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.html(401), times=1)
    passed = run("audit")
    tokens = len(azure.token_asked())
    azure.fail("securityContacts", faults.html(401))
    stayed = run("audit", "-o", "json")

    rows = json.loads(stayed.out)["subscriptions"]
    assert (passed.code, tokens) == (0, 2)
    assert (stayed.code, len(azure.token_asked())) == (4, tokens + 2)
    assert {row["error"]["reason"] for row in rows} == {"unauthorized"}


def test_a_token_that_comes_back_the_same_is_not_tried_again(azure: AzureDouble, run: Run) -> None:
    """A renewal that gives the very token that was rejected is one for all."""
    for number in range(10):
        azure.add(f"S{number}", contacts_2017=GOOD)
    token = azure.token()
    azure.fail("securityContacts", faults.html(401))

    ran = run("audit", "--auth", "token", "--workers", "10", AZURE_ACCESS_TOKEN=token)

    assert ran.code == 4
    asked = [one for one in azure.arm_asked() if "securityContacts" in one.path]
    assert len(asked) == 10


def test_a_429_waits_the_seconds_that_its_message_names(azure: AzureDouble, run: Run) -> None:
    """At once where there is time; where there is not, it ends and says what was asked."""
    azure.add("S", contacts_2017=GOOD)
    text = "Please try again after '{}' seconds."
    throttled = "SubscriptionRequestsThrottled"
    azure.fail("securityContacts", faults.arm_error(429, throttled, text.format("0.2")), times=1)
    waited = run("audit", "-q")
    azure.fail("securityContacts", faults.arm_error(429, throttled, text.format("3600")))
    ended = run("audit")

    assert waited.code == 0
    assert ended.code == 4
    assert "it asked to wait 3600 s, more than is left" in ended.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            {"HttpStatusCode": 403, "ErrorCode": "No Way", "Message": "It is closed."},
            "It is closed. (status 403, code No Way",
            id="ErrorCode",
        ),
        pytest.param(
            {"Error": {"Code": "Odd", "Message": '{"error":{"message":"Deep down."}}'}},
            "Deep down. (status 403, code Odd",
            id="JSON in JSON",
        ),
    ],
)
def test_azure_s_own_words_reach_the_row(
    azure: AzureDouble, run: Run, body: dict[str, object], said: str
) -> None:
    """However a provider spells its error."""
    azure.add("S", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.status(403, body))

    assert said in run("audit").err


def test_a_token_that_expires_in_the_middle_costs_no_row(azure: AzureDouble, run: Run) -> None:
    """It is renewed before it expires."""
    azure.token_lifetime, azure.latency = 4, 0.4
    for number in range(12):
        azure.add(f"S{number}", contacts_2017=GOOD)

    ran = run("audit", "--workers", "1")

    assert ran.code == 0
    assert len(azure.token_asked()) >= 2


def test_a_token_that_cannot_be_renewed_leaves_the_rest_unread(
    azure: AzureDouble, run: Run
) -> None:
    """Finished rows stay; the others say that the sign-in failed; the code is 4, not 1."""
    azure.token_lifetime, azure.latency = 4, 0.7
    for number in range(8):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("POST", faults.sequence(None, faults.status(400, {"error": "invalid_client"})))

    ran = run("audit", "-o", "json", "--workers", "1")

    found = json.loads(ran.out)["subscriptions"]
    reasons = [row["error"] and row["error"]["reason"] for row in found]
    assert reasons[0] is None
    assert reasons[-1] == "sign-in-failed"
    assert (ran.code, len(found)) == (4, 8)


def test_a_host_that_is_not_there_is_unreachable(azure: AzureDouble, run: Run) -> None:
    """A refused connection ends the run within the budget: there was no list."""
    ran = run(
        *("audit", "--budget", "0.3", "--auth", "token"),
        CONTACTS_AUDIT_ARM_ENDPOINT="https://localhost:1",
        AZURE_ACCESS_TOKEN=azure.token(),
    )

    assert (ran.code, ran.out) == (1, b"")
    assert "Connection refused" in ran.err

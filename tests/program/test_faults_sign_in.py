"""
Whatever is answered before the first row: exit 1, one line, no verdict, and no second identity.

A run for each fault of the token service, of its discovery document, and of the list of
subscriptions, on its first page and on its second.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from azure_double import Asked, AzureDouble, faults
from conftest import Ran, run_in, surroundings
from fault_rows import (
    FINAL,
    GOOD,
    HOSTILE,
    LINKS,
    LOST,
    PASSING,
    PATIENTLY,
    READ,
    RETRYING,
    SLOW,
    SLOWLY,
    Row,
    Rows,
    onward,
    plain,
    secrets,
)

OLD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
LATE = {"PATIENTLY": PATIENTLY, "RETRYING": RETRYING, "SLOWLY": SLOWLY}

LISTED: Rows = {
    "no id": Row(faults.answer(b'{"value":[{"displayName":"x"}]}'), "malformed"),
    "no guid": Row(faults.answer(b'{"value":[{"subscriptionId":"../x"}]}'), "malformed"),
    "bare array": Row(faults.answer(b"[]"), "malformed"),
    "403": Row(faults.arm_error(403, "AuthorizationFailed", "no"), "forbidden"),
    **{
        f"id {ascii(id_)[-24:]}": Row(
            faults.status(200, {"value": [{"subscriptionId": id_, "displayName": HOSTILE}]}),
            "malformed",
        )
        for id_ in (
            *("", " ", f"{ID}\n", f" {ID}", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "")),
            *(f"{ID}/../x", f"{ID}?x=1", f"{ID}%00", f"\u202e{ID}", f"\x1b[2J{ID}", "x" * 10_000),
            *("\u0660" + ID[1:], "\uff10" + ID[1:], HOSTILE, None, 7, [ID], {"id": ID}),
        )
    },
}

# What the token service may answer: one request, or two where a second one makes sense.

TOKENS: Rows = {
    "HTML with 200": Row(faults.html(200), "", says="200, without a JSON object"),
    "HTML with 401": Row(faults.html(401), "", says="401, without a JSON object"),
    "array": Row(faults.answer(b"[]"), ""),
    "text": Row(faults.answer(b'"x"'), ""),
    "half a JSON": Row(faults.answer(b'{"access_token":'), ""),
    "deep": Row(faults.answer(b"[" * 100_000), ""),
    "no token in it": Row(faults.answer(b"{}"), ""),
    "two lines": Row(faults.answer(b'{"access_token":"a\\nb","expires_in":3600}'), ""),
    "no ASCII": Row(faults.answer(b'{"access_token":"a\\u2028b","expires_in":3600}'), ""),
    "number": Row(faults.answer(b'{"access_token":1,"expires_in":3600}'), ""),
    "empty": Row(faults.answer(b'{"access_token":"","expires_in":3600}'), ""),
    "400, no JSON": Row(faults.status(400), ""),
    "400, hostile": Row(
        faults.status(400, {"error": "x", "error_description": "\x1b[2J\u202e\r\nx"}), ""
    ),
    "302 to another host": Row(faults.redirect(302, "https://evil.example/"), "", says="302"),
    "307 to another host": Row(faults.redirect(307, "https://evil.example/"), "", says="307"),
    "501": Row(faults.status(501), "", says="501"),
    "429 for a day": Row(faults.throttle(86400), "", says="wait 86400 s"),
    "gzip bomb": Row(faults.gzip_bomb(64), "", says="larger"),
    "endless body": Row(faults.endless_body(), "", says="larger"),
    "gzip that is none": Row(faults.answer(b"no", {"Content-Encoding": "gzip"}), ""),
}


@dataclass(frozen=True)
class Place:
    """Requests that a *match* finds, what may happen to them, and the options that time them."""

    match: Callable[[Asked], bool]
    rows: Rows
    timing: str


def is_token(asked: Asked) -> bool:
    """Match the request for the token."""
    return asked.method == "POST"


def is_discovery(asked: Asked) -> bool:
    """Match the request for the addresses of the token service."""
    return "openid-configuration" in asked.path


def is_list(asked: Asked) -> bool:
    """Match the first page of the list."""
    return asked.path == "/subscriptions" and "skiptoken" not in asked.query


def is_second_page(asked: Asked) -> bool:
    """Match the second page of the list."""
    return asked.path == "/subscriptions" and "skiptoken" in asked.query


FEW = ("reset once", "cut short once", "200 and nothing, once", "500 once", "429, ARM's ms")
READ_WHOLE = {name: PASSING[name] for name in (*FEW, "429, Retry-After 'soon'")} | GOOD
ONCE = {name: row for name, row in LOST.items() if not name.endswith((", HTML", ", nothing"))}
WHOLE_TIME = {name: replace(row, requests=1) for name, row in SLOW.items()}
# What is odd beside a token is left out: the token is used, refused by ARM, and renewed once.

BESIDE: Rows = {
    name: Row(faults.answer(b'{"access_token":"a",' + odd + b"}"), "", 2, says="401")
    for name, odd in {
        "odd scope": b'"expires_in":3600,"scope":5',
        "odd expiry": b'"expires_in":1e400',
    }.items()
}

PLACES: dict[str, Place] = {
    "token": Place(is_token, TOKENS | BESIDE | READ_WHOLE, "PATIENTLY"),
    "token, lost": Place(is_token, ONCE, "RETRYING"),
    "token, slow": Place(is_token, WHOLE_TIME, "SLOWLY"),
    "discovery": Place(is_discovery, TOKENS, "PATIENTLY"),
    "discovery, slow": Place(is_discovery, WHOLE_TIME, "SLOWLY"),
    "list": Place(is_list, LISTED | FINAL | READ_WHOLE, "PATIENTLY"),
    "list, links": Place(is_list, LINKS, "RETRYING"),
    "list, lost": Place(is_list, ONCE, "RETRYING"),
    "list, slow": Place(is_list, SLOW, "SLOWLY"),
    "second page": Place(is_second_page, LISTED, "PATIENTLY"),
}
EVERY = [
    pytest.param(place, name, id=f"{place}: {name}")
    for place, at in PLACES.items()
    for name in at.rows
]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    ran: Ran
    requests: int
    reads: int
    secrets: set[str]
    unknown: list[Asked]


def ended(place: Place, row: Row) -> Ended:
    """Run over two subscriptions, one a page, in a cloud of its own."""
    with AzureDouble() as azure:
        azure.page_size = 1
        azure.add("One", contacts_2017=OLD)
        azure.add("Two", contacts_2017=OLD)
        azure.fail(place.match, row.fault, row.times)
        options = LATE[place.timing]
        ran = run_in(
            surroundings(azure),
            *("audit", *options, "--auth-timeout", options[3]),
            *("--workers", "2", "--deadline", "90"),
        )
        assert not azure.crashes
        reads = sum("securityContacts" in asked.path for asked in azure.asked)
        requests = sum(map(place.match, azure.asked))
        return Ended(ran, requests, reads, secrets(azure), azure.unknown)


Ends = dict[tuple[str, str], Future[Ended]]


@pytest.fixture(scope="module")
def ends() -> Ends:
    """Run each fault at each place, several at once: many of them wait.

    What breaks one of these runs is raised in its own test.
    """
    with ThreadPoolExecutor(24) as pool:
        return {
            (place, name): pool.submit(ended, at, row)
            for place, at in reversed(PLACES.items())
            for name, row in at.rows.items()
        }


@pytest.mark.parametrize(("place", "name"), EVERY)
def test_a_fault_before_the_first_row_fails_the_run(ends: Ends, place: str, name: str) -> None:
    """One line says what failed and what to do; nothing is read, printed or leaked."""
    row, end = PLACES[place].rows[name], ends[place, name].result()

    assert not [secret for secret in end.secrets if secret in end.ran.text + end.ran.err]
    assert end.unknown == []
    if row.reason == READ:
        assert (end.ran.code, end.reads) == (0, 2), end.ran.err
        assert end.requests == row.requests
        return
    assert (end.ran.code, end.ran.out, end.reads) == (1, b"", 0)
    (line,) = end.ran.err.splitlines()
    assert line.startswith("error: ")
    assert " -- " in line
    assert plain(line)
    assert row.says in line
    assert "deadline" not in line  # each attempt has a clock of its own
    assert end.requests == row.requests, line


@pytest.mark.parametrize(
    "how", ["refusal", "no TLS", "expired", "not yet valid", "of another host", "self-signed"]
)
@pytest.mark.parametrize("where", ["token service", "list"])
def test_no_connection_but_a_safe_one_gets_a_secret(
    azure: AzureDouble, how: str, where: str
) -> None:
    """Exit 1 at once or at the deadline; nothing is sent, and a hint is printed."""
    more = {"AZURE_ACCESS_TOKEN": azure.token(), "CONTACTS_AUDIT_AUTH": "token"}
    azure.meet(how)  # type: ignore[arg-type] # each is one of its literals

    ran = run_in(
        surroundings(azure, **(more if where == "list" else {})),
        *("audit", "--budget", "1", "--auth-timeout", "1"),
    )

    assert (ran.code, ran.out, azure.asked) == (1, b"", [])
    (line,) = ran.err.splitlines()
    assert ("HTTPS_PROXY" if how == "refusal" else "--ca-bundle") in line
    assert not [secret for secret in secrets(azure) if secret in line]


def test_a_list_without_end_ends(azure: AzureDouble) -> None:
    """The list of subscriptions is read up to 5,000 pages or the deadline; then 1."""
    azure.fail("GET /subscriptions?", onward())

    ran = run_in(surroundings(azure), "audit", "--deadline", "3")

    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, b"", 1)

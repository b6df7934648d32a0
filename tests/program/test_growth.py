"""No text of others can freeze a run: the worst takes as long in one piece as in many."""

import contextlib
import itertools
import json
import time
from collections.abc import Callable
from types import MappingProxyType

import pytest

from contacts_audit.audit import checks
from contacts_audit.azure import metadata
from contacts_audit.azure.arm import error_body, paging, protocol, retry
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.auth import access_token, certificates, msal_http
from contacts_audit.azure.contacts import read
from contacts_audit.azure.contacts.read import MOST_ADDRESSES, MOST_CONTACTS
from contacts_audit.azure.recording.mask import Mask, completions
from contacts_audit.core import mailbox, sanitize
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.jq_text import pretty
from contacts_audit.core.model import Check, Contact, Criteria, Reading
from contacts_audit.core.redaction import Secrets
from contacts_audit.report import csv_, markdown_table, table

SMALL, TIMES, MANY = 4_000, 8, 32
SLOWER = 4  # times as long in one piece as in many: the square takes as often as there are pieces
TRIES = 12  # the best counts: a machine may be at something else
ENDPOINT = "https://management.azure.com"
URL = protocol.contacts_url(ENDPOINT, "20ff7fc3-e762-44dd-bd96-b71116dcdc23", protocol.V2017)
SECRETS = Secrets()
SECRETS.add("geheimnis-geheimnis")


def spent(work: Callable[[str], object], text: str, runs: int) -> float:
    """Return the processor time, in seconds, that *work* takes for *runs* times *text*."""
    began = time.thread_time_ns()
    for _ in range(runs):
        with contextlib.suppress(AzureError, AuthError, ValueError):
            work(text)
    return (time.thread_time_ns() - began) / 1e9


def is_linear(work: Callable[[str], object], piece: str, times: int, tries: int = TRIES) -> bool:
    """Say whether *times* as much text as *piece* takes no longer than *piece* so many times."""
    for _ in range(tries):  # whatever a clock shows, it is held against the same work
        pieces = spent(work, piece, times)
        if spent(work, piece * times, 1) < SLOWER * pieces:
            return True
    return False


def answered(status: int, body: str, headers: dict[str, str] | None = None) -> Answer:
    """Return an answer of Azure's."""
    return Answer(URL, status, MappingProxyType(headers or {}), body.encode())


def refused(message: str) -> AzureError:
    """Return the error of an answer with *message*."""
    said = json.dumps({"error": {"code": "InvalidResourceType", "message": message}})
    return protocol.fault(answered(404, said))


def throttled(message: str) -> AzureError:
    """Return the error of a 429 with *message*."""
    return protocol.fault(answered(429, json.dumps({"message": message})))


def challenged(header: str) -> str | None:
    """Return the claims that *header* asks for."""
    return protocol.claims_challenge(answered(401, "", {"www-authenticate": header}))


def followed(link: str) -> str | None:
    """Return the next page of a list with *link*."""
    return paging.next_link(answered(200, json.dumps({"nextLink": f"{ENDPOINT}{link}"})), ENDPOINT)


def masked(text: str) -> None:
    """Mask an answer that is full of *text*."""
    body = {"message": text, "displayName": text, "tags": {text[:2]: text}, "id": text}
    Mask(["arm.contoso.com"]).body(json.dumps(body))


def certified(text: str) -> None:
    """Look for key and certificates in the file *text*."""
    certificates.KEY.search(text.encode())
    assert not [*certificates.CERTIFICATE.finditer(text.encode())]


def registered(text: str) -> None:
    """Ask which domain somebody registered."""
    assert metadata._registrable(f"https://{text}") != ""


def aligned(cell: str) -> None:
    """Spell a table with one huge *cell*, and a hundred small ones."""
    rows = [("VERDICT", "NAME", "ID"), ("x", cell, "y"), *[("x", "small", "y")] * 100]
    for line in (*table.aligned(rows), *table.folded(rows, 120, plain=True)):
        assert line


PATTERNS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "redacting": (
        lambda text: sanitize.without_credentials(text, {}),
        ("eyJ", "eyJ.", "eyJa.a.", "a.", "//", "//:", ":@", "//a:", "a", "-", "x//y:z@"),
    ),
    "escaping": (sanitize.sanitized, ("\x00", "\u202e", "\ud800", "a")),
    "escaping in JSON": (
        lambda text: sanitize.sanitized_json(json.dumps(text)),
        ("\x00", "\ud800", '"'),
    ),
    "whole characters": (sanitize.whole_characters, ("\ud800", "\udc00", "ä")),
    "Markdown": (markdown_table.cell, ("@", "www.", ":", "http://", "\\", "a")),
    "a CSV cell": (csv_.cell, ("'", " ", "' ", "=")),
    "a table": (aligned, ("a", "a ", "漢", "\u0301")),
    "a refusal": (
        refused,
        (
            "supported versions ",
            "supported versions 1 ",
            "1-1-1, ",
            "a",
            "supported versions are '",
        ),
    ),
    "the words of a 429": (
        throttled,
        ("again ", "after '", "after 1", "1", "retry after ", "wait"),
    ),
    "nested JSON in JSON": (
        lambda text: error_body.said(json.dumps(text)),
        ("{", "[", '{"error":'),
    ),
    "claims": (challenged, ('claims="', "claims=", 'error="insufficient_claims"', "c")),
    "a next page": (followed, ("/", "?", "%", "a")),
    "limits": (protocol.is_of_subscription, ("https://", "/subscriptions", "a")),
    "a wait": (lambda text: retry.asked_wait({"retry-after": text}), ("9", "Mon, ", " ", "1:")),
    "what the token service says": (
        lambda text: msal_http.refused({"error_description": text}),
        (" ", "Trace", "Trace ID", "AADSTS", "AADSTS1", "\r"),
    ),
    "a token": (lambda text: access_token.bearer_token(text, "it"), ("a", "=", "a=")),
    "what jq prints": (lambda text: pretty(json.dumps([text])), ("a", '"', "\\", "[", "\n")),
    "masking a message": (
        lambda text: Mask(["arm.contoso.com"]).text(text),
        ("again ", "after 1", "supported version ", "versions ", "/", "?a=", "a@", "g", ":", "\\"),
    ),
    "masking an answer": (masked, ("%", "a ", "again ", '"', "\\", "/", "=")),
    "what is no JSON any more": (
        lambda text: list(completions(text)),
        ("{", '"', "\\", '"a":', "["),
    ),
    "secrets": (SECRETS.redact, ("geheimni", "g", "//a:b@", "://", "\\/", ":")),
    "a key in a file": (
        certified,
        ("-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----", "-----BEGIN ", "-", "A "),
    ),
    "a host": (registered, ("a.", ".", "a", "co.uk.", "xn--")),
    "an address": (mailbox.refusal, ("a", "@", "a@", ".", "a.", "ü", "\u0301", '"', "xn--", "(")),
    "addresses": (mailbox.split, (";", ",", " ", "a;", " ;")),
}


@pytest.mark.parametrize(
    ("name", "piece"),
    [(name, piece) for name, (_, pieces) in PATTERNS.items() for piece in pieces],
)
def test_no_pattern_is_quadratic(name: str, piece: str) -> None:
    """Each regular expression gets a megabyte of its worst input."""
    work = PATTERNS[name][0]
    begin = piece * (SMALL // len(piece))

    assert is_linear(work, begin, TIMES)
    assert is_linear(work, begin * TIMES, MANY, tries=3)


def listed(number: int, kind: str = "a{}@contoso.com") -> Contact:
    """Return a contact of *number* addresses."""
    spelled = tuple(kind.format(at) for at in range(number))
    wrong = tuple(text for text in spelled if not mailbox.is_address(text))
    return Contact("default", protocol.V2023, spelled, wrong, True, None, None, None, ())


RUNS = itertools.count()  # an address that was looked at before costs nothing


@pytest.mark.parametrize("kind", ["a{}@contoso.com", "a{}@contoso.local", "a{}"])
@pytest.mark.parametrize("check", list(Check))
def test_no_check_is_quadratic_in_the_number_of_addresses(check: Check, kind: str) -> None:
    """Whether they are valid or not."""

    def judged(size: str) -> None:
        run = next(RUNS)
        contact = listed(len(size), kind.format(f"{{}}r{run}"))
        required = tuple(f"b{at}r{run}@contoso.com" for at in range(len(size)))
        domains = tuple(f"b{at}r{run}.com" for at in range(len(size)))
        criteria = Criteria(None, (check,), "Critical", required, domains, len(size) + 1)
        checks.judge(check, Reading(protocol.V2023, (contact,)), criteria)
        assert len(checks.distinct_emails([contact])) in (0, len(size))

    assert is_linear(judged, "x" * 300, TIMES)


def test_the_contacts_of_an_answer_are_limited() -> None:
    """They stay in memory to the end of the run."""
    most, more = (
        answered(200, json.dumps({"value": [{}] * number}))
        for number in (MOST_CONTACTS, MOST_CONTACTS + 1)
    )

    assert len(list(read.contacts(most, protocol.V2023))) == MOST_CONTACTS
    with pytest.raises(AzureError) as caught:
        list(read.contacts(more, protocol.V2023))
    assert caught.value.reason is Reason.TOO_LARGE


def test_the_addresses_of_an_answer_are_limited() -> None:
    """email-validator examines each: too many would take too long, and are refused."""
    most, more = (
        answered(200, json.dumps({"properties": {"emails": ";".join(["a"] * number)}}))
        for number in (MOST_ADDRESSES, MOST_ADDRESSES + 1)
    )

    (contact,) = read.contacts(most, protocol.V2023)
    with pytest.raises(AzureError) as caught:
        list(read.contacts(more, protocol.V2023))

    assert len(contact.emails) == MOST_ADDRESSES
    assert caught.value.reason is Reason.TOO_LARGE

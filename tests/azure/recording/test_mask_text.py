"""Messages, headers and URLs are masked, and the words of Azure in them stay."""

import json
import re
import time
from urllib.parse import quote, urlsplit

import pytest
from azure.recording.samples import (
    EMAIL,
    ENDPOINT,
    ID,
    LIST,
    PHONE,
    SECRETS,
    TENANT,
    contact,
    masked,
)

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.recording.mask import Mask


def test_a_url_of_arm_keeps_its_form() -> None:
    """A replay requests it. Only the id changes."""
    mask = Mask()
    masked(mask, LIST)

    shown = mask.text(protocol.contacts_url(ENDPOINT, ID, protocol.V2017))

    assert shown == protocol.contacts_url(ENDPOINT, mask.text(ID), protocol.V2017)


@pytest.mark.parametrize("sign", ["$", "%24"])
@pytest.mark.parametrize("word", ["skiptoken", "skipToken"])
def test_a_skip_token_is_masked(sign: str, word: str) -> None:
    """Azure writes names and ids into it. The next page is still found."""
    mask = Mask()
    link = f"{ENDPOINT}/subscriptions?{sign}{word}=c2VjcmV0&api-version=2022-12-01"

    in_body = masked(mask, {"value": [], "nextLink": link})["nextLink"]

    assert in_body == mask.text(link)
    assert "c2VjcmV0" not in in_body
    assert in_body.startswith(f"{ENDPOINT}/subscriptions?{sign}{word}=")
    assert in_body.endswith("&api-version=2022-12-01")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"WESTEUROPE:20260131T020000Z:{ID}", id="routing id"),
        pytest.param(f"https://login.example/{TENANT}/oauth2", id="login address"),
        pytest.param(f"<mailto:{EMAIL}>, {PHONE}", id="address and telephone"),
        pytest.param("M%C3%BCller%20%26%20S%C3%B6hne", id="encoded name"),
    ],
)
def test_headers_and_messages_are_masked(header: str) -> None:
    """With the names that a body has shown before."""
    mask = Mask()
    masked(mask, LIST)
    masked(mask, contact(EMAIL))

    shown = mask.text(header)

    assert shown != header
    assert [secret for secret in (*SECRETS, "%C3%BC") if secret in shown] == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-ms-operation-identifier", f"tenantId={TENANT},objectId={ID}/westeurope/{ID.upper()}"),
        ("x-ms-request-id", f"southeastasia:{ID}"),
        ("x-ms-routing-request-id", f"SOUTHEASTASIA:20260131T020000Z:{ID}"),
        ("x-ms-correlation-request-id", ID.replace("-", "")),
        ("location", f"https://management.azure.com/subscriptions/{ID}?t={TENANT}"),
        ("x-anything", f"{{{ID}}}"),
    ],
)
def test_ids_in_headers_are_masked(header: str, value: str) -> None:
    """In any form. The same id has the same pseudonym, with or without dashes."""
    mask = Mask()

    shown = mask.header(header, value)

    for secret in (ID, TENANT):
        for spelt in (secret, secret.upper(), secret.replace("-", "")):
            assert spelt not in shown
    known = mask.text(ID)
    assert known in shown or known.replace("-", "") in shown
    assert re.sub(r"[0-9a-f-]{32,36}", "", shown) == re.sub(r"[0-9a-fA-F-]{32,36}", "", value)


HOST = "management.contoso-stack.local"


@pytest.mark.parametrize("host", [HOST, "stack", "10.1.2.3", "2001:db8::7"])
def test_the_users_own_hosts_are_masked(host: str) -> None:
    """Alike in URLs, nextLinks and messages, so the pages still follow each other."""
    mask = Mask([host])
    literal = f"[{host}]" if ":" in host else host
    link = f"https://{literal}:8443/subscriptions?api-version=2022-12-01&$skiptoken=abc"

    shown = masked(mask, {"value": [], "nextLink": link})["nextLink"]

    assert shown == mask.url(link) == mask.text(link)
    assert host not in mask.text(f"no answer from {literal}:8443: {literal} is away")
    assert host not in shown
    assert urlsplit(shown).port == 8443
    assert urlsplit(shown).hostname.endswith(".example")


def test_an_unknown_name_with_dots_is_masked() -> None:
    """A message may be the first to name a contact or a domain. The words of Azure stay."""
    mask = Mask()
    text = (
        "Microsoft.Security at management.azure.com knows anna-contoso.com. Ask it.support.local!"
    )

    shown = mask.text(text)

    assert "contoso" not in shown
    assert "support.local" not in shown
    assert shown.startswith("Microsoft.Security at management.azure.com knows name-")


@pytest.mark.parametrize(
    "name",
    [
        "anna.smith-contoso.com",
        "alerts24-fabrikam.co.uk",
        "my-own contact",
        "newSecurityContact4199",
    ],
)
def test_the_name_of_a_contact_is_masked_everywhere(name: str) -> None:
    """2017 names contacts after their addresses. All texts have the same pseudonym."""
    mask = Mask()
    url = protocol.contact_url(ENDPOINT, ID, name, protocol.V2017)
    hidden_url = mask.url(url)
    body = {"name": name, "id": f"/subscriptions/{ID}/providers/Microsoft.Security/{url[-1]}"}
    shown = masked(mask, body)["name"]
    said = mask.text(f"Could not find security contact with name {name} for subscriptionId: {ID}")
    path = mask.text(f"over scope '/subscriptions/{ID}/x/securityContacts/{name}'")

    for text in (hidden_url, shown, said, path):
        assert name not in text
        assert shown in text
    assert quote(name) not in hidden_url


def test_a_name_is_a_whole_word() -> None:
    """Other words may contain a short name."""
    mask = Mask()
    name = masked(mask, {"displayName": "Prod"})["displayName"]

    shown = mask.text("a Product, nonProd, 'Prod' and Prod.")

    assert shown == f"a Product, nonProd, '{name}' and {name}."


def test_a_name_of_one_letter_is_masked_in_its_field_only() -> None:
    """All texts contain it."""
    mask = Mask()

    shown = masked(mask, {"displayName": "a", "message": "a cat"})

    assert shown["displayName"] != "a"
    assert shown["message"] == "a cat"


def test_a_name_inside_another_name_is_masked() -> None:
    """The longer one is replaced first."""
    mask = Mask()
    masked(mask, [{"displayName": "Contoso"}, {"displayName": "Contoso Payroll"}])

    shown = mask.text("Contoso Payroll and Contoso")

    assert "Contoso" not in shown
    assert "Payroll" not in shown


def test_a_long_word_is_masked_in_linear_time() -> None:
    """A body may be one word of 8 MiB."""
    began = time.perf_counter()

    Mask().text("a" * 2_000_000)

    assert (
        time.perf_counter() - began < 30
    )  # it takes a tenth of a second, or an hour if the time is not linear


def test_many_names_do_not_slow_down_masking() -> None:
    """Each is found by its first word."""
    mask = Mask()
    for number in range(30):
        names = [{"displayName": f"Prod {number} {each}"} for each in range(1000)]
        mask.body(json.dumps({"value": names}))
        shown = mask.text(f"about Prod {number} 7 and Prod {number} 77")

        assert "Prod" not in shown

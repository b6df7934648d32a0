"""The double can answer with errors in the recorded shapes."""

from __future__ import annotations

import json

import pytest
import requests
from asking import V2017, V2023, Client, contacts
from azure_double import AzureDouble, recorded
from azure_double.exchange import Fault


def failed(azure: AzureDouble, ask: Client, fault: Fault) -> requests.Response:
    """Return the answer to a list of contacts with *fault*."""
    azure.fail("securityContacts", fault)
    return ask(contacts(azure.add()))


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (recorded.subscription_throttled(6), "SubscriptionRequestsThrottled", "'6' seconds"),
        (recorded.resource_throttled(324), "ResourceRequestsThrottled", "'324' seconds"),
    ],
)
def test_a_429_may_name_its_seconds_only_in_the_message(
    azure: AzureDouble, ask: Client, fault: Fault, code: str, says: str
) -> None:
    """It has no Retry-After, and the connection ends."""
    answer = failed(azure, ask, fault)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, code)
    assert says in error["message"]
    assert "Retry-After" not in answer.headers
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("pretty", [False, True])
def test_a_429_may_be_a_conflict(azure: AzureDouble, ask: Client, pretty: bool) -> None:
    """The seconds are in a detail. The body may have many lines."""
    answer = failed(azure, ask, recorded.conflicting(11, pretty=pretty))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "RetryableError")
    assert "in 11 seconds" in error["details"][0]["message"]
    assert ("\n" in answer.text) is pretty


def test_a_429_may_be_a_lock(azure: AzureDouble, ask: Client) -> None:
    """`Code` and `Message` are capitalized, without `error` around them."""
    answer = failed(azure, ask, recorded.locked())

    assert (answer.status_code, answer.json()["Code"]) == (429, "429")
    assert answer.json()["Message"].startswith("Cannot acquire exclusive lock")


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (recorded.bare(412, "PreconditionFailed", "no"), "code", "message"),
        (recorded.capital(401, "Unauthorized", "no"), "Code", "Message"),
        (recorded.of_exception(404, "Not Found", "no"), "ErrorCode", "Message"),
    ],
)
def test_an_error_has_one_of_four_shapes(
    azure: AzureDouble, ask: Client, fault: Fault, code: str, message: str
) -> None:
    """Three have no `error`. An exception has its status in the body."""
    answer = failed(azure, ask, fault)

    body = answer.json()
    assert body[code]
    assert body[message] == "no"
    assert body.get("HttpStatusCode", answer.status_code) == answer.status_code


@pytest.mark.parametrize(
    ("fault", "status", "code", "cause"),
    [
        (recorded.not_registered(), 409, "MissingSubscriptionRegistration", "gateway"),
        (recorded.disallowed(), 403, "DisallowedOperation", "gateway"),
        (recorded.wrong_location(V2023, {V2017}), 400, "NoRegisteredProviderFound", "gateway"),
        (recorded.internal_error(), 500, "InternalServerError", "gateway"),
        (recorded.bad_gateway(), 502, "BadGatewayConnection", "service"),
        (recorded.gateway_timeout(), 504, "GatewayTimeout", "service"),
    ],
)
def test_a_header_says_whose_failure_it_is(
    azure: AzureDouble, ask: Client, fault: Fault, status: int, code: str, cause: str
) -> None:
    """Of the gateway, or of the provider."""
    answer = failed(azure, ask, fault)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["x-ms-failure-cause"] == cause
    assert "x-ms-ratelimit-remaining-subscription-resource-requests" not in answer.headers


def test_a_refused_location_lists_the_version(azure: AzureDouble, ask: Client) -> None:
    """So it is no refusal of the version."""
    answer = failed(azure, ask, recorded.wrong_location(V2023, {V2017}))

    message = json.loads(answer.content)["error"]["message"]
    assert f"The supported api-versions are '{V2017}, {V2023}'." in message
    assert "for location 'nowhere'" in message


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (recorded.front_door(), 503, "text/html"),
        (recorded.http_sys(), 503, "text/html; charset=us-ascii"),
        (recorded.unauthorized_page(), 401, "text/html"),
    ],
)
def test_an_error_may_be_a_web_page(
    azure: AzureDouble, ask: Client, fault: Fault, status: int, kind: str
) -> None:
    """It has the type of HTML, and a 401 has no challenge."""
    answer = failed(azure, ask, fault)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert answer.text.startswith(("<!DOCTYPE html", "<!DOCTYPE HTML"))
    assert "WWW-Authenticate" not in answer.headers


def test_front_door_has_no_headers_of_arm(azure: AzureDouble, ask: Client) -> None:
    """The request did not reach ARM: no request id, but a reference of its own."""
    headers = failed(azure, ask, recorded.front_door()).headers

    assert "x-ms-request-id" not in headers
    assert headers["x-azure-externalerror"] == "0x80072ee2,OriginTimeout"
    assert headers["Cache-Control"] == "no-store"

"""What Resource Manager says is understood for what it is, and our token stays with it."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.arm import paging, protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.core.errors import HINTS, RECORD, AzureError, Reason, VersionRefusedError

ENDPOINT = "https://management.azure.com"
ID = "20ff7fc3-e762-44dd-bd96-b71116dcdc23"
URL = protocol.contacts_url(ENDPOINT, ID, protocol.V2023)
HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def answer(
    status: int = 200,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    *,
    url: str = URL,
) -> Answer:
    """Return an answer of Azure's; a *body* that is no bytes is spelt as JSON."""
    spelt = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(url, status, {"x-ms-request-id": "r-1", **(headers or {})}, spelt)


def refusal(status: int, code: str, message: str = "It is so.") -> Answer:
    """Return ARM's error."""
    return answer(status, {"error": {"code": code, "message": message}})


def test_every_reason_has_a_hint() -> None:
    """Whatever goes wrong, the operator is told what to do."""
    assert set(HINTS) == set(Reason)


def test_addresses() -> None:
    """They are those of the documentation, and an id cannot leave its place."""
    assert protocol.subscriptions_url(ENDPOINT) == (
        "https://management.azure.com/subscriptions?api-version=2022-12-01"
    )
    assert protocol.contacts_url(ENDPOINT, ID, "2017-08-01-preview") == (
        f"https://management.azure.com/subscriptions/{ID}/providers/Microsoft.Security"
        "/securityContacts?api-version=2017-08-01-preview"
    )
    assert protocol.contacts_url(ENDPOINT, "../a?b#c", "1&x=2") == (
        "https://management.azure.com/subscriptions/..%2Fa%3Fb%23c/providers/Microsoft.Security"
        "/securityContacts?api-version=1%26x%3D2"
    )


def test_a_200_with_a_body_is_complete() -> None:
    """Nothing is looked for in it yet."""
    whole = answer(200, b"anything")

    assert protocol.complete(whole) is whole


def test_a_200_without_a_body_broke_off() -> None:
    """A connection that is cut within the headers looks like this: we ask again."""
    with pytest.raises(AzureError) as caught:
        protocol.complete(answer(200, b"", {"retry-after": "3"}))

    error = caught.value
    assert (error.reason, error.retryable, error.retry_after) == (Reason.TRUNCATED, True, 3.0)
    assert (error.status, error.request_id) == (200, "r-1")


@pytest.mark.parametrize("status", [199, 201, 202, 204, 206, 301, 400, 404, 429, 500, 599])
def test_only_200_is_success(status: int) -> None:
    """Whatever the body says."""
    with pytest.raises(AzureError) as caught:
        protocol.complete(answer(status, {"value": []}))

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "reason", "retryable"),
    [
        pytest.param(201, Reason.MALFORMED, False, id="created"),
        pytest.param(202, Reason.MALFORMED, False, id="accepted"),
        pytest.param(204, Reason.MALFORMED, False, id="no content"),
        pytest.param(206, Reason.MALFORMED, False, id="partial content"),
        pytest.param(302, Reason.REDIRECTED, False, id="found"),
        pytest.param(304, Reason.REDIRECTED, False, id="not modified"),
        pytest.param(307, Reason.REDIRECTED, False, id="temporary redirect"),
        pytest.param(400, Reason.REFUSED, False, id="bad request"),
        pytest.param(401, Reason.UNAUTHORIZED, False, id="unauthorized"),
        pytest.param(403, Reason.FORBIDDEN, False, id="forbidden"),
        pytest.param(404, Reason.NOT_FOUND, False, id="not found"),
        pytest.param(407, Reason.REFUSED, False, id="proxy"),
        pytest.param(408, Reason.TIMEOUT, True, id="request timeout"),
        pytest.param(409, Reason.REFUSED, False, id="conflict"),
        pytest.param(429, Reason.THROTTLED, True, id="throttled"),
        pytest.param(451, Reason.REFUSED, False, id="for legal reasons"),
        pytest.param(500, Reason.SERVER_ERROR, True, id="server error"),
        pytest.param(501, Reason.SERVER_ERROR, False, id="not implemented"),
        pytest.param(502, Reason.SERVER_ERROR, True, id="bad gateway"),
        pytest.param(503, Reason.SERVER_ERROR, True, id="unavailable"),
        pytest.param(504, Reason.SERVER_ERROR, True, id="gateway timeout"),
        pytest.param(511, Reason.SERVER_ERROR, False, id="network login"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"error":{"code":"Strange","message":"It is so."}}', id="JSON"),
        pytest.param(b'{"code":"Strange"}', id="bare JSON"),
        pytest.param(b'[{"error":5}]', id="other JSON"),
        pytest.param(b'{"error":{"code":null}}', id="no code"),
        pytest.param(b"\xff\xfe\x00", id="binary"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"9" * 10_000, id="a number too long for Python"),
    ],
)
def test_a_status_means_the_same_whatever_comes_with_it(
    status: int, reason: Reason, retryable: bool, body: bytes
) -> None:
    """A body explains an error; it does not make another one of it."""
    error = protocol.fault(answer(status, body, {"retry-after": "2"}))

    assert (error.reason, error.status, error.retryable) == (reason, status, retryable)
    assert error.retry_after == (2.0 if retryable else None)
    assert error.request_id == "r-1"
    assert error.hint == (RECORD if status < 300 else HINTS[reason])  # fetch would not show it


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_page_in_place_of_an_answer_is_not_azure_s(status: int) -> None:
    """A proxy that answers in HTML says nothing of a subscription."""
    assert protocol.fault(answer(status, HTML)).reason is Reason.HTML


@pytest.mark.parametrize(("status", "retryable"), [(502, True), (503, True), (501, False)])
def test_a_page_of_a_gateway_is_a_server_error(status: int, retryable: bool) -> None:
    """Azure's own gateways answer in HTML, too."""
    error = protocol.fault(answer(status, HTML))

    assert (error.reason, error.retryable) == (Reason.SERVER_ERROR, retryable)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        pytest.param(401, "ExpiredAuthenticationToken", Reason.UNAUTHORIZED, id="expired"),
        pytest.param(401, "InvalidAuthenticationToken", Reason.UNAUTHORIZED, id="invalid"),
        pytest.param(401, "InvalidAuthenticationTokenAudience", Reason.UNAUTHORIZED, id="audience"),
        pytest.param(401, "InvalidAuthenticationTokenTenant", Reason.UNAUTHORIZED, id="tenant"),
        pytest.param(401, "AuthenticationFailed", Reason.UNAUTHORIZED, id="no header"),
        pytest.param(403, "AuthorizationFailed", Reason.FORBIDDEN, id="forbidden"),
        pytest.param(404, "SubscriptionNotFound", Reason.NOT_FOUND, id="no subscription"),
        pytest.param(404, "NoRegisteredProviderFound", Reason.NOT_FOUND, id="lists no version"),
        pytest.param(400, "MissingApiVersionParameter", Reason.REFUSED, id="no version"),
        pytest.param(404, "Subscription Not Registered", Reason.NOT_REGISTERED, id="with blanks"),
        pytest.param(401, "Subscription Not Registered", Reason.NOT_REGISTERED, id="as a 401"),
        pytest.param(400, "SubscriptionNotRegistered", Reason.NOT_REGISTERED, id="without blanks"),
        pytest.param(409, "MissingSubscriptionRegistration", Reason.NOT_REGISTERED, id="as a 409"),
        pytest.param(409, "missingsubscriptionregistration", Reason.NOT_REGISTERED, id="in small"),
        pytest.param(409, "ReadOnlyDisabledSubscription", Reason.REFUSED, id="disabled"),
        pytest.param(403, "ReadOnlyDisabledSubscription", Reason.FORBIDDEN, id="disabled, 403"),
        pytest.param(409, "DisallowedOperation", Reason.REFUSED, id="disallowed"),
        pytest.param(403, "RequestDisallowedByPolicy", Reason.FORBIDDEN, id="Azure Policy"),
        pytest.param(429, "TooManyRequests", Reason.THROTTLED, id="throttled"),
        pytest.param(429, "SubscriptionRequestsThrottled", Reason.THROTTLED, id="throttled, too"),
    ],
)
def test_what_azure_says(status: int, code: str, reason: Reason) -> None:
    """Each error that Azure is known for has its reason; code and message are kept."""
    error = protocol.fault(refusal(status, code))

    assert (error.reason, error.code, str(error)) == (reason, code, "It is so.")
    assert not isinstance(error, VersionRefusedError)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param({"error": {"code": "A", "message": "B"}}, "A", "B", id="envelope"),
        pytest.param({"code": "A", "message": "B"}, "A", "B", id="no envelope"),
        pytest.param({"error": {"code": "A"}}, "A", "Azure answered 403", id="no message"),
        pytest.param(
            {"error": {"code": "A", "message": {}}}, "A", "Azure answered 403", id="odd one"
        ),
        pytest.param(
            {"error": {"code": "A", "message": ""}}, "A", "Azure answered 403", id="empty message"
        ),
        pytest.param({"code": "A", "message": " \n"}, "A", "Azure answered 403", id="a blank one"),
        pytest.param({"message": ""}, None, "Azure answered 403", id="empty message, no code"),
        pytest.param({"error": {"message": "B"}}, None, "B", id="no code"),
        pytest.param({"message": "B"}, None, "B", id="no code, no envelope"),
        pytest.param({"error": "A"}, "A", "Azure answered 403", id="an error that is one word"),
        pytest.param({"error": "No, thanks."}, None, "No, thanks.", id="an error that is text"),
        pytest.param({}, None, "Azure answered 403", id="nothing"),
    ],
)
def test_the_words_of_an_error(body: object, code: str | None, message: str) -> None:
    """With or without its envelope, whole or in part."""
    error = protocol.fault(answer(403, body))

    assert (error.code, str(error)) == (code, message)


def test_the_words_of_an_error_may_follow_a_byte_order_mark() -> None:
    """It is allowed in an answer, so in an error, too."""
    error = protocol.fault(answer(403, b'\xef\xbb\xbf{"error":{"code":"A","message":"B"}}'))

    assert (error.code, str(error)) == ("A", "B")


def test_a_redirect_says_where_to() -> None:
    """It is not followed: the operator may know the place."""
    error = protocol.fault(answer(302, b"", {"location": "https://login.example/"}))

    assert str(error) == "Azure answered 302, to https://login.example/"


NOT_AT = (
    "The resource type could not be found in the namespace 'Microsoft.Security' "
    "for api version '{}'."
)
SUPPORTED = "The supported api-versions are '2017-08-01-preview, 2020-01-01-preview'."


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        pytest.param(400, "NoRegisteredProviderFound", SUPPORTED, id="no provider"),
        pytest.param(404, "NoRegisteredProviderFound", SUPPORTED, id="no provider, 404"),
        pytest.param(404, "InvalidResourceType", SUPPORTED, id="no type"),
        pytest.param(400, "InvalidResourceType", SUPPORTED, id="no type, 400"),
        pytest.param(
            400,
            "InvalidApiVersionParameter",
            "The api-version '2023-12-01-preview' is invalid. The supported versions are "
            "'2017-08-01-preview,2020-01-01-preview'.",
            id="no such version",
        ),
        pytest.param(400, "invalid API version parameter", SUPPORTED, id="blanks, other case"),
        pytest.param(404, "InvalidResourceType", SUPPORTED.upper(), id="message in capitals"),
        pytest.param(
            400,
            "NoRegisteredProviderFound",
            "The supported api-versions are '2023-12-01'.",
            id="ours without its suffix",
        ),
        pytest.param(
            404, "InvalidResourceType", NOT_AT.format(protocol.V2023), id="no list, but ours"
        ),
        pytest.param(
            404,
            "NoRegisteredProviderFound",
            NOT_AT.format(protocol.V2023.upper()),
            id="no list, capitals",
        ),
        pytest.param(
            404,
            "InvalidResourceType",
            f"{NOT_AT.format(protocol.V2023)} The supported api-versions are [2020-01-01-preview].",
            id="ours, and a list without it",
        ),
    ],
)
def test_a_version_is_refused(status: int, code: str, message: str) -> None:
    """ARM lists the versions that it has, and ours is not among them."""
    error = protocol.fault(refusal(status, code, message))

    assert isinstance(error, VersionRefusedError)
    assert (error.reason, error.status, error.code) == (Reason.VERSION_UNAVAILABLE, status, code)
    assert not error.retryable


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        pytest.param(400, "BadRequest", SUPPORTED, id="another code"),
        pytest.param(403, "NoRegisteredProviderFound", SUPPORTED, id="another 4xx"),
        pytest.param(409, "InvalidResourceType", SUPPORTED, id="a conflict"),
        pytest.param(500, "InvalidResourceType", SUPPORTED, id="a server error"),
        pytest.param(429, "NoRegisteredProviderFound", SUPPORTED, id="throttled"),
        pytest.param(404, "InvalidResourceType", "There is no such type.", id="no list"),
        pytest.param(
            400, "NoRegisteredProviderFound", "The supported api-versions are ''.", id="empty list"
        ),
        pytest.param(
            400, "NoRegisteredProviderFound", "The supported api-versions are ' , '.", id="blanks"
        ),
        pytest.param(
            400,
            "NoRegisteredProviderFound",
            "The supported api-versions are '2020-01-01-preview, 2023-12-01-Preview'.",
            id="ours is listed",
        ),
        pytest.param(
            400,
            "NoRegisteredProviderFound",
            "The supported locations are 'westeurope'.",
            id="a list of something else",
        ),
        pytest.param(
            404,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'mars' and API version "
            "'2023-12-01-preview'. The supported api-versions are '2020-01-01,2023-12-01-preview'. "
            "The supported locations are ', westeurope'.",
            id="ours is listed: the location was wrong",
        ),
        pytest.param(
            400, "InvalidResourceType", NOT_AT.format(protocol.V2023), id="no list, but 400"
        ),
        pytest.param(
            404, "InvalidResourceType", NOT_AT.format(protocol.V2020), id="another version"
        ),
        pytest.param(
            404, "ResourceNotFound", NOT_AT.format(protocol.V2023), id="another code, 404"
        ),
    ],
)
def test_a_version_is_not_refused(status: int, code: str, message: str) -> None:
    """Anything less is an error like all others: it blinds nobody to a version."""
    error = protocol.fault(refusal(status, code, message))

    assert not isinstance(error, VersionRefusedError)
    assert error.reason is not Reason.VERSION_UNAVAILABLE


def test_a_refusal_is_read_in_any_shape() -> None:
    """A code spelled otherwise, without an envelope, in an inner error: it is the same."""
    bodies = (
        {"Code": "InvalidResourceType", "Message": SUPPORTED},
        {
            "error": {
                "code": "BadRequest",
                "message": "It is so.",
                "details": [{"code": "Invalid Resource Type", "message": SUPPORTED}],
            }
        },
    )

    errors = [protocol.fault(answer(400, body)) for body in bodies]

    assert all(isinstance(error, VersionRefusedError) for error in errors)


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        pytest.param({}, "Please try again after '6' seconds.", 6.0, id="the message alone"),
        pytest.param({"retry-after": "3"}, "try again after '6' seconds", 3.0, id="a header first"),
        pytest.param({"retry-after": "soon"}, "try again after '6' seconds", 6.0, id="nonsense"),
        pytest.param({}, "Please try again after '0' seconds.", None, id="0: our own backoff"),
        pytest.param({}, "Please try again later.", None, id="neither"),
    ],
)
def test_how_long_a_429_asks_to_wait(
    headers: dict[str, str], message: str, wait: float | None
) -> None:
    """Without Retry-After, its message may name the seconds."""
    body = {"error": {"code": "SubscriptionRequestsThrottled", "message": message}}

    assert protocol.fault(answer(429, body, headers)).retry_after == wait
    assert protocol.fault(answer(500, body)).retry_after is None


def test_a_401_as_a_page_is_about_the_token() -> None:
    """Azure itself answers so."""
    assert protocol.fault(answer(401, HTML)).reason is Reason.UNAUTHORIZED


def test_the_version_asked_for_is_read_from_the_address() -> None:
    """The same list refuses one version and not the other."""
    body = {"error": {"code": "InvalidResourceType", "message": SUPPORTED}}
    old, new = (
        protocol.fault(answer(404, body, url=protocol.contacts_url(ENDPOINT, ID, version)))
        for version in (protocol.V2017, protocol.V2023)
    )

    assert not isinstance(old, VersionRefusedError)
    assert isinstance(new, VersionRefusedError)


@given(st.integers(100, 599).filter(lambda status: status != 200), st.binary())
def test_no_answer_is_too_strange(status: int, body: bytes) -> None:
    """Whatever comes, it is one of our errors."""
    error = protocol.fault(answer(status, body))

    assert error.status == status
    assert str(error)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        pytest.param(b'{"value":[]}', {"value": []}, id="object"),
        pytest.param(b"\xef\xbb\xbf[]", [], id="byte order mark"),
        pytest.param(b" null\n", None, id="null"),
        pytest.param(b"[1e999, -0.0, 1]", ["1e999", "-0.0", "1"], id="numbers as spelt"),
        pytest.param(b"9" * 10_000, "9" * 10_000, id="a long number"),
        pytest.param('"ä"'.encode(), "ä", id="UTF-8"),
    ],
)
def test_one_json_text_is_a_document(body: bytes, document: object) -> None:
    """UTF-8, a byte order mark allowed."""
    assert protocol.document(answer(body=body)) == document


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"{} {}", id="two texts"),
        pytest.param(b'{"value":[', id="cut"),
        pytest.param(b"[NaN]", id="NaN"),
        pytest.param(b"[-Infinity]", id="infinity"),
        pytest.param(b"nan", id="nan, which jq knows"),
        pytest.param(b"'a'", id="single quotes"),
        pytest.param(b'"\xe4"', id="latin-1"),
        pytest.param('{"value":[]}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbf[]", id="two byte order marks"),
        pytest.param(b'"\x00"', id="NUL"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_all_else_is_malformed(body: bytes) -> None:
    """What other programs might still read is not read."""
    with pytest.raises(AzureError) as caught:
        protocol.document(answer(body=body))

    assert caught.value.reason is Reason.MALFORMED
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        pytest.param(HTML, "", Reason.HTML, id="doctype"),
        pytest.param(b"\n <HTML>", "", Reason.HTML, id="capitals"),
        pytest.param(b"\xef\xbb\xbf<html>", "", Reason.HTML, id="byte order mark"),
        pytest.param(b"<head>", "", Reason.HTML, id="head"),
        pytest.param(b"<body>", "", Reason.HTML, id="body"),
        pytest.param(b"<p>", "Text/HTML; charset=utf-8", Reason.HTML, id="by its type"),
        pytest.param(b"<p>", "text/xml", Reason.MALFORMED, id="XML"),
        pytest.param(b"sign in", "text/html", Reason.MALFORMED, id="no tag"),
    ],
)
def test_a_page_with_status_200_is_no_answer(body: bytes, kind: str, reason: Reason) -> None:
    """A login page of the network is told from an answer that is damaged."""
    with pytest.raises(AzureError) as caught:
        protocol.document(answer(body=body, headers={"content-type": kind}))

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(f"{ENDPOINT}/subscriptions?api-version=1&$skiptoken=a%3D", id="as usual"),
        pytest.param("https://Management.AZURE.com/x", id="host in capitals"),
        pytest.param("HTTPS://management.azure.com/x", id="scheme in capitals"),
        pytest.param("https://management.azure.com:443/x", id="the port spelt out"),
        pytest.param("https://management.azure.com?x=@y", id="at sign in the query"),
        pytest.param(f"{ENDPOINT}/a@b", id="at sign in the path"),
    ],
)
def test_the_next_page_is_followed_as_it_is_written(link: str) -> None:
    """The very text of Azure's, as long as it leads to the endpoint."""
    assert paging.next_link(answer(body={"value": [], "nextLink": link}), ENDPOINT) == link


def test_the_next_page_is_followed_however_its_key_is_spelt() -> None:
    """JSON may spell any letter by its number."""
    link = f"{ENDPOINT}/x"

    spelt = answer(body=b'{"value": [], "next\\u004cink": "%s"}' % link.encode())

    assert paging.next_link(spelt, ENDPOINT) == link


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"value": []}, id="none"),
        pytest.param({"value": [], "nextLink": None}, id="null"),
        pytest.param({"value": [], "nextLink": ""}, id="empty"),
        pytest.param({"value": [], "@nextLink": None}, id="null, of a management group"),
        pytest.param({"value": [], "@nextLink": ""}, id="empty, of a management group"),
        pytest.param({"value": [], "count": {"type": "Total", "value": 900}}, id="count an object"),
        pytest.param({"value": [], "count": 900}, id="count a number"),
        pytest.param([], id="a bare array"),
        pytest.param("nextLink", id="text"),
    ],
)
def test_a_list_ends(body: object) -> None:
    """Without a nextLink it was the last page."""
    assert paging.next_link(answer(body=body), ENDPOINT) is None


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("/subscriptions?page=2", id="relative"),
        pytest.param("?page=2", id="query alone"),
        pytest.param("//evil.example/x", id="another host, any scheme"),
        pytest.param("https://evil.example/x", id="another host"),
        pytest.param("https://management.azure.com.evil.example/x", id="a longer host"),
        pytest.param("https://evil-management.azure.com/x", id="another prefix"),
        pytest.param("https://management.azure.com./x", id="a trailing dot"),
        pytest.param("https://169.254.169.254/metadata/identity", id="the metadata service"),
        pytest.param("http://169.254.169.254/metadata/identity", id="the metadata service, http"),
        pytest.param("http://management.azure.com/x", id="http"),
        pytest.param("http://management.azure.com:443/x", id="http on 443"),
        pytest.param("ftp://management.azure.com/x", id="ftp"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https:management.azure.com/x", id="no slashes"),
        pytest.param("https:///management.azure.com/x", id="three slashes"),
        pytest.param("https://management.azure.com:8443/x", id="another port"),
        pytest.param("https://management.azure.com:0/x", id="port 0"),
        pytest.param("https://management.azure.com:99999/x", id="no such port"),
        pytest.param("https://management.azure.com:x/", id="a port in letters"),
        pytest.param("https://user@management.azure.com/x", id="user"),
        pytest.param("https://user:pw@management.azure.com/x", id="password"),
        pytest.param("https://@management.azure.com/x", id="empty user"),
        pytest.param("https://management.azure.com@evil.example/x", id="host as user"),
        pytest.param("https://management.azure.com%40evil.example/x", id="encoded at sign"),
        pytest.param("https://management.azure.com\\@evil.example/x", id="backslash"),
        pytest.param("https:\\\\management.azure.com/x", id="backslashes"),
        pytest.param(f"{ENDPOINT}/a\\b", id="backslash in the path"),
        pytest.param(f"{ENDPOINT}/a b", id="blank"),
        pytest.param(f" {ENDPOINT}/a", id="leading blank"),
        pytest.param(f"{ENDPOINT}/a\r\nX-Evil: 1", id="line break"),
        pytest.param(f"{ENDPOINT}/a\tb", id="tab"),
        pytest.param(f"{ENDPOINT}/\x00", id="NUL"),
        pytest.param(f"{ENDPOINT}/\x7f", id="delete"),
        pytest.param(f"{ENDPOINT}/ä", id="no ASCII"),
        pytest.param("https://management\u3002azure\u3002com/x", id="ideographic full stop"),
        pytest.param("https://m\u0430nagement.azure.com/x", id="Cyrillic letter"),
        pytest.param("https://management.azure.com]/x", id="half a bracket"),
        pytest.param("https://[::1]/x", id="loopback"),
        pytest.param(True, id="no text"),
        pytest.param(7, id="a number"),
        pytest.param([ENDPOINT], id="an array"),
        pytest.param({"href": ENDPOINT}, id="an object"),
        pytest.param(False, id="false"),
    ],
)
def test_the_token_does_not_follow_everywhere(link: object) -> None:
    """A next page elsewhere, or one that two programs could read differently, ends the list."""
    with pytest.raises(AzureError) as caught:
        paging.next_link(answer(body={"value": [], "nextLink": link}), ENDPOINT)

    assert caught.value.reason is Reason.PAGING


@pytest.mark.parametrize("key", ["@nextLink", "@odata.nextLink", "odata.nextLink", "NextLink"])
@pytest.mark.parametrize("beside", [{}, {"nextLink": None}, {"nextLink": ""}])
@pytest.mark.parametrize("link", [f"{ENDPOINT}/x", 7])
def test_a_list_that_goes_on_in_an_unknown_way_is_not_whole(
    key: str, beside: dict[str, object], link: object
) -> None:
    """It is never followed, and never taken for the end."""
    with pytest.raises(AzureError) as caught:
        paging.next_link(answer(body={"value": [], **beside, key: link}), ENDPOINT)

    assert caught.value.reason is Reason.PAGING
    assert key in str(caught.value)


def test_a_next_page_is_followed_whatever_stands_beside_it() -> None:
    """`nextLink` is the documented key."""
    page = {"nextLink": f"{ENDPOINT}/x", "@nextLink": f"{ENDPOINT}/y"}

    assert paging.next_link(answer(body=page), ENDPOINT) == f"{ENDPOINT}/x"


def test_a_next_page_of_a_megabyte_is_refused_in_few_words() -> None:
    """Nothing of that length is an address."""
    with pytest.raises(AzureError) as caught:
        paging.next_link(answer(body={"nextLink": f"{ENDPOINT}/{'x' * 1_000_000}"}), ENDPOINT)

    assert len(str(caught.value)) < 1000


def test_the_port_of_an_endpoint_counts() -> None:
    """On one's own cloud the pages stay on its port."""
    own = "https://arm.stack.example:8443"
    there = answer(body={"nextLink": f"{own}/x"})
    elsewhere = answer(body={"nextLink": "https://arm.stack.example/x"})

    assert paging.next_link(there, own) == f"{own}/x"
    with pytest.raises(AzureError):
        paging.next_link(elsewhere, own)


CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}'
PADDED = base64.urlsafe_b64encode(CLAIMS.encode()).decode()
ASKS = 'error="insufficient_claims"'


def challenge(header: str) -> str | None:
    """Return the claims of a 401 with this header."""
    return protocol.claims_challenge(answer(401, b"", {"www-authenticate": header}))


@pytest.mark.parametrize("padding", range(3))
def test_claims_are_read_with_or_without_padding(padding: int) -> None:
    """Azure leaves the padding out as often as not."""
    claims = json.dumps({"access_token": {"x": "y" * padding}})
    encoded = base64.urlsafe_b64encode(claims.encode()).decode()

    got = [
        challenge(f'Bearer {ASKS}, claims="{spelt}"') for spelt in (encoded, encoded.rstrip("="))
    ]

    assert got == [claims, claims]


def test_claims_may_need_both_letters_of_base64url() -> None:
    """The letters of the alphabet for addresses are not those of plain base64."""
    claims = '{"a":"~~~???>>>"}'
    encoded = base64.urlsafe_b64encode(claims.encode()).decode()
    assert "-" in encoded or "_" in encoded

    assert challenge(f'Bearer {ASKS}, claims="{encoded}"') == claims


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(
            f'Bearer realm="", authorization_uri="https://login.example/", {ASKS}, '
            f'claims="{PADDED}"',
            id="as Azure sends it",
        ),
        pytest.param(f'Bearer claims="{PADDED}", {ASKS}', id="claims first"),
        pytest.param(f'Bearer claims="{PADDED}",{ASKS}', id="no blank"),
        pytest.param(
            f'Bearer error="invalid_token", Bearer {ASKS}, claims="{PADDED}"', id="the second one"
        ),
        pytest.param(f'PoP nonce="x", Bearer {ASKS}, claims="{PADDED}"', id="another scheme first"),
        pytest.param(
            f'Bearer {ASKS}, claims="{PADDED}", PoP nonce="x"', id="another scheme behind"
        ),
    ],
)
def test_a_claims_challenge(header: str) -> None:
    """In whatever order, and among others."""
    assert challenge(header) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="nothing"),
        pytest.param('Bearer error="invalid_token"', id="another error"),
        pytest.param(f'Bearer error="invalid_token", claims="{PADDED}"', id="claims without need"),
        pytest.param(f'Bearer claims="{PADDED}"', id="no error"),
        pytest.param(f"Bearer {ASKS}", id="no claims"),
        pytest.param(f'Bearer {ASKS}, claims=""', id="empty claims"),
        pytest.param(f'Bearer {ASKS}, claims="===="', id="padding alone"),
        pytest.param(f'Bearer {ASKS}, claims="a"', id="no base64"),
        pytest.param(f'Bearer {ASKS}, claims="{PADDED[:-8]}"', id="cut"),
        pytest.param(f'Bearer {ASKS}, claims="_____w"', id="no UTF-8"),
        pytest.param(f'Bearer {ASKS}, claims="bm9wZQ"', id="no JSON"),
        pytest.param(f'Bearer {ASKS}, claims="WzFd"', id="no object"),
        pytest.param(f'Bearer {ASKS}, claims="ä"', id="no ASCII"),
        pytest.param(f'Bearer {ASKS}, myclaims="{PADDED}"', id="another parameter"),
        pytest.param(f'Bearer my{ASKS}, claims="{PADDED}"', id="another parameter, too"),
    ],
)
def test_what_is_no_claims_challenge(header: str) -> None:
    """What cannot be answered is a plain 401."""
    assert challenge(header) is None


def test_claims_nested_without_end_are_none() -> None:
    """A hostile challenge does not end the run."""
    encoded = base64.urlsafe_b64encode(b"[" * 100_000).decode()

    assert challenge(f'Bearer {ASKS}, claims="{encoded}"') is None


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever comes, it is read or left."""
    encoded = quote(header)

    for text in (header, f'{ASKS} claims="{header}"', f'{ASKS} claims="{encoded}"'):
        claims = challenge(text)
        assert claims is None or isinstance(json.loads(claims), dict)


def test_a_malformed_answer_keeps_what_support_asks_for() -> None:
    """Status and request id go with it."""
    error = protocol.malformed(answer(), "no list")

    assert (error.reason, str(error), error.status) == (Reason.MALFORMED, "no list", 200)
    assert error.request_id == "r-1"


def test_every_address_is_quoted() -> None:
    """An id or a name with an X, a slash or a question mark stays one step of its path."""
    assert protocol.contacts_url(ENDPOINT, "aXb/", "1").startswith(
        f"{ENDPOINT}/subscriptions/aXb%2F/"
    )
    assert protocol.contacts_url(ENDPOINT, "X", "1").startswith(f"{ENDPOINT}/subscriptions/X/")
    assert protocol.contact_url(ENDPOINT, ID, "X/?#", "1&2") == (
        f"{ENDPOINT}/subscriptions/{ID}/providers/Microsoft.Security/securityContacts/X%2F%3F%23"
        "?api-version=1%262"
    )
    assert protocol.descendants_url(ENDPOINT, "X/?#") == (
        f"{ENDPOINT}/providers/Microsoft.Management/managementGroups/X%2F%3F%23/descendants"
        "?api-version=2023-04-01"
    )
    assert (
        protocol.metadata_url(ENDPOINT) == f"{ENDPOINT}/metadata/endpoints?api-version=2022-09-01"
    )


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        pytest.param(URL, True, id="contacts"),
        pytest.param(protocol.contact_url(ENDPOINT, ID, "default", "1"), True, id="a contact"),
        pytest.param(f"{ENDPOINT}/Subscriptions/{ID.upper()}/x", True, id="in capitals"),
        pytest.param(protocol.subscriptions_url(ENDPOINT), False, id="all subscriptions"),
        pytest.param(protocol.descendants_url(ENDPOINT, "subscriptions"), False, id="a group"),
        pytest.param(f"{ENDPOINT}/x?y=/subscriptions/{ID}", False, id="in the query"),
    ],
)
def test_what_counts_for_the_limit_of_a_subscription(url: str, counts: bool) -> None:
    """What is asked below one; to list them all counts for the tenant."""
    assert protocol.is_of_subscription(url) is counts


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 205, 206, 299])
def test_a_write_is_taken(status: int) -> None:
    """Done now, created, done later, or done and nothing to say: a reading tells."""
    taken = answer(status)

    assert protocol.accepted(taken) is taken


@pytest.mark.parametrize("status", [199, 300, 302, 400, 409, 412, 429, 500])
def test_no_other_status_takes_a_write(status: int) -> None:
    """Whatever the body says."""
    with pytest.raises(AzureError) as caught:
        protocol.accepted(answer(status, {"value": []}))

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("read", "given_", "said"),
    [
        pytest.param(
            protocol.complete, answer(200, b""), "Azure answered 200 without a body", id="no body"
        ),
        pytest.param(
            protocol.document, answer(200, HTML), "an HTML page came instead of JSON", id="page"
        ),
        pytest.param(
            protocol.document,
            answer(200, b"[1 2]"),
            "the answer is not JSON (Expecting ',' delimiter at 3)",
            id="no JSON",
        ),
        pytest.param(
            protocol.document,
            answer(200, b"NaN"),
            "the answer is not JSON (NaN is not JSON)",
            id="no number",
        ),
        pytest.param(
            lambda one: paging.next_link(one, ENDPOINT),
            answer(200, {"nextLink": "https://evil.example/x"}),
            f"the next page is not on {ENDPOINT}: https://evil.example/x",
            id="elsewhere",
        ),
        pytest.param(
            lambda one: paging.next_link(one, ENDPOINT),
            answer(200, {"nextLink": True}),
            "the nextLink is not an address",
            id="no address",
        ),
        pytest.param(
            protocol.complete,
            answer(302),
            "Azure answered 302, to nowhere",
            id="redirected nowhere",
        ),
        pytest.param(
            protocol.complete,
            answer(300, b"", {"location": "https://x.example"}),
            "Azure answered 300, to https://x.example",
            id="redirected",
        ),
        pytest.param(
            protocol.complete,
            answer(403, HTML),
            "an HTML page came with status 403",
            id="page of a 403",
        ),
        pytest.param(
            protocol.complete,
            answer(201),
            "Azure answered 201 where only 200 will do",
            id="other 2xx",
        ),
        pytest.param(protocol.complete, refusal(501, "NotNow"), "It is so.", id="server"),
        pytest.param(
            protocol.complete, refusal(404, "InvalidResourceType"), "It is so.", id="refused"
        ),
    ],
)
def test_an_error_says_what_came(read: Any, given_: Answer, said: str) -> None:
    """An operator reads it as it stands here."""
    with pytest.raises(AzureError) as caught:
        read(given_)

    assert str(caught.value) == said


def test_a_refusal_of_a_version_keeps_what_azure_said() -> None:
    """The list of what is offered is in it."""
    error = protocol.fault(refusal(404, "InvalidResourceType", SUPPORTED))

    assert isinstance(error, VersionRefusedError)
    assert str(error) == SUPPORTED


def test_the_code_of_a_server_error_is_kept() -> None:
    """Support asks for it."""
    assert protocol.fault(refusal(501, "NotNow")).code == "NotNow"


def test_an_answer_to_no_version_at_all_is_no_refusal_of_an_empty_one() -> None:
    """An address without api-version, too, is understood."""
    error = protocol.fault(
        answer(
            404,
            {"error": {"code": "InvalidResourceType", "message": SUPPORTED}},
            url=f"{ENDPOINT}/x",
        )
    )

    assert isinstance(error, VersionRefusedError)


@pytest.mark.parametrize("digits", ["5" * 5000, "5" * 400 + ".5"])
def test_a_number_of_thousands_of_digits_hides_no_refusal(digits: str) -> None:
    """Python itself would not read it."""
    body = '{"error": {"code": "Odd", "message": "It is so.", "detail": ' + digits + "}}"

    assert protocol.fault(answer(400, body.encode())).code == "Odd"


def test_a_401_without_a_challenge_asks_no_claims() -> None:
    """Most have none."""
    assert protocol.claims_challenge(answer(401)) is None


@pytest.mark.parametrize("claims", ["{}", '{"a":1}', '{"a":12}', '{"a":"\u00ff\u00fe~?"}'])
@pytest.mark.parametrize("padded", [True, False])
def test_claims_are_read_in_any_case_and_padding(claims: str, padded: bool) -> None:
    """Names of parameters have no case; base64url comes with its padding or without."""
    spelt = base64.urlsafe_b64encode(claims.encode()).decode()
    header = (
        f'Bearer ERROR="insufficient_claims", CLAIMS="{spelt if padded else spelt.rstrip("=")}"'
    )

    assert protocol.claims_challenge(answer(401, b"", {"www-authenticate": header})) == claims


def test_a_page_needs_a_type_or_a_beginning() -> None:
    """Text that only begins with an angle bracket is none."""
    assert not protocol.is_html(answer(403, b"<x>"))
    assert protocol.is_html(answer(403, b"<x>", {"content-type": "TEXT/HTML; charset=utf-8"}))

"""
URLs of Azure Resource Manager, and what its answers mean. Nothing is sent here.

https://learn.microsoft.com/azure/azure-resource-manager/management/overview
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from contacts_audit.azure.arm import error_body
from contacts_audit.azure.arm.retry import RETRIED, asked_wait
from contacts_audit.core.errors import RECORD, AzureError, Reason, VersionRefusedError

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
BOM = "\ufeff".encode()
SHOWN = 500  # characters of what is shown in a message
OF_SUBSCRIPTION = re.compile("https?://[^/]+/subscriptions/", re.IGNORECASE)
REASONS = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    408: Reason.TIMEOUT,
    429: Reason.THROTTLED,
}
PLAIN_VERSION = re.compile(r"[?&]api-version=([\d.a-z-]{1,60})(?![^&])")  # safe in a shell
UNREGISTERED = frozenset({"subscriptionnotregistered", "missingsubscriptionregistration"})


class Answer(NamedTuple):
    """The complete answer to a request for *url*; the names in *headers* are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """The request id that Azure support asks for."""
        return self.headers.get("x-ms-request-id")


SECRET_HEADERS = frozenset({"www-authenticate", "authorization", "proxy-authorization"})


def is_cookie(header: str) -> bool:
    """Return whether *header* holds a cookie: these are never kept or shown."""
    return "cookie" in header.lower()


def subscriptions_url(endpoint: str) -> str:
    """https://learn.microsoft.com/rest/api/resources/subscriptions/list."""
    return f"{endpoint}/subscriptions?api-version=2022-12-01"


def descendants_url(endpoint: str, group: str) -> str:
    """https://learn.microsoft.com/rest/api/managementgroups/management-groups/get-descendants."""
    return (
        f"{endpoint}/providers/Microsoft.Management/managementGroups/{quote(group, safe='')}"
        f"/descendants?api-version=2023-04-01"
    )


def permissions_url(endpoint: str, subscription_id: str) -> str:
    """https://learn.microsoft.com/rest/api/authorization/permissions."""
    return (
        f"{endpoint}/subscriptions/{quote(subscription_id, safe='')}"
        f"/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    )


def metadata_url(endpoint: str) -> str:
    """Return the URL at which a Resource Manager describes its cloud to anybody."""
    return f"{endpoint}/metadata/endpoints?api-version=2022-09-01"


def contacts_url(endpoint: str, subscription_id: str, version: str) -> str:
    """https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts/list."""
    return (
        f"{endpoint}/subscriptions/{quote(subscription_id, safe='')}"
        f"/providers/Microsoft.Security/securityContacts?api-version={quote(version, safe='')}"
    )


def contact_url(endpoint: str, subscription_id: str, name: str, version: str) -> str:
    """https://learn.microsoft.com/rest/api/defenderforcloud/security-contacts/create."""
    address, query = contacts_url(endpoint, subscription_id, version).split("?")
    return f"{address}/{quote(name, safe='')}?{query}"


def is_of_subscription(url: str) -> bool:
    """Return whether *url* counts against the limit of a subscription, not of the tenant."""
    return OF_SUBSCRIPTION.match(url) is not None


def complete(answer: Answer) -> Answer:
    """
    Return *answer* if a GET succeeded: status 200 and a body.

    Raises:
        AzureError: it did not; the error says why, and whether to retry.
    """
    if answer.status != 200:
        raise fault(answer)
    if not answer.body:
        what = "Azure answered 200 without a body"
        raise error_of(Reason.TRUNCATED, what, answer, retryable=True)
    return answer


def accepted(answer: Answer) -> Answer:
    """
    Return *answer* if a PUT or DELETE was accepted.  Whether it was carried out, only a GET shows.

    Raises:
        AzureError: it was not accepted.
    """
    if 200 <= answer.status < 300:
        return answer
    raise fault(answer)


def document(answer: Answer) -> Any:
    """
    Return the JSON document in *answer*; numbers stay text, as Azure wrote them.

    Raises:
        AzureError: the body is not one JSON document.
    """
    try:
        return _DECODER.decode(text(answer))
    except (ValueError, RecursionError) as error:
        if is_html(answer):
            raise error_of(Reason.HTML, "an HTML page came instead of JSON", answer) from error
        detail = f"{error.msg} at {error.pos}" if isinstance(error, json.JSONDecodeError) else error
        raise error_of(Reason.MALFORMED, f"the answer is not JSON ({detail})", answer) from error


def text(answer: Answer) -> str:
    """Return the body as text: UTF-8, with or without a byte order mark."""
    return answer.body.removeprefix(BOM).decode()


def malformed(answer: Answer, what: str) -> AzureError:
    """Return the error of an answer that is JSON, but not *what* ARM documents."""
    return error_of(Reason.MALFORMED, what, answer)


def fault(answer: Answer) -> AzureError:
    """
    Return what an *answer* other than 200 means.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
    """
    said = error_body.said(answer.body.decode("utf-8-sig", "replace"))
    status, code = answer.status, said.code
    message = said.message or f"Azure answered {status}"
    asked = parse_qs(urlsplit(answer.url).query).get("api-version", [""])[0]
    if error_body.refuses_version(said, status, asked):
        return error_of(Reason.VERSION_UNAVAILABLE, message, answer, code)
    if said.codes & UNREGISTERED:
        return error_of(Reason.NOT_REGISTERED, message, answer, code)
    if status in RETRIED:
        reason = REASONS.get(status, Reason.SERVER_ERROR)
        return error_of(reason, message, answer, code, retryable=True, words=said.words)
    if 300 <= status < 400:
        to = answer.headers.get("location", "nowhere")[:SHOWN]
        return error_of(Reason.REDIRECTED, f"Azure answered {status}, to {to}", answer)
    if status >= 500:
        return error_of(Reason.SERVER_ERROR, message, answer, code)
    if is_html(answer):  # in the place of a 401 it may be Azure's own, about the token
        reason = Reason.UNAUTHORIZED if status == 401 else Reason.HTML
        return error_of(reason, f"an HTML page came with status {status}", answer)
    if status < 300:
        what = f"Azure answered {status} where only 200 will do"
        return error_of(Reason.MALFORMED, what, answer, hint=RECORD)
    return error_of(REASONS.get(status, Reason.REFUSED), message, answer, code)


def claims_challenge(answer: Answer) -> str | None:
    """
    Return the claims that a 401 asks the token to carry, as JSON, or None.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    header = answer.headers.get("www-authenticate", "")
    found = re.search(r'(?<![\w-])claims="([^"]+)"', header, re.IGNORECASE)
    if found is None or not re.search(r'\berror="insufficient_claims"', header, re.IGNORECASE):
        return None
    try:
        claims = base64.urlsafe_b64decode(found[1] + "===").decode()  # it takes too many of them
        return claims if isinstance(json.loads(claims), dict) else None
    except (ValueError, RecursionError):
        return None


def is_html(answer: Answer) -> bool:
    """Return whether *answer* is a web page: of a proxy, a portal, or a gateway."""
    start = answer.body.removeprefix(BOM).lstrip()[:100].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body")) or (
        start.startswith(b"<") and "html" in answer.headers.get("content-type", "").lower()
    )


def refuse(constant: str) -> None:
    """Refuse NaN and infinities, the `parse_constant` of `json`: they are not JSON."""
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=refuse, parse_int=str, parse_float=str)


def error_of(
    reason: Reason,
    message: str,
    answer: Answer,
    code: str | None = None,
    *,
    retryable: bool = False,
    words: str = "",
    hint: str | None = None,
) -> AzureError:
    """Return an error with the facts of *answer*; its *words* may name the time to wait."""
    kind = VersionRefusedError if reason is Reason.VERSION_UNAVAILABLE else AzureError
    error = kind(
        reason,
        message,
        hint=hint,
        status=answer.status,
        code=code,
        request_id=answer.request_id,
        retryable=retryable,
        retry_after=asked_wait_of(answer, words) if retryable else None,
    )
    if asked := PLAIN_VERSION.search(answer.url):
        fetch = "fetch -s SUBSCRIPTION_ID"
        error.hint = error.hint.replace(fetch, f"{fetch} --api-version {asked[1]}")
    return error


def asked_wait_of(answer: Answer, words: str) -> float | None:
    """Return the seconds that *answer* asks to wait: by a header, or in the *words* of a 429."""
    asked = asked_wait(answer.headers)
    return error_body.named_seconds(words) if asked is None and answer.status == 429 else asked

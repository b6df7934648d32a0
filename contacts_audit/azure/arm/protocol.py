"""
URLs of Azure Resource Manager, and what its answers mean. No network.

https://learn.microsoft.com/azure/azure-resource-manager/management/overview
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from contacts_audit.azure.arm import error_body
from contacts_audit.azure.arm.retry import RETRIED, asked_wait
from contacts_audit.core.errors import AzureError, Reason, VersionRefusedError

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
SUBSCRIPTIONS_VERSION = "2022-12-01"
GROUPS_VERSION = "2023-04-01"
PERMISSIONS_VERSION = "2022-04-01"
METADATA_VERSION = "2022-09-01"
LONGEST_LINK = 65_536  # characters of a nextLink
SHOWN = 500  # characters of what is shown in a message
OF_SUBSCRIPTION = re.compile("https?://[^/]+/subscriptions/", re.IGNORECASE)
VERSION_CODES = frozenset(
    {"noregisteredproviderfound", "invalidresourcetype", "invalidapiversionparameter"}
)
UNREGISTERED = frozenset({"subscriptionnotregistered", "missingsubscriptionregistration"})


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a GET of *url*, its body whole; *headers* are looked up in any case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """What Azure support asks for."""
        return self.headers.get("x-ms-request-id")


SECRET_HEADERS = frozenset({"www-authenticate", "authorization", "proxy-authorization"})


def is_cookie(header: str) -> bool:
    """Say whether *header* sets or tells a cookie: nobody keeps or shows one."""
    return "cookie" in header.lower()


def subscriptions_url(endpoint: str) -> str:
    """https://learn.microsoft.com/rest/api/resources/subscriptions/list."""
    return f"{endpoint}/subscriptions?{urlencode({'api-version': SUBSCRIPTIONS_VERSION})}"


def descendants_url(endpoint: str, group: str) -> str:
    """https://learn.microsoft.com/rest/api/managementgroups/management-groups/get-descendants."""
    return (
        f"{endpoint}/providers/Microsoft.Management/managementGroups/{quote(group, safe='')}"
        f"/descendants?{urlencode({'api-version': GROUPS_VERSION})}"
    )


def permissions_url(endpoint: str, subscription_id: str) -> str:
    """https://learn.microsoft.com/rest/api/authorization/permissions."""
    return (
        f"{endpoint}/subscriptions/{quote(subscription_id, safe='')}"
        f"/providers/Microsoft.Authorization/permissions?api-version={PERMISSIONS_VERSION}"
    )


def metadata_url(endpoint: str) -> str:
    """Return where a Resource Manager tells anybody which cloud it is of."""
    return f"{endpoint}/metadata/endpoints?{urlencode({'api-version': METADATA_VERSION})}"


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
    """Say whether *url* counts for the limit of a subscription; else it does for the tenant's."""
    return OF_SUBSCRIPTION.match(url) is not None


def complete(answer: Answer) -> Answer:
    """
    Return *answer* where a GET succeeded: status 200, and a body.

    Raises:
        AzureError: it did not; the error says why, and whether to ask again.
    """
    if answer.status != 200:
        raise fault(answer)
    if not answer.body:
        raise _error(Reason.TRUNCATED, "Azure answered 200 without a body", answer, retryable=True)
    return answer


def accepted(answer: Answer) -> Answer:
    """
    Return *answer* where a PUT or DELETE was taken: whether it was done, only a reading tells.

    Raises:
        AzureError: it was not.
    """
    if 200 <= answer.status < 300:
        return answer
    raise fault(answer)


def document(answer: Answer) -> Any:
    """
    Return the one JSON text that *answer* holds; numbers stay as they are spelt.

    Raises:
        AzureError: it holds anything else.
    """
    try:
        return _DECODER.decode(text(answer))
    except (ValueError, RecursionError) as error:
        if is_html(answer):
            raise _error(Reason.HTML, "an HTML page came instead of JSON", answer) from error
        detail = f"{error.msg} at {error.pos}" if isinstance(error, json.JSONDecodeError) else error
        raise _error(Reason.MALFORMED, f"the answer is not JSON ({detail})", answer) from error


def text(answer: Answer) -> str:
    """Return the body as text: UTF-8, a byte order mark allowed."""
    return answer.body.decode("utf-8-sig")


def is_last(answer: Answer) -> bool:
    """Say whether *answer* surely names no next page: it is no word of it, however spelled."""
    return b"nextlink" not in answer.body.lower() and b"\\u" not in answer.body


def next_link(answer: Answer, endpoint: str) -> str | None:
    """
    Return the address of the page after *answer*, a JSON text, as Azure wrote it; None at the end.

    Raises:
        AzureError: it would lead away from *endpoint*, and our token with it.
    """
    if is_last(answer):
        return None
    match document(answer):
        case {"nextLink": str(url)} if url:
            if len(url) > LONGEST_LINK or not stays_on(url, endpoint):
                shown = url[:SHOWN]
                raise _error(Reason.PAGING, f"the next page is not on {endpoint}: {shown}", answer)
            return url
        case {"nextLink": link} if link not in (None, ""):
            raise _error(Reason.PAGING, "the nextLink is not an address", answer)
        case dict() as page:
            others = [key for key in page if key.casefold().endswith("nextlink")]
            if found := [key for key in others if page[key] not in (None, "")]:
                what = f"it goes on at {found[0][:SHOWN]!r}, and nobody knows how to follow that"
                raise _error(Reason.PAGING, what, answer)
    return None


def malformed(answer: Answer, what: str) -> AzureError:
    """Return the error of an answer that is JSON, but not *what* ARM documents."""
    return _error(Reason.MALFORMED, what, answer)


def fault(answer: Answer) -> AzureError:
    """
    Return what an *answer* other than 200 means.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
    """
    said = error_body.said(answer.body.decode("utf-8-sig", "replace"))
    status, code = answer.status, said.code
    message = said.message or f"Azure answered {status}"
    if _refuses_version(answer, said):
        return _error(Reason.VERSION_UNAVAILABLE, message, answer, code)
    if said.codes & UNREGISTERED:
        return _error(Reason.NOT_REGISTERED, message, answer, code)
    if status in RETRIED:
        reason = {408: Reason.TIMEOUT, 429: Reason.THROTTLED}.get(status, Reason.SERVER_ERROR)
        return _error(reason, message, answer, code, retryable=True, words=said.words)
    if 300 <= status < 400:
        to = answer.headers.get("location", "nowhere")[:SHOWN]
        return _error(Reason.REDIRECTED, f"Azure answered {status}, to {to}", answer)
    if status >= 500:
        return _error(Reason.SERVER_ERROR, message, answer, code)
    if is_html(answer):  # in the place of a 401 it may be Azure's own, about the token
        reason = Reason.UNAUTHORIZED if status == 401 else Reason.HTML
        return _error(reason, f"an HTML page came with status {status}", answer)
    if status < 300:
        return _error(Reason.MALFORMED, f"Azure answered {status} where only 200 will do", answer)
    reason = {401: Reason.UNAUTHORIZED, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND}.get(
        status, Reason.REFUSED
    )
    return _error(reason, message, answer, code)


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
    except (binascii.Error, ValueError, RecursionError):
        return None


def _refuses_version(answer: Answer, said: error_body.Said) -> bool:
    """
    Say whether ARM does not have the api-version that was asked for.

    Either it lists those that it has, and ours is not among them; or it lists none, and says in a
    404 that the type is not there at ours.  Where the list has ours, the location was wrong.
    """
    if answer.status not in (400, 404) or not said.codes & VERSION_CODES:
        return False
    asked = parse_qs(urlsplit(answer.url).query).get("api-version", [""])[0]
    if offered := error_body.listed_versions(said.words):
        return asked.casefold() not in offered
    return answer.status == 404 and bool(asked) and error_body.names_version(said.words, asked)


def is_html(answer: Answer) -> bool:
    """Say whether a page for people came: of a proxy, a portal, or a gateway."""
    start = answer.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:100].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body")) or (
        start.startswith(b"<") and "html" in answer.headers.get("content-type", "").lower()
    )


def stays_on(url: str, endpoint: str) -> bool:
    """Say whether *url* is an address on the very origin *endpoint*, and nothing else."""
    if re.search(r"[\x00-\x20\x7f-\U0010ffff\\]", url):
        return False
    try:
        same = _origin(url) == _origin(endpoint)
    except ValueError:
        return False
    return same and "@" not in urlsplit(url).netloc


def _origin(url: str) -> tuple[str, str | None, int]:
    """https://www.rfc-editor.org/rfc/rfc6454#section-4."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, 443 if parts.port is None else parts.port


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=str, parse_float=str)


def _error(
    reason: Reason,
    message: str,
    answer: Answer,
    code: str | None = None,
    *,
    retryable: bool = False,
    words: str = "",
) -> AzureError:
    kind = VersionRefusedError if reason is Reason.VERSION_UNAVAILABLE else AzureError
    return kind(
        reason,
        message,
        status=answer.status,
        code=code,
        request_id=answer.request_id,
        retryable=retryable,
        retry_after=asked_wait_of(answer, words) if retryable else None,
    )


def asked_wait_of(answer: Answer, words: str) -> float | None:
    """Return the seconds that *answer* asks to wait: by a header, or in the *words* of a 429."""
    asked = asked_wait(answer.headers)
    return error_body.named_seconds(words) if asked is None and answer.status == 429 else asked

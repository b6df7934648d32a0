"""
The HTTP client that MSAL uses to reach the token service.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

import contextlib
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import requests

from contacts_audit.azure.arm import error_body
from contacts_audit.azure.arm.protocol import Answer, asked_wait_of
from contacts_audit.azure.arm.retry import RETRIED, with_retries
from contacts_audit.azure.arm.transport import USER_AGENT, Transport
from contacts_audit.core.errors import AuthError, AzureError, ContactsAuditError, Reason
from contacts_audit.core.sanitize import redacted, without_credentials

ATTEMPT_SECONDS = 15.0
LONGEST_DESCRIPTION = 8192  # characters of an error
CHECK = "check the credential; -v says which one was used"
PROOFS = (
    *("client_secret", "client_assertion", "refresh_token", "device_code"),
    *("X-IDENTITY-HEADER", "secret"),
)
ISSUED = ("access_token", "refresh_token", "id_token", "device_code")
CURES = {
    "7000215": "set AZURE_CLIENT_SECRET to the secret's value, not to its id",
    "7000222": "the client secret expired: add a new one to the app registration",
    "90002": "check the tenant (AZURE_TENANT_ID, --tenant) and the cloud (--cloud)",
    "700016": "check AZURE_CLIENT_ID, and that the application is of this tenant",
    "700027": "upload the certificate to the app registration, and check that it has not expired",
    "700024": "set the clock: the assertion is not valid now",
    "700082": "sign in again: the refresh token has expired",
    "500011": "check --audience and --cloud",
    "50076": "sign in again: Entra asks for a second factor",
}


class Response(NamedTuple):
    """The part of a requests response that MSAL reads."""

    status_code: int
    headers: Mapping[str, str]
    text: str

    def raise_for_status(self) -> None:
        """Do nothing: the caller reads the status."""


class TokenService:
    """
    The `requests.Session` for MSAL: with a time limit and retries, without redirects.

    MSAL does not retry, and replays a failure from its cache; so only the last answer reaches it.
    With *raw* the caller reads the body, whatever it is.  No error shows the *known* secrets, even
    if the request did not hold them.  *retried* decides which statuses are retried.  With
    *longest*, all the time is used, and no pause is longer than these seconds.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        attempt: float = ATTEMPT_SECONDS,
        longest: float | None = None,
        retried: Callable[[int], bool] = RETRIED.__contains__,
        raw: bool = False,
        known: Sequence[str] = (),
    ) -> None:
        self._known = known
        self._raw = raw
        self._transport = transport
        self._attempt = attempt
        self._retried = retried
        self._patience: Mapping[str, Any] = {}
        if longest is not None:
            self._patience = {"attempts": math.inf, "longest": longest}
        self._until = 0.0
        self.now = time.time()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """
        Give all requests of one sign-in *seconds*.

        Raises:
            AuthError: it failed, for whatever reason.
        """
        self._until = time.monotonic() + seconds
        self.now = time.time()
        try:
            yield
        except AzureError as error:
            raise AuthError(f"sign-in failed: {error}", error.hint) from error
        except ContactsAuditError:
            raise
        except Exception as error:  # noqa: BLE001 - MSAL raises whatever its reading of an answer does
            told = without_credentials(self._transport.secrets.redact(str(error)), {})
            raise refused({"error_description": told}) from None

    def get(self, url: str, **given: Any) -> Response:
        """
        As `requests.Session.get`.

        Raises:
            AuthError: it was refused; MSAL would only guess why.
        """
        response = self._send(requests.Request("GET", url, **_known(given)).prepare())
        if response.status_code >= 400 and url.endswith("/openid-configuration"):
            raise refused(dict(json.loads(response.text)))
        return response

    def post(self, url: str, **given: Any) -> Response:
        """As `requests.Session.post`."""
        return self._send(requests.Request("POST", url, **_known(given)).prepare())

    def close(self) -> None:
        """Do nothing: the transport ends with the process."""

    def _send(self, request: requests.PreparedRequest) -> Response:
        request.headers["User-Agent"] = USER_AGENT
        answer = with_retries(lambda: self._once(request), until=self._until, **self._patience)
        text = answer.body.decode("utf-8-sig", "replace")
        if not self._raw and object_of(text) is None:
            raise AzureError(
                Reason.HTML, f"the token service answered {answer.status}, without a JSON object"
            )
        return Response(answer.status, answer.headers, text)

    def _once(self, request: requests.PreparedRequest) -> Answer:
        left = self._until - time.monotonic()
        sent, secrets = _secrets(request), self._transport.secrets
        secrets.add(*sent)
        answer = self._transport.send(request, timeout=max(0.001, min(self._attempt, left)))
        if answer.status != 200 or b'"error' in answer.body:
            told = secrets.redact(answer.body.decode("utf-8-sig", "replace"))
            told = redacted(told, [*sent, *self._known])  # the shortest, too
            answer = replace(answer, body=without_credentials(told, {}).encode())
        else:
            secrets.add(*_issued(answer))
        passes = self._retried(answer.status)
        if passes or 300 <= answer.status < 400 or answer.status >= 500:
            text = answer.body.decode("utf-8-sig", "replace")
            raise AzureError(
                Reason.HTML if answer.status < 400 else Reason.SERVER_ERROR,
                f"the token service answered {answer.status}{reason_of(text)}",
                hint="run again later, or raise --auth-timeout" if passes else None,
                status=answer.status,
                retryable=passes,
                retry_after=asked_wait_of(answer, error_body.said(text).words),
            )
        if answer.status == 200 and not answer.body:  # its headers may have been cut
            raise AzureError(
                Reason.TRUNCATED, "the token service answered 200 without a body", retryable=True
            )
        return answer


def _secrets(request: requests.PreparedRequest) -> list[str]:
    """Return the secrets in *request*, which no error may show."""
    body = request.body or b""
    form = parse_qs(body if isinstance(body, str) else body.decode())
    values = [value for name in PROOFS for value in form.get(name, ())]
    return [*values, *(request.headers[name] for name in PROOFS if name in request.headers)]


def _issued(answer: Answer) -> list[str]:
    """Return the tokens and codes in a successful answer of the token service."""
    told = object_of(answer.body.decode("utf-8-sig", "replace")) or {}
    found = [told.get(name) for name in ISSUED]
    return [value for value in found if isinstance(value, str)]


def object_of(text: str) -> Mapping[str, Any] | None:
    """Return the JSON object in *text*, None if it is something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def reason_of(text: str) -> str:
    """Return the failure that the answer *text* names, after a colon."""
    said = error_body.said(text)
    reason = (said.message or said.code or "")[:500]
    return reason and f": {reason}"


def refused(
    result: Mapping[str, Any], hint: str = CHECK, cures: Mapping[str, str] | None = None
) -> AuthError:
    """
    Return the error of a token service that answered without a token.

    *cures* and `CURES` hold a hint for an AADSTS number; *hint* is for all others.
    """
    description = str(result.get("error_description") or result.get("error") or "no token came")
    line = re.split(r"Trace ID|[\r\n]", description[:LONGEST_DESCRIPTION])[0].rstrip()[:500]
    code = re.search(r"AADSTS(\d{1,9})", description[:LONGEST_DESCRIPTION])
    known = {**CURES, **(cures or {})}
    return AuthError(f"sign-in failed: {line}", known.get(code[1] if code else "", hint))


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("params", "data", "headers") if name in given}

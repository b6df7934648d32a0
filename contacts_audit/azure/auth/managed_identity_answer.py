"""Prepares the answer of a managed identity endpoint for MSAL."""

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from contacts_audit.azure.auth.msal_http import Response, TokenService, object_of, reason_of
from contacts_audit.azure.auth.sign_in import (
    claims_of,
)
from contacts_audit.azure.auth.token_provider import moment
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError

UNTOLD = 3600.0  # seconds that a token is taken to live of which nobody tells, as by MSAL


ASSIGN = "assign the identity to this machine or app, or name another by --identity-..."
NO_IDENTITY = "check that a managed identity is at this address, and choose another by --auth"


DATES = (
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%m/%d/%Y %I:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %z",
)


@dataclass(frozen=True, slots=True)
class PlatformClient:
    """What MSAL takes for a session: its platform's answers always tell an expiry in seconds."""

    service: TokenService

    def get(self, url: str, **given: Any) -> Response:
        """
        As `requests.Session.get`; a challenge of Azure Arc is left to MSAL.

        Raises:
            AuthError: no token came; MSAL reads what each platform says of it in ways of its own.
        """
        answer = self.service.get(url, **given)
        if answer.status_code == 401 and "www-authenticate" in answer.headers:
            return answer
        return replace(answer, text=_with_expiry(answer))

    def post(self, url: str, **given: Any) -> Response:
        """As `requests.Session.post`; no platform is asked so."""
        return self.service.post(url, **given)

    def close(self) -> None:
        """Nothing to close."""


def _with_expiry(answer: Response) -> str:
    """
    Return the text of *answer* with the expiry that its token shows, else what it tells in words.

    Platforms tell seconds, as a number or as text, or a date in words, or nothing at all:
    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

    Raises:
        AuthError: it holds no token.
    """
    told = object_of(answer.text)
    if told is None:
        raise AuthError(f"it answered {answer.status_code}, without a JSON object", NO_IDENTITY)
    bearer = told.get("access_token")
    if answer.status_code != 200 or not (isinstance(bearer, str) and bearer):
        raise AuthError(f"it answered {answer.status_code}{reason_of(answer.text)}", ASSIGN)
    now = time.time()
    lifetime = moment(told.get("expires_in"))
    expires = (
        shown_expiry(bearer)
        or _moment_in_words(told.get("expires_on"))
        or now + (lifetime or UNTOLD)
    )
    return json.dumps({**told, "expires_on": int(expires), "expires_in": int(expires - now)})


def shown_expiry(bearer: str) -> float | None:
    """Return the expiry that the token itself shows."""
    return moment(claims_of(AccessToken(bearer, None)).get("exp"))


def _moment_in_words(value: object) -> float | None:
    seconds = moment(value)
    if seconds is not None or not isinstance(value, str):
        return seconds
    for form in DATES:
        try:
            date = datetime.strptime(value.strip(), form)
            return moment((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            continue
    return None

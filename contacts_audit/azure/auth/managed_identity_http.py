"""
The HTTP client that MSAL uses to reach a managed identity.

It turns each answer into one that MSAL reads the same way on each platform.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contacts_audit.azure.auth.access_token import epoch_seconds, expiry_of
from contacts_audit.azure.auth.msal_http import Response, TokenService, object_of, reason_of
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError

ASSIGN = "assign the identity to this machine or app, or name another by --identity-..."
NO_IDENTITY = "check that a managed identity is at this address, and choose another by --auth"
USUAL_LIFETIME = 3600.0  # seconds, if the answer names no expiry; MSAL assumes the same
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
    """What MSAL uses as a `requests.Session`. Each token that it returns has an expiry."""

    service: TokenService

    def get(self, url: str, **given: Any) -> Response:
        """
        Send a GET, as `requests.Session.get`. MSAL answers a challenge of Azure Arc.

        Raises:
            AuthError: the answer holds no token. MSAL would not show the platform's own message.
        """
        answer = self.service.get(url, **given)
        if answer.status_code == 401 and "www-authenticate" in answer.headers:
            return answer
        return answer._replace(text=_with_expiry(answer))


def _with_expiry(answer: Response) -> str:
    """
    Return the text of *answer* with the expiry in epoch seconds.

    The claims of the token come first. Platforms write seconds, as a number or as text, or a
    date, or nothing:
    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

    Raises:
        AuthError: it holds no token.
    """
    body = object_of(answer.text)
    if body is None:
        raise AuthError(f"it answered {answer.status_code}, without a JSON object", NO_IDENTITY)
    token = body.get("access_token")
    if answer.status_code != 200 or not (isinstance(token, str) and token):
        raise AuthError(f"it answered {answer.status_code}{reason_of(answer.text)}", ASSIGN)
    now = time.time()
    expires = (
        expiry_of(AccessToken(token, None))
        or _moment(body.get("expires_on"))
        or now + (epoch_seconds(body.get("expires_in")) or USUAL_LIFETIME)
    )
    return json.dumps({**body, "expires_on": int(expires), "expires_in": int(expires - now)})


def _moment(value: object) -> float | None:
    """Return the epoch seconds of a number or a date."""
    seconds = epoch_seconds(value)
    if seconds is not None or not isinstance(value, str):
        return seconds
    for form in DATES:
        try:
            date = datetime.strptime(value.strip(), form)
            return epoch_seconds((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            continue
    return None

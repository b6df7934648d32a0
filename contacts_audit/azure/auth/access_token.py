"""
Checks what may be a bearer token, and reads its claims.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

import base64
import json
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError

UNITS = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
LAST_SECOND = 253_402_300_800.0  # of the year 9999


def bearer_token(
    value: object,
    source: str,
    expires_on: float | None = None,
    tenant: str | None = None,
    subscription: str | None = None,
) -> AccessToken:
    """
    Return *value*, a bearer token: it then can end no header. Its claims go before *tenant*.

    They also show the expiry if *expires_on* is None.

    https://www.rfc-editor.org/rfc/rfc6750#section-2.1

    Raises:
        AuthError: it is none. The message names *source*, and does not show *value*.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", value):
        raise AuthError(
            f"{source} holds no bearer token",
            "give the token alone, or what az account get-access-token prints",
        )
    claimed = claims_of(value).get("tid")
    tenant = claimed if isinstance(claimed, str) else tenant
    return AccessToken(value, expires_on or expiry_of(value), tenant, subscription)


def claims_of(token: str) -> Mapping[str, Any]:
    """Return the claims of *token*, {} if it is opaque. The signature is not verified."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def expiry_of(token: str) -> float | None:
    """Return the expiry that the claims of *token* show, in epoch seconds."""
    return epoch_seconds(claims_of(token).get("exp"))


def epoch_seconds(value: object) -> float | None:
    """Return *value* as seconds that a calendar can hold, None if it is anything else."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < LAST_SECOND else None


def is_expired(token: AccessToken, now: float) -> bool:
    """Say whether *token* has expired at *now*, in epoch seconds."""
    return token.expires_on is not None and now >= token.expires_on


def check_not_expired(token: AccessToken, source: str) -> AccessToken:
    """
    Return *token*.

    Raises:
        AuthError: it has expired. The message names *source*.
    """
    if token.expires_on is not None and is_expired(token, time.time()):
        raise AuthError(
            f"{source} expired {time_ago(token.expires_on)}",
            "get a new one, or check this machine's clock",
        )
    return token


def time_ago(then: float) -> str:
    """Return how long ago *then* was, in epoch seconds, and when: "2 h ago (05:20 UTC)"."""
    seconds = max(0.0, time.time() - then)
    unit, size = next((each for each in UNITS if seconds >= each[1]), UNITS[-1])
    form = "%H:%M UTC" if seconds < UNITS[0][1] else "%Y-%m-%d %H:%M UTC"
    return f"{seconds / size:.0f} {unit} ago ({datetime.fromtimestamp(then, UTC).strftime(form)})"

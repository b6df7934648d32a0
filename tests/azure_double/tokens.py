"""Access tokens: how they are made, and what ARM thinks of one."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from .refusals import Refused
from .wire import Asked, compact
from .world import Issued, World

AUTHORIZE = "https://login.microsoftonline.com/common/oauth2/authorize"


def issue(world: World, audience: str, *, claims: str | None = None) -> str:
    """Return a new token for *audience*, and remember it."""
    now = time.time()
    number = next(world.counter)
    header = {"typ": "JWT", "alg": "RS256", "kid": "double"}
    payload = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{world.tenant}/",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + world.token_lifetime),
        "appid": world.client_id,
        "idtyp": "app",
        "oid": world.object_id,
        "sub": world.object_id,
        "tid": world.tenant,
        "jti": world.ids.guid("token", number),
        "ver": "1.0",
    }
    signed = f"{_unpadded(compact(header))}.{_unpadded(compact(payload))}"
    token = f"{signed}.{_unpadded(hashlib.shake_256(signed.encode()).digest(256))}"
    world.tokens[token] = Issued(audience, now + world.token_lifetime, claims)
    return token


def check(world: World, asked: Asked) -> None:
    """
    Let a request with a good token pass.

    Raises:
        Refused: the token is missing, unknown, expired, for somebody else, or
            was not acquired with the claims that are asked for.
    """
    if asked.bearer is None:
        raise _unauthorized(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
    issued = world.tokens.get(asked.bearer)
    if issued is None:
        raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
    if issued.audience.rstrip("/") != world.audience.rstrip("/"):
        raise _wrong_audience(issued.audience, world.audience)
    if issued.expires <= time.time():
        raise _expired(issued.expires)
    if world.challenged is not None and not _satisfies(issued.claims, world.challenged):
        raise _challenge(world.challenged)


def _wrong_audience(audience: str, right: str) -> Refused:
    allowed = f"'{right.rstrip('/')}/', '{right.rstrip('/')}'"
    return _unauthorized(
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource "
        f"'{audience}'. It should exactly match with one of the allowed audiences {allowed}.",
    )


def _expired(expires: float) -> Refused:
    return _unauthorized(
        "ExpiredAuthenticationToken",
        f"The access token expiry UTC time '{_american(expires)}' is earlier than "
        f"current UTC time '{_american(time.time())}'.",
    )


def _challenge(claims: str) -> Refused:
    bearer = (
        f'Bearer realm="", authorization_uri="{AUTHORIZE}", '
        f'error="insufficient_claims", claims="{_unpadded(claims.encode())}"'
    )
    return _unauthorized(
        "InvalidAuthenticationToken",
        "The access token has been revoked. Please sign in again.",
        {"WWW-Authenticate": bearer},
    )


def _unauthorized(code: str, message: str, headers: dict[str, str] | None = None) -> Refused:
    plain = {"WWW-Authenticate": f'Bearer authorization_uri="{AUTHORIZE}", error="invalid_token"'}
    return Refused(401, code, message, headers or plain)


def _satisfies(given: str | None, wanted: str) -> bool:
    """Whether a token's claims request holds what the challenge wanted."""
    try:
        return given is not None and _contains(json.loads(given), json.loads(wanted))
    except ValueError:
        return False


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _contains(whole[key], part[key]) for key in part)
    return bool(whole == part)


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _american(moment: float) -> str:
    return time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(moment))

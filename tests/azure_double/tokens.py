"""Issues access tokens, and checks them for ARM."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from .principals import Principal
from .refusals import Refused
from .wire import Asked, compact
from .world import Issued, World

AUTHORIZE = "https://login.microsoftonline.com/common/oauth2/authorize"


def issue(
    world: World,
    audience: str,
    *,
    claims: str | None = None,
    tenant: str | None = None,
    principal: Principal | None = None,
) -> str:
    """
    Return a new token for *audience*, and keep it.

    *tenant* is the id of its tenant, by default the first. *principal* is its subject, by default
    the application.
    """
    now = time.time()
    whose = principal or world.application
    issuer = tenant or world.tenant
    payload = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{issuer}/",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + world.token_lifetime),
        **whose.claims,
        "tid": issuer,
        "jti": world.ids.guid("token", next(world.counter)),
        "ver": "1.0",
    }
    token = signed(payload)
    expires = now + world.token_lifetime
    world.tokens[token] = Issued(audience, expires, issuer, whose, claims)
    return token


def signed(payload: Mapping[str, object]) -> str:
    """Return a JWT of *payload* with a fake signature."""
    header = {"typ": "JWT", "alg": "RS256", "kid": "double"}
    text = f"{unpadded(compact(header))}.{unpadded(compact(payload))}"
    return f"{text}.{unpadded(hashlib.shake_256(text.encode()).digest(256))}"


def unpadded(data: bytes) -> str:
    """Return *data* in base64url without padding, as in a JWT."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def check(world: World, asked: Asked) -> Issued:
    """
    Return the record of the token of the request.

    Raises:
        Refused: the token is missing, unknown, expired, of another audience, or was acquired
            without the demanded claims.
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
    return issued


def wrong_tenant(tenant: str, home: str) -> Refused:
    """Return the refusal of a token of *tenant* instead of *home*."""
    authority = f"https://login.windows.net/{home}"
    bearer = (
        f'Bearer authorization_uri="{authority}", error="invalid_token", '
        'error_description="The access token is from the wrong issuer. It must match the tenant '
        'associated with this subscription. Please use correct authority to get the token."'
    )
    return _unauthorized(
        "InvalidAuthenticationTokenTenant",
        f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must "
        f"match the tenant 'https://sts.windows.net/{home}/' associated with this subscription. "
        f"Please use the authority (URL) '{authority}' to get the token. Note, if the subscription "
        "is transferred to another tenant there is no impact to the services, but information "
        "about new tenant could take time to propagate (up to an hour). If you just transferred "
        "your subscription and see this error message, please try back later.",
        {"WWW-Authenticate": bearer},
    )


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
        f'error="insufficient_claims", claims="{unpadded(claims.encode())}"'
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
    """Say whether the claims request of a token has what the challenge wants."""
    try:
        return given is not None and _contains(json.loads(given), json.loads(wanted))
    except ValueError:
        return False


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _contains(whole[key], part[key]) for key in part)
    return bool(whole == part)


def _american(moment: float) -> str:
    return time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(moment))

"""Issues the tokens of a signed-in user, also for a refresh token."""

from __future__ import annotations

import time

from . import principals, tokens
from .denials import Denied
from .principals import AZURE_CLI, Tenant
from .subscriptions import Json
from .wire import Asked, compact
from .world import Consent, World

GRANT = "refresh_token"
INACTIVE = 90 * 24 * 3600.0


def resource_of(scope: str) -> str:
    """
    Return the resource in *scope*, with its trailing slash if it has one.

    Raises:
        Denied: it names none.
    """
    for each in scope.split():
        resource, found, _ = each.rpartition("/")
        if found:  # `openid` and the like have no resource
            return resource
    raise Denied(
        400,
        "invalid_scope",
        70011,
        "The provided request must include a 'scope' input parameter. The provided value for the "
        f"input parameter 'scope' is not valid. The scope '{scope}' is not valid.",
    )


def refresh(world: World, asked: Asked, tenant: Tenant) -> Json:
    """
    Return the answer with a token of *tenant*, and with a new refresh token.

    As with Entra ID, the old one stays valid, in every tenant.

    Raises:
        Denied: the refresh token is unknown, of another client, or too old.
    """
    form = asked.form
    client_id = form.get("client_id", "")
    consent = world.refresh_tokens.get(form.get("refresh_token", ""))
    if consent is None or consent.client_id != client_id:
        raise Denied(
            400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid."
        )
    if world.refresh_dead:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(world.clock() - INACTIVE))
        raise Denied(
            400,
            "invalid_grant",
            700082,
            "The refresh token has expired due to inactivity. The token was issued on "
            f"{moment}.6448497Z and was inactive for 90.00:00:00.",
        )
    scope, claims = form.get("scope") or consent.scope, form.get("claims")
    return granted(world, asked, tenant, client_id=client_id, scope=scope, claims=claims)


def granted(
    world: World,
    asked: Asked,
    tenant: Tenant,
    *,
    client_id: str,
    scope: str,
    claims: str | None,
) -> Json:
    """Return the answer with all tokens that *scope* names."""
    resource, wanted = resource_of(scope), set(scope.split())
    who = principals.person(world.user, client_id)
    answer: Json = {
        "token_type": "Bearer",
        "scope": f"{resource}/user_impersonation {resource}/.default",
        "expires_in": world.token_lifetime,
        "ext_expires_in": world.token_lifetime,
        "access_token": tokens.issue(
            world, resource, claims=claims, tenant=tenant.id, principal=who
        ),
    }
    if "offline_access" in wanted:
        answer["refresh_token"] = _refresh_token(world, Consent(client_id, scope))
    if client_id == AZURE_CLI:
        answer["foci"] = "1"
    if "openid" in wanted:
        answer["id_token"] = _id_token(world, asked.origin, tenant, client_id)
    if asked.form.get("client_info") == "1":
        home = {"uid": world.user.object_id, "utid": world.tenant}
        answer["client_info"] = tokens.unpadded(compact(home))
    return answer


def _refresh_token(world: World, consent: Consent) -> str:
    number = next(world.counter)
    parts = [world.ids.digest("refresh token", number, part) for part in range(8)]
    token = f"1.AV0A{tokens.unpadded(b''.join(parts))}"
    world.refresh_tokens[token] = consent
    return token


def _id_token(world: World, origin: str, tenant: Tenant, client_id: str) -> str:
    now, user = int(time.time()), world.user
    return tokens.signed(
        {
            "aud": client_id,
            "iss": f"{origin}/{tenant.id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + world.token_lifetime,
            "name": user.name,
            "oid": user.object_id,
            "preferred_username": user.upn,
            "sub": user.object_id,
            "tid": tenant.id,
            "upn": user.upn,
            "ver": "2.0",
        }
    )

"""The token service: discovery, and tokens for the one application."""

from __future__ import annotations

import re
from collections.abc import Callable

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from . import tokens
from .wire import JSON, Answer, Asked, HeaderValue, compact
from .world import World

DISCOVERY = re.compile(r"/([^/]+)/v2\.0/\.well-known/openid-configuration")
TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token")
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

CertificateOf = Callable[[], x509.Certificate]


class Denied(Exception):
    """Entra denies a token, with the number of its reason."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = f"AADSTS{number}: {text}"


def usual_headers(world: World, asked: Asked) -> dict[str, HeaderValue]:
    """Return the headers that every answer of the token service bears."""
    return {
        "Cache-Control": "no-store, no-cache",
        "Pragma": "no-cache",
        "Content-Type": JSON,
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": world.ids.guid("trace", asked.number),
        "x-ms-ests-server": "2.1.0 - WEULR1 ProdSlices",
        "Set-Cookie": "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly",
        "Date": world.date,
    }


def answer(world: World, asked: Asked, certificate: CertificateOf) -> Answer:
    """Return what the token service answers."""
    headers = usual_headers(world, asked)
    path = asked.path
    try:
        if asked.method == "GET" and (found := DISCOVERY.fullmatch(path)):
            return Answer(200, compact(_discover(world, asked, found[1])), headers)
        if asked.method == "POST" and (found := TOKEN.fullmatch(path)):
            return Answer(200, compact(_grant(world, asked, found[1], certificate)), headers)
    except Denied as denied:
        return Answer(denied.status, compact(_explain(world, asked, denied)), headers)
    world.unknown.append(asked)
    return Answer(404, b"", headers)


def _discover(world: World, asked: Asked, tenant: str) -> dict[str, object]:
    _check_tenant(world, tenant)
    here = f"{asked.origin}/{tenant}"
    return {
        "token_endpoint": f"{here}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{here}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": f"{asked.origin}/{world.tenant}/v2.0",
        "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
        "tenant_region_scope": "EU",
    }


def _grant(
    world: World, asked: Asked, tenant: str, certificate: CertificateOf
) -> dict[str, object]:
    form = asked.form
    _check_tenant(world, tenant)
    if form.get("grant_type") != "client_credentials":
        raise Denied(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{form.get('grant_type', '')}'.",
        )
    _check_client(world, asked, certificate)
    audience, found, _ = form.get("scope", "").rpartition("/.default")
    if not found:
        raise Denied(
            400,
            "invalid_scope",
            1002012,
            "The provided value for scope is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier (application ID URI).",
        )
    token = tokens.issue(world, audience, claims=form.get("claims"))
    return {
        "token_type": "Bearer",
        "expires_in": world.token_lifetime,
        "ext_expires_in": world.token_lifetime,
        "access_token": token,
    }


def _check_tenant(world: World, tenant: str) -> None:
    if tenant.lower() not in {world.tenant, world.domain}:
        raise Denied(
            400,
            "invalid_tenant",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and "
            "are signing into the correct cloud. Check with your subscription administrator, this "
            "may happen if there are no active subscriptions for the tenant.",
        )


def _check_client(world: World, asked: Asked, certificate: CertificateOf) -> None:
    form = asked.form
    if form.get("client_id") != world.client_id:
        raise Denied(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{form.get('client_id', '')}' was not found in the "
            "directory 'Contoso'. This can happen if the application has not been installed by "
            "the administrator of the tenant or consented to by any user in the tenant.",
        )
    if "client_assertion" in form:
        _check_assertion(world, asked, certificate)
    else:
        _check_secret(world, form.get("client_secret"))


def _check_secret(world: World, secret: str | None) -> None:
    if secret != world.secret:
        raise Denied(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            "client secret value, not the client secret ID, for a secret added to app "
            f"'{world.client_id}'.",
        )
    if world.secret_expired:
        raise Denied(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{world.client_id}' are expired. Visit the "
            "Azure portal to create new keys for your app, or consider using certificate "
            "credentials for added security.",
        )


def _check_assertion(world: World, asked: Asked, certificate: CertificateOf) -> None:
    assertion = asked.form["client_assertion"]
    if assertion == world.federated_token:
        return
    key = certificate().public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=["PS256", "RS256"],
            audience=f"{asked.origin}{asked.path}",
            issuer=world.client_id,
            subject=world.client_id,
            options={"require": ["exp", "aud", "iss", "sub", "jti"]},
        )
    except jwt.PyJWTError:
        raise Denied(
            401,
            "invalid_client",
            700027,
            "The certificate with identifier used to sign the client assertion is not registered "
            "on application. [Reason - The key was not found.]",
        ) from None


def _explain(world: World, asked: Asked, denied: Denied) -> dict[str, object]:
    trace = world.ids.guid("trace", asked.number)
    correlation = asked.headers.get("client-request-id") or world.ids.guid("call", asked.number)
    now = world.stamp("%Y-%m-%d %H:%M:%SZ")
    return {
        "error": denied.error,
        "error_description": (
            f"{denied.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"
        ),
        "error_codes": [denied.number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{asked.origin}/error?code={denied.number}",
    }

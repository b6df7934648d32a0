"""Answers requests to the token service: discovery, device codes and tokens."""

from __future__ import annotations

import re

from . import applications, device_codes, users
from .applications import CertificateOf
from .denials import Denied, no_tenant
from .principals import Tenant
from .subscriptions import Json
from .wire import JSON, Answer, Asked, HeaderValue, compact
from .world import World

DISCOVERY = re.compile(r"/([^/]+)/v2\.0/\.well-known/openid-configuration")
TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token")
DEVICE_CODE = re.compile(r"/([^/]+)/oauth2/v2\.0/devicecode")
ANY_TENANT = {"common", "organizations"}


def usual_headers(world: World, asked: Asked) -> dict[str, HeaderValue]:
    """Return the headers of every answer of the token service."""
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
    """Return the answer of the token service."""
    headers = usual_headers(world, asked)
    path = asked.path
    try:
        if asked.method == "GET" and (found := DISCOVERY.fullmatch(path)):
            return Answer(200, compact(_discover(world, asked, found[1])), headers)
        if asked.method == "POST" and (found := TOKEN.fullmatch(path)):
            return Answer(200, compact(_grant(world, asked, found[1], certificate)), headers)
        if asked.method == "POST" and (found := DEVICE_CODE.fullmatch(path)):
            _tenant_of_user(world, found[1])
            return Answer(200, compact(device_codes.begin(world, asked)), headers)
    except Denied as denied:
        return Answer(denied.status, compact(_explain(world, asked, denied)), headers)
    world.unknown.append(asked)
    return Answer(404, b"", headers)


def _discover(world: World, asked: Asked, name: str) -> Json:
    here = f"{asked.origin}/{name}"
    issuer = "{tenantid}" if name.lower() in ANY_TENANT else _tenant(world, name).id
    return {
        "token_endpoint": f"{here}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{here}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": f"{asked.origin}/{issuer}/v2.0",
        "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
        "tenant_region_scope": "EU",
    }


def _grant(world: World, asked: Asked, name: str, certificate: CertificateOf) -> Json:
    kind = asked.form.get("grant_type", "")
    if kind == applications.GRANT:
        return applications.grant(world, asked, _tenant(world, name), certificate)
    if kind == device_codes.GRANT:
        return device_codes.poll(world, asked, _tenant_of_user(world, name))
    if kind == users.GRANT:
        return users.refresh(world, asked, _tenant_of_user(world, name))
    raise Denied(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{kind}'.",
    )


def _tenant(world: World, name: str) -> Tenant:
    found = world.find_tenant(name)
    if found is None:
        raise no_tenant(name)
    return found


def _tenant_of_user(world: World, name: str) -> Tenant:
    """Return the tenant *name*; for any tenant, the user's own, which is the first."""
    return _tenant(world, world.tenant if name.lower() in ANY_TENANT else name)


def _explain(world: World, asked: Asked, denied: Denied) -> Json:
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

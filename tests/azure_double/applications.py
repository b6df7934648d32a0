"""Signs in the application with its secret, its certificate or a federated token."""

from __future__ import annotations

from collections.abc import Callable

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from . import tokens
from .denials import Denied, no_application
from .principals import Tenant
from .subscriptions import Json
from .wire import Asked
from .world import World

GRANT = "client_credentials"

CertificateOf = Callable[[], x509.Certificate]


def grant(world: World, asked: Asked, tenant: Tenant, certificate: CertificateOf) -> Json:
    """
    Return the answer with a token of *tenant*.

    Raises:
        Denied: the proof is wrong, or the scope is not valid.
    """
    form = asked.form
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
    token = tokens.issue(world, audience, claims=form.get("claims"), tenant=tenant.id)
    return {
        "token_type": "Bearer",
        "expires_in": world.token_lifetime,
        "ext_expires_in": world.token_lifetime,
        "access_token": token,
    }


def _check_client(world: World, asked: Asked, certificate: CertificateOf) -> None:
    form = asked.form
    if form.get("client_id") != world.client_id:
        raise no_application(form.get("client_id", ""))
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

"""
Tokens from the managed identity of a machine, an app or a container.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import functools
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.auth.managed_identity_answer import ASSIGN, PlatformClient, shown_expiry
from contacts_audit.azure.auth.managed_identity_endpoint import Endpoint, endpoint_of
from contacts_audit.azure.auth.msal_http import TokenService
from contacts_audit.azure.auth.sign_in import (
    Credential,
    SignIn,
    check_fixed_tenant,
    claims_of,
    granted,
)
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

ATTEMPT_SECONDS = 5.0
LONGEST_PAUSE = 5.0
UPDATING = frozenset({404, 410})  # what IMDS answers while it starts or is updated, up to 70 s
CLAIMS = {"client_id": ("appid", "azp"), "object_id": ("oid",), "resource_id": ("xms_mirid",)}
log = logging.getLogger(__name__)


def managed_identity(sign_in: SignIn) -> Credential:
    """
    The user-assigned identity that an option or AZURE_CLIENT_ID names, else the system-assigned.

    Raises:
        AuthError: the platform tells half of it, or AZURE_CLIENT_ID is no id.
    """
    check_fixed_tenant(sign_in)
    place = endpoint_of(sign_in.environment)
    wanted, source = _wanted(sign_in)
    name = "system-assigned"
    if wanted is not None:
        name = f"user-assigned, {wanted[0].replace('_', ' ')} {wanted[1]}{source}"

    @functools.cache
    def service() -> TokenService:
        return TokenService(
            sign_in.platform(place.address),
            attempt=ATTEMPT_SECONDS,
            raw=True,
            retried=lambda status: _passes(status, place),
            longest=LONGEST_PAUSE,
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        audience = sign_in.audience()
        try:
            with service().within(sign_in.imds_timeout if place.imds else sign_in.timeout):
                result = _asked(PlatformClient(service()), wanted, audience, claims)
            token = granted(result, service().now, None, ASSIGN)
            token = replace(token, expires_on=shown_expiry(token.value) or token.expires_on)
            _check_whose(token, wanted)
        except AuthError as error:
            said = str(error).removeprefix("sign-in failed: ")
            message = f"the managed identity at {place.address} failed: {said}"
            hint = f"{error.hint}; AZURE_CLIENT_ID names the identity" if source else error.hint
            raise AuthError(message, hint) from error
        return token

    return Credential(f"managed identity: {name}", place.why, acquire, Auth.MANAGED_IDENTITY)


def _asked(
    client: "PlatformClient", wanted: tuple[str, str] | None, audience: str, claims: str | None
) -> Mapping[str, Any]:
    import msal

    identity = (
        msal.SystemAssignedManagedIdentity()
        if wanted is None
        else msal.UserAssignedManagedIdentity(**dict([wanted]))
    )
    ours = msal.ManagedIdentityClient(identity, http_client=client)
    try:
        found: Mapping[str, Any] = ours.acquire_token_for_client(
            resource=audience, claims_challenge=claims
        )
    except OSError as error:  # Azure Arc proves by a file who may ask
        raise AuthError(
            f"the key {error.filename} of its agent cannot be read: {error.strerror}",
            "run as root or as a member of the group himds",
        ) from error
    return found


def _wanted(sign_in: SignIn) -> tuple[tuple[str, str] | None, str]:
    """Return the user-assigned identity, if any, and whether a variable names it, as for SDKs."""
    named = sign_in.environment.get("AZURE_CLIENT_ID")
    if sign_in.identity is not None or named is None:
        return sign_in.identity, ""
    if not GUID.fullmatch(named):
        raise AuthError(
            "AZURE_CLIENT_ID is not the client id of a managed identity",
            "unset it for the system-assigned identity, or name one by --identity-client-id",
        )
    return ("client_id", named), " (AZURE_CLIENT_ID)"


def _check_whose(token: AccessToken, wanted: tuple[str, str] | None) -> None:
    """
    Check that *token* is of the identity *wanted*, as far as it shows.

    Raises:
        AuthError: the platform gave another one, as old ones do that know no user-assigned one.
    """
    if wanted is None:
        return
    kind, value = wanted
    shown = [str(claim) for name in CLAIMS[kind] if (claim := claims_of(token).get(name))]
    if shown and value.lower() not in map(str.lower, shown):
        raise AuthError(f"it gave a token of another identity, {shown[0]}", ASSIGN)


def _passes(status: int, place: Endpoint) -> bool:
    """Say whether the *status* is one of a platform that is not ready yet."""
    passes = status in RETRIED or status > 500 or (place.imds and status in UPDATING)
    if passes:
        log.info("managed identity at %s answered %d: asking again", place.address, status)
    return passes

"""
Acquires tokens from the managed identity of a machine, an app or a container.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import functools
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.auth.access_token import claims_of, expiry_of
from contacts_audit.azure.auth.managed_identity_endpoint import Endpoint, find_endpoint
from contacts_audit.azure.auth.managed_identity_http import ASSIGN, PlatformClient
from contacts_audit.azure.auth.msal_http import TokenService
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant_id, token_of
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

ATTEMPT_SECONDS = 5.0
LONGEST_PAUSE = 5.0  # seconds between two attempts
UPDATING = frozenset({404, 410})  # of IMDS, while it starts or is updated, for up to 70 s
CLAIMS = {"client_id": ("appid", "azp"), "object_id": ("oid",), "resource_id": ("xms_mirid",)}
UserAssigned = tuple[str, str]
"""A kind of id (`client_id`, `object_id`, `resource_id`) and its value."""
log = logging.getLogger(__name__)


def managed_identity(sign_in: SignIn) -> Credential:
    """
    Return the user-assigned identity of an option or AZURE_CLIENT_ID, else the system-assigned.

    Raises:
        AuthError: the platform's variables are incomplete, or AZURE_CLIENT_ID is not an id.
    """
    check_tenant_id(sign_in)
    endpoint = find_endpoint(sign_in.environment)
    wanted, source = _wanted(sign_in)
    name = "system-assigned"
    if wanted is not None:
        name = f"user-assigned, {wanted[0].replace('_', ' ')} {wanted[1]}{source}"

    @functools.cache
    def service() -> TokenService:
        return TokenService(
            sign_in.platform(endpoint.address),
            attempt=ATTEMPT_SECONDS,
            raw=True,
            retried=lambda status: _is_retried(status, endpoint),
            longest=LONGEST_PAUSE,
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        audience = sign_in.audience()
        try:
            with service().within(sign_in.imds_timeout if endpoint.imds else sign_in.timeout):
                result = _result(PlatformClient(service()), wanted, audience, claims)
            token = token_of(result, service().now, None, ASSIGN)
            token = replace(token, expires_on=expiry_of(token) or token.expires_on)
            _check_identity(token, wanted)
        except AuthError as error:
            reason = str(error).removeprefix("sign-in failed: ")
            message = f"the managed identity at {endpoint.address} failed: {reason}"
            hint = f"{error.hint}; AZURE_CLIENT_ID names the identity" if source else error.hint
            raise AuthError(message, hint) from error
        return token

    return Credential(f"managed identity: {name}", endpoint.why, acquire, Auth.MANAGED_IDENTITY)


def _result(
    http_client: PlatformClient, wanted: UserAssigned | None, audience: str, claims: str | None
) -> Mapping[str, Any]:
    import msal

    identity = (
        msal.SystemAssignedManagedIdentity()
        if wanted is None
        else msal.UserAssignedManagedIdentity(**dict([wanted]))
    )
    client = msal.ManagedIdentityClient(identity, http_client=http_client)
    try:
        result: Mapping[str, Any] = client.acquire_token_for_client(
            resource=audience, claims_challenge=claims
        )
    except OSError as error:  # Azure Arc writes a key to a file that only its group can read
        raise AuthError(
            f"the key {error.filename} of its agent cannot be read: {error.strerror}",
            "run as root or as a member of the group himds",
        ) from error
    return result


def _wanted(sign_in: SignIn) -> tuple[UserAssigned | None, str]:
    """Return the user-assigned identity, and the variable if one names it, as for the SDKs."""
    named = sign_in.environment.get("AZURE_CLIENT_ID")
    if sign_in.identity is not None or named is None:
        return sign_in.identity, ""
    if not GUID.fullmatch(named):
        raise AuthError(
            "AZURE_CLIENT_ID is not the client id of a managed identity",
            "unset it for the system-assigned identity, or name one by --identity-client-id",
        )
    return ("client_id", named), " (AZURE_CLIENT_ID)"


def _check_identity(token: AccessToken, wanted: UserAssigned | None) -> None:
    """
    Check that *token* is of the identity *wanted*, if its claims name one.

    Raises:
        AuthError: it is of another one. Old agents ignore the user-assigned identity.
    """
    if wanted is None:
        return
    kind, value = wanted
    shown = [str(claim) for name in CLAIMS[kind] if (claim := claims_of(token).get(name))]
    if shown and value.lower() not in map(str.lower, shown):
        raise AuthError(f"it returned a token of another identity, {shown[0]}", ASSIGN)


def _is_retried(status: int, endpoint: Endpoint) -> bool:
    """Say whether *status* means that the platform is not ready yet."""
    retried = status in RETRIED or status > 500 or (endpoint.imds and status in UPDATING)
    if retried:
        log.info("managed identity at %s answered %d: asking again", endpoint.address, status)
    return retried

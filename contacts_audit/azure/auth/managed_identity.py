"""
Acquires tokens from the managed identity of a machine, an app or a container, through MSAL.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import functools
import json
import logging
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.auth.access_token import claims_of, epoch_seconds, expiry_of
from contacts_audit.azure.auth.managed_identity_endpoint import Endpoint, find_endpoint
from contacts_audit.azure.auth.msal_http import Response, TokenService, object_of, reason_of
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant_id, token_of
from contacts_audit.azure.kinds import GUID, AccessToken, Auth
from contacts_audit.core.errors import AuthError

ATTEMPT_SECONDS = 5.0
LONGEST_PAUSE = 5.0  # seconds between two attempts
UPDATING = frozenset({404, 410})  # of IMDS, while it starts or is updated, for up to 70 s
USUAL_LIFETIME = 3600.0  # seconds, if the answer names no expiry; MSAL assumes the same
ASSIGN = "assign the identity to this machine or app, or name another by --identity-..."
NO_IDENTITY = "check that a managed identity is at this address, and choose another by --auth"
CLAIMS = {"client_id": ("appid", "azp"), "object_id": ("oid",), "resource_id": ("xms_mirid",)}
DATES = (
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%m/%d/%Y %I:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %z",
)
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
    def service() -> PlatformService:
        return PlatformService(
            sign_in.platform(endpoint.address),
            attempt=ATTEMPT_SECONDS,
            raw=True,
            retried=functools.partial(_is_retried, endpoint),
            longest=LONGEST_PAUSE,
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        audience = sign_in.audience()
        try:
            with service().within(sign_in.imds_timeout if endpoint.imds else sign_in.timeout):
                result = _result(service(), wanted, audience, claims)
            token = token_of(result, service().now, None, ASSIGN)
            _check_identity(token, wanted)
        except AuthError as error:
            reason = str(error).removeprefix("sign-in failed: ")
            message = f"the managed identity at {endpoint.address} failed: {reason}"
            hint = f"{error.hint}; AZURE_CLIENT_ID names the identity" if source else error.hint
            raise AuthError(message, hint) from error
        return replace(token, expires_on=expiry_of(token.value) or token.expires_on)

    return Credential(f"managed identity: {name}", endpoint.why, acquire, Auth.MANAGED_IDENTITY)


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


def _is_retried(endpoint: Endpoint, status: int) -> bool:
    """Say whether *status* means that the platform is not ready yet."""
    retried = status in RETRIED or status > 500 or (endpoint.imds and status in UPDATING)
    if retried:
        log.info("managed identity at %s answered %d: asking again", endpoint.address, status)
    return retried


def _result(
    service: "PlatformService", wanted: UserAssigned | None, audience: str, claims: str | None
) -> Any:
    import msal

    identity = (
        msal.SystemAssignedManagedIdentity()
        if wanted is None
        else msal.UserAssignedManagedIdentity(**dict([wanted]))
    )
    client = msal.ManagedIdentityClient(identity, http_client=service)
    try:
        return client.acquire_token_for_client(resource=audience, claims_challenge=claims)
    except OSError as error:  # Azure Arc writes a key to a file that only its group can read
        raise AuthError(
            f"the key {error.filename} of its agent cannot be read: {error.strerror}",
            "run as root or as a member of the group himds",
        ) from error


def _check_identity(token: AccessToken, wanted: UserAssigned | None) -> None:
    """Refuse a *token* whose claims name another identity: old agents ignore the one *wanted*."""
    if wanted is None:
        return
    kind, value = wanted
    claims = claims_of(token.value)
    shown = [str(claims[name]) for name in CLAIMS[kind] if claims.get(name)]
    if shown and value.lower() not in map(str.lower, shown):
        raise AuthError(f"it returned a token of another identity, {shown[0]}", ASSIGN)


class PlatformService(TokenService):
    """The HTTP client for MSAL. It makes the answers of all platforms alike."""

    def get(self, url: str, **given: Any) -> Response:
        """
        As `requests.Session.get`. MSAL answers a challenge of Azure Arc.

        Raises:
            AuthError: the answer holds no token. MSAL would not show the platform's own message.
        """
        answer = super().get(url, **given)
        if answer.status_code == 401 and "www-authenticate" in answer.headers:
            return answer
        return answer._replace(text=_with_expiry(answer))


def _with_expiry(answer: Response) -> str:
    """
    Return the text of *answer* with the expiry in epoch seconds.

    The claims of the token come first. Platforms write seconds, as a number or as text, or a
    date, or nothing:
    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    """
    body = object_of(answer.text)
    if body is None:
        raise AuthError(f"it answered {answer.status_code}, without a JSON object", NO_IDENTITY)
    token = body.get("access_token")
    if answer.status_code != 200 or not (isinstance(token, str) and token):
        raise AuthError(f"it answered {answer.status_code}{reason_of(answer.text)}", ASSIGN)
    now = time.time()
    expires = (
        expiry_of(token)
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
            return epoch_seconds(datetime.strptime(value.strip(), form).timestamp())
        except (ValueError, OverflowError):
            continue
    return None

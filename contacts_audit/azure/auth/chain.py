"""
Chooses the credential: the first one that is configured.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from contacts_audit.azure.auth.access_token import bearer_token, check_not_expired, with_claims
from contacts_audit.azure.auth.azure_cli import OTHER_WAYS, SIGN_IN, az_token, find_az
from contacts_audit.azure.auth.device_code import device_code
from contacts_audit.azure.auth.managed_identity import managed_identity
from contacts_audit.azure.auth.managed_identity_endpoint import is_offered, why_not_offered
from contacts_audit.azure.auth.service_principal import any_principal, environment, workload
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant_id
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

SHORTEST_TOKEN = 20  # characters; a shorter text may be in a message by chance


def choose(auth: Auth, sign_in: SignIn) -> Credential:
    """
    Return the credential *auth*, or the first that is configured. Its tokens become secrets.

    Raises:
        AuthError: it is not configured, or not completely.
    """
    found = _choose(auth, sign_in)

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        try:
            token = found.acquire(claims, fresh)
        except AuthError as error:
            error.args = (sign_in.secrets.without(str(error)),)
            raise
        if len(token.value) > SHORTEST_TOKEN:
            sign_in.secrets.add(token.value)
        return token

    return replace(found, acquire=acquire)


def _choose(auth: Auth, sign_in: SignIn) -> Credential:
    if auth is Auth.AUTO and sign_in.identity is not None:
        auth = Auth.MANAGED_IDENTITY  # an option names the identity
    if auth is Auth.AUTO:
        return _first_configured(sign_in)
    credential = CREDENTIALS[auth](sign_in)
    if credential is None:
        raise AuthError(f"--auth {auth}: it is not configured", MISSING[auth])
    return replace(credential, why=f"--auth {auth} is given")


def _first_configured(sign_in: SignIn) -> Credential:
    """Return the user's credential, else the platform's, else that of az. No other replaces it."""
    principal = any_principal(sign_in)
    if principal is not None:
        given = [name for name in ("AZURE_ACCESS_TOKEN",) if name in sign_in.environment]
        return replace(principal, unused=(*principal.unused, *given))
    given_token = token(sign_in)
    if given_token is not None:
        return given_token
    if is_offered(sign_in.environment):
        return managed_identity(sign_in)
    try:
        return _with_all_ways(azure_cli(sign_in))
    except AuthError as error:
        raise AuthError(f"no credential is configured, and {error}", error.hint) from error


def _with_all_ways(az: Credential) -> Credential:
    """Return *az*, whose error names all ways to sign in if az is not signed in."""

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        try:
            return az.acquire(claims, fresh)
        except AuthError as error:
            if error.hint != SIGN_IN:
                raise
            raise AuthError(str(error), f"run: az login; or {OTHER_WAYS}") from error

    return replace(az, acquire=acquire)


def azure_cli(sign_in: SignIn) -> Credential:
    """
    Return the user or the application that `az login` signed in.

    Raises:
        AuthError: az is not installed.
    """
    path = find_az(sign_in.environment)

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        until = time.monotonic() + sign_in.timeout
        return az_token(
            claims,
            audience=sign_in.audience(),
            tenant=sign_in.tenant,
            subscription=sign_in.subscription,
            timeout=max(0.1, until - time.monotonic()),
            ending=sign_in.ending,
            environment=sign_in.environment,
        )

    why_not = why_not_offered(sign_in.environment)
    why = f"{path}, as nothing else is configured" + (f"; {why_not}" if why_not else "")
    return Credential("Azure CLI", why, acquire, Auth.AZURE_CLI)


def token(sign_in: SignIn) -> Credential | None:
    """Return the token of `--token-file`, else that of AZURE_ACCESS_TOKEN."""
    name, place, given = "--token-file", f"{sign_in.token_name} (--token-file)", sign_in.token
    if given is None:
        name = place = "AZURE_ACCESS_TOKEN"
        given = sign_in.environment.get(name)
    if given is None:
        return None
    check_tenant_id(sign_in)
    found = with_claims(AccessToken(bearer_token(_extract_token(given), place), None))
    return Credential(
        f"token of {name}",
        f"{name} is given",
        lambda claims, fresh: check_not_expired(found, f"the token in {place}"),
        Auth.TOKEN,
    )


def _extract_token(given: str) -> str:
    """Return the token in *given*: alone, after "Bearer", in quotes, or in the JSON of az."""
    text = given.strip()
    if text.startswith(("{", '"')):
        try:
            output = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        found = output.get("accessToken") if isinstance(output, dict) else output
        text = found if isinstance(found, str) else ""
    return re.sub(r"\A(authorization: *)?bearer( +|\Z)", "", text, flags=re.IGNORECASE)


CREDENTIALS: Mapping[Auth, Callable[[SignIn], Credential | None]] = {
    Auth.ENV: environment,
    Auth.WORKLOAD: workload,
    Auth.MANAGED_IDENTITY: managed_identity,
    Auth.AZURE_CLI: azure_cli,
    Auth.DEVICE_CODE: device_code,
    Auth.TOKEN: token,
}
MISSING: Mapping[Auth, str] = {
    Auth.ENV: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET "
    "(or AZURE_CLIENT_CERTIFICATE_PATH)",
    Auth.WORKLOAD: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE",
    Auth.TOKEN: "set AZURE_ACCESS_TOKEN or give --token-file",
}

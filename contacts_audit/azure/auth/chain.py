"""
Chooses the credential: the first that is configured.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from contacts_audit.azure.auth.azure_cli import LOGIN, WAYS, az_token, program
from contacts_audit.azure.auth.device_code import device_code
from contacts_audit.azure.auth.managed_identity import managed_identity
from contacts_audit.azure.auth.managed_identity_endpoint import offered, passed_over
from contacts_audit.azure.auth.service_principal import any_principal, environment, workload
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_fixed_tenant, described
from contacts_audit.azure.auth.token_provider import bearer, check_not_expired
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

SHORTEST_TOKEN = 20  # what is shorter is no token, and may stand anywhere by chance


def choose(auth: Auth, sign_in: SignIn) -> Credential:
    """
    Return the credential *auth*, or the first that is configured; its tokens are secrets.

    Raises:
        AuthError: it is not configured, or not completely.
    """
    found = _chosen(auth, sign_in)

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


def _chosen(auth: Auth, sign_in: SignIn) -> Credential:
    if auth is Auth.AUTO and sign_in.identity is not None:
        auth = Auth.MANAGED_IDENTITY  # who names one means it
    if auth is Auth.AUTO:
        return _first(sign_in)
    credential = KINDS[auth](sign_in)
    if credential is None:
        raise AuthError(f"--auth {auth}: it is not configured", MISSING[auth])
    return replace(credential, why=f"--auth {auth} is given")


def _first(sign_in: SignIn) -> Credential:
    """Return what somebody configured, else what the platform offers, else az: none for another."""
    principal = any_principal(sign_in)
    if principal is not None:
        given = [name for name in ("AZURE_ACCESS_TOKEN",) if name in sign_in.environment]
        return replace(principal, unused=(*principal.unused, *given))
    given_token = token(sign_in)
    if given_token is not None:
        return given_token
    if offered(sign_in.environment):
        return managed_identity(sign_in)
    try:
        return _login(azure_cli(sign_in))
    except AuthError as error:
        raise AuthError(f"no credential is configured, and {error}", error.hint) from error


def _login(az: Credential) -> Credential:
    """Name all ways where az turns out not to be signed in: then nothing is configured."""

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        try:
            return az.acquire(claims, fresh)
        except AuthError as error:
            if error.hint != LOGIN:
                raise
            raise AuthError(str(error), f"run: az login; or {WAYS}") from error

    return replace(az, acquire=acquire)


def azure_cli(sign_in: SignIn) -> Credential:
    """
    The user or principal that `az login` signed in.

    Raises:
        AuthError: there is no az.
    """
    found = program(sign_in.environment)

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

    passed = passed_over(sign_in.environment)
    why = f"{found}, as nothing else is configured" + (f"; {passed}" if passed else "")
    return Credential("Azure CLI", why, acquire, Auth.AZURE_CLI)


def token(sign_in: SignIn) -> Credential | None:
    """A token that somebody else acquired: `--token-file`, else AZURE_ACCESS_TOKEN."""
    name, place, given = "--token-file", f"{sign_in.token_name} (--token-file)", sign_in.token
    if given is None:
        name = place = "AZURE_ACCESS_TOKEN"
        given = sign_in.environment.get(name)
    if given is None:
        return None
    check_fixed_tenant(sign_in)
    found = described(AccessToken(bearer(_alone(given), place), None))
    return Credential(
        f"token of {name}",
        f"{name} is given",
        lambda claims, fresh: check_not_expired(found, f"the token in {place}"),
        Auth.TOKEN,
    )


def _alone(given: str) -> str:
    """Return the token in *given*: alone, after "Bearer", in quotes, or in the JSON of az."""
    text = given.strip()
    if text.startswith(("{", '"')):
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        found = said.get("accessToken") if isinstance(said, dict) else said
        text = found if isinstance(found, str) else ""
    return re.sub(r"\A(authorization: *)?bearer( +|\Z)", "", text, flags=re.IGNORECASE)


KINDS: Mapping[Auth, Callable[[SignIn], Credential | None]] = {
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

"""
Chooses the credential: the first one that is configured.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

from collections.abc import Callable, Mapping

from contacts_audit.azure.auth.azure_cli import OTHER_WAYS, SIGN_IN, azure_cli
from contacts_audit.azure.auth.device_code import device_code
from contacts_audit.azure.auth.given_token import given_token
from contacts_audit.azure.auth.managed_identity import managed_identity
from contacts_audit.azure.auth.managed_identity_endpoint import is_offered
from contacts_audit.azure.auth.service_principal import any_principal, environment, workload
from contacts_audit.azure.auth.sign_in import Credential, SignIn
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
            error.args = (sign_in.secrets.redact(str(error)),)
            raise
        if len(token.value) > SHORTEST_TOKEN:
            sign_in.secrets.add(token.value)
        return token

    return found._replace(acquire=acquire)


def _choose(auth: Auth, sign_in: SignIn) -> Credential:
    if auth is Auth.AUTO and sign_in.identity is not None:
        auth = Auth.MANAGED_IDENTITY  # an option names the identity
    if auth is Auth.AUTO:
        return _first_configured(sign_in)
    credential = CREDENTIALS[auth](sign_in)
    if credential is None:
        raise AuthError(f"--auth {auth}: it is not configured", MISSING[auth])
    return credential._replace(why=f"--auth {auth} is given")


def _first_configured(sign_in: SignIn) -> Credential:
    """Return the user's credential, else the platform's, else that of az. No other replaces it."""
    principal = any_principal(sign_in)
    if principal is not None:
        unused = {"AZURE_ACCESS_TOKEN"} & sign_in.environment.keys()
        return principal._replace(unused=(*principal.unused, *unused))
    given = given_token(sign_in)
    if given is not None:
        return given
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

    return az._replace(acquire=acquire)


CREDENTIALS: Mapping[Auth, Callable[[SignIn], Credential | None]] = {
    Auth.ENV: environment,
    Auth.WORKLOAD: workload,
    Auth.MANAGED_IDENTITY: managed_identity,
    Auth.AZURE_CLI: azure_cli,
    Auth.DEVICE_CODE: device_code,
    Auth.TOKEN: given_token,
}
MISSING: Mapping[Auth, str] = {
    Auth.ENV: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET "
    "(or AZURE_CLIENT_CERTIFICATE_PATH)",
    Auth.WORKLOAD: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE",
    Auth.TOKEN: "set AZURE_ACCESS_TOKEN or give --token-file",
}

"""
The chain of credentials: which one is configured.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from contacts_audit.azure.az import az_token, program
from contacts_audit.azure.device_code import device_code
from contacts_audit.azure.kinds import Auth
from contacts_audit.azure.managed_identity import managed_identity, offered
from contacts_audit.azure.principals import any_principal, environment, workload
from contacts_audit.azure.sign_in import Credential, SignIn, check_fixed_tenant, described
from contacts_audit.azure.tokens import AccessToken, bearer
from contacts_audit.errors import AuthError

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
        return any_principal(sign_in) or _of_machine(sign_in)
    credential = KINDS[auth](sign_in)
    if credential is None:
        raise AuthError(f"--auth {auth}: it is not configured", MISSING[auth])
    return replace(credential, why=f"--auth {auth} is given")


def _of_machine(sign_in: SignIn) -> Credential:
    """Return the identity that the platform offers, or that of az; never one for the other."""
    if offered(sign_in.environment):
        return managed_identity(sign_in)
    try:
        return azure_cli(sign_in)
    except AuthError as error:
        raise AuthError(f"no credential is configured, and {error}", error.hint) from error


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

    return Credential("Azure CLI", f"{found}, as nothing else is configured", acquire)


def token(sign_in: SignIn) -> Credential | None:
    """A token that somebody else acquired: `--token-file`, else AZURE_ACCESS_TOKEN."""
    source = "AZURE_ACCESS_TOKEN" if sign_in.token is None else "--token-file"
    given = sign_in.token
    if given is None:
        given = sign_in.environment.get("AZURE_ACCESS_TOKEN")
    if given is None:
        return None
    check_fixed_tenant(sign_in)
    text = bearer(given.strip(), source)
    return Credential(
        f"token of {source}",
        f"{source} is given",
        lambda claims, fresh: described(AccessToken(text, None)),
    )


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

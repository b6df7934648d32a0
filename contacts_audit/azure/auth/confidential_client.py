"""
Acquires the tokens of an application through MSAL.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth import federated_token
from contacts_audit.azure.auth.application_variables import Variables
from contacts_audit.azure.auth.msal_http import TokenService
from contacts_audit.azure.auth.sign_in import SignIn, token_of
from contacts_audit.azure.auth.token_provider import Acquire
from contacts_audit.azure.kinds import AccessToken


def acquire_with(
    sign_in: SignIn, tenant: str, client: str, proof: Callable[[], Any], names: Variables
) -> Acquire:
    """Return how application *client* acquires tokens; *proof* is MSAL's `client_credential`."""

    @functools.cache
    def service() -> TokenService:
        return TokenService(sign_in.transport(), known=_secrets(sign_in, names))

    @functools.cache
    def application() -> Any:
        import msal

        return msal.ConfidentialClientApplication(
            client,
            client_credential=proof(),
            authority=f"{sign_in.whole().authority}/{tenant}",
            instance_discovery=False,
            azure_region=False,
            client_capabilities=["CP1"],
            http_client=service(),
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        with service().within(sign_in.timeout):
            if fresh and claims is None:
                application().remove_tokens_for_client()
            result = application().acquire_token_for_client(
                [sign_in.whole().scope], claims_challenge=claims
            )
        cures = {} if "access_token" in result else _cures(sign_in, names)
        return token_of(result, service().now, tenant, cures=cures)

    return acquire


def _secrets(sign_in: SignIn, names: Variables) -> list[str]:
    """Return the secrets in the variables, used or not: no error may show one."""
    given = (sign_in.environment.get(name) for name in (names.secret, names.password))
    return [secret for secret in given if secret]


def _cures(sign_in: SignIn, names: Variables) -> dict[str, str]:
    """Return hints for AADSTS numbers, with the names of the variables that are used."""
    cures = {
        "7000215": f"set {names.secret} to the secret's value, not to its id",
        "90002": f"check the tenant ({names.tenant}, --tenant) and the cloud (--cloud)",
        "700016": f"check {names.client}, and that the application is of this tenant",
    }
    path = sign_in.environment.get(names.federated_token)
    if path is None or {names.secret, names.certificate} & sign_in.environment.keys():
        return cures
    trust = f"check issuer, subject and audience of the application's federated credential ({path})"
    return {
        **cures,
        **dict.fromkeys(("70021", "700211", "700212", "700213"), trust),
        "700024": federated_token.expired_hint(Path(path), names.federated_token),
    }

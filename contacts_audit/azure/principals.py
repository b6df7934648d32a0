"""
Service principals: applications that sign in by a secret, a certificate or a federated token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from contacts_audit.azure.sign_in import Credential, SignIn, content, granted, is_tenant
from contacts_audit.azure.token_service import TokenService
from contacts_audit.azure.tokens import AccessToken, Acquire
from contacts_audit.errors import AuthError


class Names(NamedTuple):
    """The variables that describe an application."""

    tenant: str
    client: str
    secret: str
    certificate: str
    password: str
    assertion: str


AZURE = Names(
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
)
TERRAFORM = Names(
    "ARM_TENANT_ID",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_OIDC_TOKEN_FILE_PATH",
)
Way = Callable[[SignIn, Names], Credential | None]


def first(sign_in: SignIn, ways: Sequence[Way]) -> Credential | None:
    """
    Return the first of *ways* that one set of variables describes; sets are never mixed.

    Raises:
        AuthError: a variable cannot be used.
    """
    given = sign_in.environment
    for names in (AZURE, TERRAFORM):
        if names.client in given and (names.tenant in given or sign_in.tenant is not None):
            found = next(filter(None, (way(sign_in, names) for way in ways)), None)
            if found is not None or names.tenant in given:
                return found
    return None


def environment(sign_in: SignIn) -> Credential | None:
    """A service principal by its secret or its certificate."""
    return first(sign_in, (by_secret, by_certificate))


def workload(sign_in: SignIn) -> Credential | None:
    """A workload identity: a federated token in a file."""
    return first(sign_in, (by_assertion,))


def any_principal(sign_in: SignIn) -> Credential | None:
    """
    Whichever of them is configured.

    Raises:
        AuthError: tenant and client are set, and nothing that proves them.
    """
    return first(sign_in, (by_secret, by_certificate, by_assertion, _incomplete))


def by_secret(sign_in: SignIn, names: Names) -> Credential | None:
    """Return the principal whose secret *names* give."""
    secret = sign_in.environment.get(names.secret)
    if secret is None:
        return None
    return _credential(sign_in, names, "client secret", names.secret, lambda: secret)


def by_certificate(sign_in: SignIn, names: Names) -> Credential | None:
    """Return the principal whose certificate *names* give, PEM or PFX."""
    path = sign_in.environment.get(names.certificate)
    if path is None:
        return None
    read = functools.partial(_certificate, Path(path), sign_in.environment.get(names.password))
    return _credential(sign_in, names, "certificate", names.certificate, read)


def by_assertion(sign_in: SignIn, names: Names) -> Credential | None:
    """Return the workload identity whose assertion *names* give; the file is read each time."""
    path = sign_in.environment.get(names.assertion)
    if path is None:
        return None
    assertion = {"client_assertion": lambda: content(Path(path)).decode().strip()}
    return _credential(sign_in, names, "federated token", names.assertion, lambda: assertion)


def _incomplete(sign_in: SignIn, names: Names) -> Credential | None:
    if names.tenant not in sign_in.environment:
        return None
    raise AuthError(
        f"{names.tenant} and {names.client} are set, but nothing that proves them",
        f"set one of {names.secret}, {names.certificate}, {names.assertion}",
    )


def _credential(
    sign_in: SignIn, names: Names, kind: str, variable: str, proof: Callable[[], Any]
) -> Credential:
    client = sign_in.environment[names.client]
    tenant = sign_in.tenant or sign_in.environment[names.tenant]
    if not is_tenant(tenant):
        raise AuthError(f"{names.tenant}: {tenant!r} is no tenant", "give its id or a domain of it")
    family = "workload identity" if variable == names.assertion else "environment"
    return Credential(
        f"{family}: {kind} of application {client}",
        f"{names.client} and {variable} are set",
        _confidential(sign_in, tenant, client, proof, _known(sign_in, names)),
    )


def _known(sign_in: SignIn, names: Names) -> list[str]:
    """Return the secrets that *names* give, whichever of them is used."""
    given = (sign_in.environment.get(name) for name in (names.secret, names.password))
    return [secret for secret in given if secret]


def _confidential(
    sign_in: SignIn, tenant: str, client: str, proof: Callable[[], Any], known: Sequence[str]
) -> Acquire:
    """Return how a confidential client of Entra acquires its tokens through MSAL."""

    @functools.cache
    def service() -> TokenService:
        return TokenService(sign_in.wire(), known=known)

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
        return granted(result, service().now, tenant)

    return acquire


def _certificate(path: Path, password: str | None) -> dict[str, Any]:
    """Return the certificate file, PEM or PFX, as MSAL takes it."""
    kept = content(path)
    if b"-----BEGIN" not in kept:
        return {
            "private_key_pfx_path": str(path),
            "passphrase": password,
            "public_certificate": True,
        }
    pem = kept.decode("ascii", "replace")
    key = re.search(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", pem, re.S
    )
    if key is None:
        raise AuthError(f"{path} holds no private key", "give a PEM with key and certificate")
    return {"private_key": key[0], "public_certificate": pem, "passphrase": password}

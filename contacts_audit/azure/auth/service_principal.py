"""
Signs in the application that the environment variables describe, through MSAL.

It proves itself by a secret, a certificate or a federated token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import functools
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from contacts_audit.azure.auth.managed_identity_endpoint import is_offered
from contacts_audit.azure.auth.msal_http import TokenService
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant, token_of
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

if TYPE_CHECKING:
    from contacts_audit.azure.auth.credential_file import FederatedTokenFile


class Variables(NamedTuple):
    """The environment variables that describe an application. Two sets are never mixed."""

    tenant: str
    client: str
    secret: str
    certificate: str
    password: str
    federated_token: str


SETS = (
    Variables(
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "AZURE_FEDERATED_TOKEN_FILE",
    ),
    Variables(  # of Terraform
        "ARM_TENANT_ID",
        "ARM_CLIENT_ID",
        "ARM_CLIENT_SECRET",
        "ARM_CLIENT_CERTIFICATE_PATH",
        "ARM_CLIENT_CERTIFICATE_PASSWORD",
        "ARM_OIDC_TOKEN_FILE_PATH",
    ),
)
PROOFS = {  # by field of Variables
    "secret": "environment: client secret",
    "certificate": "environment: certificate",
    "federated_token": "workload identity: federated token",
}


def environment(sign_in: SignIn) -> Credential | None:
    """Return the application with a secret or a certificate."""
    return _first(sign_in, ("secret", "certificate"))


def workload(sign_in: SignIn) -> Credential | None:
    """Return the workload identity with a federated token."""
    return _first(sign_in, ("federated_token",))


def any_principal(sign_in: SignIn) -> Credential | None:
    """
    Return the application or the workload identity, whichever is configured.

    Raises:
        AuthError: tenant and client are set, but no proof.
    """
    found = _first(sign_in, (*PROOFS, "password"))
    if found is not None:
        return found._replace(unused=tuple(_unused(sign_in, found)))
    for names in SETS:
        if {names.tenant, names.client} <= sign_in.environment.keys():
            there = f"{names.tenant} and {names.client} are set"
            machine = ", or give --auth managed-identity" if is_offered(sign_in.environment) else ""
            raise AuthError(
                f"{there}, but no secret, certificate or token is",
                f"set one of {names.secret}, {names.certificate}, {names.federated_token}{machine}",
            )
    return None


def _first(sign_in: SignIn, fields: Collection[str]) -> Credential | None:
    """
    Return the application of the first complete set that has a proof among *fields*.

    A proof means that an application is wanted. No other identity may take its place.

    Raises:
        AuthError: a variable cannot be used; or a set has a proof, but no client or no tenant.
    """
    given = sign_in.environment
    for names in SETS:
        there = [field for field in fields if getattr(names, field) in given]
        missing = [names.client] if names.client not in given else []
        if names.tenant not in given and sign_in.tenant is None:
            missing.append(names.tenant)
        if missing and there:
            proof, needed = getattr(names, there[0]), " and ".join(missing)
            raise AuthError(
                f"no credential is configured completely: {proof} is set, but {needed} "
                f"{'is' if len(missing) == 1 else 'are'} not",
                f"set {needed}, or unset {proof}, or choose another credential by --auth",
            )
        if there and there[0] in PROOFS:
            return _credential(sign_in, names, there[0])
        if not missing and names.tenant in given:
            return None
    return None


def _unused(sign_in: SignIn, used: Credential) -> Iterator[str]:
    """Yield the variables of complete proofs that are not the *used* one."""
    given, why = sign_in.environment, f" {used.why} "
    for names in SETS:
        tenant = names.tenant in given or sign_in.tenant is not None
        if tenant and names.client in given:
            proofs = (getattr(names, field) for field in PROOFS)
            yield from (one for one in proofs if one in given and f" {one} " not in why)


def _credential(sign_in: SignIn, names: Variables, field: str) -> Credential:
    given = sign_in.environment
    client, proof = given[names.client], getattr(names, field)
    tenant = check_tenant(sign_in.tenant or given[names.tenant], names.tenant)

    @functools.cache
    def service() -> TokenService:
        secrets = filter(None, map(given.get, (names.secret, names.password)))
        return TokenService(sign_in.transport(), known=[*secrets])  # used or not: none is shown

    @functools.cache
    def application() -> Any:
        import msal

        return msal.ConfidentialClientApplication(
            client,
            client_credential=_proof(sign_in, names, field),
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

    return Credential(
        f"{PROOFS[field]} of application {client}",
        f"{names.client} and {proof} are set",
        acquire,
        Auth.WORKLOAD if field == "federated_token" else Auth.ENV,
    )


def _proof(sign_in: SignIn, names: Variables, field: str) -> Any:
    """Return MSAL's `client_credential`; no file that cannot be used gets as far as a request."""
    value = sign_in.environment[getattr(names, field)]
    if field == "secret":
        return value
    if field == "certificate":
        from contacts_audit.azure.auth.certificates import CertificateFile, credential

        password = sign_in.environment.get(names.password)
        return credential(CertificateFile(Path(value), names.certificate, names.password, password))
    file = _token_file(value, names)
    file.token()
    return {"client_assertion": file.token}  # read for each request


def _token_file(path: str, names: Variables) -> "FederatedTokenFile":
    from contacts_audit.azure.auth.credential_file import FederatedTokenFile

    return FederatedTokenFile(Path(path), names.federated_token)


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
        "700024": _token_file(path, names).expired_hint(),
    }

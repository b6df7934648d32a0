"""
Finds the application that the environment variables describe.

It proves itself by a secret, a certificate or a federated token.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth import certificates, confidential_client, federated_token
from contacts_audit.azure.auth.application_variables import AZURE, TERRAFORM, Variables
from contacts_audit.azure.auth.managed_identity_endpoint import is_offered
from contacts_audit.azure.auth.sign_in import Credential, SignIn, check_tenant
from contacts_audit.azure.kinds import Auth
from contacts_audit.core.errors import AuthError

Proof = Callable[[SignIn, Variables], Credential | None]


def by_secret(sign_in: SignIn, names: Variables) -> Credential | None:
    """Return the application with the client secret in the variables."""
    secret = sign_in.environment.get(names.secret)
    if secret is None:
        return None
    return _credential(sign_in, names, "client secret", names.secret, lambda: secret)


def by_certificate(sign_in: SignIn, names: Variables) -> Credential | None:
    """Return the application with the certificate in the variables, PEM or PFX."""
    path = sign_in.environment.get(names.certificate)
    if path is None:
        return None
    file = certificates.File(Path(path), names.certificate, names.password)
    password = sign_in.environment.get(names.password)
    read = functools.partial(certificates.credential, file, password)
    return _credential(sign_in, names, "certificate", names.certificate, read)


def by_federated_token(sign_in: SignIn, names: Variables) -> Credential | None:
    """Return the workload identity with the token file in the variables, read for each request."""
    path = sign_in.environment.get(names.federated_token)
    if path is None:
        return None
    read = functools.partial(federated_token.read, Path(path), names.federated_token)

    def proof() -> Any:
        read()  # fails before anything is sent
        return {"client_assertion": read}

    return _credential(sign_in, names, "federated token", names.federated_token, proof)


APPLICATION: Mapping[str, Proof] = {"secret": by_secret, "certificate": by_certificate}
WORKLOAD: Mapping[str, Proof] = {"federated_token": by_federated_token}


def environment(sign_in: SignIn) -> Credential | None:
    """Return the application with a secret or a certificate."""
    return _first(sign_in, APPLICATION)


def workload(sign_in: SignIn) -> Credential | None:
    """Return the workload identity with a federated token."""
    return _first(sign_in, WORKLOAD)


def any_principal(sign_in: SignIn) -> Credential | None:
    """
    Return the application or the workload identity, whichever is configured.

    Raises:
        AuthError: tenant and client are set, but no proof.
    """
    found = _first(sign_in, {**APPLICATION, **WORKLOAD, "password": _incomplete})
    return None if found is None else found._replace(unused=tuple(_unused(sign_in, found)))


def _first(sign_in: SignIn, proofs: Mapping[str, Proof]) -> Credential | None:
    """
    Return the first of *proofs* (by field of `Variables`) that one complete set of variables has.

    Raises:
        AuthError: a variable cannot be used; or a set has a proof, but no client or no tenant.
    """
    given = sign_in.environment
    for names in (AZURE, TERRAFORM):
        missing = [names.client] if names.client not in given else []
        if names.tenant not in given and sign_in.tenant is None:
            missing.append(names.tenant)
        if missing:
            _check_no_proof(sign_in, [getattr(names, field) for field in proofs], missing)
            continue
        found = next(filter(None, (proof(sign_in, names) for proof in proofs.values())), None)
        if found is not None or names.tenant in given:
            return found
    return None


def _check_no_proof(sign_in: SignIn, proofs: Sequence[str], missing: Sequence[str]) -> None:
    """
    Check that a set with *missing* variables has none of the *proofs*.

    A proof means that an application is wanted. No other identity may take its place.

    Raises:
        AuthError: it has one.
    """
    given = next((name for name in proofs if name in sign_in.environment), None)
    if given is not None:
        names, verb = " and ".join(missing), "is" if len(missing) == 1 else "are"
        raise AuthError(
            f"no credential is configured completely: {given} is set, but {names} {verb} not",
            f"set {names}, or unset {given}, or choose another credential by --auth",
        )


def _unused(sign_in: SignIn, used: Credential) -> Iterator[str]:
    """Yield the variables of complete proofs that are not the *used* one."""
    for names in (AZURE, TERRAFORM):
        tenant = names.tenant in sign_in.environment or sign_in.tenant is not None
        if tenant and names.client in sign_in.environment:
            for proof in (names.secret, names.certificate, names.federated_token):
                if proof in sign_in.environment and f" {proof} " not in f" {used.why} ":
                    yield proof


def _incomplete(sign_in: SignIn, names: Variables) -> Credential | None:
    if names.tenant not in sign_in.environment:
        return None
    machine = ", or give --auth managed-identity" if is_offered(sign_in.environment) else ""
    raise AuthError(
        f"{names.tenant} and {names.client} are set, but no secret, certificate or token is",
        f"set one of {names.secret}, {names.certificate}, {names.federated_token}{machine}",
    )


def _credential(
    sign_in: SignIn, names: Variables, kind: str, variable: str, proof: Callable[[], Any]
) -> Credential:
    client = sign_in.environment[names.client]
    tenant = check_tenant(sign_in.tenant or sign_in.environment[names.tenant], names.tenant)
    federated = variable == names.federated_token
    return Credential(
        f"{'workload identity' if federated else 'environment'}: {kind} of application {client}",
        f"{names.client} and {variable} are set",
        confidential_client.acquire_with(sign_in, tenant, client, proof, names),
        Auth.WORKLOAD if federated else Auth.ENV,
    )

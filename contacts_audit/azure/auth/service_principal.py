"""
Signs in an application by a secret, a certificate or a federated token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contacts_audit.azure.auth import assertions, certificates
from contacts_audit.azure.auth.application_variables import AZURE, TERRAFORM, Names
from contacts_audit.azure.auth.confidential_client import confidential_client
from contacts_audit.azure.auth.managed_identity_endpoint import offered
from contacts_audit.azure.auth.sign_in import Credential, SignIn, is_tenant
from contacts_audit.azure.kinds import Auth
from contacts_audit.core.errors import AuthError

Way = Callable[[SignIn, Names], Credential | None]


def first(sign_in: SignIn, ways: Mapping[str, Way]) -> Credential | None:
    """
    Return the first of *ways* that one set of variables describes; sets are never mixed.

    *ways* are by what proves them, a field of `Names`.

    Raises:
        AuthError: a variable cannot be used, or a set proves something, but lacks who or where.
    """
    given = sign_in.environment
    for names in (AZURE, TERRAFORM):
        lacking = [names.client] if names.client not in given else []
        if names.tenant not in given and sign_in.tenant is None:
            lacking.append(names.tenant)
        if lacking:
            _check_nothing_proved(sign_in, [getattr(names, each) for each in ways], lacking)
            continue
        found = next(filter(None, (way(sign_in, names) for way in ways.values())), None)
        if found is not None or names.tenant in given:
            return found
    return None


def _check_nothing_proved(sign_in: SignIn, proofs: Sequence[str], lacking: Sequence[str]) -> None:
    """
    Check that a set which is *lacking* a variable has none of the *proofs* either.

    Otherwise somebody means an application, and another identity must not take its place.

    Raises:
        AuthError: it has one.
    """
    given = next((name for name in proofs if name in sign_in.environment), None)
    if given is not None:
        names, verb = " and ".join(lacking), "is" if len(lacking) == 1 else "are"
        raise AuthError(
            f"no credential is configured completely: {given} is set, but {names} {verb} not",
            f"set {names}, or unset {given}, or choose another credential by --auth",
        )


def environment(sign_in: SignIn) -> Credential | None:
    """A service principal by its secret or its certificate."""
    return first(sign_in, APPLICATION)


def workload(sign_in: SignIn) -> Credential | None:
    """A workload identity: a federated token in a file."""
    return first(sign_in, FEDERATION)


def any_principal(sign_in: SignIn) -> Credential | None:
    """
    Whichever of them is configured.

    Raises:
        AuthError: tenant and client are set, and nothing that proves them.
    """
    found = first(sign_in, {**APPLICATION, **FEDERATION, "password": _incomplete})
    return None if found is None else replace(found, unused=tuple(_unused(sign_in, found)))


def _unused(sign_in: SignIn, used: Credential) -> Iterator[str]:
    """Yield the variables of proofs that are complete, and come after the *used* one."""
    for names in (AZURE, TERRAFORM):
        tenant = names.tenant in sign_in.environment or sign_in.tenant is not None
        if tenant and names.client in sign_in.environment:
            for proof in (names.secret, names.certificate, names.assertion):
                if proof in sign_in.environment and f" {proof} " not in f" {used.why} ":
                    yield proof


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
    file = certificates.File(Path(path), names.certificate, names.password)
    password = sign_in.environment.get(names.password)
    read = functools.partial(certificates.credential, file, password)
    return _credential(sign_in, names, "certificate", names.certificate, read)


def by_assertion(sign_in: SignIn, names: Names) -> Credential | None:
    """Return the workload identity whose assertion *names* give; the file is read each time."""
    path = sign_in.environment.get(names.assertion)
    if path is None:
        return None
    read = functools.partial(assertions.read, Path(path), names.assertion)

    def proof() -> Any:
        read()  # before anything is sent
        return {"client_assertion": read}

    return _credential(sign_in, names, "federated token", names.assertion, proof)


APPLICATION: Mapping[str, Way] = {"secret": by_secret, "certificate": by_certificate}
FEDERATION: Mapping[str, Way] = {"assertion": by_assertion}


def _incomplete(sign_in: SignIn, names: Names) -> Credential | None:
    if names.tenant not in sign_in.environment:
        return None
    machine = ", or give --auth managed-identity" if offered(sign_in.environment) else ""
    raise AuthError(
        f"{names.tenant} and {names.client} are set, but nothing that proves them",
        f"set one of {names.secret}, {names.certificate}, {names.assertion}{machine}",
    )


def _credential(
    sign_in: SignIn, names: Names, kind: str, variable: str, proof: Callable[[], Any]
) -> Credential:
    client = sign_in.environment[names.client]
    tenant = sign_in.tenant or sign_in.environment[names.tenant]
    if not is_tenant(tenant):
        raise AuthError(f"{names.tenant}: {tenant!r} is no tenant", "give its id or a domain of it")
    federated = variable == names.assertion
    return Credential(
        f"{'workload identity' if federated else 'environment'}: {kind} of application {client}",
        f"{names.client} and {variable} are set",
        confidential_client(sign_in, tenant, client, proof, names),
        Auth.WORKLOAD if federated else Auth.ENV,
    )

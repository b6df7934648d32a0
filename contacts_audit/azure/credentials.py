"""
The chain of credentials: which one is configured, and how it comes to a token.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

import base64
import binascii
import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.kinds import Auth
from contacts_audit.azure.sign_in import TokenService, refused
from contacts_audit.azure.tokens import AccessToken, Acquire, bearer
from contacts_audit.azure.wire import Wire
from contacts_audit.ending import Ending
from contacts_audit.errors import AuthError, AzureError, UsageError


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    What a credential may look at.

    *environment* holds no empty value; *token* is the text of `--token-file`; *subscription* is
    the one that `az` is asked about; *ending* kills az where the run ends first.
    """

    cloud: Cloud
    environment: Mapping[str, str]
    wire: Callable[[], Wire]
    timeout: float
    ending: Ending
    tenant: str | None = None
    subscription: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A configured credential: its *name* for `-v`, and how it comes to a token."""

    name: str
    acquire: Acquire


def choose(auth: Auth, sign_in: SignIn) -> Credential:
    """
    Return the credential *auth*, or the first that is configured.

    Raises:
        AuthError: it is not configured, or not completely.
    """
    if auth is not Auth.AUTO:
        credential = KINDS[auth](sign_in)
        if credential is None:
            raise AuthError(f"--auth {auth}: it is not configured", MISSING[auth])
        return credential
    credential = environment(sign_in) or workload(sign_in)
    if credential is not None:
        return credential
    if sign_in.environment.keys() & MANAGED_IDENTITY:
        raise AuthError(
            "a managed identity is configured here, which this version cannot use yet",
            "choose another credential by --auth",
        )
    return azure_cli(sign_in)


def environment(sign_in: SignIn) -> Credential | None:
    """
    A service principal from AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or a certificate.

    Raises:
        AuthError: tenant and client are set, and no way to prove them is.
    """
    given = sign_in.environment
    tenant, client = sign_in.tenant or given.get("AZURE_TENANT_ID"), given.get("AZURE_CLIENT_ID")
    if not tenant or not client:
        return None
    if secret := given.get("AZURE_CLIENT_SECRET"):
        name = f"environment: client secret of application {client}"
        return Credential(name, _confidential(sign_in, tenant, client, secret))
    if path := given.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        password = given.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")
        certificate = functools.partial(_certificate, Path(path), password)
        name = f"environment: certificate of application {client}"
        return Credential(name, _confidential(sign_in, tenant, client, certificate))
    if "AZURE_FEDERATED_TOKEN_FILE" in given or "AZURE_TENANT_ID" not in given:
        return None
    raise AuthError(
        "AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but nothing that proves them",
        "set one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE",
    )


def workload(sign_in: SignIn) -> Credential | None:
    """A workload identity: the assertion in AZURE_FEDERATED_TOKEN_FILE, read for each request."""
    given = sign_in.environment
    tenant, client = sign_in.tenant or given.get("AZURE_TENANT_ID"), given.get("AZURE_CLIENT_ID")
    path = given.get("AZURE_FEDERATED_TOKEN_FILE")
    if not tenant or not client or not path:
        return None
    assertion = {"client_assertion": lambda: _read(Path(path)).decode().strip()}
    return Credential(
        f"workload identity of application {client}",
        _confidential(sign_in, tenant, client, lambda: assertion),
    )


def azure_cli(sign_in: SignIn) -> Credential:
    """The user or principal that `az login` signed in."""
    from contacts_audit.azure.az import az_token

    return Credential(
        "Azure CLI",
        functools.partial(
            az_token,
            audience=sign_in.cloud.audience,
            tenant=sign_in.tenant,
            subscription=sign_in.subscription,
            timeout=sign_in.timeout,
            ending=sign_in.ending,
            environment=sign_in.environment,
        ),
    )


def token(sign_in: SignIn) -> Credential | None:
    """A token that somebody else acquired: `--token-file`, else AZURE_ACCESS_TOKEN."""
    source = "AZURE_ACCESS_TOKEN" if sign_in.token is None else "--token-file"
    given = sign_in.token
    if given is None:
        given = sign_in.environment.get("AZURE_ACCESS_TOKEN")
    if given is None:
        return None
    text = bearer(given.strip(), source)
    return Credential(source, lambda claims, fresh: described(AccessToken(text, None)))


KINDS: Mapping[Auth, Callable[[SignIn], Credential | None]] = {
    Auth.ENV: environment,
    Auth.WORKLOAD: workload,
    Auth.AZURE_CLI: azure_cli,
    Auth.TOKEN: token,
}
MANAGED_IDENTITY = frozenset({"IDENTITY_ENDPOINT", "MSI_ENDPOINT"})
MISSING: Mapping[Auth, str] = {
    Auth.ENV: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET "
    "(or AZURE_CLIENT_CERTIFICATE_PATH)",
    Auth.WORKLOAD: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE",
    Auth.TOKEN: "set AZURE_ACCESS_TOKEN or give --token-file",
}
LAST_MOMENT = 253_402_300_800.0  # of the year 9999


def described(token: AccessToken) -> AccessToken:
    """Fill in tenant and expiry from the claims of *token*, where it shows any."""
    try:
        payload = token.value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        tenant, expires = claims.get("tid"), _moment(claims.get("exp"))
    except (IndexError, ValueError, AttributeError, binascii.Error, RecursionError):
        return token
    return replace(
        token,
        tenant=tenant if isinstance(tenant, str) else token.tenant,
        expires_on=token.expires_on or expires,
    )


def _granted(result: Mapping[str, Any], now: float, tenant: str) -> AccessToken:
    """Return the token that MSAL brought of *tenant*, asked for at *now*."""
    if "access_token" not in result:
        raise refused(result)
    lifetime = _moment(result.get("expires_in"))
    value = bearer(result["access_token"], "the answer of the token service")
    return described(AccessToken(value, None if lifetime is None else now + lifetime, tenant))


def _moment(value: object) -> float | None:
    """Return a number of seconds that a calendar can hold, None for anything else."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < LAST_MOMENT else None


def _confidential(
    sign_in: SignIn, tenant: str, client: str, secret: str | Callable[[], Any]
) -> Acquire:
    """Return how a confidential client of Entra acquires its tokens through MSAL."""
    if not sign_in.cloud.authority or not sign_in.cloud.audience:
        raise UsageError(
            "--arm-endpoint does not say where to sign in, and for which audience",
            "add --authority-host and --audience",
        )

    @functools.cache
    def service() -> TokenService:
        return TokenService(sign_in.wire())

    @functools.cache
    def application() -> Any:
        import msal

        return msal.ConfidentialClientApplication(
            client,
            client_credential=secret if isinstance(secret, str) else secret(),
            authority=f"{sign_in.cloud.authority}/{tenant}",
            instance_discovery=False,
            azure_region=False,
            client_capabilities=["CP1"],
            http_client=service(),
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        try:
            with service().within(sign_in.timeout):
                if fresh and claims is None:
                    application().remove_tokens_for_client()
                result = application().acquire_token_for_client(
                    [sign_in.cloud.scope], claims_challenge=claims
                )
        except AzureError as error:
            raise AuthError(f"sign-in failed: {error}", error.hint) from error
        except AuthError:
            raise
        except Exception as error:  # noqa: BLE001 - MSAL raises whatever its reading of an answer does
            raise refused({"error_description": str(error)}) from None
        return _granted(result, service().now, tenant)

    return acquire


def _certificate(path: Path, password: str | None) -> dict[str, Any]:
    """Return the certificate file, PEM or PFX, as MSAL takes it."""
    content = _read(path)
    if b"-----BEGIN" not in content:
        return {
            "private_key_pfx_path": str(path),
            "passphrase": password,
            "public_certificate": True,
        }
    pem = content.decode("ascii", "replace")
    key = re.search(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", pem, re.S
    )
    if key is None:
        raise AuthError(f"{path} holds no private key", "give a PEM with key and certificate")
    return {"private_key": key[0], "public_certificate": pem, "passphrase": password}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthError(f"{path} cannot be read: {error.strerror}", "check the path") from error

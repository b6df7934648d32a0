"""What a credential needs to sign in, and what it returns."""

import base64
import binascii
import json
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.arm.transport import Wire
from contacts_audit.azure.auth.msal_http import CHECK, refused
from contacts_audit.azure.auth.token_provider import Acquire, bearer, moment
from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.bounded import contents
from contacts_audit.core.errors import AuthError
from contacts_audit.core.model import Identity
from contacts_audit.core.paths import kind_of
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.shutdown import Ending

LARGEST = 1024 * 1024  # bytes of a file to sign in with


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    What a credential may look at.

    *cloud* is what the options say, *whole* the same with what its metadata adds.  *environment*
    holds no empty value, and az's CA bundle; *platform* is the wire to the address of a managed
    identity; *timeout* is what a sign-in has, in seconds, *imds_timeout* one by a metadata service,
    which may be updated meanwhile; *token* is the text of `--token-file`, and *token_name* its
    name; *identity* is the user-assigned identity, as MSAL's keyword and its value; *subscription*
    is the one that `az` is asked about; *ending* kills az where the run ends first; *tell* reaches
    who signs in; *secrets* learn each token.
    """

    cloud: Cloud
    whole: Callable[[], Cloud]
    environment: Mapping[str, str]
    wire: Callable[[], Wire]
    platform: Callable[[str], Wire]
    timeout: float
    imds_timeout: float
    ending: Ending
    tell: Callable[[str], None]
    tenant: str | None = None
    identity: tuple[str, str] | None = None
    subscription: str | None = None
    token: str | None = None
    token_name: str = ""
    secrets: Secrets = field(default_factory=Secrets)

    def audience(self) -> str:
        """Return the audience, which the cloud's metadata tells where no option does."""
        return self.cloud.audience or self.whole().audience


@dataclass(frozen=True, slots=True)
class Credential:
    """
    A configured credential: its *name* for `-v`, *why* it is it, and how it comes to a token.

    *kind* is the `--auth` that chooses it; *unused* tells what is configured, too, and not used.
    """

    name: str
    why: str
    acquire: Acquire
    kind: Auth
    unused: tuple[str, ...] = ()


def granted(
    result: Mapping[str, Any],
    now: float,
    tenant: str | None,
    hint: str = CHECK,
    cures: Mapping[str, str] | None = None,
) -> AccessToken:
    """
    Return the token that MSAL brought of *tenant*, asked for at *now*.

    Raises:
        AuthError: it brought none; *hint* says what to do where no AADSTS code does, *cures* what
            to do where one does.
    """
    if "access_token" not in result:
        raise refused(result, hint, cures)
    lifetime = moment(result.get("expires_in"))
    value = bearer(result["access_token"], "the answer of the token service")
    return described(AccessToken(value, None if lifetime is None else now + lifetime, tenant))


def claims_of(token: AccessToken) -> Mapping[str, Any]:
    """Return what *token* says of itself, nothing where it is opaque; no signature is checked."""
    try:
        payload = token.value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def described(token: AccessToken) -> AccessToken:
    """Fill in tenant and expiry from the claims of *token*, where it shows any."""
    claims = claims_of(token)
    tenant = claims.get("tid")
    return replace(
        token,
        tenant=tenant if isinstance(tenant, str) else token.tenant,
        expires_on=token.expires_on or moment(claims.get("exp")),
    )


def identity_of(token: AccessToken, credential: Credential) -> Identity:
    """
    Return whom *token* speaks of, by its own claims, which nobody verified.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    claims = {name: text for name, text in claims_of(token).items() if isinstance(text, str)}
    user = claims.get("upn") or claims.get("unique_name") or claims.get("preferred_username")
    return Identity(
        credential.kind,
        credential.name,
        user,
        claims.get("appid") or claims.get("azp"),
        claims.get("oid"),
        token.tenant if isinstance(token.tenant, str) else None,
    )


def is_tenant(text: str) -> bool:
    """Say whether *text* can be a tenant: its id, or one of its domains."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", text) is not None


def check_fixed_tenant(sign_in: SignIn) -> None:
    """
    Check that a credential of one tenant alone can be held against the one that is asked for.

    Raises:
        AuthError: it cannot, as that is named by a domain.
    """
    if sign_in.tenant is not None and not GUID.fullmatch(sign_in.tenant):
        raise AuthError(
            f"--tenant {sign_in.tenant}: this credential is of one tenant, known by its id alone",
            "give the tenant's id, or leave --tenant out",
        )


def content(path: Path, what: str, variable: str) -> bytes:
    """
    Return what is in the file *path* that *variable* names: a certificate, say, as *what* tells.

    Raises:
        AuthError: it cannot be read, or is empty.
    """
    try:
        if kind_of(path) not in (None, stat.S_IFREG):
            raise unreadable(what, path, "it is not a regular file", variable)
        kept = contents(path, LARGEST)
    except (OSError, ValueError) as error:
        detail = error.strerror if isinstance(error, OSError) else str(error)
        raise unreadable(what, path, detail or str(error), variable) from error
    if not kept.strip():
        raise unreadable(what, path, "the file is empty", variable)
    return kept


def unreadable(what: str, path: Path, why: str, variable: str, hint: str = "") -> AuthError:
    """Return the error of a file that cannot be used to sign in."""
    return AuthError(
        f"cannot read {what} {path}: {why} ({variable})", hint or f"check the file and {variable}"
    )

"""What a credential needs to sign in, and what it returns."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.arm.transport import Transport
from contacts_audit.azure.auth.access_token import bearer_token, claims_of, epoch_seconds
from contacts_audit.azure.auth.msal_http import CHECK, refused
from contacts_audit.azure.auth.token_provider import Acquire
from contacts_audit.azure.clouds import Cloud
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError
from contacts_audit.core.model import Identity
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.shutdown import Shutdown


class SignIn(NamedTuple):
    """
    What a credential may use.

    *cloud* is the cloud of the options; *whole* adds what its metadata says. *environment* has no
    empty values. *transport* leads to the token service, and *platform* to the address of a managed
    identity. *timeout* is the seconds of one sign-in, *imds_timeout* those of one at a metadata
    service (IMDS), which may be updating. *shutdown* kills az if the run ends first. *tell* shows a
    message to the person who signs in. *identity* is a user-assigned identity: MSAL's keyword and
    its value. *subscription* is what az is asked about. *token* is the content of `--token-file`,
    and *token_name* the name of that file. *secrets* gets each token.
    """

    cloud: Cloud
    whole: Callable[[], Cloud]
    environment: Mapping[str, str]
    transport: Callable[[], Transport]
    platform: Callable[[str], Transport]
    timeout: float
    imds_timeout: float
    shutdown: Shutdown
    tell: Callable[[str], None]
    secrets: Secrets
    tenant: str | None = None
    identity: tuple[str, str] | None = None
    subscription: str | None = None
    token: str | None = None
    token_name: str = ""

    def audience(self) -> str:
        """Return the audience of the options, else the one of the cloud's metadata."""
        return self.cloud.audience or self.whole().audience


class Credential(NamedTuple):
    """
    A configured credential: its *name*, *why* it was chosen, and how it acquires a token.

    *kind* is the `--auth` that chooses it. *unused* names variables of other credentials that are
    complete, too.
    """

    name: str
    why: str
    acquire: Acquire
    kind: Auth
    unused: tuple[str, ...] = ()


def token_of(
    result: Mapping[str, Any],
    now: float,
    tenant: str | None,
    hint: str = CHECK,
    cures: Mapping[str, str] | None = None,
) -> AccessToken:
    """
    Return the token in a *result* of MSAL, requested at *now* (epoch seconds) in *tenant*.

    Raises:
        AuthError: the result holds no token. *cures* maps AADSTS numbers to hints, and *hint* is
            for all other errors.
    """
    if "access_token" not in result or "error" in result:
        raise refused(result, hint, cures)
    lifetime = epoch_seconds(result.get("expires_in"))
    expires_on = None if lifetime is None else now + lifetime
    source = "the answer of the token service"
    return bearer_token(result["access_token"], source, expires_on, tenant)


def identity_of(token: AccessToken, credential: Credential) -> Identity:
    """Return whom the claims of *token* name. They are not verified."""
    claims = {name: text for name, text in claims_of(token.value).items() if isinstance(text, str)}
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
    """Say whether *text* has the form of a tenant: an id or a domain."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", text) is not None


def check_tenant(tenant: str, source: str) -> str:
    """
    Return *tenant*, which becomes a part of a URL.

    Raises:
        AuthError: it is not an id or a domain. The message names *source*.
    """
    if is_tenant(tenant):
        return tenant
    raise AuthError(f"{source}: {tenant!r} is not a tenant", "give its id or one of its domains")


def check_tenant_id(sign_in: SignIn) -> None:
    """
    Check that `--tenant` is an id, for a credential whose tenant is fixed and known by its id.

    Raises:
        AuthError: it is a domain.
    """
    if sign_in.tenant is not None and not GUID.fullmatch(sign_in.tenant):
        raise AuthError(
            f"--tenant {sign_in.tenant}: this credential has one tenant, known by its id only",
            "give the tenant's id, or leave --tenant out",
        )


def tenant_of(token: AccessToken, asked: str | None) -> str | None:
    """
    Return the id of the tenant of *token*, None if the token does not show it.

    Raises:
        AuthError: it is another one than *asked*, the id or domain in the options.
    """
    found, asked = (token.tenant or "").lower(), (asked or "").lower()
    if GUID.fullmatch(asked) and GUID.fullmatch(found) and asked != found:
        raise AuthError(
            f"--tenant {asked}: this credential signs in to {found} only",
            "leave --tenant out, or choose another credential by --auth",
        )
    return found or None

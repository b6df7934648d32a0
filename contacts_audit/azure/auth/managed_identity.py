"""
Tokens from the managed identity of a machine, an app or a container.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import functools
import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import requests

from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.azure.auth.msal_http import Response, TokenService, object_of, reason_of
from contacts_audit.azure.auth.sign_in import (
    Credential,
    SignIn,
    check_fixed_tenant,
    claims_of,
    granted,
)
from contacts_audit.azure.auth.token_provider import moment
from contacts_audit.azure.kinds import AccessToken, Auth
from contacts_audit.core.errors import AuthError

ATTEMPT_SECONDS = 5.0
LONGEST_PAUSE = 5.0
UNTOLD = 3600.0  # seconds that a token is taken to live of which nobody tells, as by MSAL
UPDATING = frozenset({404, 410})  # what IMDS answers while it starts or is updated, up to 70 s
ASSIGN = "assign the identity to this machine or app, or name another by --identity-..."
NO_IDENTITY = "check that a managed identity is at this address, and choose another by --auth"
IMDS = "http://169.254.169.254"
IMDS_PATH = "/metadata/identity/oauth2/token"
ARC = "http://localhost:40342/metadata/identity/oauth2/token"
ARC_AGENT = Path("/opt/azcmagent/bin/himds")
DATES = (
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%m/%d/%Y %I:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %p %z",
    "%m/%d/%Y %H:%M:%S %z",
)
CLAIMS = {"client_id": ("appid", "azp"), "object_id": ("oid",), "resource_id": ("xms_mirid",)}
log = logging.getLogger(__name__)


class Place(NamedTuple):
    """What gives the identity: its *address*, *why* that one; *imds*: a virtual machine's."""

    address: str
    why: str
    imds: bool = False


def offered(environment: Mapping[str, str]) -> bool:
    """Say whether the platform tells of a managed identity; the metadata service is not probed."""
    return "IDENTITY_ENDPOINT" in environment or {"MSI_ENDPOINT", "MSI_SECRET"} <= {*environment}


def passed_over(environment: Mapping[str, str]) -> str:
    """Return why an MSI_ENDPOINT is no managed identity, empty where there is none."""
    if "MSI_ENDPOINT" in environment and not offered(environment):
        return "MSI_ENDPOINT is set without MSI_SECRET, as in Cloud Shell, where az signs in"
    return ""


def managed_identity(sign_in: SignIn) -> Credential:
    """
    The user-assigned identity that an option or AZURE_CLIENT_ID names, else the system-assigned.

    Raises:
        AuthError: the platform tells half of it, or AZURE_CLIENT_ID is no id.
    """
    check_fixed_tenant(sign_in)
    place = _place(sign_in.environment)
    wanted, source = _wanted(sign_in)
    name = "system-assigned"
    if wanted is not None:
        name = f"user-assigned, {wanted[0].replace('_', ' ')} {wanted[1]}{source}"

    @functools.cache
    def service() -> TokenService:
        return TokenService(
            sign_in.platform(place.address),
            attempt=ATTEMPT_SECONDS,
            raw=True,
            retried=lambda status: _passes(status, place),
            longest=LONGEST_PAUSE,
        )

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        audience = sign_in.audience()
        try:
            with service().within(sign_in.imds_timeout if place.imds else sign_in.timeout):
                result = _asked(_Platform(service()), wanted, audience, claims)
            token = granted(result, service().now, None, ASSIGN)
            token = replace(token, expires_on=_expiry(token.value) or token.expires_on)
            _check_whose(token, wanted)
        except AuthError as error:
            said = str(error).removeprefix("sign-in failed: ")
            message = f"the managed identity at {place.address} failed: {said}"
            hint = f"{error.hint}; AZURE_CLIENT_ID names the identity" if source else error.hint
            raise AuthError(message, hint) from error
        return token

    return Credential(f"managed identity: {name}", place.why, acquire, Auth.MANAGED_IDENTITY)


def _asked(
    client: "_Platform", wanted: tuple[str, str] | None, audience: str, claims: str | None
) -> Mapping[str, Any]:
    import msal

    identity = (
        msal.SystemAssignedManagedIdentity()
        if wanted is None
        else msal.UserAssignedManagedIdentity(**dict([wanted]))
    )
    ours = msal.ManagedIdentityClient(identity, http_client=client)
    try:
        found: Mapping[str, Any] = ours.acquire_token_for_client(
            resource=audience, claims_challenge=claims
        )
    except OSError as error:  # Azure Arc proves by a file who may ask
        raise AuthError(
            f"the key {error.filename} of its agent cannot be read: {error.strerror}",
            "run as root or as a member of the group himds",
        ) from error
    return found


def _wanted(sign_in: SignIn) -> tuple[tuple[str, str] | None, str]:
    """Return the user-assigned identity, if any, and whether a variable names it, as for SDKs."""
    named = sign_in.environment.get("AZURE_CLIENT_ID")
    if sign_in.identity is not None or named is None:
        return sign_in.identity, ""
    if not GUID.fullmatch(named):
        raise AuthError(
            "AZURE_CLIENT_ID is not the client id of a managed identity",
            "unset it for the system-assigned identity, or name one by --identity-client-id",
        )
    return ("client_id", named), " (AZURE_CLIENT_ID)"


def _check_whose(token: AccessToken, wanted: tuple[str, str] | None) -> None:
    """
    Check that *token* is of the identity *wanted*, as far as it shows.

    Raises:
        AuthError: the platform gave another one, as old ones do that know no user-assigned one.
    """
    if wanted is None:
        return
    kind, value = wanted
    shown = [str(claim) for name in CLAIMS[kind] if (claim := claims_of(token).get(name))]
    if shown and value.lower() not in map(str.lower, shown):
        raise AuthError(f"it gave a token of another identity, {shown[0]}", ASSIGN)


def _place(environment: Mapping[str, str]) -> Place:
    """Return what gives the identity, as MSAL chooses it; half of it must not lead to another."""
    for endpoint, proofs in (
        ("IDENTITY_ENDPOINT", ("IDENTITY_HEADER", "IMDS_ENDPOINT")),
        ("MSI_ENDPOINT", ("MSI_SECRET",)),
    ):
        if endpoint not in environment:
            continue
        if environment.keys().isdisjoint(proofs):
            raise AuthError(
                f"{endpoint} is set without {' or '.join(proofs)}",
                "choose another credential by --auth",
            )
        return Place(_address(environment[endpoint], endpoint), f"{endpoint} is set")
    if os.access(ARC_AGENT, os.F_OK):
        return Place(ARC, "the agent of Azure Arc is installed")
    host = environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", IMDS).strip("/")
    address = _address(host + IMDS_PATH, "AZURE_POD_IDENTITY_AUTHORITY_HOST")
    return Place(address, "the machine's metadata service (IMDS) has it", imds=True)


def _address(url: str, variable: str) -> str:
    """Return *url* as it is asked, without a query."""
    try:
        found = str(requests.Request("GET", url).prepare().url).split("?")[0]
    except (ValueError, requests.RequestException):
        found = ""
    if not found.startswith(("http://", "https://")) or "@" in found:
        raise AuthError(
            f"{variable} is not an address of the form http://host:port/path",
            "unset it, or set it as the platform does",
        )
    return found


def _passes(status: int, place: Place) -> bool:
    """Say whether the *status* is one of a platform that is not ready yet."""
    passes = status in RETRIED or status > 500 or (place.imds and status in UPDATING)
    if passes:
        log.info("managed identity at %s answered %d: asking again", place.address, status)
    return passes


@dataclass(frozen=True, slots=True)
class _Platform:
    """What MSAL takes for a session: its platform's answers always tell an expiry in seconds."""

    service: TokenService

    def get(self, url: str, **given: Any) -> Response:
        """
        As `requests.Session.get`; a challenge of Azure Arc is left to MSAL.

        Raises:
            AuthError: no token came; MSAL reads what each platform says of it in ways of its own.
        """
        answer = self.service.get(url, **given)
        if answer.status_code == 401 and "www-authenticate" in answer.headers:
            return answer
        return replace(answer, text=_with_expiry(answer))

    def post(self, url: str, **given: Any) -> Response:
        """As `requests.Session.post`; no platform is asked so."""
        return self.service.post(url, **given)

    def close(self) -> None:
        """Nothing to close."""


def _with_expiry(answer: Response) -> str:
    """
    Return the text of *answer* with the expiry that its token shows, else what it tells in words.

    Platforms tell seconds, as a number or as text, or a date in words, or nothing at all:
    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

    Raises:
        AuthError: it holds no token.
    """
    told = object_of(answer.text)
    if told is None:
        raise AuthError(f"it answered {answer.status_code}, without a JSON object", NO_IDENTITY)
    bearer = told.get("access_token")
    if answer.status_code != 200 or not (isinstance(bearer, str) and bearer):
        raise AuthError(f"it answered {answer.status_code}{reason_of(answer.text)}", ASSIGN)
    now = time.time()
    lifetime = moment(told.get("expires_in"))
    expires = (
        _expiry(bearer) or _moment_in_words(told.get("expires_on")) or now + (lifetime or UNTOLD)
    )
    return json.dumps({**told, "expires_on": int(expires), "expires_in": int(expires - now)})


def _expiry(bearer: str) -> float | None:
    """Return the expiry that the token itself shows."""
    return moment(claims_of(AccessToken(bearer, None)).get("exp"))


def _moment_in_words(value: object) -> float | None:
    seconds = moment(value)
    if seconds is not None or not isinstance(value, str):
        return seconds
    for form in DATES:
        try:
            date = datetime.strptime(value.strip(), form)
            return moment((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            continue
    return None

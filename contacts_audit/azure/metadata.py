"""
What a Resource Manager tells of its own cloud, and how far it is believed.

https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use
"""

import functools
import ipaddress
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from contacts_audit.azure import arm
from contacts_audit.azure.clouds import CLOUDS, Cloud, https
from contacts_audit.azure.patience import patiently
from contacts_audit.azure.wire import Wire, prepared
from contacts_audit.errors import AuthError, AzureError, UsageError

ATTEMPT_SECONDS = 15.0
TELL = "give --authority-host and --audience"


def completed(cloud: Cloud, wire: Wire, seconds: float) -> Cloud:
    """
    Return *cloud* with the login host and the audience that its metadata tells, if it lacks them.

    The metadata may not decide where a secret goes, nor what a token is good for elsewhere: the
    login host of a known cloud must come with an audience of that cloud, any other login host and
    audience must be of the endpoint's own registrable domain.

    Raises:
        AuthError: the metadata cannot be had, or is not believed.
    """
    if cloud.authority and cloud.audience:
        return cloud
    told = _told(cloud, wire, time.monotonic() + seconds)
    match told:
        case {"authentication": {"loginEndpoint": str(login), "audiences": list(offered)}}:
            pass
        case _:
            raise AuthError(f"{cloud.arm} tells no login host and audience", TELL)
    try:
        authority = cloud.authority or https(login, "loginEndpoint", path=True)
    except UsageError as error:
        raise AuthError(f"{cloud.arm} tells a login host that is none: {login!r}", TELL) from error
    for audience in [cloud.audience] if cloud.audience else offered:
        if isinstance(audience, str) and _believed(cloud.arm, authority, audience):
            return replace(cloud, authority=authority, audience=audience)
    raise AuthError(
        f"{cloud.arm} tells to sign in at {authority} for {cloud.audience or offered}, which are "
        "neither of its own domain nor of one known cloud",
        TELL,
    )


def _told(cloud: Cloud, wire: Wire, until: float) -> Any:
    """Return the cloud's own entry: the one object, or its own among several."""
    request = prepared(arm.metadata_url(cloud.arm), {})

    def attempt() -> arm.Answer:
        left = until - time.monotonic()
        return arm.complete(wire.send(request, timeout=max(0.001, min(ATTEMPT_SECONDS, left))))

    try:
        told = arm.document(patiently(attempt, until=until))
    except AzureError as error:
        raise AuthError(f"{cloud.arm} does not tell where to sign in: {error}", TELL) from error
    entries = [entry for entry in (told if isinstance(told, list) else [told]) if entry]
    own = entries if len(entries) == 1 else [entry for entry in entries if _is_of(entry, cloud)]
    if len(own) != 1:
        raise AuthError(f"{cloud.arm} does not tell which of {len(entries)} clouds it is", TELL)
    return own[0]


def _is_of(entry: Any, cloud: Cloud) -> bool:
    match entry:
        case {"resourceManager": str(address)}:
            return address.rstrip("/").lower() == cloud.arm
    return False


def _believed(endpoint: str, authority: str, audience: str) -> bool:
    for known in CLOUDS.values():
        if known.signs_in_at(authority):
            return known.authority == authority and known.accepts(audience)
    domains = {_registrable(address) for address in (endpoint, authority, audience)}
    return len(domains) == 1 and None not in domains


def _registrable(address: str) -> str | None:
    """
    Return the domain that somebody registered, or the host itself where it has none.

    https://publicsuffix.org/
    """
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return None
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    return str(_suffixes().privatesuffix(host) or host) or None


@functools.cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()

"""
Reads what a Resource Manager says about its cloud, and decides what to believe.

https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use
"""

import functools
import ipaddress
import time
from dataclasses import replace
from typing import Any

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.retry import patiently
from contacts_audit.azure.arm.transport import Wire, prepared
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.core.errors import AuthError, AzureError, UsageError
from contacts_audit.core.redaction import shown_address

ATTEMPT_SECONDS = 15.0
TELL = "give --authority-host and --audience"


def completed(cloud: Cloud, wire: Wire, seconds: float) -> Cloud:
    """
    Return *cloud* with the login host and the audience that its metadata tells, if it lacks them.

    The metadata may not decide where a secret goes, nor what a token is good for elsewhere: what
    is of a known cloud counts only for that cloud's own Resource Manager, as its regions have
    them; any other login host and audience must be of the endpoint's own registrable domain.

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
        raise AuthError(
            f"{cloud.arm} tells a login host that is none: {shown_address(login)!r}", TELL
        ) from error
    for audience in [cloud.audience] if cloud.audience else offered:
        if isinstance(audience, str) and _believed(cloud.arm, authority, audience):
            return replace(cloud, authority=authority, audience=audience)
    wanted = cloud.audience or ", ".join(shown_address(str(audience)) for audience in offered)
    raise AuthError(
        f"{cloud.arm} says to sign in at {authority} for the audience {wanted or '(none)'}, "
        "which are not in its own domain",
        TELL,
    )


def _told(cloud: Cloud, wire: Wire, until: float) -> Any:
    """Return the cloud's own entry: the one object, or its own among several."""
    request = prepared(protocol.metadata_url(cloud.arm), {})

    def attempt() -> protocol.Answer:
        left = until - time.monotonic()
        return protocol.complete(wire.send(request, timeout=max(0.001, min(ATTEMPT_SECONDS, left))))

    try:
        told = protocol.document(patiently(attempt, until=until))
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
            try:
                return https(address, "resourceManager") == cloud.arm
            except UsageError:
                return False
    return False


def _believed(endpoint: str, authority: str, audience: str) -> bool:
    if "@" in audience:
        return False
    domains = {_registrable(address) for address in (authority, audience)}
    for known in CLOUDS.values():
        if not domains.isdisjoint(map(_registrable, known.addresses)):
            whole = known.authority == authority and known.accepts(audience)
            return whole and known.manages(endpoint)
    return domains == {_registrable(endpoint)} and None not in domains


def _registrable(address: str) -> str | None:
    """
    Return the domain that somebody registered, or the host itself where it has none.

    https://publicsuffix.org/
    """
    host = host_of(address)
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    return str(_suffixes().privatesuffix(host) or host) or None


@functools.cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()

"""
Completes a cloud from the metadata of its Resource Manager, if that can be believed.

https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use
"""

import functools
import ipaddress
import time
from typing import Any

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.retry import with_retries
from contacts_audit.azure.arm.transport import Transport, prepared
from contacts_audit.azure.clouds import CLOUDS, Cloud, host_of, https
from contacts_audit.core.errors import AuthError, AzureError, UsageError
from contacts_audit.core.redaction import shown_address

ATTEMPT_SECONDS = 15.0
GIVE_BOTH = "give --authority-host and --audience"


def completed(cloud: Cloud, transport: Transport, seconds: float) -> Cloud:
    """
    Return *cloud* with its login host and audience: its own, else those of its metadata.

    The metadata must not send a secret to a stranger, and must not get a token for another cloud.
    A login host or audience of a known cloud is used only for that cloud's own Resource Manager,
    or that of a region. Any other must be in the endpoint's own registrable domain. *seconds* is
    the time for all attempts.

    Raises:
        AuthError: the metadata cannot be read, or is not believed.
    """
    if cloud.authority and cloud.audience:
        return cloud
    match _entry(cloud, transport, time.monotonic() + seconds):
        case {"authentication": {"loginEndpoint": str(login), "audiences": list(offered)}}:
            pass
        case _:
            raise AuthError(f"{cloud.arm} names no login host and audience", GIVE_BOTH)
    try:
        authority = cloud.authority or https(login, "loginEndpoint", path=True)
    except UsageError as error:
        raise AuthError(
            f"{cloud.arm} names a login host that is not valid: {shown_address(login)!r}", GIVE_BOTH
        ) from error
    for audience in [cloud.audience] if cloud.audience else offered:
        if isinstance(audience, str) and _is_believed(cloud.arm, authority, audience):
            return cloud._replace(authority=authority, audience=audience)
    wanted = cloud.audience or ", ".join(shown_address(str(audience)) for audience in offered)
    raise AuthError(
        f"{cloud.arm} says to sign in at {authority} for the audience {wanted or '(none)'}, "
        "which are not in its own domain",
        GIVE_BOTH,
    )


def _entry(cloud: Cloud, transport: Transport, until: float) -> Any:
    """Return the metadata of *cloud*: the only object, or the one with its address."""
    request = prepared(protocol.metadata_url(cloud.arm), {})

    def attempt() -> protocol.Answer:
        timeout = max(0.001, min(ATTEMPT_SECONDS, until - time.monotonic()))
        return protocol.complete(transport.send(request, timeout=timeout))

    try:
        document = protocol.document(with_retries(attempt, until=until))
    except AzureError as error:
        raise AuthError(f"{cloud.arm} does not say where to sign in: {error}", GIVE_BOTH) from error
    listed = document if isinstance(document, list) else [document]
    entries = [entry for entry in listed if entry]
    own = entries if len(entries) == 1 else [entry for entry in entries if _is_of(entry, cloud)]
    if len(own) != 1:
        raise AuthError(f"{cloud.arm} does not say which of {len(entries)} clouds it is", GIVE_BOTH)
    return own[0]


def _is_of(entry: Any, cloud: Cloud) -> bool:
    match entry:
        case {"resourceManager": str(address)}:
            try:
                return https(address, "resourceManager") == cloud.arm
            except UsageError:
                return False
    return False


def _is_believed(endpoint: str, authority: str, audience: str) -> bool:
    if "@" in audience:
        return False
    domains = {_registrable(address) for address in (authority, audience)}
    for known in CLOUDS.values():
        if not domains.isdisjoint(map(_registrable, known.addresses)):
            both = known.authority == authority and known.accepts(audience)
            return both and known.manages(endpoint)
    return domains == {_registrable(endpoint)} and None not in domains


def _registrable(address: str) -> str | None:
    """
    Return the registrable domain of *address*, or its host if that has none.

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

"""
The endpoints of the known clouds, and which endpoints belong together.

https://learn.microsoft.com/azure/developer/python/sdk/authentication/multi-cloud
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import UsageError
from contacts_audit.core.redaction import shown_address

BLADE = "#blade/Microsoft_Azure_Security/SecurityMenuBlade/0"


class Cloud(NamedTuple):
    """
    A cloud: its Resource Manager (*arm*), login host (*authority*), and audience of tokens.

    *arm* and *authority* have no trailing slash. *audience* keeps its slash. What is unknown is "".
    """

    name: str
    arm: str
    authority: str
    audience: str
    portal: str | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """All known addresses of this cloud."""
        return tuple(filter(None, (self.arm, self.authority, self.audience, self.portal)))

    def manages(self, endpoint: str) -> bool:
        """Say whether *endpoint* is this cloud's Resource Manager, or that of a region."""
        own, host = host_of(self.arm), host_of(endpoint)
        return host == own or host.endswith(f".{own}")

    @property
    def known_name(self) -> str | None:
        """The name that az uses, None for a cloud of the user's own."""
        return self.name if self.name in {*CloudName} else None

    def accepts(self, audience: str) -> bool:
        """Say whether *audience* is this Resource Manager's, with or without a slash at its end."""
        return audience.rstrip("/").lower() in {self.audience.rstrip("/"), self.arm}

    @property
    def scope(self) -> str:
        """The OAuth scope. It has two slashes if the audience ends in one, as the scope of az."""
        return f"{self.audience}/.default"

    @property
    def portal_url(self) -> str | None:
        """The page of step 02 of the rule, None if the portal is not known."""
        return None if self.portal is None else f"{self.portal}/{BLADE}"


CLOUDS: Mapping[CloudName, Cloud] = {
    CloudName(cloud.name): cloud
    for cloud in (
        Cloud(
            CloudName.AZURE,
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "https://management.core.windows.net/",
            "https://portal.azure.com",
        ),
        Cloud(
            CloudName.US_GOVERNMENT,
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/",
            "https://portal.azure.us",
        ),
        Cloud(
            CloudName.CHINA,
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn/",
            "https://portal.azure.cn",
        ),
    )
}


def choose(
    name: CloudName,
    *,
    arm_endpoint: str | None = None,
    authority_host: str | None = None,
    audience: str | None = None,
) -> Cloud:
    """
    Return the cloud *name*, or the cloud of *arm_endpoint*: a known one, or the user's own.

    `metadata` completes the user's own cloud.

    Raises:
        UsageError: an address is not valid, or belongs to another cloud.
    """
    arm = CLOUDS[name].arm if arm_endpoint is None else https(arm_endpoint, "--arm-endpoint")
    authority = ""
    if authority_host is not None:
        scheme = "" if "//" in authority_host else "https://"
        authority = https(f"{scheme}{authority_host}", "--authority-host", path=True)
    if audience is not None and "@" in audience:
        told = f"--audience: {shown_address(audience)!r} contains a user name"
        raise UsageError(told, "leave user and password out")
    known = next((cloud for cloud in CLOUDS.values() if cloud.arm == arm), None)
    if known is None:
        return Cloud(urlsplit(arm).netloc, arm, authority, audience or "", None)
    for other in (cloud for cloud in CLOUDS.values() if cloud is not known):
        mixed = ""
        if authority and host_of(authority) == host_of(other.authority):  # at any port and path
            mixed = f"--authority-host: {authority}"
        elif audience is not None and other.accepts(audience):
            mixed = f"--audience: {audience}"
        if mixed:
            raise UsageError(
                f"{mixed} belongs to {other.name}, but {known.arm} to {known.name}",
                f"choose one cloud: --cloud {other.name}",
            )
    return known._replace(
        authority=authority or known.authority, audience=audience or known.audience
    )


def host_of(address: str) -> str:
    """Return the host of *address* in lower case, "" if it has none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def https(address: str, option: str, *, path: bool = False) -> str:
    """
    Return *address* without a trailing slash. It must be an https origin; *path* allows a path.

    Raises:
        UsageError: it is anything else. The message names *option*.
    """
    try:
        url = urlsplit(address)
        plain = url.port != 0 and url.hostname is not None
    except ValueError:
        plain = False
    if (
        not plain
        or url.scheme != "https"
        or "@" in address  # also in the path: a password may contain a slash
        or url.netloc.endswith(":")
        or (url.path.strip("/") and not path)
        or any(not "!" <= letter <= "~" or letter in "\\?#" for letter in address)
    ):
        raise UsageError(
            f"{option}: {shown_address(address)!r} is not of the form https://host[:port]",
            "give scheme, host and, if it is not 443, the port",
        )
    return f"https://{url.netloc.lower().removesuffix(':443')}{url.path}".rstrip("/")

"""
Finds the endpoint of a managed identity, from the variables of the platform.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from contacts_audit.core.errors import AuthError

IMDS = "http://169.254.169.254"
IMDS_PATH = "/metadata/identity/oauth2/token"
ARC = "http://localhost:40342/metadata/identity/oauth2/token"
PRIVATE_NETWORKS = [
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
ARC_AGENT = Path("/opt/azcmagent/bin/himds")


class Endpoint(NamedTuple):
    """An *address*, *why* it was chosen, and whether it is a virtual machine's service (*imds*)."""

    address: str
    why: str
    imds: bool = False


def is_offered(environment: Mapping[str, str]) -> bool:
    """Say whether the variables name a managed identity. The metadata service is not asked."""
    return "IDENTITY_ENDPOINT" in environment or {"MSI_ENDPOINT", "MSI_SECRET"} <= {*environment}


def why_not_offered(environment: Mapping[str, str]) -> str:
    """Return why an MSI_ENDPOINT is no managed identity, "" if there is none."""
    if "MSI_ENDPOINT" in environment and not is_offered(environment):
        return "MSI_ENDPOINT is set without MSI_SECRET, as in Cloud Shell, where az signs in"
    return ""


def find_endpoint(environment: Mapping[str, str]) -> Endpoint:
    """
    Return the endpoint that MSAL will choose.

    Raises:
        AuthError: the variables are incomplete, or hold no address. No other endpoint is used.
    """
    for variable, proofs in (
        ("IDENTITY_ENDPOINT", ("IDENTITY_HEADER", "IMDS_ENDPOINT")),
        ("MSI_ENDPOINT", ("MSI_SECRET",)),
    ):
        if variable not in environment:
            continue
        if environment.keys().isdisjoint(proofs):
            raise AuthError(
                f"{variable} is set without {' or '.join(proofs)}",
                "choose another credential by --auth",
            )
        return Endpoint(_address(environment[variable], variable), f"{variable} is set")
    if os.access(ARC_AGENT, os.F_OK):
        return Endpoint(ARC, "the agent of Azure Arc is installed")
    host = environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", IMDS).strip("/")
    address = _address(host + IMDS_PATH, "AZURE_POD_IDENTITY_AUTHORITY_HOST")
    return Endpoint(address, "the machine's metadata service (IMDS) has it", imds=True)


def _address(url: str, variable: str) -> str:
    """Return *url* as requests sends it, without a query."""
    try:
        found = str(requests.Request("GET", url).prepare().url).split("?")[0]
    except (ValueError, requests.RequestException):
        found = ""
    if not found.startswith(("http://", "https://")) or "@" in found:
        raise AuthError(
            f"{variable} is not an address of the form http://host:port/path",
            "unset it, or set it as the platform does",
        )
    if not found.startswith("https://") and not is_near(found):
        raise AuthError(
            f"{variable} is not https",
            "plain http is for addresses of this machine, its link or its private network",
        )
    return found


def is_near(url: str) -> bool:
    """
    Say whether *url* is plain http to this machine, its link, or a private or shared network.

    https://www.rfc-editor.org/rfc/rfc1918, rfc4193, rfc6598
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    near = (
        address.is_loopback
        or address.is_link_local
        or any(address in network for network in PRIVATE_NETWORKS)
    )
    return parts.scheme == "http" and near

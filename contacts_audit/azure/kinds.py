"""Types that all of `azure` shares: the values of --auth and --cloud, AccessToken, GUID pattern."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

GUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class Auth(StrEnum):
    """The credentials. `auto` is the first that is configured."""

    AUTO = "auto"
    ENV = "env"
    WORKLOAD = "workload"
    MANAGED_IDENTITY = "managed-identity"
    AZURE_CLI = "azure-cli"
    DEVICE_CODE = "device-code"
    TOKEN = "token"  # noqa: S105


class CloudName(StrEnum):
    """The clouds whose endpoints are known."""

    AZURE = "AzureCloud"
    US_GOVERNMENT = "AzureUSGovernment"
    CHINA = "AzureChinaCloud"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token. *expires_on* is in epoch seconds, None if unknown."""

    value: str = field(repr=False)
    expires_on: float | None
    tenant: str | None = None
    subscription: str | None = None

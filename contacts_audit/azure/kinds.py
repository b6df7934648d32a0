"""The names that people choose by: of credentials, of clouds, of api-versions."""

import re
from enum import StrEnum

GUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class Auth(StrEnum):
    """The credentials; `auto` takes the first that is configured."""

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

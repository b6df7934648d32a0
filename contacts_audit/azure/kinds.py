"""The names that people choose by: of credentials, of clouds, of api-versions."""

from enum import StrEnum


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

"""The environment variables that describe an application."""

from typing import NamedTuple


class Variables(NamedTuple):
    """One set of variables. Two sets are never mixed."""

    tenant: str
    client: str
    secret: str
    certificate: str
    password: str
    federated_token: str


AZURE = Variables(
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
)
TERRAFORM = Variables(
    "ARM_TENANT_ID",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_OIDC_TOKEN_FILE_PATH",
)

"""Plain requests to the platform of the double."""

from __future__ import annotations

import requests
from azure_double import AzureDouble


def plainly(url: str, params: dict[str, str | None], headers: dict[str, str]) -> requests.Response:
    """Return the answer of the platform, without a proxy."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, params=params, headers=headers, timeout=5)


def imds(
    azure: AzureDouble, *, headers: dict[str, str] | None = None, **params: str | None
) -> requests.Response:
    """Return the answer of the metadata service to a valid request, changed by the arguments."""
    usual = {"api-version": "2018-02-01", "resource": azure.audience}
    url = f"{azure.platform}/metadata/identity/oauth2/token"
    return plainly(url, {**usual, **params}, {"Metadata": "true"} if headers is None else headers)


def app_service(
    azure: AzureDouble, *, header: str | None = None, **params: str | None
) -> requests.Response:
    """Return the answer of an App Service to a valid request, changed by the arguments."""
    usual = {"api-version": "2019-08-01", "resource": azure.audience}
    proof = azure.identity_header if header is None else header
    url = azure.identity_variables["IDENTITY_ENDPOINT"]
    return plainly(url, {**usual, **params}, {"X-IDENTITY-HEADER": proof})

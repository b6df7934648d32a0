"""Clients of MSAL that sign in to the double."""

from __future__ import annotations

import base64
import json
from typing import Any

import msal
import requests
from azure_double import AzureDouble

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def app(azure: AzureDouble, session: requests.Session, **how: Any) -> Any:
    """Return MSAL's client of the application."""
    how.setdefault("client_credential", azure.secret)
    return msal.ConfidentialClientApplication(
        how.pop("client_id", azure.client_id),
        authority=f"{azure.authority}/{how.pop('tenant', azure.tenant)}",
        instance_discovery=False,
        http_client=session,
        **how,
    )


def scope(azure: AzureDouble) -> list[str]:
    """Return the scope of ARM, with its double slash."""
    return [f"{azure.audience}/.default"]


def person(azure: AzureDouble, session: requests.Session, tenant: str = "organizations") -> Any:
    """Return MSAL's client that a person signs in to."""
    return msal.PublicClientApplication(
        AZURE_CLI,
        authority=f"{azure.authority}/{tenant}",
        instance_discovery=False,
        client_capabilities=["CP1"],
        http_client=session,
    )


def signed_in(azure: AzureDouble, client: Any) -> dict[str, Any]:
    """Return the result of MSAL after the user signed in with a device code."""
    flow = client.initiate_device_flow(scope(azure))
    result: dict[str, Any] = client.acquire_token_by_device_flow(flow)
    return result

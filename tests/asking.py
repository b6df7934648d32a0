"""A plain client of the double: `requests` with a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from azure_double import AzureDouble, Subscription

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
LIST = "/subscriptions?api-version=2022-12-01"
CONTACT: dict[str, Any] = {
    "emails": "a@contoso.com; b@contoso.com",
    "phone": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    "somethingNew": 1,
}
CONTACT_2017: dict[str, Any] = {
    "email": "a@contoso.com",
    "phone": "1",
    "alertNotifications": "On",
    "alertsToAdmins": "Off",
}
WRITTEN_2020: dict[str, Any] = {
    "emails": "a@b.c",
    "phone": "1",
    "alertNotifications": {"state": "On", "minimalSeverity": "Low"},
    "notificationsByRole": {"state": "On", "roles": ["Owner", "ServiceAdmin"]},
}
WRITTEN_2023: dict[str, Any] = {
    "emails": "a@b.c",
    "phone": "1",
    "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Low"}],
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
}
WRITTEN: dict[str, dict[str, Any]] = {V2017: CONTACT_2017, V2020: WRITTEN_2020, V2023: WRITTEN_2023}


class Client:
    """A plain client of the double, by default with a valid token."""

    def __init__(self, azure: AzureDouble) -> None:
        self.azure = azure
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(
        self, path: str, *, token: str | None = "", method: str = "GET", **more: Any
    ) -> requests.Response:
        """Send a request for *path* or a whole URL, and return the response."""
        url = path if path.startswith("https:") else self.azure.endpoint + path
        headers = more.pop("headers", {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.azure.token()}"
        return self.session.request(
            method,
            url,
            headers=headers,
            verify=more.pop("verify", str(self.azure.ca)),
            timeout=more.pop("timeout", 5),
            allow_redirects=False,
            **more,
        )

    def listed(self, subscription: Subscription, version: str = V2023) -> list[dict[str, Any]]:
        """Return the contacts in a list at *version*, in any shape."""
        body = self(contacts(subscription, version)).json()
        items: list[dict[str, Any]] = body["value"] if isinstance(body, dict) else body
        return items

    def names(self, subscription: Subscription) -> list[str]:
        """Return the names of the contacts that 2017 lists."""
        return [each["name"] for each in self.listed(subscription, V2017)]

    def put(
        self,
        subscription: Subscription,
        properties: Mapping[str, Any],
        version: str = V2023,
        name: str = "",
        **headers: str,
    ) -> requests.Response:
        """Return the answer to a PUT. Keywords are headers, with underscores for dashes."""
        path = contacts(subscription, version, name or usual_name(version))
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return self(path, method="PUT", json={"properties": properties}, headers=given)

    def delete(
        self, subscription: Subscription, version: str = V2023, name: str = ""
    ) -> requests.Response:
        """Return the answer to a DELETE."""
        return self(contacts(subscription, version, name or usual_name(version)), method="DELETE")


def usual_name(version: str) -> str:
    """Return the name of a contact that *version* always takes."""
    return "default1" if version == V2017 else "default"


def contacts(subscription: Subscription, version: str = V2023, name: str = "") -> str:
    """Return the path of a list of contacts, or of one of them."""
    base = f"{subscription.scope}/providers/Microsoft.Security/securityContacts"
    return f"{base}{'/' + name if name else ''}?api-version={version}"


def code(response: requests.Response) -> tuple[int, str]:
    """Return the status and ARM's code."""
    return response.status_code, response.json()["error"]["code"]


def record(number: int = 1, **properties: str) -> dict[str, Any]:
    """Return a contact as 2017 keeps it, without a phone unless it is told one."""
    return {"name": f"default{number}", "properties": {**CONTACT_2017, "phone": "", **properties}}

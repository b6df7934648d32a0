"""Security contacts as the double stores them, and the rows of a report about them."""

import json
from importlib.resources import files
from typing import Any

from azure_double import AzureDouble, Subscription
from conftest import Ran
from jsonschema import Draft202012Validator

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"


ALL = {V2017, V2020, V2023}


ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


SCHEMA = Draft202012Validator(
    json.loads(files("contacts_audit.report").joinpath("schema.json").read_bytes())
)


def at_2017(*emails: str | None) -> list[dict[str, Any]]:
    """Return contacts as 2017 keeps them."""
    return [
        {
            "name": f"default{number}",
            "properties": {"email": email, "alertNotifications": "On", "alertsToAdmins": "On"},
        }
        for number, email in enumerate(emails, start=1)
    ]


def newer(emails: Any, **more: Any) -> dict[str, Any]:
    """Return a contact as the portal writes it."""
    return {
        "emails": emails,
        "phone": "",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        **more,
    }


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a JSON report, which must fit its schema."""
    report = json.loads(ran.out)
    SCHEMA.validate(report)
    assert report["exit_code"] == ran.code
    found: list[dict[str, Any]] = report["subscriptions"]
    return found


def versions_asked(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the api-versions at which *subscription* was read, in order."""
    return [
        asked.params["api-version"]
        for asked in azure.arm_asked()
        if f"/subscriptions/{subscription.id}/" in asked.path
    ]

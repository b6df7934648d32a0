"""What the tests of checks, overrides and waivers against the double share."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from azure_double import AzureDouble, Subscription
from conftest import Ran
from jsonschema import Draft202012Validator

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
ALL = frozenset({V2017, V2020, V2023})
SCHEMA = Draft202012Validator(
    json.loads(files("contacts_audit.report").joinpath("schema.json").read_bytes()),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
EMAIL, ALERTS, OWNER, PATHS = (
    "contact-email",
    "alert-notifications",
    "owner-notified",
    "attack-paths",
)
CIS = [EMAIL, ALERTS, OWNER, PATHS]
STRICT = [*CIS, "reachable"]
GOOD: dict[str, Any] = {
    "emails": "soc@contoso.com",
    "phone": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [
        {"sourceType": "Alert", "minimalSeverity": "Medium"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ],
}
NOTHING: dict[str, Any] = {
    "emails": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "Off", "roles": ["Owner"]},
    "notificationsSources": [],
}


def alert(severity: Any) -> list[dict[str, Any]]:
    """Return the sources of a contact that sends alerts from *severity* on."""
    return [{"sourceType": "Alert", "minimalSeverity": severity}]


def old(email: str = "soc@contoso.com", **more: Any) -> list[dict[str, Any]]:
    """Return a contact as 2017 keeps it."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On"}
    return [{"name": "default1", "properties": {"email": email, **flags, **more}}]


def report(ran: Ran) -> dict[str, Any]:
    """Return a JSON report, which must fit its schema, add up, and tell the exit code."""
    found: dict[str, Any] = json.loads(ran.out)
    SCHEMA.validate(found)
    counts = found["summary"]
    assert counts["read"] == counts["compliant"] + counts["non_compliant"] + counts["waived"]
    assert counts["in_scope"] == counts["read"] + counts["unreadable"] + counts["skipped"]
    assert counts["in_scope"] == len(found["subscriptions"])
    assert found["exit_code"] == ran.code
    return found


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a JSON report."""
    found: list[dict[str, Any]] = report(ran)["subscriptions"]
    return found


def only(ran: Ran) -> dict[str, Any]:
    """Return the only row."""
    (row,) = rows(ran)
    return row


def failed(row: dict[str, Any]) -> list[str]:
    """Return the failed checks of *row*."""
    return [finding["check"] for finding in row["findings"]]


def asked(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the api-versions at which *subscription* was read, in order, always by LIST."""
    path = f"/subscriptions/{subscription.id}/providers/Microsoft.Security/securityContacts"
    reads = [one for one in azure.arm_asked() if f"/subscriptions/{subscription.id}" in one.path]
    assert {(one.method, one.path) for one in reads} <= {("GET", path)}
    return [one.params["api-version"] for one in reads]


def checking(*checks: str) -> list[str]:
    """Return the options that name *checks*."""
    return [word for check in checks for word in ("--check", check)]


Write = Callable[[str], str]


def waiver(subscription: str = "Prod", *, days: int = 100, **more: str) -> str:
    """Return a waiver that ends in so many *days* from today, UTC."""
    expires = datetime.now(UTC).date() + timedelta(days=days)
    values = {"subscription": subscription, "reason": "moving", "owner": "ops", **more}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return f"[[waiver]]\n{lines}expires = {expires}\n"

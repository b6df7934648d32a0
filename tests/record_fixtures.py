"""
Records the folders under fixtures/ anew: `make fixtures`.

No live tenant was at hand, so the double plays the organisations; the recordings are made by the
program itself, through a proxy, so that every address in them is the one that Azure has.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure_double import AzureDouble, Proxy

FIXTURES = Path(__file__).parents[1] / "fixtures"
EPOCH = 1_767_225_600.0  # 2026-01-01, so that a new recording differs in nothing
PUBLIC = ["--cloud", "AzureCloud"]
OLD = [
    "--arm-endpoint",
    "https://management.old-cloud.example",
    "--authority-host",
    "https://login.old-cloud.example",
    "--audience",
    "https://management.core.windows.net/",
]


def contact_2017(number: int, email: str, **more: str) -> dict[str, Any]:
    """Return a contact as 2017-08-01-preview keeps it."""
    properties = {"email": email, "alertNotifications": "On", "alertsToAdmins": "On", **more}
    return {"name": f"default{number}", "properties": properties}


def contact(emails: str, *, enabled: bool = True, owners: bool = True) -> dict[str, Any]:
    """Return a contact as the portal writes it."""
    return {
        "emails": emails,
        "phone": "",
        "isEnabled": enabled,
        "notificationsByRole": {
            "state": "On" if owners else "Off",
            "roles": ["Owner"] if owners else [],
        },
        "notificationsSources": [
            {"sourceType": "Alert", "minimalSeverity": "High"},
            {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        ],
    }


def contoso(azure: AzureDouble) -> None:
    """An organisation of ten subscriptions: each verdict, and each way to come to it."""
    azure.page_size = 4
    azure.add("Production").contacts_2017 = [contact_2017(1, "secops@contoso.com")]
    azure.add("Corporate Portal").contact = contact("secops@contoso.com")
    azure.add("Shared Services").contacts_2017 = [
        contact_2017(1, "secops@contoso.com", phone="+1-425-555-0100"),
        contact_2017(2, "noc@contoso.com"),
    ]
    azure.add("Data Platform").contact = contact(
        "secops@contoso.com; ciso@contoso.com,SecOps@contoso.com", owners=False
    )
    azure.add("Owners Only").contact = contact("")
    azure.add("Muted").contact = contact("secops@contoso.com", enabled=False)
    azure.add("Sandbox")
    azure.add("Finance").readable = False
    azure.add("Research Lab").registered = False
    azure.add("Retired ERP", state="Disabled")


def old_cloud(azure: AzureDouble) -> None:
    """A cloud of one's own that knows 2017-08-01-preview and nothing newer."""
    azure.offered = {"2017-08-01-preview"}
    azure.add("Plant North").contacts_2017 = [contact_2017(1, "ot-security@contoso.com")]
    for name in ("Plant South", "Plant East", "Plant West"):
        azure.add(name)


def record(folder: Path, azure: AzureDouble, options: list[str]) -> None:
    """Run `audit --record` as a user of *azure* would, one subscription at a time."""
    for old in folder.glob("*.json"):
        old.unlink()
    scratch = folder / "new"
    with Proxy(azure) as proxy:
        environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HTTPS_PROXY": proxy.url,
            "AZURE_TENANT_ID": azure.tenant,
            "AZURE_CLIENT_ID": azure.client_id,
            "AZURE_CLIENT_SECRET": azure.secret,
        }
        command = [sys.executable, "-m", "contacts_audit", "audit", "--workers", "1", "--quiet"]
        command += ["--record", str(scratch), "--ca-bundle", str(azure.ca), *options]
        subprocess.run(command, env=environment, check=False)
    for path in scratch.iterdir():
        path.rename(folder / path.name)
        (folder / path.name).chmod(0o644)  # they are for everyone to read
    scratch.rmdir()
    manifest = folder / "recording.json"
    told = json.loads(manifest.read_text()) | {"recorded": "2026-01-01T00:00:00Z"}  # as EPOCH
    manifest.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n")


def main() -> None:
    """Record both organisations."""
    for name, fill, options in (("contoso", contoso, PUBLIC), ("old-cloud", old_cloud, OLD)):
        ticks = itertools.count()
        with AzureDouble(seed=name, clock=lambda: EPOCH + next(ticks)) as azure:  # noqa: B023
            fill(azure)
            record(FIXTURES / name, azure, options)


if __name__ == "__main__":
    main()

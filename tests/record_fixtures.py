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
from mail.name_server import running

MANIFEST = "recording.json"
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


VERSIONS = ("2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview")


def contact_2017(name: str, email: str, **more: str) -> dict[str, Any]:
    """Return a contact as 2017-08-01-preview writes it."""
    properties = {"email": email, "alertNotifications": "On", "alertsToAdmins": "On", **more}
    return {"name": name, "properties": properties}


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
    production = azure.add("Production", contact=contact("secops@contoso.com"))
    azure.add("Corporate Portal", contact=contact("secops@contoso.com"), own_2017=True)
    shared = azure.add(
        "Shared Services",
        contacts_2017=[
            contact_2017("default1", "secops@contoso.com", phone="+1-425-555-0100"),
            contact_2017("noc-contoso.com", "noc@contoso.com", phone="+1-425-555-0100"),
        ],
    )
    azure.add(
        "Data Platform",
        contact=contact("secops@contoso.com; ciso@contoso.com,SecOps@contoso.com", owners=False),
    )
    azure.add("Owners Only", contact=contact(""))
    azure.add("Muted", contact=contact("secops@contoso.com", enabled=False), own_2017=True)
    azure.add("Sandbox")
    azure.add("Finance", readable=False)
    azure.add("Research Lab", registered=False)
    azure.add("Retired ERP", state="Disabled")
    azure.group("contoso", "Contoso", subscriptions=[production])
    azure.group("platform", "Platform", "contoso", subscriptions=[shared])


def old_cloud(azure: AzureDouble) -> None:
    """A cloud of one's own that knows 2017-08-01-preview and nothing newer."""
    azure.offered = {VERSIONS[0]}
    north = contact_2017("ot-security-contoso.com", "ot-security@contoso.com")
    azure.add("Plant North", contacts_2017=[north])
    for name in ("Plant South", "Plant East", "Plant West"):
        azure.add(name)


def record(folder: Path, azure: AzureDouble, options: list[str], runs: list[list[str]]) -> None:
    """Keep each exchange of all *runs* once: what one run asked before is not kept again."""
    for old in folder.glob("*.json"):
        old.unlink()
    numbers, known = itertools.count(1), set()
    with Proxy(azure) as proxy:
        for run in runs:
            scratch = folder / "new"
            made_by([*run, "--record", str(scratch), *options], azure, proxy)
            for path in sorted(scratch.iterdir()):
                name = path.name
                if name[0].isdigit():
                    request = json.loads(path.read_text())["request"]
                    if (asked := (request["method"], request["url"])) in known:
                        path.unlink()
                        continue
                    known.add(asked)
                    name = f"{next(numbers):05d}{name[5:]}"
                path.rename(folder / name)
                (folder / name).chmod(0o644)  # they are for everyone to read
            scratch.rmdir()
    manifest = folder / MANIFEST
    told = json.loads(manifest.read_text()) | {"recorded": "2026-01-01T00:00:00Z"}  # as EPOCH
    manifest.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n")


def made_by(arguments: list[str], azure: AzureDouble, proxy: Proxy) -> None:
    """Run the program as a user of *azure* would, one subscription at a time."""
    environment: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "HTTPS_PROXY": proxy.url,
        "AZURE_TENANT_ID": azure.tenant,
        "AZURE_CLIENT_ID": azure.client_id,
        "AZURE_CLIENT_SECRET": azure.secret,
    }
    command = [sys.executable, "-m", "contacts_audit", *arguments, "--ca-bundle", str(azure.ca)]
    ran = subprocess.run(
        [*command, "--workers", "1"], env=environment, check=False, capture_output=True
    )
    no_verdict = {2, 74} if arguments[0] == "doctor" else {1, 2, 74}  # it sees the clock of EPOCH
    if ran.returncode in no_verdict:
        sys.exit(ran.stderr.decode())


def main() -> None:
    """Record both organisations, and what DNS says of their mail domain."""
    everything = [["audit"], *(["fetch", "--api-version", version] for version in VERSIONS)]
    in_group = ["audit", "--management-group", "contoso"]
    for name, fill, options, runs in (
        ("contoso", contoso, PUBLIC, [*everything, in_group, ["doctor"]]),
        ("old-cloud", old_cloud, OLD, [*everything, ["doctor"]]),
    ):
        ticks = itertools.count()
        with (
            running({"contoso.com": {"MX": ["10 mail.contoso.com."]}}) as dns,
            AzureDouble(seed=name, clock=lambda: EPOCH + next(ticks)) as azure,  # noqa: B023
        ):
            fill(azure)
            asking = ["--check", "deliverable", "--dns-server", f"127.0.0.1:{dns.port}"]
            record(FIXTURES / name, azure, options, [*runs, ["audit", *asking]])


if __name__ == "__main__":
    main()

"""A user who plans, writes and restores: the program, the user's folder, and what Azure keeps."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure_double import Asked, AzureDouble, Subscription, faults
from azure_double.contacts import view
from azure_double.exchange import Exchange, Fault, as_usual
from conftest import Ran, Run

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
CHANGE = ("--email", "soc@contoso.com")
OWNER = {"state": "On", "roles": ["Owner"]}
OFF: dict[str, Any] = {"state": "Off", "roles": []}
HIGH = [{"sourceType": "Alert", "minimalSeverity": "High"}]
FLAGS = {"alertNotifications": "On", "alertsToAdmins": "On"}


@dataclass(frozen=True)
class Workspace:
    """The program, and a *folder* for plans and state."""

    run: Run
    folder: Path

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def plan_file(self) -> Path:
        """The file of a saved plan."""
        return self.folder / "plan.json"

    def plan(self, *arguments: str) -> Ran:
        """Run `plan` for JSON."""
        return self.run("plan", "-o", "json", *arguments)

    def saved(self, *arguments: str) -> str:
        """Save a plan, and return the name of its file."""
        ran = self.run("plan", "--save", str(self.plan_file), *arguments)
        assert ran.code in {0, 3, 4, 5}, ran.err
        return str(self.plan_file)

    def write(self, command: str, *arguments: str, output: str = "json", **variables: str) -> Ran:
        """Run a command that writes, without a question."""
        more = ("--yes", "-o", output, "--state-dir", str(self.state))
        return self.run(command, *arguments, *more, **variables)

    def apply(self, *arguments: str, stdin: bytes = b"") -> Ran:
        """Run `apply` for JSON, without a question."""
        more = ("--yes", "-o", "json", "--state-dir", str(self.state))
        return self.run("apply", *more, *arguments, stdin=stdin)

    def restore(self, *arguments: str) -> Ran:
        """Run `restore` for JSON, without a question."""
        return self.write("restore", *arguments)

    def backups(self) -> list[Path]:
        """Return the backups, the oldest first."""
        return sorted(self.state.glob("backup-*.json"))

    def backup(self) -> str:
        """Return the name of the newest backup."""
        return str(self.backups()[-1])

    def journal(self) -> list[dict[str, Any]]:
        """Return the lines of the last journal."""
        last = max(self.state.glob("journal-*.jsonl"))
        return [json.loads(line) for line in last.read_text().splitlines()]


# Contacts as Azure keeps them


def numbered_contacts(*emails: str, **more: Any) -> list[dict[str, Any]]:
    """Return contacts as 2017 keeps them: default1, default2, and so on."""
    return [
        {"name": f"default{number}", "properties": {"email": email, **FLAGS, **more}}
        for number, email in enumerate(emails, start=1)
    ]


def named_contact(name: str, email: str, **more: Any) -> dict[str, Any]:
    """Return a contact as 2017 keeps it, with an empty telephone number."""
    return {"name": name, "properties": {"email": email, **FLAGS, "phone": "", **more}}


def portal_contact(emails: Any, **more: Any) -> dict[str, Any]:
    """Return a contact at 2023 as the portal writes it: the Owner role is not notified."""
    return full_contact(emails, **{"notificationsByRole": OFF, **more})


def full_contact(emails: Any = "", **more: Any) -> dict[str, Any]:
    """Return a contact at 2023 that has all objects: the Owner role is notified."""
    whole = {"isEnabled": True, "notificationsByRole": OWNER, "notificationsSources": HIGH}
    return copy.deepcopy({"emails": emails, "phone": "", **whole, **more})


# What a run printed


def rows(ran: Ran) -> list[dict[str, Any]]:
    """Return the rows of a plan or a result."""
    found: list[dict[str, Any]] = json.loads(ran.out)["subscriptions"]
    return found


def statuses(ran: Ran) -> list[str]:
    """Return the status of each row."""
    return [row["status"] for row in rows(ran)]


def result_statuses(ran: Ran) -> list[str]:
    """Return the status of each row of a result, which must say the exit code itself."""
    assert json.loads(ran.out)["exit_code"] == ran.code
    return statuses(ran)


def message(ran: Ran) -> str:
    """Return the message of the only row."""
    (row,) = rows(ran)
    return str(row["message"])


# What Azure was asked for, and keeps


def puts(azure: AzureDouble) -> list[str]:
    """Return the id of the subscription of each write, in order."""
    return [asked.path.split("/")[2] for asked in azure.writes()]


def requests_for(azure: AzureDouble, subscription: Subscription) -> list[str]:
    """Return the methods of the requests for the contacts of *subscription*, in order."""
    return [
        asked.method
        for asked in azure.arm_asked()
        if f"/subscriptions/{subscription.id}/" in asked.path
    ]


def write_of(subscription: Subscription) -> Callable[[Asked], bool]:
    """Match the writes to *subscription*."""
    return lambda asked: asked.method != "GET" and subscription.id in asked.path


def kept(subscription: Subscription) -> tuple[Any, Any]:
    """Return a copy of all that Azure keeps of *subscription*."""
    copied = copy.deepcopy([subscription.contacts_2017, subscription.contact])
    return copied[0], copied[1]


def shown(azure: AzureDouble, subscription: Subscription) -> dict[str, list[tuple[str, Any]]]:
    """Return the names and properties that each version shows of *subscription*."""
    return {
        version: [(one["name"], one["properties"]) for one in view(azure, subscription, version)]
        for version in (V2017, V2023)
    }


def meanwhile(change: Callable[[], Any]) -> Fault:
    """Let *change* happen when a request arrives, and answer it as usual."""

    async def fault(exchange: Exchange) -> None:
        change()
        await faults.slow(0)(exchange)

    return fault


def refusal(status: int, code: str) -> Fault:
    """Answer with an error as ARM words it."""
    return faults.arm_error(status, code, f"{code} it is.")


def keeping_phone(subscription: Subscription) -> Fault:
    """Let Azure keep the old telephone number when an empty one is sent."""

    async def fault(exchange: Exchange) -> None:
        phone = (subscription.contact or {}).get("phone")
        _ = exchange.answer
        if subscription.contact is not None and not subscription.contact.get("phone"):
            subscription.contact = {**subscription.contact, "phone": phone}
        await as_usual(exchange)

    return fault


def undo_lines(ran: Ran) -> list[str]:
    """Return the commands of the `undo:` lines on stderr."""
    lines = ran.err.splitlines()
    return [line.removeprefix("undo: ") for line in lines if line.startswith("undo: ")]


def kept_by(workspace: Workspace) -> list[str]:
    """Return the kinds of files in the state folder, without the lock."""
    return sorted(path.name.partition("-")[0] for path in workspace.state.glob("*-*"))

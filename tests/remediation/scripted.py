"""One subscription whose cloud answers by a script."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from contacts_audit.azure.arm.client import Client, Limits
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.transport import Transport
from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.contacts.steps import sendable
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError, AzureError, Reason
from contacts_audit.core.model import Change, Subscription
from contacts_audit.remediation.apply import apply_all
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.restore import restore_task
from contacts_audit.remediation.results import Result
from contacts_audit.remediation.send import Sender
from contacts_audit.remediation.snapshot import SnapshotReader
from contacts_audit.remediation.tasks import Task, change_task

V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
WHO = Subscription("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "Prod", "Enabled")
ADD = Change(emails=("b@contoso.com",))


def seen(properties: Any = None, *, name: str = "default", version: str = V2023) -> Snapshot:
    """Return what a subscription with one contact shows, without *properties* with none."""
    records = () if properties is None else (Record(name, properties),)
    return Snapshot({version: records})


Turn = Answer | BaseException | Callable[[], "Turn"] | dict[str, "Turn"]
Line = dict[str, Any]
ENDPOINT = "https://management.example"
OBJECTS = {"isEnabled": True, "notificationsByRole": {"state": "Off"}, "notificationsSources": []}
OLD: Line = sendable(V2023, {"emails": "a@contoso.com", **OBJECTS})
NEW: Line = {**OLD, "emails": "a@contoso.com;b@contoso.com"}
THEIRS = {"emails": "portal@contoso.com"}
CONTACT = {"api_version": V2023, "contact": "default"}
WANTED: Line = {"event": "wanted", **CONTACT, "before": OLD, "after": NEW}
SENT: Line = {"event": "sent", **CONTACT, "method": "PUT"}


class Bell(threading.Event):
    """Tells a run to end, at the *last* wait at the latest; keeps the waits, and takes no time."""

    def __init__(self, *, last: int | None = None) -> None:
        super().__init__()
        self.last = last
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Say whether it rang."""
        self.waits.append(timeout)
        if len(self.waits) == self.last:
            self.set()
        return self.is_set()

    def ringing(self, turn: Turn) -> Turn:
        """Ring when a request arrives that is then answered by *turn*."""

        def rung() -> Turn:
            self.set()
            return turn

        return rung


class Scripted(Transport):
    """
    The transport and tokens of a cloud that answers by a *script*; keeps what was asked.

    What the script has by API version is asked at the same time, in any order.
    """

    def __init__(self, script: Iterable[Turn]) -> None:
        super().__init__(adapter=BaseAdapter())  # which nothing reaches
        self.script = list(script)
        self.asked: list[requests.PreparedRequest] = []
        self._one_by_one = threading.Lock()

    def send(self, request: requests.PreparedRequest, *, timeout: float) -> Answer:
        """Return or raise what comes next."""
        with self._one_by_one:
            self.asked.append(request)
            turn = self.script.pop(0)
            if isinstance(turn, dict):
                later, turn = turn, turn.pop(str(request.url).split("?api-version=")[1])
                self.script[:0] = [later] if later else []
        while callable(turn):
            turn = turn()
        if isinstance(turn, BaseException):
            raise turn
        assert not isinstance(turn, dict)
        return turn

    def token(self) -> AccessToken:
        """Return a token, but where the script says that none is to be had."""
        if isinstance(turn := self.script[0], AuthError):
            del self.script[0]
            raise turn
        return AccessToken("secret", None)

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """Return no other token."""
        return False


@dataclass(frozen=True)
class Ran:
    """What a run left behind: its *results*, the journal without its times, what was *asked*."""

    results: list[Result]
    lines: list[Line]
    asked: list[requests.PreparedRequest]
    waits: list[float | None]

    @property
    def methods(self) -> str:
        """The methods of the requests, in order."""
        return " ".join(str(request.method) for request in self.asked)

    @property
    def versions(self) -> list[str]:
        """The api-versions of the requests, in order."""
        return [str(request.url).split("?api-version=")[1] for request in self.asked]


def journal_of(path: Path) -> list[Line]:
    """Return the lines of a journal, each of which says when and of whom it is."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        assert (bool(line.pop("at")), line.pop("subscription")) == (True, WHO.id)
        line.pop("left", None)  # what was read, whole: tests/remediation/test_restore.py
    return lines


def sender(folder: Path, script: Iterable[Turn], bell: Bell) -> tuple[Sender, Scripted]:
    """Return a sender to *WHO* alone, whose cloud answers by *script*."""
    cloud = Scripted(script)
    limits = Limits(timeout=60, budget=300, deadline=time.monotonic() + 3600)
    clients = {WHO: Client(ENDPOINT, cloud, cloud, limits)}
    reader = SnapshotReader(clients.__getitem__)
    return Sender(reader, Journal(folder / "journal"), bell), cloud


def ran(
    folder: Path, items: Iterable[Task | Result], script: Iterable[Turn], bell: Bell | None = None
) -> Ran:
    """Run *items* through all of *script*."""
    bell = bell or Bell()
    made, cloud = sender(folder, script, bell)
    results = list(apply_all(made, items))
    assert cloud.script == []
    return Ran(results, journal_of(folder / "journal"), cloud.asked, bell.waits)


def adding() -> Task:
    """Return the task to add an address to the existing one."""
    return change_task(WHO, seen(OLD), ADD, V2023)


def shows(properties: Any, name: str = "default") -> Answer:
    """List one contact, or none."""
    items = [] if properties is None else [{"name": name, "properties": properties}]
    return Answer(ENDPOINT, 200, {}, json.dumps({"value": items}).encode())


def says(status: int, code: str = "Odd", **headers: str) -> Answer:
    """Refuse as ARM does, or take a write."""
    body = json.dumps({"error": {"code": code, "message": f"{code} it is"}}).encode()
    return Answer(ENDPOINT, status, {"x-ms-request-id": "r-1", **headers}, body)


def told(status: int, code: str) -> str:
    """Return the message of an error that `says` makes."""
    return f"{code} it is (status {status}, code {code}, request id r-1)"


def answered(status: int | None, reason: Reason | None = None) -> Line:
    """Return the line of an answer that was an error where it has a *reason*."""
    fact = {"request_id": "r-1"} if reason is None else {"reason": reason}
    return {"event": "answered", **CONTACT, "status": status, **fact}


def read_back(missing: str | None = None) -> Line:
    """Return the line of a reading back."""
    return {"event": "read back", "missing": missing}


def lost() -> AzureError:
    """Return the error of a request without an answer."""
    return AzureError(Reason.TIMEOUT, "no answer", retryable=True)


GRANT = (
    "grant the identity the role Security Admin on the subscription "
    "(action Microsoft.Security/securityContacts/write)"
)
NO_TOKEN = "no token is to be had"
GONE = says(403, "Gone")
LOST = [WANTED, SENT, answered(None, Reason.TIMEOUT)]
TAKEN = [WANTED, SENT, answered(200)]
UNREAD = f"it could not be read back: {told(403, 'Gone')}"
UNLIKE = f"emails of contact 'default' at {V2023} did not read back as sent"


def both(at_2017: Turn, at_2023: Turn) -> Turn:
    """Return what is answered to two readings at the same time."""
    return {V2017: at_2017, V2023: at_2023}


def two_versions() -> Task:
    """Return a task that writes one contact at 2023, and then two at 2017."""
    wanted = Snapshot(
        {
            V2017: (Record("default1", {"email": "a"}), Record("default2", {"email": "b"})),
            V2023: (Record("default", NEW),),
        }
    )
    return restore_task(WHO, Snapshot({V2017: (), V2023: (Record("default", OLD),)}), wanted)

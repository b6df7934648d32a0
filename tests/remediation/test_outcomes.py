"""What a write left behind is believed only as far as it reads back, and all of it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from contacts_audit.azure.arm.client import Client, Limits
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.transport import Wire
from contacts_audit.azure.contacts.records import Record, Seen, canonical
from contacts_audit.azure.contacts.steps import Step, sendable
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError, AzureError, ExitCode, Reason
from contacts_audit.core.model import Subscription, Wish
from contacts_audit.core.shutdown import Stopped
from contacts_audit.remediation.apply import Remedy
from contacts_audit.remediation.journal import Journal
from contacts_audit.remediation.send import is_lost, refusal
from contacts_audit.remediation.snapshot import Surveyor
from contacts_audit.remediation.tasks import (
    Result,
    Status,
    Task,
    as_it_was,
    exit_code,
    to_backup,
    to_wish,
)

V2017, V2023 = "2017-08-01-preview", "2023-12-01-preview"
WHO = Subscription("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "Prod", "Enabled")
ADD = Wish(emails=("b@contoso.com",))


def seen(properties: Any = None, *, name: str = "default", version: str = V2023) -> Seen:
    """Return what a subscription with one contact shows, without *properties* with none."""
    records = () if properties is None else (Record(name, properties),)
    return Seen({version: records})


def missing(sent: Any, now: Any, *, before: Any = None, wish: Wish = ADD) -> str | None:
    """Return what is missing when *sent* was written and *now* reads back."""
    task = to_wish(WHO, seen(before), wish, V2023)
    return task.missing([(V2023, Step("default", before, sent))], seen(now))


@pytest.mark.parametrize(
    ("sent", "now"),
    [
        pytest.param({"emails": "a@b.co;c@b.co"}, {"emails": "C@b.co, A@b.co"}, id="addresses"),
        pytest.param({"email": "a@b.co"}, {"email": "A@B.co;"}, id="the address of 2017"),
        pytest.param({"phone": ""}, {}, id="unset and absent"),
        pytest.param({"phone": None}, {"phone": ""}, id="unset and empty"),
        pytest.param({"phone": ""}, {"phone": None}, id="empty and unset"),
        pytest.param({"x": [1, 2, 2]}, {"x": [2, 1, 2]}, id="a list in another order"),
        pytest.param({"x": [{"a": 1}]}, {"x": [{"a": 1, "new": 2}]}, id="more fields"),
        pytest.param({"x": {"a": {"b": 1}}}, {"x": {"a": {"b": 1}, "c": 2}}, id="deeper"),
        pytest.param({"x": 1}, {"x": 1, "etag": "z"}, id="a field of the service"),
        pytest.param(None, None, id="deleted"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_what_reads_back_is_done(sent: Any, now: Any) -> None:
    """Order, case and fields of the service's own do not matter."""
    assert missing(sent, now) is None


@pytest.mark.parametrize(
    ("sent", "now", "said"),
    [
        pytest.param({"emails": "a@b.co"}, {"emails": "c@b.co"}, "emails of", id="another address"),
        pytest.param({"emails": "a@b.co"}, {"emails": "a@b.co;c@b.co"}, "emails of", id="one more"),
        pytest.param({"emails": "a@b.co"}, {"emails": ["a@b.co"]}, "emails of", id="no text"),
        pytest.param({"emails": "a@b.co"}, {}, "emails of", id="an address that is gone"),
        pytest.param({"email": "a@b.co"}, {"email": "c@b.co"}, "email of", id="that of 2017"),
        pytest.param({"phone": "A"}, {"phone": "a"}, "phone of", id="the case of another text"),
        pytest.param({"phone": ""}, {"phone": "1"}, "phone of", id="not unset"),
        pytest.param({"phone": "1"}, {"phone": ""}, "phone of", id="not set"),
        pytest.param({"x": 1, "y": 2}, {"x": 2, "y": 3}, "x, y of", id="two fields"),
        pytest.param({"x": 1}, {"x": True}, "x of", id="another kind"),
        pytest.param({"x": [1]}, {"x": [1, 2]}, "x of", id="a longer list"),
        pytest.param({"x": [1, 1]}, {"x": [1]}, "x of", id="a shorter list"),
        pytest.param({"x": [1, 1]}, {"x": [1, 2]}, "x of", id="one item for two"),
        pytest.param({"x": {"a": 1}}, {"x": {}}, "x of", id="an object without a field"),
        pytest.param({"x": {"a": 1}}, {"x": {"a": 2}}, "x of", id="another value in an object"),
        pytest.param({"x": []}, {"x": {}}, "x of", id="a list and an object"),
    ],
)
def test_what_does_not_read_back_is_named(sent: Any, now: Any, said: str) -> None:
    """By its field."""
    assert missing(sent, now) == f"{said} contact 'default' at {V2023} did not read back as sent"


def test_a_contact_that_is_not_there_or_still_there_is_named() -> None:
    """A deletion that was not, and a write that made nothing."""
    assert missing({"phone": "1"}, None) == f"contact 'default' at {V2023} is not there"
    assert missing(None, {"phone": "1"}) == f"contact 'default' at {V2023} is still there"


@pytest.mark.parametrize(
    ("before", "now", "wish", "lost"),
    [
        pytest.param("a@b.co", "b@b.co", ADD, "a@b.co", id="lost"),
        pytest.param("z@b.co;A@b.co", "", ADD, "a@b.co, z@b.co", id="two, in order"),
        pytest.param("A@b.co", "a@B.co", ADD, None, id="case"),
        pytest.param("a@b.co", "", Wish(remove_emails=("A@b.co",)), None, id="wished away"),
        pytest.param("a@b.co;c@b.co", "", Wish(remove_emails=("a@b.co",)), "c@b.co", id="another"),
        pytest.param("a@b.co", "", Wish(emails=("b@b.co",), replace=True), None, id="replaced"),
        pytest.param(
            "a@b.co;B@b.co", "", Wish(emails=("b@b.co",), replace=True), "b@b.co", id="kept"
        ),
    ],
)
def test_an_address_that_nobody_wished_away_is_missed(
    before: str, now: str, wish: Wish, lost: str | None
) -> None:
    """In whatever case it is spelt; read from both fields, of whichever dialect."""
    said = None if lost is None else f"no longer visible at any api-version: {lost}"
    for field in ("email", "emails"):
        task = to_wish(WHO, seen({field: before}), wish, V2023)
        assert task.missing([], seen({field: now})) == said
    moved = to_wish(WHO, seen({"email": before}, version=V2017), wish, V2023)
    assert moved.missing([], seen({"emails": now})) == said
    assert to_wish(WHO, seen({"emails": 5}), wish, V2023).missing([], seen()) is None


def test_a_wish_is_a_task_of_one_version() -> None:
    """Its steps follow from what stands now."""
    task = to_wish(WHO, seen(), ADD, V2023)

    assert (task.subscription, task.before, task.versions) == (WHO, seen(), (V2023,))
    (step,) = task.steps(V2023, seen({"emails": "a@contoso.com"}))
    assert step.after is not None
    assert step.after["emails"] == "a@contoso.com;b@contoso.com"


def test_a_backup_is_put_back_newest_first_and_deletions_last() -> None:
    """Of the contacts of 2017 the highest goes first: none may be left above a gap."""
    wanted = Seen(
        {
            V2017: (Record("default2", {"email": "b"}), Record("default1", {"email": "a"})),
            V2023: (),
        }
    )
    now = Seen(
        {
            V2017: (
                Record("default1", {"email": "x"}),
                Record("default3", {"email": "c"}),
                Record("default4", {"email": "d"}),
            ),
            V2023: (Record("default", {"phone": "1"}),),
        }
    )

    task = to_backup(WHO, now, wanted)

    assert (task.subscription, task.before, task.versions) == (WHO, now, (V2023, V2017))
    assert task.steps(V2017, now) == [
        Step("default1", {"email": "x"}, sendable(V2017, {"email": "a"})),
        Step("default2", None, sendable(V2017, {"email": "b"})),
        Step("default4", {"email": "d"}, None),
        Step("default3", {"email": "c"}, None),
    ]
    assert task.steps(V2023, now) == [Step("default", {"phone": "1"}, None)]
    assert task.steps(V2017, wanted) == []
    assert task.missing([], wanted) is None
    assert task.missing([], now) == (
        f"email of contact 'default1' at {V2017} did not read back as sent"
    )


def test_what_changed_since_is_seen() -> None:
    """Any value, any name, at any version that was read; their order is none."""
    then = seen({"emails": "a"})
    two = Seen({V2023: (Record("a", {}), Record("b", {"x": 1}))})

    assert as_it_was(then, then)
    assert as_it_was(two, Seen({V2023: tuple(reversed(two.at(V2023))), V2017: ()}))
    assert as_it_was(seen({"emails": "a;b"}), seen({"emails": "B, A"}))
    for now in (seen(), seen({"emails": "b"}), seen({"emails": "a"}, name="me")):
        assert not as_it_was(then, now)


@pytest.mark.parametrize(
    ("status", "lost"),
    [
        (None, True),
        (400, False),
        (404, False),
        (408, True),
        (429, False),
        (499, False),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (302, False),
    ],
)
def test_whether_a_write_may_have_been_carried_out(status: int | None, lost: bool) -> None:
    """No answer, or one of a server that stumbled, tells nothing."""
    assert is_lost(AzureError(Reason.SERVER_ERROR, "x", status=status)) is lost


@pytest.mark.parametrize(
    ("status", "reason", "code", "said"),
    [
        (409, Reason.REFUSED, None, Status.CONFLICT),
        (412, Reason.REFUSED, "PreconditionFailed", Status.CONFLICT),
        (409, Reason.REFUSED, "Read Only DisabledSubscription", Status.REFUSED),
        (409, Reason.REFUSED, "Scope Locked", Status.REFUSED),
        (409, Reason.NOT_REGISTERED, "MissingSubscriptionRegistration", Status.REFUSED),
        (411, Reason.REFUSED, None, Status.REFUSED),
        (400, Reason.REFUSED, "ReadOnly", Status.REFUSED),
        (403, Reason.FORBIDDEN, None, Status.REFUSED),
        (499, Reason.REFUSED, None, Status.REFUSED),
        (401, Reason.UNAUTHORIZED, None, Status.REFUSED),
        (408, Reason.TIMEOUT, None, None),
        (429, Reason.THROTTLED, None, None),
        (399, Reason.REDIRECTED, None, None),
        (500, Reason.SERVER_ERROR, None, None),
        (503, Reason.SERVER_ERROR, None, None),
        (None, Reason.TIMEOUT, None, None),
    ],
)
def test_what_an_answer_to_a_write_means(
    status: int | None, reason: Reason, code: str | None, said: Status | None
) -> None:
    """Somebody else was there, or it is not allowed; of all else only a look can tell."""
    found = refusal(WHO, AzureError(reason, "x", status=status, code=code), "PUT")

    assert (found and found.status) is said


@pytest.mark.parametrize("status", Status)
def test_each_status_has_its_code(status: Status) -> None:
    """What was not done outranks what could not be read, and that what is well."""
    good = {Status.DONE, Status.ALREADY, Status.SKIPPED, Status.WAIVED}
    own = (
        ExitCode.CLEAN
        if status in good
        else ExitCode.INCOMPLETE
        if status is Status.UNREADABLE
        else ExitCode.NOT_DONE
    )

    assert exit_code([]) is ExitCode.CLEAN
    assert exit_code([Result(WHO, status), Result(WHO, Status.DONE)]) is own
    assert exit_code([Result(WHO, Status.UNREADABLE), Result(WHO, status)]) is max(
        own, ExitCode.INCOMPLETE
    )


# What is done, told and kept, request by request

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


class Scripted(Wire):
    """
    The wire and the tokens of a cloud that answers by a *script*; it keeps what was asked.

    What the script has by api-version is asked at the same time, in any order.
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


def remedy(folder: Path, script: Iterable[Turn], bell: Bell) -> tuple[Remedy, Scripted]:
    """Return a remedy of *WHO* alone, whose cloud answers by *script*."""
    cloud = Scripted(script)
    limits = Limits(timeout=60, budget=300, deadline=time.monotonic() + 3600)
    clients = {WHO: Client(ENDPOINT, cloud, cloud, limits)}
    surveyor = Surveyor(clients.__getitem__)
    return Remedy(clients.__getitem__, surveyor, Journal(folder / "journal"), bell), cloud


def ran(
    folder: Path, items: Iterable[Task | Result], script: Iterable[Turn], bell: Bell | None = None
) -> Ran:
    """Run *items* through all of *script*."""
    bell = bell or Bell()
    made, cloud = remedy(folder, script, bell)
    results = list(made.run(items))
    assert cloud.script == []
    return Ran(results, journal_of(folder / "journal"), cloud.asked, bell.waits)


def adding() -> Task:
    """Return the task to add an address to the one that stands there."""
    return to_wish(WHO, seen(OLD), ADD, V2023)


def shows(properties: Any, name: str = "default") -> Answer:
    """List one contact, or none."""
    items = [] if properties is None else [{"name": name, "properties": properties}]
    return Answer(ENDPOINT, 200, {}, json.dumps({"value": items}).encode())


def says(status: int, code: str = "Odd", **headers: str) -> Answer:
    """Refuse as ARM does, or take a write."""
    body = json.dumps({"error": {"code": code, "message": f"{code} it is"}}).encode()
    return Answer(ENDPOINT, status, {"x-ms-request-id": "r-1", **headers}, body)


def told(status: int, code: str) -> str:
    """Return how an error that `says` makes is told."""
    return f"{code} it is (status {status}, code {code}, request id r-1)"


def answered(status: int | None, reason: Reason | None = None) -> Line:
    """Return the line of an answer that was an error where it has a *reason*."""
    fact = {"request_id": "r-1"} if reason is None else {"reason": reason}
    return {"event": "answered", **CONTACT, "status": status, **fact}


def read_back(missing: str | None = None) -> Line:
    """Return the line of a reading back."""
    return {"event": "read back", "missing": missing}


def lost() -> AzureError:
    """Return what comes of a request that nobody answers."""
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


@dataclass(frozen=True)
class Case:
    """What comes of each request, and then of the row: status, message, journal, requests."""

    script: list[Turn]
    status: Status
    message: str | None
    lines: list[Line]
    methods: str
    waits: tuple[float, ...] = ()


CASES: dict[str, Case] = {
    "done": Case(
        [shows(OLD), says(200), shows(NEW)],
        Status.DONE,
        None,
        [*TAKEN, read_back()],
        "GET PUT GET",
    ),
    "done, shown late": Case(
        [shows(OLD), says(200), shows(OLD), GONE, shows(NEW)],
        Status.DONE,
        None,
        [*TAKEN, read_back(UNLIKE), read_back(UNREAD), read_back()],
        "GET PUT GET GET GET",
        (1, 2),
    ),
    "never shown": Case(
        [shows(OLD), says(200), *[shows(OLD)] * 4],
        Status.UNCONFIRMED,
        UNLIKE,
        [*TAKEN, *[read_back(UNLIKE)] * 4],
        "GET PUT GET GET GET GET",
        (1, 2, 4),
    ),
    "not readable afterwards": Case(
        [shows(OLD), says(200), *[GONE] * 3, AuthError(NO_TOKEN)],
        Status.UNCONFIRMED,
        f"it could not be read back: {NO_TOKEN}",
        [*TAKEN, *[read_back(UNREAD)] * 3, read_back(f"it could not be read back: {NO_TOKEN}")],
        "GET PUT GET GET GET",
        (1, 2, 4),
    ),
    "as wished already": Case([shows(NEW)], Status.ALREADY, None, [], "GET"),
    "changed since": Case(
        [shows(THEIRS)],
        Status.CONFLICT,
        "it changed since it was read: plan anew",
        [],
        "GET",
    ),
    "not readable": Case(
        [GONE],
        Status.FAILED,
        f"it could not be read, so it was not written: {told(403, 'Gone')}",
        [],
        "GET",
    ),
    "no token to read": Case(
        [AuthError(NO_TOKEN)],
        Status.FAILED,
        f"it could not be read, so it was not written: {NO_TOKEN}",
        [],
        "",
    ),
    "not possible any more": Case(
        [shows({"emails": 5})],
        Status.REFUSED,
        "its addresses are no text -- look at it by 'contacts-audit fetch'",
        [],
        "GET",
    ),
    "no token to write": Case(
        [shows(OLD), AuthError(NO_TOKEN)],
        Status.FAILED,
        f"it was not written: {NO_TOKEN}",
        [WANTED, SENT, {"event": "not-sent", **CONTACT}],
        "GET",
    ),
    "forbidden": Case(
        [shows(OLD), says(403, "AuthorizationFailed")],
        Status.REFUSED,
        f"{told(403, 'AuthorizationFailed')} -- {GRANT}",
        [WANTED, SENT, answered(403, Reason.FORBIDDEN)],
        "GET PUT",
    ),
    "throttled for too long": Case(
        [shows(OLD), says(429, "Busy", **{"retry-after": "1000"}), shows(OLD)],
        Status.FAILED,
        f"{told(429, 'Busy')} (it asked to wait 1000 s, more than is left); it was not changed",
        [WANTED, SENT, answered(429, Reason.THROTTLED)],
        "GET PUT GET",
    ),
    "throttled for too long, though done": Case(
        [shows(OLD), says(503, "Busy", **{"retry-after": "1000"}), shows(NEW), shows(NEW)],
        Status.DONE,
        None,
        [WANTED, SENT, answered(503, Reason.SERVER_ERROR), read_back()],
        "GET PUT GET GET",
    ),
    "throttled for too long, and not readable": Case(
        [shows(OLD), says(429, "Busy", **{"retry-after": "1000"}), GONE],
        Status.UNKNOWN,
        f"{told(429, 'Busy')} (it asked to wait 1000 s, more than is left); {UNREAD}",
        [WANTED, SENT, answered(429, Reason.THROTTLED), {"event": "unknown"}],
        "GET PUT GET",
    ),
    "throttled twice": Case(
        [
            shows(OLD),
            *[says(429, **{"retry-after": "7"}), shows(OLD)] * 2,
            *[says(200), shows(NEW)],
        ],
        Status.DONE,
        None,
        [*[WANTED, SENT, answered(429, Reason.THROTTLED)] * 2, *TAKEN, read_back()],
        "GET PUT GET PUT GET PUT GET",
        (7, 7),
    ),
    "throttled, and changed by others": Case(
        [shows(OLD), says(429, "Busy", **{"retry-after": "7"}), shows(THEIRS)],
        Status.CONFLICT,
        f"{told(429, 'Busy')}; it was changed by somebody else",
        [WANTED, SENT, answered(429, Reason.THROTTLED)],
        "GET PUT GET",
        (7,),
    ),
    "lost, and refused the second time": Case(
        [shows(OLD), lost(), shows(OLD), says(409, "Conflict"), shows(OLD)],
        Status.CONFLICT,
        told(409, "Conflict"),
        [*LOST, WANTED, SENT, answered(409, Reason.REFUSED)],
        "GET PUT GET PUT GET",
    ),
    "lost, and refused because it was done": Case(
        [shows(OLD), lost(), shows(OLD), says(409, "Conflict"), shows(NEW), shows(NEW)],
        Status.DONE,
        None,
        [*LOST, WANTED, SENT, answered(409, Reason.REFUSED), read_back()],
        "GET PUT GET PUT GET GET",
    ),
    "redirected": Case(
        [shows(OLD), says(302), shows(OLD)],
        Status.FAILED,
        "Azure answered 302, to nowhere (status 302, request id r-1); it was not changed",
        [WANTED, SENT, answered(302, Reason.REDIRECTED)],
        "GET PUT GET",
    ),
    "lost, and done": Case(
        [shows(OLD), lost(), shows(NEW), shows(NEW)],
        Status.DONE,
        None,
        [*LOST, read_back()],
        "GET PUT GET GET",
    ),
    "lost, and done at the second attempt": Case(
        [shows(OLD), lost(), shows(OLD), says(200), shows(NEW)],
        Status.DONE,
        None,
        [*LOST, *TAKEN, read_back()],
        "GET PUT GET PUT GET",
    ),
    "lost twice": Case(
        [shows(OLD), lost(), shows(OLD), says(500, "Oops"), shows(OLD)],
        Status.FAILED,
        f"{told(500, 'Oops')}; it was not changed",
        [*LOST, WANTED, SENT, answered(500, Reason.SERVER_ERROR)],
        "GET PUT GET PUT GET",
    ),
    "lost, and changed by others": Case(
        [shows(OLD), lost(), shows(THEIRS)],
        Status.CONFLICT,
        "no answer; it was changed by somebody else",
        LOST,
        "GET PUT GET",
    ),
    "lost, and not readable": Case(
        [shows(OLD), lost(), GONE],
        Status.UNKNOWN,
        f"no answer; {UNREAD}",
        [*LOST, {"event": "unknown"}],
        "GET PUT GET",
    ),
    "lost, and no token to read": Case(
        [shows(OLD), says(500, "Oops"), AuthError(NO_TOKEN)],
        Status.UNKNOWN,
        f"{told(500, 'Oops')}; it could not be read back: {NO_TOKEN}",
        [WANTED, SENT, answered(500, Reason.SERVER_ERROR), {"event": "unknown"}],
        "GET PUT",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_row_and_its_journal(tmp_path: Path, name: str) -> None:
    """What became of it, in a whole sentence; each line that is kept; each request and wait."""
    case = CASES[name]

    found = ran(tmp_path, [adding()], case.script)

    assert found.results == [Result(WHO, case.status, case.message)]
    assert found.lines == case.lines
    assert (found.methods, found.waits) == (case.methods, [*case.waits])
    assert {*found.versions} <= {V2023}


def test_what_is_sent_is_canonical_and_to_one_contact(tmp_path: Path) -> None:
    """A PUT has the document, a DELETE nothing; each goes to its contact at its api-version."""
    contact = f"{ENDPOINT}/subscriptions/{WHO.id}/providers/Microsoft.Security/securityContacts"
    empty = to_backup(WHO, seen(OLD), seen())

    put = ran(tmp_path, [adding()], CASES["done"].script).asked[1]
    (tmp_path / "journal").unlink()
    found = ran(tmp_path, [empty], [shows(OLD), says(204), shows(None)])

    assert (put.url, put.body) == (
        f"{contact}/default?api-version={V2023}",
        canonical({"properties": NEW}).encode(),
    )
    assert (found.asked[1].method, found.asked[1].url, found.asked[1].body) == (
        "DELETE",
        put.url,
        None,
    )
    assert found.lines == [
        {**WANTED, "after": None},
        {**SENT, "method": "DELETE"},
        answered(204),
        read_back(),
    ]


def both(at_2017: Turn, at_2023: Turn) -> Turn:
    """Return what is answered to two readings at the same time."""
    return {V2017: at_2017, V2023: at_2023}


def two_versions() -> Task:
    """Return a task that writes one contact at 2023, and then two at 2017."""
    wanted = Seen(
        {
            V2017: (Record("default1", {"email": "a"}), Record("default2", {"email": "b"})),
            V2023: (Record("default", NEW),),
        }
    )
    return to_backup(WHO, Seen({V2017: (), V2023: (Record("default", OLD),)}), wanted)


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        pytest.param(both(GONE, shows(OLD)), told(403, "Gone"), id="2017"),
        pytest.param(both(shows(None), GONE), told(403, "Gone"), id="2023"),
        pytest.param(both(GONE, says(403, "Odd")), told(403, "Gone"), id="both"),
    ],
)
def test_a_version_that_cannot_be_read_keeps_all_from_being_written(
    tmp_path: Path, turn: Turn, said: str
) -> None:
    """All are asked at the same time, and nothing is on its way any more when the row ends."""
    found = ran(tmp_path, [two_versions()], [turn])

    message = f"it could not be read, so it was not written: {said}"
    assert found.results == [Result(WHO, Status.FAILED, message)]
    assert (found.lines, found.methods) == ([], "GET GET")


def test_what_was_written_at_one_version_may_show_at_another(tmp_path: Path) -> None:
    """It is read again before it is written: what it shows by now is no conflict."""
    begin: list[Turn] = [both(shows(None), shows(OLD)), says(200)]
    at_2017 = json.dumps(
        {
            "value": [
                {"name": name, "properties": {"email": email}}
                for name, email in (("default1", "a"), ("default2", "b"))
            ]
        }
    ).encode()
    end = both(Answer(ENDPOINT, 200, {}, at_2017), shows(NEW))

    found = ran(
        tmp_path, [two_versions()], [*begin, shows({"email": "a"}, "default1"), says(201), end]
    )

    assert found.results == [Result(WHO, Status.DONE)]
    assert found.lines[3:] == [
        {
            "event": "wanted",
            "api_version": V2017,
            "contact": "default2",
            "before": None,
            "after": sendable(V2017, {"email": "b"}),
        },
        {"event": "sent", "api_version": V2017, "contact": "default2", "method": "PUT"},
        {**answered(201), "api_version": V2017, "contact": "default2"},
        read_back(),
    ]
    assert found.versions[2:5] == [V2023, V2017, V2017]
    assert sorted(found.versions[:2]) == sorted(found.versions[5:]) == [V2017, V2023]
    assert json.loads(found.asked[4].body or "") == {
        "id": f"/subscriptions/{WHO.id}/providers/Microsoft.Security/securityContacts/default",
        "name": "default",
        "type": "Microsoft.Security/securityContacts",
        "properties": sendable(V2017, {"email": "b"}),
    }


@pytest.mark.parametrize(
    ("turns", "status", "said"),
    [
        pytest.param(
            [GONE],
            Status.UNCONFIRMED,
            f"1 of its writes: it could not be read, so it was not written: {told(403, 'Gone')}",
            id="not readable",
        ),
        pytest.param(
            [shows(None), says(201), AuthError(NO_TOKEN)],
            Status.UNCONFIRMED,
            f"2 of its writes: it was not written: {NO_TOKEN}",
            id="no token",
        ),
        pytest.param(
            [shows(None), GONE],
            Status.REFUSED,
            f"1 of its writes: {told(403, 'Gone')} -- {GRANT}",
            id="refused",
        ),
        pytest.param(
            [shows(None), says(409, "Conflict")],
            Status.CONFLICT,
            f"1 of its writes: {told(409, 'Conflict')}",
            id="conflict",
        ),
        pytest.param(
            [shows(None), lost(), GONE],
            Status.UNKNOWN,
            f"1 of its writes: no answer; {UNREAD}",
            id="unknown",
        ),
    ],
)
def test_what_fails_after_a_write_says_so(
    tmp_path: Path, turns: list[Turn], status: Status, said: str
) -> None:
    """It is not `failed`, which says that nothing was changed."""
    read = both(shows(None), shows(OLD))
    found = ran(tmp_path, [two_versions()], [read, says(200), *turns])

    assert found.results == [Result(WHO, status, f"after {said}")]
    assert found.lines[:3] == TAKEN


ENDED = "the run was told to end"
AT_REST: dict[str, Callable[[Bell], tuple[list[Turn], Result, int]]] = {
    # name: the script, the result and how many lines the journal has
    "while it is read": lambda bell: (
        [both(shows(None), bell.ringing(shows(OLD)))],
        Result(WHO, Status.NOT_SENT, ENDED),
        0,
    ),
    "between two writes": lambda bell: (
        [both(shows(None), shows(OLD)), bell.ringing(says(200)), shows(None)],
        Result(WHO, Status.UNCONFIRMED, f"after 1 of its writes: {ENDED}"),
        3,
    ),
    "after two of three": lambda bell: (
        [both(shows(None), shows(OLD)), says(200), shows(None), bell.ringing(says(201))],
        Result(WHO, Status.UNCONFIRMED, f"after 2 of its writes: {ENDED}"),
        6,
    ),
    "while an answer is lost": lambda bell: (
        [
            both(shows(None), shows(OLD)),
            bell.ringing(lost()),
            both(shows(None), shows(OLD)),
        ],
        Result(WHO, Status.FAILED, "no answer; it was not changed"),
        3,
    ),
}


@pytest.mark.parametrize("name", AT_REST)
def test_a_row_that_is_told_to_end(tmp_path: Path, name: str) -> None:
    """No write begins after that; what was written before is counted."""
    bell = Bell()
    script, result, lines = AT_REST[name](bell)

    found = ran(tmp_path, [two_versions()], script, bell)

    assert (found.results, len(found.lines)) == ([result], lines)


def test_a_wait_for_azure_ends_with_the_run(tmp_path: Path) -> None:
    """A write that was throttled is not sent again; what does not read back is not waited for."""
    later = says(429, **{"retry-after": "7"})
    throttled = ran(tmp_path, [adding()], [shows(OLD), later, shows(OLD)], Bell(last=1))
    (tmp_path / "journal").unlink()
    unread = ran(tmp_path, [adding()], [shows(OLD), says(200), shows(OLD)], Bell(last=1))

    message = f"{told(429, 'Odd')}; {ENDED} before it was taken; it was not changed"
    assert throttled.results == [Result(WHO, Status.FAILED, message)]
    assert throttled.lines[2:] == [answered(429, Reason.THROTTLED)]
    assert unread.results == [Result(WHO, Status.UNCONFIRMED, UNLIKE)]
    assert (throttled.waits, unread.waits) == ([7], [1])


def test_after_three_failures_in_a_row_nothing_is_sent(tmp_path: Path) -> None:
    """What needed no writing neither counts nor ends the row; what is well ends it."""
    skipped, task = Result(WHO, Status.SKIPPED), adding()
    items: list[Task | Result] = [*[task] * 4, skipped, task, task, task, skipped]

    found = ran(tmp_path, items, [GONE, GONE, shows(NEW), GONE, shows(THEIRS), GONE])

    assert [result.status for result in found.results[:4]] == [
        "failed",
        "failed",
        "already",
        "failed",
    ]
    assert found.results[4:] == [
        skipped,
        Result(WHO, Status.CONFLICT, "it changed since it was read: plan anew"),
        found.results[0],
        Result(WHO, Status.NOT_SENT, "3 subscriptions in a row had failed"),
        skipped,
    ]


def test_after_a_run_was_told_to_end_nothing_begins(tmp_path: Path) -> None:
    """The row that had begun is finished; those after it say why they were not."""
    bell = Bell()
    script = [shows(OLD), bell.ringing(says(200)), shows(NEW)]

    found = ran(tmp_path, [adding(), adding()], script, bell)

    assert found.results == [Result(WHO, Status.DONE), Result(WHO, Status.NOT_SENT, ENDED)]


def test_what_is_cut_short_is_unknown_in_the_journal(tmp_path: Path) -> None:
    """A second signal ends the run at once, with its own code."""
    made, _ = remedy(tmp_path, [shows(OLD), Stopped(ExitCode.INTERRUPTED)], Bell())
    results: Iterator[Result] = made.run([adding()])

    with pytest.raises(Stopped) as stopped:
        next(results)

    assert stopped.value.exit_code is ExitCode.INTERRUPTED
    assert journal_of(tmp_path / "journal") == [WANTED, SENT, {"event": "unknown"}]

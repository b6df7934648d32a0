"""What becomes of a write, whatever is answered: its row and its journal."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from remediation.scripted import (
    CONTACT,
    ENDPOINT,
    GONE,
    GRANT,
    LOST,
    NEW,
    NO_TOKEN,
    OLD,
    SENT,
    TAKEN,
    THEIRS,
    UNLIKE,
    UNREAD,
    V2023,
    WANTED,
    WHO,
    Line,
    Turn,
    adding,
    answered,
    lost,
    ran,
    read_back,
    says,
    seen,
    shows,
    told,
)

from contacts_audit.azure.contacts.records import canonical
from contacts_audit.core.errors import AuthError, Reason
from contacts_audit.remediation.restore import restore_task
from contacts_audit.remediation.results import Result, Status


@dataclass(frozen=True)
class Case:
    """The answer to each request, and the resulting status, message, journal and requests."""

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
        "it changed since it was read",
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
        "its addresses are not a string -- look at it with 'contacts-audit fetch'",
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
    """The result, its message, every journal line, every request and every wait are as expected."""
    case = CASES[name]

    found = ran(tmp_path, [adding()], case.script)

    assert found.results == [Result(WHO, case.status, case.message)]
    assert found.lines == case.lines
    assert (found.methods, found.waits) == (case.methods, [*case.waits])
    assert {*found.versions} <= {V2023}


def test_what_is_sent_is_canonical_and_to_one_contact(tmp_path: Path) -> None:
    """A PUT has the document, a DELETE nothing; each goes to its contact at its api-version."""
    contact = f"{ENDPOINT}/subscriptions/{WHO.id}/providers/Microsoft.Security/securityContacts"
    empty = restore_task(WHO, seen(OLD), seen())

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

"""Several writes to one subscription, and runs that end early."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from remediation.scripted import (
    ENDPOINT,
    GONE,
    GRANT,
    NEW,
    NO_TOKEN,
    OLD,
    SENT,
    TAKEN,
    THEIRS,
    UNLIKE,
    UNREAD,
    V2017,
    V2023,
    WANTED,
    WHO,
    Bell,
    Turn,
    adding,
    answered,
    both,
    journal_of,
    lost,
    ran,
    read_back,
    says,
    sender,
    shows,
    told,
    two_versions,
)

from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.contacts.steps import sendable
from contacts_audit.core.errors import AuthError, ExitCode, Reason
from contacts_audit.core.shutdown import Stopped
from contacts_audit.remediation.apply import apply_all
from contacts_audit.remediation.results import Result, Status
from contacts_audit.remediation.tasks import Task


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
    """All are asked at the same time, and no request is under way any more when the row ends."""
    found = ran(tmp_path, [two_versions()], [turn])

    message = f"it could not be read, so it was not written: {said}"
    assert found.results == [Result(WHO, Status.FAILED, message)]
    assert (found.lines, found.methods) == ([], "GET GET")


def test_what_was_written_at_one_version_may_show_at_another(tmp_path: Path) -> None:
    """The second version is read again before its write; a write of ours is not a conflict."""
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
    """The status is not `failed`, which means that nothing was changed."""
    task = two_versions()
    found = ran(tmp_path, [task], [both(shows(None), shows(OLD)), says(200), *turns])

    hint = task.if_changed if status is Status.CONFLICT else None
    assert found.results == [Result(WHO, status, f"after {said}", hint)]
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
    """A subscription that needs no write does not count; a success resets the count."""
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
        Result(WHO, Status.CONFLICT, "it changed since it was read"),
        found.results[0],
        Result(WHO, Status.NOT_SENT, "3 subscriptions in a row had failed"),
        skipped,
    ]


def test_after_a_run_was_told_to_end_nothing_begins(tmp_path: Path) -> None:
    """The current row is finished; the later ones say why they were not sent."""
    bell = Bell()
    script = [shows(OLD), bell.ringing(says(200)), shows(NEW)]

    found = ran(tmp_path, [adding(), adding()], script, bell)

    assert found.results == [Result(WHO, Status.DONE), Result(WHO, Status.NOT_SENT, ENDED)]


def test_what_is_cut_short_is_unknown_in_the_journal(tmp_path: Path) -> None:
    """A second signal ends the run at once, with its own code."""
    made, _ = sender(tmp_path, [shows(OLD), Stopped(ExitCode.INTERRUPTED)], Bell())
    results: Iterator[Result] = apply_all(made, [adding()])

    with pytest.raises(Stopped) as stopped:
        next(results)

    assert stopped.value.exit_code is ExitCode.INTERRUPTED
    assert journal_of(tmp_path / "journal") == [WANTED, SENT, {"event": "unknown"}]

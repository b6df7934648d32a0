"""What a task writes, and what it misses when it reads back."""

from typing import Any

import pytest
from remediation.scripted import ADD, V2017, V2023, WHO, seen

from contacts_audit.azure.contacts.equality import is_unchanged
from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.azure.contacts.steps import Step, sendable
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.model import Change
from contacts_audit.remediation.restore import restore_task
from contacts_audit.remediation.results import Result, Status, exit_code
from contacts_audit.remediation.tasks import change_task


def missing(sent: Any, now: Any, *, before: Any = None, change: Change = ADD) -> str | None:
    """Return what is missing when *sent* was written and *now* reads back."""
    task = change_task(WHO, seen(before), change, V2023)
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
    ("before", "now", "change", "lost"),
    [
        pytest.param("a@b.co", "b@b.co", ADD, "a@b.co", id="lost"),
        pytest.param("z@b.co;A@b.co", "", ADD, "a@b.co, z@b.co", id="two, in order"),
        pytest.param("A@b.co", "a@B.co", ADD, None, id="case"),
        pytest.param("a@b.co", "", Change(remove_emails=("A@b.co",)), None, id="wished away"),
        pytest.param(
            "a@b.co;c@b.co", "", Change(remove_emails=("a@b.co",)), "c@b.co", id="another"
        ),
        pytest.param("a@b.co", "", Change(emails=("b@b.co",), replace=True), None, id="replaced"),
        pytest.param(
            "a@b.co;B@b.co", "", Change(emails=("b@b.co",), replace=True), "b@b.co", id="kept"
        ),
    ],
)
def test_an_address_that_nobody_asked_to_go_is_missed(
    before: str, now: str, change: Change, lost: str | None
) -> None:
    """Case does not matter; both fields count, at any API version."""
    said = None if lost is None else f"no longer visible at any api-version: {lost}"
    for field in ("email", "emails"):
        task = change_task(WHO, seen({field: before}), change, V2023)
        assert task.missing([], seen({field: now})) == said
    moved = change_task(WHO, seen({"email": before}, version=V2017), change, V2023)
    assert moved.missing([], seen({"emails": now})) == said
    assert change_task(WHO, seen({"emails": 5}), change, V2023).missing([], seen()) is None


def test_a_change_is_a_task_of_one_version() -> None:
    """Its steps follow from the current contacts."""
    task = change_task(WHO, seen(), ADD, V2023)

    assert (task.subscription, task.before, task.versions) == (WHO, seen(), (V2023,))
    (step,) = task.steps(V2023, seen({"emails": "a@contoso.com"}))
    assert step.after is not None
    assert step.after["emails"] == "a@contoso.com;b@contoso.com"


def test_a_backup_is_put_back_newest_first_and_deletions_last() -> None:
    """Of the contacts of 2017 the highest goes first: none may be left above a gap."""
    wanted = Snapshot(
        {
            V2017: (Record("default2", {"email": "b"}), Record("default1", {"email": "a"})),
            V2023: (),
        }
    )
    now = Snapshot(
        {
            V2017: (
                Record("default1", {"email": "x"}),
                Record("default3", {"email": "c"}),
                Record("default4", {"email": "d"}),
            ),
            V2023: (Record("default", {"phone": "1"}),),
        }
    )

    task = restore_task(WHO, now, wanted)

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
    """Any changed value or name counts, at any version that was read; order does not."""
    then = seen({"emails": "a"})
    two = Snapshot({V2023: (Record("a", {}), Record("b", {"x": 1}))})

    assert is_unchanged(then, then)
    assert is_unchanged(two, Snapshot({V2023: tuple(reversed(two.at(V2023))), V2017: ()}))
    assert is_unchanged(seen({"emails": "a;b"}), seen({"emails": "B, A"}))
    for now in (seen(), seen({"emails": "b"}), seen({"emails": "a"}, name="me")):
        assert not is_unchanged(then, now)


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

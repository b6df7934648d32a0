"""A wish is checked, and then each subscription gets a row: change, nothing, or why not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts_audit.azure.contacts.records import Record, Snapshot
from contacts_audit.core.errors import ExitCode, Reason, UsageError
from contacts_audit.core.model import Change, Fault, Subscription
from contacts_audit.remediation.plan import Intent, PlanRow, check, exit_code, row_for

V2017 = "2017-08-01-preview"
V2020 = "2020-01-01-preview"
V2023 = "2023-12-01-preview"
WHO = Subscription("00000000-0000-0000-0000-00000000000a", "Prod", "Enabled")
ADD = Change(emails=("a@contoso.com",))
OLD = Record("default1", {"email": "a@b.co", "alertNotifications": "On", "alertsToAdmins": "On"})
DEFAULT = Record("default", {"emails": "a@contoso.com", "isEnabled": True})


# What can be wished


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(ADD, id="an address"),
        pytest.param(Change(emails=("jörg@bücher.example.org",)), id="an international one"),
        pytest.param(Change(emails=("a@b.co", "A@B.CO")), id="one twice"),
        pytest.param(Change(emails=("a@b.co",), replace=True), id="exactly these"),
        pytest.param(Change(remove_emails=("a@b.co",)), id="a removal"),
        pytest.param(Change(remove_emails=("bad address",)), id="a removal of a malformed one"),
        pytest.param(Change(remove_emails=("a@b.co",), allow_empty=True), id="of the last one"),
        pytest.param(Change(emails=("a@b.co",), remove_emails=("c@b.co",)), id="both"),
        pytest.param(Change(notify_owners=True), id="owners"),
        pytest.param(Change(enable=True), id="enable"),
        *(
            pytest.param(Change(minimum_severity=level), id=f"severity {level}")
            for level in ("High", "Medium", "Low")
        ),
        *(
            pytest.param(Change(attack_paths=level), id=f"attack paths {level}")
            for level in ("Critical", "High", "Medium", "Low")
        ),
        *(
            pytest.param(Change(phone=number), id=number)
            for number in ("+1-425-555-0100", "(214)275-4038", "1-888-888-8888", "110", "+49 30/1")
        ),
    ],
)
def test_a_change_can_be_had(change: Change) -> None:
    """At the newest API version."""
    check(change, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(Change(), "no change is requested", id="nothing"),
        pytest.param(Change(allow_empty=True), "no change is requested", id="a permission alone"),
        pytest.param(Change(replace=True), "--replace", id="replace by nothing"),
        pytest.param(
            Change(replace=True, remove_emails=("a@b.co",)), "--replace", id="replace and remove"
        ),
        pytest.param(
            Change(emails=("A@b.co",), remove_emails=("a@B.CO",)), "a@b.co", id="contradiction"
        ),
        pytest.param(Change(minimum_severity="Critical"), "--minimum-severity", id="no severity"),
        pytest.param(Change(minimum_severity="high"), "--minimum-severity", id="lower case"),
        pytest.param(Change(minimum_severity=""), "--minimum-severity", id="empty severity"),
        pytest.param(Change(attack_paths="Severe"), "--attack-paths", id="no risk level"),
    ],
)
def test_a_change_that_cannot_be_had(change: Change, said: str) -> None:
    """It is a usage error that says what is wrong."""
    with pytest.raises(UsageError) as caught:
        check(change, None)

    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("a", id="no address"),
        pytest.param("a@localhost", id="no dot"),
        pytest.param("a@b.co;c@b.co", id="semicolon"),
        pytest.param("a@b.co,c@b.co", id="comma"),
        pytest.param("a@b.co;", id="trailing semicolon"),
        pytest.param(" a@b.co", id="leading blank"),
        pytest.param("a@b.co\n", id="line feed"),
        pytest.param("a@b.co\r\nBcc: x@y.co", id="second header"),
        pytest.param("Anna <a@b.co>", id="display name"),
        pytest.param("a\x00@b.co", id="NUL"),
        pytest.param("a\u202e@b.co", id="reordered text"),
        pytest.param("a\u200b@b.co", id="zero-width space"),
        pytest.param("\ud800@b.co", id="half a character"),
    ],
)
def test_an_address_that_is_none(text: str) -> None:
    """Only one well-formed address can be added at a time."""
    with pytest.raises(UsageError) as caught:
        check(Change(emails=("good@b.co", text)), None)

    assert "--email" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a@b.co;c@b.co", "a@b.co,", " a@b.co", "a@b.co\n", "a\x1b@b.co", "\ud800@b.co"],
)
def test_a_removal_that_is_none(text: str) -> None:
    """An address to remove may be malformed, but is one address, and printable."""
    with pytest.raises(UsageError) as caught:
        check(Change(remove_emails=("good@b.co", text)), None)

    assert "--remove-email" in str(caught.value)


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "+1 555\n",
        "+1\r\nBcc: 555",
        "+1\x00555",
        "\u202a+1 555\u202c",
        "+1\u2028555",
        "\ud800",
    ],
)
def test_a_number_that_is_none(number: str) -> None:
    """A telephone number is one printable line, and not empty."""
    with pytest.raises(UsageError) as caught:
        check(Change(phone=number), None)

    assert "--phone" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "possible"),
    [
        pytest.param(ADD, True, id="an address"),
        pytest.param(Change(emails=("a@b.co",), replace=True, phone="110"), True, id="replaced"),
        pytest.param(Change(notify_owners=True), True, id="owners"),
        pytest.param(Change(minimum_severity="High"), True, id="high"),
        pytest.param(Change(minimum_severity="Medium"), False, id="medium"),
        pytest.param(Change(minimum_severity="Low"), False, id="low"),
        pytest.param(Change(attack_paths="Critical"), False, id="attack paths"),
        pytest.param(Change(enable=True), False, id="enable"),
    ],
)
def test_what_2017_can_say(change: Change, possible: bool) -> None:
    """All else is a usage error, found before any request."""
    if possible:
        check(change, V2017)
        return

    with pytest.raises(UsageError):
        check(change, V2017)


@pytest.mark.parametrize("version", [V2020, V2023, "", "2017-08-01", "2017-08-01-PREVIEW", "x"])
def test_only_2017_can_be_chosen(version: str) -> None:
    """The newest version is the default; others are a usage error."""
    with pytest.raises(UsageError) as caught:
        check(ADD, version)

    assert "--api-version" in str(caught.value)


words = st.text(st.characters(exclude_categories=[]), max_size=12)


@settings(max_examples=150)
@given(
    st.builds(
        Change,
        emails=st.lists(words, max_size=2).map(tuple),
        replace=st.booleans(),
        remove_emails=st.lists(words, max_size=2).map(tuple),
        minimum_severity=st.none() | words,
        phone=st.none() | words,
        attack_paths=st.none() | words,
        enable=st.booleans(),
    ),
    st.none() | st.just(V2017) | words,
)
def test_any_text_is_requested_or_refused(change: Change, version: str | None) -> None:
    """Any text is accepted or a usage error, and no unprintable text is accepted."""
    try:
        check(change, version)
    except UsageError:
        return

    assert all(text.isprintable() for text in (*change.emails, *change.remove_emails))
    assert all(
        "," not in text and ";" not in text for text in (*change.emails, *change.remove_emails)
    )


# A row for each subscription


@pytest.mark.parametrize(
    ("seen", "version"),
    [
        pytest.param(Snapshot({V2017: (), V2023: ()}), V2023, id="2023"),
        pytest.param(Snapshot({V2017: (), V2020: ()}), V2020, id="2020"),
        pytest.param(Snapshot({V2023: ()}), V2023, id="2017 is refused"),
        pytest.param(Snapshot({V2017: ()}), V2017, id="2017 alone"),
    ],
)
def test_the_newest_version_is_written(seen: Snapshot, version: str) -> None:
    """The contact is written by the name that the version shows."""
    row = row_for(WHO, seen, ADD)

    name = "default1" if version == V2017 else "default"
    assert (row.intent, row.api_version, row.steps[0].contact) == (Intent.CHANGE, version, name)
    assert [step.contact for step in row.steps] == [name]
    assert (row.subscription, row.seen, row.fault) == (WHO, seen, None)


def test_2017_can_be_chosen() -> None:
    """2017 can be chosen even if newer versions are offered."""
    row = row_for(WHO, Snapshot({V2017: (OLD,), V2023: (DEFAULT,)}), ADD, V2017)

    assert (row.intent, row.api_version) == (Intent.CHANGE, V2017)
    assert row.steps[0].contact == "default2"


def test_a_version_that_is_not_offered_is_refused() -> None:
    """No other version is written instead."""
    row = row_for(WHO, Snapshot({V2023: ()}), ADD, V2017)

    assert (row.intent, row.steps) == (Intent.REFUSED, ())
    assert row.message is not None
    assert "--api-version" in row.message


def test_what_is_as_requested_is_left_alone() -> None:
    """The row has no steps and no message."""
    row = row_for(WHO, Snapshot({V2017: (), V2023: (DEFAULT,)}), ADD)

    assert (row.intent, row.steps, row.message) == (Intent.NOTHING, (), None)


@pytest.mark.parametrize(
    ("seen", "change", "said"),
    [
        pytest.param(
            Snapshot({V2017: (), V2023: (DEFAULT,)}),
            Change(remove_emails=("A@contoso.com",)),
            "--allow-empty",
            id="the last address at 2023",
        ),
        pytest.param(
            Snapshot({V2017: (OLD,)}),
            Change(remove_emails=("a@b.co",)),
            "--allow-empty",
            id="the last address at 2017",
        ),
        pytest.param(
            Snapshot({V2017: (), V2020: ()}),
            Change(attack_paths="Low", emails=("a@b.co",)),
            "attack",
            id="attack paths at 2020",
        ),
        pytest.param(Snapshot({V2017: ()}), Change(enable=True), "--enable", id="enable at 2017"),
        pytest.param(
            Snapshot({V2017: (), V2023: (Record("default", {"emails": ["a@b.co"]}),)}),
            ADD,
            "address",
            id="an unknown shape",
        ),
    ],
)
def test_a_refusal_is_a_row(seen: Snapshot, change: Change, said: str) -> None:
    """Nothing is written, and the row says what to do."""
    row = row_for(WHO, seen, change)

    assert (row.intent, row.steps) == (Intent.REFUSED, ())
    assert row.message is not None
    assert said in row.message


def test_notes_are_the_message_of_a_change() -> None:
    """The message names what was carried over, and what stays at 2017."""
    change = Change(emails=("c@b.co",), remove_emails=("a@b.co",))
    second = Record("default2", {**OLD.properties, "email": "b@b.co"})

    row = row_for(WHO, Snapshot({V2017: (OLD, second), V2023: ()}), change)

    assert row.intent is Intent.CHANGE
    assert row.message == f"carried over from {V2017}: b@b.co; still at {V2017}: a@b.co"


def rows(*intents: Intent) -> list[PlanRow]:
    """Return a row for each of *intents*."""
    fault = Fault(Reason.FORBIDDEN, "no", "ask")
    return [
        PlanRow(WHO, intent, fault=fault if intent is Intent.UNREADABLE else None)
        for intent in intents
    ]


@pytest.mark.parametrize(
    ("intents", "code"),
    [
        pytest.param([], ExitCode.CLEAN, id="none"),
        pytest.param([Intent.NOTHING], ExitCode.CLEAN, id="nothing to do"),
        pytest.param([Intent.SKIPPED, Intent.WAIVED], ExitCode.CLEAN, id="skipped and waived"),
        pytest.param([Intent.NOTHING, Intent.CHANGE], ExitCode.FINDINGS, id="pending"),
        pytest.param([Intent.CHANGE, Intent.UNREADABLE], ExitCode.INCOMPLETE, id="unreadable"),
        pytest.param([Intent.UNREADABLE, Intent.REFUSED], ExitCode.NOT_DONE, id="refused"),
        pytest.param([Intent.REFUSED, Intent.CHANGE], ExitCode.NOT_DONE, id="refused first"),
    ],
)
def test_the_code_of_a_plan(intents: list[Intent], code: ExitCode) -> None:
    """The worst row decides, in any position."""
    assert exit_code(rows(*intents)) is code


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["emails", "email", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)
some_records = st.lists(
    st.builds(
        Record,
        st.sampled_from(["default", "default1", "default2", "me"]),
        st.dictionaries(
            st.sampled_from(
                [
                    *("email", "emails", "phone", "isEnabled", "notificationsByRole", "x"),
                    *("notificationsSources", "alertNotifications", "alertsToAdmins"),
                ]
            ),
            json_values | st.sampled_from(["a@b.co", "a@b.co;c@b.co", "On"]),
        ),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)


@settings(max_examples=120)
@given(
    st.dictionaries(st.sampled_from([V2017, V2020, V2023]), some_records, min_size=1),
    st.sampled_from(
        [
            ADD,
            Change(emails=("c@b.co",), replace=True, notify_owners=True),
            Change(remove_emails=("a@b.co",)),
            Change(enable=True, phone="110"),
            Change(minimum_severity="High", attack_paths="Low"),
        ]
    ),
    st.sampled_from([None, V2017]),
)
def test_whatever_was_seen_is_a_row(
    versions: dict[str, tuple[Record, ...]], change: Change, version: str | None
) -> None:
    """Each row is one of three kinds, and only a change has steps."""
    row = row_for(WHO, Snapshot(versions), change, version)

    assert row.intent in {Intent.CHANGE, Intent.NOTHING, Intent.REFUSED}
    assert bool(row.steps) is (row.intent is Intent.CHANGE)
    assert row.api_version == version or row.api_version == max(versions)
    assert row.intent is not Intent.REFUSED or row.message

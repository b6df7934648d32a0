"""A waiver covers findings until it expires."""

from datetime import date

import pytest
from audit.samples import (
    ID,
    LOOSE,
    NAMES,
    OTHER,
    PROD,
    TODAY,
    V2023,
    policy,
    under,
)

from contacts_audit.audit.policy import Override, Policy
from contacts_audit.audit.profiles import Settings
from contacts_audit.core.model import (
    Audited,
    Check,
    Finding,
    Subscription,
    Verdict,
    Waiver,
)


def waiver(
    subscription: str = "Prod", day: date = TODAY, check: Check | None = None, reason: str = "why"
) -> Waiver:
    """Return a waiver that expires on *day*."""
    return Waiver(subscription, reason, "who", day, check)


def waiving(*waivers: Waiver) -> Policy:
    """Return a policy with *waivers*, today."""
    return Policy(Settings(), waivers=waivers, day=TODAY, ids=NAMES)


EMAIL = Finding(Check.CONTACT_EMAIL, "x", V2023)
OWNER = Finding(Check.OWNER_NOTIFIED, "x", V2023)


@pytest.mark.parametrize("text", [ID, "Prod"])
def test_a_waiver_names_an_id_or_a_name(text: str) -> None:
    """The whole id or name must match."""
    judged = waiving(waiver(text))

    assert judged.waiver_of(PROD, (EMAIL,)) == waiver(text)
    assert judged.waiver_of(OTHER, (EMAIL,)) is None


@pytest.mark.parametrize("name", [ID, ID.upper(), OTHER.id])
def test_ids_match_only_ids(name: str) -> None:
    """Somebody could rename a subscription to the id of another, to waive it."""
    called = Subscription("2a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", name)
    waives, overrides = waiving(waiver(ID)), policy(Override(LOOSE, subscription=ID))

    assert waives.waiver_of(called, (EMAIL,)) is None
    assert overrides.criteria_of(called).minimum_emails == 9


def test_a_waiver_of_a_management_group() -> None:
    """It covers all subscriptions under the group, at all levels, and no others."""
    of_group = Waiver(None, "why", "who", TODAY, management_group="Sandboxes")
    judged = Policy(Settings(), waivers=(of_group,), groups={"sandboxes": under(PROD)}, day=TODAY)

    assert judged.waiver_of(PROD, (EMAIL,)) == of_group
    assert judged.waiver_of(OTHER, (EMAIL,)) is None
    assert (judged.has_waiver(PROD), judged.has_waiver(OTHER)) == (True, False)
    assert judged.warnings([OTHER]) == [
        "the waiver of management group Sandboxes (why, who) matches no subscription in scope"
    ]
    assert judged.warnings([PROD]) == [
        "the waiver of management group Sandboxes (why, who) ends on 2026-01-31"
    ]


@pytest.mark.parametrize("text", ["Pro", "Prod2", "", "*", ID[:-1], f"/subscriptions/{ID}"])
def test_a_part_of_a_name_waives_nothing(text: str) -> None:
    """A pattern waives nothing either."""
    assert waiving(waiver(text)).waiver_of(PROD, (EMAIL,)) is None


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        pytest.param(date(2026, 1, 30), False, id="yesterday"),
        pytest.param(TODAY, True, id="today"),
        pytest.param(date(2026, 2, 1), True, id="tomorrow"),
        pytest.param(date.max, True, id="the last day"),
        pytest.param(date.min, False, id="the first day"),
    ],
)
def test_a_waiver_is_valid_through_its_day(day: date, stands: bool) -> None:
    """It counts on the day that it expires, and not after."""
    found = waiving(waiver(day=day)).waiver_of(PROD, (EMAIL,))

    assert (found is not None) is stands


@pytest.mark.parametrize(
    ("waivers", "findings", "waived"),
    [
        pytest.param([None], [EMAIL, OWNER], True, id="all checks"),
        pytest.param([Check.CONTACT_EMAIL], [EMAIL], True, id="this check"),
        pytest.param([Check.CONTACT_EMAIL], [OWNER], False, id="another check"),
        pytest.param([Check.CONTACT_EMAIL], [EMAIL, OWNER], False, id="one of two"),
        pytest.param([Check.CONTACT_EMAIL, Check.OWNER_NOTIFIED], [EMAIL, OWNER], True, id="each"),
        pytest.param([None], [], False, id="nothing to waive"),
        pytest.param([], [EMAIL], False, id="no waiver"),
    ],
)
def test_every_failing_check_has_to_be_waived(
    waivers: list[Check | None], findings: list[Finding], waived: bool
) -> None:
    """A waiver of one check does not cover another."""
    judged = waiving(*(waiver(check=check) for check in waivers))

    assert (judged.waiver_of(PROD, findings) is not None) is waived


def test_of_several_waivers_the_one_that_ends_first_is_shown() -> None:
    """Expired waivers and those of other checks do not count."""
    first = waiver(day=date(2026, 3, 1), check=Check.OWNER_NOTIFIED, reason="first")
    judged = waiving(
        waiver(day=date(2026, 1, 1), reason="expired"),
        waiver(day=date(2026, 2, 1), check=Check.REACHABLE, reason="of another check"),
        waiver(day=date(2026, 9, 1), reason="last"),
        first,
    )

    assert judged.waiver_of(PROD, (EMAIL, OWNER)) == first
    assert judged.waiver_of(PROD, (EMAIL,)) != first


@pytest.mark.parametrize(
    ("day", "said"),
    [
        pytest.param(date(2026, 1, 30), "expired on 2026-01-30 and does not count", id="expired"),
        pytest.param(TODAY, "ends on 2026-01-31", id="today"),
        pytest.param(date(2026, 2, 14), "ends on 2026-02-14", id="14 days"),
        pytest.param(date(2026, 2, 15), None, id="15 days"),
    ],
)
@pytest.mark.parametrize("text", [ID, "Prod"])
def test_the_end_of_a_waiver_is_warned_of(day: date, said: str | None, text: str) -> None:
    """The warning starts 14 days before."""
    warnings = waiving(waiver(text, day)).warnings([PROD])

    assert warnings == ([f"the waiver of {text} (why, who) {said}"] if said else [])


@pytest.mark.parametrize("text", ["Prdo", OTHER.id])
def test_a_waiver_that_matches_nothing_is_warned_of(text: str) -> None:
    """A misspelled name leaves a finding unwaived, and is hard to see."""
    warnings = waiving(waiver(text, date.max)).warnings([PROD])

    assert warnings == [f"the waiver of {text} (why, who) matches no subscription in scope"]


def test_an_expired_waiver_that_matches_nothing_gets_two_warnings() -> None:
    """One of them would hide the other."""
    matched, expired = waiving(waiver("Prdo", date(2026, 1, 30))).warnings([PROD])

    assert matched.endswith("matches no subscription in scope")
    assert expired.endswith("expired on 2026-01-30 and does not count")


def test_the_verdict_of_what_was_judged() -> None:
    """Findings are non-compliant unless they are waived."""
    found = Audited(PROD, (), (), (EMAIL,), V2023)
    waived = Audited(PROD, (), (), (EMAIL,), V2023, waiver())

    assert found.verdict is Verdict.NON_COMPLIANT
    assert waived.verdict is Verdict.WAIVED


def test_an_expired_waiver_still_counts_for_has_waiver() -> None:
    """`plan` must look at the subscription, because its findings decide."""
    judged = waiving(waiver("Prod", date.min))

    assert judged.has_waiver(PROD)
    assert not judged.has_waiver(OTHER)
    assert not waiving().has_waiver(PROD)


def test_no_text_names_a_subscription_without_a_name() -> None:
    """A missing name equals no text."""
    nameless = Subscription(ID)

    assert not waiving(waiver("xxxx"), waiver("none"), waiver("XXXX")).has_waiver(nameless)

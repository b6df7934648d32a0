"""The scope: what is wanted, less what is excluded, in Azure's order."""

import pytest
from audit.subscriptions import DEV, NAMELESS, PROD, TEST, VISIBLE, A, B, C, D, asked
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.audit.scope import resolve_scope
from contacts_audit.audit.selectors import Selector, parse_selector
from contacts_audit.azure.arm.subscriptions import GUID
from contacts_audit.core.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.core.model import Subscription


def test_the_default_is_all_visible_subscriptions() -> None:
    """They keep Azure's order."""
    scope = resolve_scope(VISIBLE, None, [])

    assert (scope.subscriptions, scope.warnings) == (VISIBLE, ())


def test_nothing_visible_is_no_audit() -> None:
    """An identity that sees nothing is a failure, whatever was asked for."""
    for wanted in (None, [], asked(A)):
        with pytest.raises(ContactsAuditError, match="no subscription is visible") as caught:
            resolve_scope([], wanted, [])

        assert caught.value.exit_code is ExitCode.FAILED


def test_subscriptions_keep_azures_order_and_appear_once() -> None:
    """However often and in whatever order they are given."""
    scope = resolve_scope(VISIBLE, asked("Test", A.upper(), B, "Test", A), [])

    assert scope.subscriptions == (PROD, TEST)


def test_an_id_that_is_not_visible_is_a_row_at_the_end() -> None:
    """It follows all visible ones, in the order given."""
    strangers = [letter * 8 + A[8:] for letter in "ef"]

    scope = resolve_scope(VISIBLE, asked(strangers[1].upper(), B, strangers[0], strangers[1]), [])

    assert scope.subscriptions == (
        TEST,
        Subscription(strangers[1], visible=False),
        Subscription(strangers[0], visible=False),
    )


def test_excluded_subscriptions_are_left_out() -> None:
    """An id in any case or a name; an exclusion that matches nothing is warned of."""
    unwanted = [parse_selector(text, "--exclude") for text in (A.upper(), "test", "nobody", B)]

    scope = resolve_scope(VISIBLE, None, unwanted)

    assert scope.subscriptions == (DEV, NAMELESS)
    assert scope.warnings == ("--exclude: 'nobody' matches nothing",)


def test_an_invisible_subscription_can_be_excluded() -> None:
    """What is given and excluded is not in scope."""
    stranger = "e" * 8 + A[8:]

    scope = resolve_scope(VISIBLE, asked(stranger, A), asked(stranger))

    assert (scope.subscriptions, scope.warnings) == ((PROD,), ())


def test_an_ambiguous_exclusion_is_refused() -> None:
    """Excluding too much would be an audit of too little."""
    with pytest.raises(UsageError, match="2 subscriptions are named 'PROD'"):
        resolve_scope(VISIBLE, None, asked("PROD"))


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        pytest.param([], [], id="an empty file"),
        pytest.param(asked(A), asked("Prod"), id="all excluded"),
        pytest.param(None, asked(A, B, C, D), id="each excluded"),
    ],
)
def test_an_empty_scope_is_no_audit(
    wanted: list[Selector] | None, unwanted: list[Selector]
) -> None:
    """Nothing to read is never "all compliant"."""
    with pytest.raises(ContactsAuditError, match="no subscription is left") as caught:
        resolve_scope(VISIBLE, wanted, unwanted)

    assert caught.value.exit_code is ExitCode.FAILED


@given(st.lists(st.sampled_from(VISIBLE), unique=True), st.lists(st.sampled_from([A, B, C, D])))
def test_rows_out_are_subscriptions_in(visible: list[Subscription], ids: list[str]) -> None:
    """Each subscription that was given is there exactly once, visible or not."""
    try:
        scope = resolve_scope(visible, asked(*ids), [])
    except ContactsAuditError:
        assert not visible or not ids
        return

    rows = [subscription.id for subscription in scope.subscriptions]
    assert sorted(rows) == sorted(set(ids))
    assert all(GUID.fullmatch(row) for row in rows)

"""A list of subscriptions in little memory."""

import tracemalloc
from collections.abc import Iterator
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.arm.subscription_list import Listing
from contacts_audit.core.model import Subscription

SUBSCRIPTIONS = st.builds(
    Subscription,
    st.uuids().map(str),
    st.none() | st.text(st.characters()) | st.just("half a character: \ud83d"),
    st.sampled_from([None, "Enabled", "Disabled"]),
    st.none() | st.uuids().map(str),
    st.booleans(),
)


@given(st.lists(SUBSCRIPTIONS, max_size=9, unique_by=lambda one: one.id), st.data())
def test_each_is_there_once_as_it_came_first(
    subscriptions: list[Subscription], data: st.DataObject
) -> None:
    """Whatever they are named; one that comes again, under another name even, is the first one."""
    again = [
        Subscription(data.draw(st.sampled_from(subscriptions)).id, "again")
        for _ in subscriptions[:2]
    ]

    listing = Listing([*subscriptions, *again])

    assert list(listing) == subscriptions
    assert len(listing) == len(subscriptions)
    assert all(each in listing for each in listing)


def test_a_hundred_thousand_take_little_memory() -> None:
    """Less than half of what the objects themselves would take."""

    def subscriptions() -> Iterator[Subscription]:
        for number in range(100_000):
            yield Subscription(str(UUID(int=number)), f"Subscription {number}", "Enabled", "one")

    tracemalloc.start()
    try:
        listing = Listing(subscriptions())
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(listing) == 100_000
    assert kept < 8_000_000

"""The next item is on its way while one is in use."""

import threading
from collections.abc import Iterator

import pytest

from contacts_audit.core import workers
from contacts_audit.core.workers import ahead


@pytest.fixture(params=["a thread", "no thread"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system start threads, or none."""
    if request.param == "no thread":
        monkeypatch.setattr(workers, "started", lambda work: False)


def failing() -> Iterator[int]:
    """Yield a number, and fail."""
    yield 1
    raise ValueError("no second one")


@pytest.mark.usefixtures("both")
def test_all_come_in_order() -> None:
    """None is lost, and an item may be None."""
    items = [3, None, 1, 2]

    assert list(ahead(iter(items))) == items
    assert list(ahead(iter([]))) == []


@pytest.mark.usefixtures("both")
def test_an_error_comes_in_its_turn() -> None:
    """What came before it is not lost."""
    found = ahead(failing())

    assert next(found) == 1
    with pytest.raises(ValueError, match="no second one"):
        next(found)


def test_the_next_one_is_asked_for_while_one_is_in_use() -> None:
    """And no more than that one, so that memory holds two."""
    asked = [threading.Event() for _ in range(3)]

    def items() -> Iterator[int]:
        for number, event in enumerate(asked):
            event.set()
            yield number

    found = ahead(items())

    assert next(found) == 0
    assert asked[1].wait(timeout=60)
    assert not asked[2].is_set()


def test_the_thread_ends_with_whoever_uses_the_items() -> None:
    """It is not left behind, also where they are used in part."""
    before = {*threading.enumerate()}
    found = ahead(iter(range(5)))

    next(found)
    del found
    for thread in {*threading.enumerate()} - before:
        thread.join(timeout=20)

    assert {*threading.enumerate()} <= before

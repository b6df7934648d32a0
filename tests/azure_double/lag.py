"""Lists that lag behind a write."""

from __future__ import annotations

from .subscriptions import Subscription


class Lag:
    """Keeps the state of a subscription before its last write, for the next lists."""

    def __init__(self) -> None:
        self._past: dict[str, tuple[Subscription, int]] = {}

    def begin(self, before: Subscription, lists: int) -> None:
        """Let the next *lists* of the subscription show its state *before* the write."""
        self._past[before.id] = before, lists

    def shown(self, subscription: Subscription) -> Subscription:
        """Return what the next list shows: *subscription*, or its old state."""
        before, left = self._past.pop(subscription.id, (subscription, 0))
        if left == 0:
            return subscription
        self._past[subscription.id] = before, left - 1
        return before

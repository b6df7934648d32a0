"""Lists that lag behind a write."""

from __future__ import annotations

from .subscriptions import Subscription


class Lag:
    """Remembers what a subscription was before its last write, for some lists to show."""

    def __init__(self) -> None:
        self._past: dict[str, tuple[Subscription, int]] = {}

    def begin(self, before: Subscription, lists: int) -> None:
        """Let the next *lists* of the subscription show what it was *before*."""
        self._past[before.id] = before, lists

    def shown(self, subscription: Subscription) -> Subscription:
        """Return what the next list shows: *subscription*, or what it was."""
        before, left = self._past.pop(subscription.id, (subscription, 0))
        if left == 0:
            return subscription
        self._past[subscription.id] = before, left - 1
        return before

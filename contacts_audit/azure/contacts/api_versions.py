"""Learns which API versions a cloud offers, from its refusals."""

import threading
from collections import defaultdict

ENOUGH = 3


class Versions:
    """
    Remembers refusals: one counts for its subscription, three with no answer for the whole run.

    A single refusal may be sporadic, and must not blind the audit of all the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        self._answered: set[str] = set()

    def offered(self, version: str) -> bool:
        """Say whether it still makes sense to ask at *version*."""
        return version in self._answered or len(self._refused[version]) < ENOUGH

    def answered(self, version: str) -> None:
        """Keep that some subscription was answered at *version*."""
        self._answered.add(version)

    def refused(self, version: str, subscription_id: str) -> None:
        """Keep that *version* was refused for a subscription."""
        with self._lock:
            self._refused[version].add(subscription_id)

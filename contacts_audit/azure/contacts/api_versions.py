"""Learns which API versions a cloud offers, from its refusals."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from contacts_audit.core.errors import VersionRefusedError

T = TypeVar("T")

ENOUGH = 3  # subscriptions: then the whole run gives up on an API version


class Versions:
    """
    The API versions that a cloud refuses, learned during a run; safe for all threads.

    A single refusal may be sporadic, so it counts for its subscription alone.  Three refusals, and
    no answer to any subscription, count for the whole run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        self._answered: set[str] = set()

    def read(self, version: str, subscription_id: str, fetch: Callable[[str], T]) -> T | None:
        """
        Return what *fetch* returns of *version*; None where it is not offered, or was given up.

        Raises:
            AzureError: it cannot be read.
            AuthError: there is no token.
        """
        if not self.offered(version):
            return None
        try:
            found = fetch(version)
        except VersionRefusedError:
            self.refused(version, subscription_id)
            return None
        self.answered(version)
        return found

    def offered(self, version: str) -> bool:
        """Return whether *version* is still worth a request."""
        return version in self._answered or len(self._refused[version]) < ENOUGH

    def answered(self, version: str) -> None:
        """Record that *version* was answered for some subscription."""
        self._answered.add(version)

    def refused(self, version: str, subscription_id: str) -> None:
        """Record that *version* was refused for the subscription *subscription_id*."""
        with self._lock:
            self._refused[version].add(subscription_id)

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
        Return what *fetch* does for *version* and a subscription, None where it is not offered.

        A version that the whole run has given up is not asked for.

        Raises:
            AzureError: it cannot be read.
            AuthError: there is no token.
        """
        if version not in self._answered and len(self._refused[version]) >= ENOUGH:
            return None
        try:
            found = fetch(version)
        except VersionRefusedError:
            with self._lock:
                self._refused[version].add(subscription_id)
            return None
        self._answered.add(version)
        return found

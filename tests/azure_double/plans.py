"""The planned faults: which requests get which fault, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .exchange import Fault, as_usual
from .wire import Asked

Match = str | Callable[[Asked], bool]


@dataclass
class Plan:
    """A fault, the requests that get it, and how many of them are *left*."""

    match: Match
    fault: Fault
    left: int | None

    def takes(self, asked: Asked) -> bool:
        """Say whether *asked* gets the fault, and count it."""
        if self.left == 0:
            return False
        found = self.match in asked.line if isinstance(self.match, str) else self.match(asked)
        if found and self.left is not None:
            self.left -= 1
        return found


class Plans:
    """The planned faults, in order."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []

    def add(self, match: Match, fault: Fault, times: int | None) -> None:
        """Plan *fault* for the first *times* requests that *match*, or for all."""
        self._plans.append(Plan(match, fault, times))

    def clear(self) -> None:
        """Remove all plans."""
        self._plans.clear()

    def take(self, asked: Asked) -> Fault:
        """Return the fault for *asked*, or the normal answer."""
        return next((plan.fault for plan in self._plans if plan.takes(asked)), as_usual)

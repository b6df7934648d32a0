"""Which requests go wrong, how, and how many of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .exchange import Fault, as_usual
from .wire import Asked

Match = str | Callable[[Asked], bool]


@dataclass
class Plan:
    """A fault, which requests get it, and how many of them are left."""

    match: Match
    fault: Fault
    left: int | None

    def takes(self, asked: Asked) -> bool:
        """Whether *asked* gets the fault; it then counts as one of the *left*."""
        if self.left == 0:
            return False
        found = self.match in asked.line if isinstance(self.match, str) else self.match(asked)
        if found and self.left is not None:
            self.left -= 1
        return found


class Plans:
    """The faults that are planned, in their order."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []

    def add(self, match: Match, fault: Fault, times: int | None) -> None:
        """Plan *fault* for the first *times* requests that *match*, or for all of them."""
        self._plans.append(Plan(match, fault, times))

    def clear(self) -> None:
        """Forget every plan."""
        self._plans.clear()

    def take(self, asked: Asked) -> Fault:
        """Return what is to be done to *asked*, which is mostly to answer it."""
        return next((plan.fault for plan in self._plans if plan.takes(asked)), as_usual)

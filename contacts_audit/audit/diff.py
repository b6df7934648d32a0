"""Compare two reports. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contacts_audit.core.model import Verdict

SCHEMA = 1
LONGEST_CHECKS = 500  # characters
Row = Mapping[str, Any]


class ChangeKind(StrEnum):
    """How a subscription changed between two reports."""

    NEW = "new"
    FIXED = "fixed"
    WAIVED = "waived"
    STILL_FAILING = "still-failing"
    STILL_UNREADABLE = "still-unreadable"
    BECAME_UNREADABLE = "became-unreadable"
    BECAME_READABLE = "became-readable"
    APPEARED = "appeared"
    DISAPPEARED = "disappeared"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Difference:
    """A subscription in two reports; *old* or *new* is None if only one of them has it."""

    old: Row | None
    new: Row | None

    @property
    def row(self) -> Row:
        """The newer row, or the only one."""
        return self.new or self.old or {}

    @property
    def verdicts(self) -> tuple[str | None, str | None]:
        """The old and the new verdict; None if it is not in that report."""
        old, new = (None if side is None else side["verdict"] for side in (self.old, self.new))
        return old, new

    @property
    def change(self) -> ChangeKind:
        """How it changed; every pair of verdicts has one class."""
        old, new = self.verdicts
        if old is None or (new is None or (new == Verdict.SKIPPED and old != new)):
            return ChangeKind.APPEARED if old is None else ChangeKind.DISAPPEARED
        match new:
            case Verdict.UNREADABLE:
                return ChangeKind.STILL_UNREADABLE if old == new else ChangeKind.BECAME_UNREADABLE
            case Verdict.NON_COMPLIANT:
                return ChangeKind.STILL_FAILING if old == new else ChangeKind.NEW
            case Verdict.WAIVED if old != new:
                return ChangeKind.WAIVED
            case Verdict.COMPLIANT if old in (Verdict.NON_COMPLIANT, Verdict.WAIVED):
                return ChangeKind.FIXED
            case Verdict.COMPLIANT if old != new:
                return ChangeKind.BECAME_READABLE
        return ChangeKind.UNCHANGED

    @property
    def worse(self) -> bool:
        """Whether it needs attention."""
        bad = (Verdict.NON_COMPLIANT, Verdict.UNREADABLE)
        if self.change is ChangeKind.APPEARED:
            return self.verdicts[1] in bad
        return self.change in (ChangeKind.NEW, ChangeKind.BECAME_UNREADABLE, ChangeKind.DISAPPEARED)

    @property
    def differs(self) -> bool:
        """Whether verdict, addresses, reason or failing checks differ, or a report lacks it."""
        return self.old is None or self.new is None or _facts(self.old) != _facts(self.new)

    @property
    def message(self) -> str:
        """Why it has its new verdict."""
        if self.new is None:
            return "no longer in scope"
        error, findings = self.new["error"], self.new["findings"]
        if error is not None:
            return f"{error['reason']}: {error['message']}"
        if self.new["verdict"] == Verdict.SKIPPED:
            return f"subscription is {str(self.new['state']).lower()}"
        return "; ".join(finding["message"] for finding in findings)

    def document(self) -> dict[str, Any]:
        """Return it as an item of a JSON document."""
        old, new = self.verdicts
        return {
            "id": self.row["id"],
            "name": self.row["name"],
            "class": self.change,
            "old_verdict": old,
            "new_verdict": new,
            "message": self.message,
        }


def compare(old: Sequence[Row], new: Sequence[Row]) -> list[Difference]:
    """Return the subscriptions of *new* in their order, then those that only *old* has."""
    old_rows = {row["id"]: row for row in old}
    new_ids = {row["id"] for row in new}
    found = [Difference(old_rows.get(row["id"]), row) for row in new]
    return found + [Difference(row, None) for row in old if row["id"] not in new_ids]


def other_checks(old: Collection[str], new: Collection[str]) -> str:
    """
    Say which checks only one of two reports judged; "" where they judged the same.

    Anybody may have written them: the text is cut where it is longer than any of this program's.
    """
    before, after = frozenset(old), frozenset(new)
    more = ", ".join(check for check in new if check not in before)[:LONGEST_CHECKS]
    less = ", ".join(check for check in old if check not in after)[:LONGEST_CHECKS]
    return "; ".join(filter(None, (more and f"also {more}", less and f"not {less}")))


def document(old: str, new: str, differences: Sequence[Difference]) -> dict[str, Any]:
    """Return the JSON document of `diff` for the files *old* and *new*: all that changed."""
    counted = Counter(one.change for one in differences)
    return {
        "schema": SCHEMA,
        "kind": "diff",
        "old": old,
        "new": new,
        "worse": any(one.worse for one in differences),
        "summary": {change: counted[change] for change in ChangeKind},
        "subscriptions": [
            one.document() for one in differences if one.change is not ChangeKind.UNCHANGED
        ],
    }


def _facts(row: Row) -> tuple[Any, ...]:
    return (
        row["verdict"],
        row["emails"],
        None if row["error"] is None else row["error"]["reason"],
        [finding["check"] for finding in row["findings"]],
    )

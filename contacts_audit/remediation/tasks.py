"""A Task: all Steps that `apply` or `restore` writes to one subscription. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from contacts_audit.azure.contacts import write
from contacts_audit.azure.contacts.equality import unread
from contacts_audit.azure.contacts.records import (
    Json,
    Snapshot,
    addresses_in,
    named,
    visible_addresses,
)
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.mailbox import key
from contacts_audit.core.model import Change, Subscription
from contacts_audit.remediation.results import Result


@dataclass(frozen=True, slots=True)
class Task:
    """
    The writes that change a *subscription*, which was read as *before*.

    *steps* returns the writes at one of *versions*, in that order, given the current contacts; it
    may raise `RefusedError`.  *missing* names what does not read back of the steps that were sent.
    *note* is shown before the writes, *remark* after them.  *overwrites* says which change of
    somebody else is lost.  *if_changed* is the next step where somebody else changed the contacts.
    """

    subscription: Subscription
    before: Snapshot
    versions: tuple[str, ...]
    steps: Callable[[str, Snapshot], Sequence[Step]]
    missing: Callable[[Sequence[tuple[str, Step]], Snapshot], str | None]
    note: str | None = None
    overwrites: str | None = None
    remark: str | None = None
    if_changed: str | None = None

    @property
    def expected_steps(self) -> list[tuple[str, Step]]:
        """The steps, each with its API version, that follow from what was read."""
        return [
            (version, step)
            for version in self.versions
            for step in self.steps(version, self.before)
        ]

    @property
    def certain_steps(self) -> list[tuple[str, Step]]:
        """
        The expected steps without those at older versions that touch the same addresses.

        Where all API versions show one document, the newest step makes the older ones unnecessary.
        """
        steps = self.expected_steps
        newest = [step for version, step in steps if version == self.versions[0]]
        touched = {one for step in newest for one in addresses_in(step.before, step.after)}
        return [
            (version, step)
            for version, step in steps
            if version == self.versions[0] or not addresses_in(step.before, step.after) <= touched
        ]


Item = Task | Result
"""A subscription that will be written to, or the result of one that will not."""


def change_task(
    subscription: Subscription,
    before: Snapshot,
    change: Change,
    version: str,
    note: str | None = None,
) -> Task:
    """Return the task that makes *change* at *version*; *note* is shown before and after."""
    return Task(
        subscription,
        before,
        (version,),
        lambda version, seen: write.writes_for(seen, change, version).steps,
        lambda sent, seen: _unwritten(sent, seen) or _lost(before, seen, change),
        note,
        remark=note,
    )


def deleted(steps: Iterable[tuple[str, Step]]) -> list[str]:
    """Return the contacts that *steps* delete and do not write again, as "NAME at API-VERSION"."""
    last = {(version, step.contact): step.after for version, step in steps}
    return [
        f"{contact} at {version}" for (version, contact), after in last.items() if after is None
    ]


def written(steps: Iterable[tuple[str, Step]]) -> set[tuple[str, str]]:
    """Return the contacts that *steps* write, each by its API version and name."""
    return {(version, step.contact) for version, step in steps if step.after is not None}


def recreated(steps: Sequence[tuple[str, Step]]) -> int:
    """Return how many contacts *steps* delete and write again."""
    return sum(step.after is None for _, step in steps) - len(deleted(steps))


def _unwritten(sent: Sequence[tuple[str, Step]], seen: Snapshot) -> str | None:
    """Return which fields were sent and do not read back, None if all do."""
    for version, step in sent:
        now = named(seen.at(version), step.contact)
        if not step.is_confirmed(now):
            fields = None if step.after is None or now is None else unread(step.after, now)
            return mismatch(version, step.contact, now, fields)
    return None


def mismatch(version: str, contact: str, now: Json | None, fields: Sequence[str] | None) -> str:
    """Return a message: *fields*, or the whole *contact*, did not read back as sent."""
    if not fields:
        return f"contact {contact!r} at {version} is {'not' if now is None else 'still'} there"
    return f"{', '.join(fields)} of contact {contact!r} at {version} did not read back as sent"


def _lost(before: Snapshot, now: Snapshot, change: Change) -> str | None:
    """Return which addresses were visible, should have stayed, and are gone; None if none are."""
    kept = visible_addresses(before) - set(map(key, change.remove_emails))
    if change.replace:
        kept &= set(map(key, change.emails))
    lost = kept - visible_addresses(now)
    return f"no longer visible at any api-version: {', '.join(sorted(lost))}" if lost else None

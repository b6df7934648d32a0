"""Tasks and results: what is to be done about a subscription, and what happened. Pure."""

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
    What is to be done about a *subscription* that showed *before*.

    *steps* tells what to write at each of *versions*, in that order, given what stands now; it may
    raise `RefusedError`.  *missing* tells what the steps that were sent did not bring about.
    *note* is to be known before it is done; *overwrites* is, where that is a change of others.
    *remark* is to be known once it is done.
    """

    subscription: Subscription
    before: Snapshot
    versions: tuple[str, ...]
    steps: Callable[[str, Snapshot], Sequence[Step]]
    missing: Callable[[Sequence[tuple[str, Step]], Snapshot], str | None]
    note: str | None = None
    overwrites: str | None = None
    remark: str | None = None

    @property
    def expected_steps(self) -> list[tuple[str, Step]]:
        """The steps, each with its api-version, that follow from what was read."""
        return [
            (version, step)
            for version in self.versions
            for step in self.steps(version, self.before)
        ]

    @property
    def certain_steps(self) -> list[tuple[str, Step]]:
        """
        The steps that follow for certain: not those at older versions on the same addresses.

        Where all versions show one document, the newest step does what they would.
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
"""A subscription that is to be written to, or what is to be said of it without that."""


def change_task(
    subscription: Subscription,
    before: Snapshot,
    change: Change,
    version: str,
    note: str | None = None,
) -> Task:
    """Return how *wish* is made true at *version*."""
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
    """Return the names of the contacts that *steps* delete and do not write anew."""
    last = {(version, step.contact): step.after for version, step in steps}
    return [
        f"{contact} at {version}" for (version, contact), after in last.items() if after is None
    ]


def written(steps: Iterable[tuple[str, Step]]) -> set[tuple[str, str]]:
    """Return which contacts *steps* write, each by its api-version and name."""
    return {(version, step.contact) for version, step in steps if step.after is not None}


def recreated(steps: Sequence[tuple[str, Step]]) -> int:
    """Return how many contacts *steps* delete and write anew."""
    return sum(step.after is None for _, step in steps) - len(deleted(steps))


def _unwritten(sent: Sequence[tuple[str, Step]], seen: Snapshot) -> str | None:
    """Name a field that was sent and does not read back."""
    for version, step in sent:
        now = named(seen.at(version), step.contact)
        if not step.is_confirmed(now):
            fields = None if step.after is None or now is None else unread(step.after, now)
            return mismatch(version, step.contact, now, fields)
    return None


def mismatch(version: str, contact: str, now: Json | None, fields: Sequence[str] | None) -> str:
    """Return which *fields* of a contact, which is *now* so, did not read back as sent."""
    if not fields:
        return f"contact {contact!r} at {version} is {'not' if now is None else 'still'} there"
    return f"{', '.join(fields)} of contact {contact!r} at {version} did not read back as sent"


def _lost(before: Snapshot, now: Snapshot, change: Change) -> str | None:
    """Name the addresses that were visible and are no more, though nobody wished that."""
    kept = visible_addresses(before) - set(map(key, change.remove_emails))
    if change.replace:
        kept &= set(map(key, change.emails))
    lost = kept - visible_addresses(now)
    return f"no longer visible at any api-version: {', '.join(sorted(lost))}" if lost else None

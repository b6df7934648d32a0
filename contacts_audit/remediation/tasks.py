"""Tasks and results: what is to be done about a subscription, and what happened. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from contacts_audit.azure.contacts import write
from contacts_audit.azure.contacts.equality import alike, all_alike, differences, meaning, unread
from contacts_audit.azure.contacts.read import addresses
from contacts_audit.azure.contacts.records import Json, Record, Snapshot, named, sequence_key
from contacts_audit.azure.contacts.steps import Step, sendable
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.mailbox import key
from contacts_audit.core.model import Change, Subscription


class Status(StrEnum):
    """What became of a subscription."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    NOT_SENT = "not-sent"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    WAIVED = "waived"


GOOD = frozenset({Status.DONE, Status.ALREADY, Status.SKIPPED, Status.WAIVED})
LOOK = "look at it by 'contacts-audit explain SUBSCRIPTION_ID'"
NEXT = {
    Status.FAILED: "nothing was changed: run the same command again later",
    Status.NOT_SENT: "nothing was tried: run the same command again",
    Status.CONFLICT: f"it stays as it is: {LOOK}, then plan again",
    Status.UNCONFIRMED: f"{LOOK}; the backup holds what was there before",
    Status.UNKNOWN: f"{LOOK}, or run the same command again: it reads first",
    Status.REFUSED: "read the message, then run the same command again",
    Status.UNREADABLE: "nothing was tried: run 'contacts-audit explain SUBSCRIPTION_ID'",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a *subscription*, why, what to do next, and which contacts were *deleted*."""

    subscription: Subscription
    status: Status
    message: str | None = None
    hint: str | None = None
    deleted: tuple[str, ...] = ()

    @property
    def next_step(self) -> str | None:
        """What to do, for every status that is not good."""
        hint = self.hint or NEXT.get(self.status)
        return hint and hint.replace("SUBSCRIPTION_ID", self.subscription.id)


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
        touched = {one for step in newest for one in _addresses(step.before, step.after)}
        return [
            (version, step)
            for version, step in steps
            if version == self.versions[0] or not _addresses(step.before, step.after) <= touched
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


def restore_task(
    subscription: Subscription, before: Snapshot, wanted: Snapshot, *, recreate: bool = False
) -> Task:
    """
    Return how *subscription* comes to show what was *wanted* again, the newest first.

    With *recreate*, a contact that is to lose its telephone number is deleted, and written anew.
    """

    def steps(version: str, seen: Snapshot) -> Sequence[Step]:
        return _back(version, seen.at(version), wanted.at(version), recreate=recreate)

    task = Task(
        subscription,
        before,
        tuple(sorted(wanted.versions, reverse=True)),
        steps,
        lambda sent, seen: next(_unrestored(sent, seen, wanted), None),
    )
    older = len({version for version, _ in task.expected_steps}) > 1
    note = "older api-versions are written only where the newest write did not restore them"
    return replace(task, note=note) if older else task


def exit_code(results: Iterable[Result]) -> ExitCode:
    """Return the code of a run with these *results*."""
    statuses = {result.status for result in results}
    if statuses - GOOD - {Status.UNREADABLE}:
        return ExitCode.NOT_DONE
    return ExitCode.INCOMPLETE if Status.UNREADABLE in statuses else ExitCode.CLEAN


def is_unchanged(then: Snapshot, now: Snapshot) -> bool:
    """
    Return whether *now* shows what was seen *then*, at each api-version.

    Etags, orders and spellings that mean the same are no change; a change of anything else is one,
    unknown fields included.
    """
    return all(all_alike(then.at(version), now.at(version)) for version in then.versions)


def others_are_unchanged(then: Snapshot, now: Snapshot, name: str, *, loosely: bool) -> bool:
    """
    Return whether all but the contact *name* is as it was *then*.

    *loosely*, only names and addresses are compared: whether the contacts of 2017 share their other
    fields nobody knows, so that a write of ours may have changed those.
    """

    def rest(seen: Snapshot) -> Snapshot:
        return Snapshot(
            {
                version: tuple(
                    Record(one.name, _addresses_alone(one.properties)) if loosely else one
                    for one in seen.at(version)
                    if one.name.casefold() != name.casefold()
                )
                for version in then.versions
            }
        )

    return is_unchanged(rest(then), rest(now))


def applied(records: Sequence[Record], step: Step) -> tuple[Record, ...]:
    """Return the contacts as they are once *step* is done."""
    others = [one for one in records if one.name.casefold() != step.contact.casefold()]
    return (*others, *([] if step.after is None else [Record(step.contact, step.after)]))


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


def _back(
    version: str, now: Sequence[Record], wanted: Sequence[Record], *, recreate: bool
) -> list[Step]:
    """Return what makes *now* what was *wanted*; deletions last, from the highest down."""
    steps: list[Step] = []
    for one in sorted(wanted, key=lambda record: sequence_key(record)[0]):
        standing = named(now, one.name)
        if alike(standing, one.properties):
            continue
        after = sendable(version, one.properties)
        if standing is not None and _phone(standing) and not _phone(after):
            if recreate:
                steps.append(Step(one.name, standing, None))
                standing = None
            else:
                after["phone"] = ""
        steps.append(Step(one.name, standing, after))
    surplus = [one for one in now if named(wanted, one.name) is None]
    return steps + [
        Step(one.name, one.properties, None)
        for one in sorted(surplus, key=sequence_key, reverse=True)
    ]


def _addresses(*contacts: Json | None) -> set[str]:
    texts = (each.get(field) for each in contacts if each for field in ("email", "emails"))
    return {key(one) for text in texts if isinstance(text, str) for one in addresses(text)}


def _addresses_alone(properties: Json) -> Json:
    return {field: properties.get(field) for field in ("email", "emails")}


def _phone(properties: Json) -> object:
    return meaning("phone", properties.get("phone"))


def _unrestored(
    sent: Sequence[tuple[str, Step]], seen: Snapshot, wanted: Snapshot
) -> Iterator[str]:
    """Yield what *seen* shows otherwise than *wanted*; what Azure makes of itself is no matter."""
    gone = {(version, step.contact): step for version, step in sent if step.after is None}
    for version in wanted.versions:
        for step in _back(version, seen.at(version), wanted.at(version), recreate=False):
            now, goal = step.before, named(wanted.at(version), step.contact)
            if goal is not None:
                fields = None if now is None else differences(goal, now)
                yield _unlike(version, step.contact, now, fields)
                continue
            deletion = gone.get((version, step.contact))
            if deletion is None or not deletion.is_confirmed(now):
                yield _unlike(version, step.contact, now, None)


def _unwritten(sent: Sequence[tuple[str, Step]], seen: Snapshot) -> str | None:
    """Name a field that was sent and does not read back."""
    for version, step in sent:
        now = named(seen.at(version), step.contact)
        if not step.is_confirmed(now):
            fields = None if step.after is None or now is None else unread(step.after, now)
            return _unlike(version, step.contact, now, fields)
    return None


def _unlike(version: str, contact: str, now: Json | None, fields: Sequence[str] | None) -> str:
    if not fields:
        return f"contact {contact!r} at {version} is {'not' if now is None else 'still'} there"
    return f"{', '.join(fields)} of contact {contact!r} at {version} did not read back as sent"


def _lost(before: Snapshot, now: Snapshot, change: Change) -> str | None:
    """Name the addresses that were visible and are no more, though nobody wished that."""
    kept = visible(before) - set(map(key, change.remove_emails))
    if change.replace:
        kept &= set(map(key, change.emails))
    lost = kept - visible(now)
    return f"no longer visible at any api-version: {', '.join(sorted(lost))}" if lost else None


def visible(seen: Snapshot) -> set[str]:
    """Return all addresses that were *seen*, as mailboxes are compared."""
    records = (record for version in seen.versions for record in seen.at(version))
    return _addresses(*(record.properties for record in records))

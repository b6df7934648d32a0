"""Turns a row of a backup into the Task that writes its contacts back. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from contacts_audit.azure.contacts.equality import alike, differences, meaning
from contacts_audit.azure.contacts.records import Json, Record, Snapshot, named, sequence_key
from contacts_audit.azure.contacts.steps import Step, sendable
from contacts_audit.core.model import Subscription
from contacts_audit.remediation.results import LOOK
from contacts_audit.remediation.tasks import Task, mismatch


def restore_task(
    subscription: Subscription, before: Snapshot, wanted: Snapshot, *, recreate: bool = False
) -> Task:
    """
    Return the task that brings *wanted* back to *subscription*, the newest API version first.

    With *recreate*, a contact that must lose its telephone number is deleted and written again.
    """

    def steps(version: str, seen: Snapshot) -> Sequence[Step]:
        return _back(version, seen.at(version), wanted.at(version), recreate=recreate)

    task = Task(
        subscription,
        before,
        tuple(sorted(wanted.versions, reverse=True)),
        steps,
        lambda sent, seen: next(_unrestored(sent, seen, wanted), None),
        if_changed=f"it stays as it is: {LOOK}, then run the same command again",
    )
    older = len({version for version, _ in task.expected_steps}) > 1
    note = "older api-versions are written only where the newest write did not restore them"
    return replace(task, note=note) if older else task


def _back(
    version: str, now: Sequence[Record], wanted: Sequence[Record], *, recreate: bool
) -> list[Step]:
    """Return the writes that turn *now* into *wanted*; deletions last, the highest number first."""
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


def _phone(properties: Json) -> object:
    return meaning("phone", properties.get("phone"))


def _unrestored(
    sent: Sequence[tuple[str, Step]], seen: Snapshot, wanted: Snapshot
) -> Iterator[str]:
    """Yield what differs from *wanted* in *seen*, but for contacts that Azure created again."""
    gone = {(version, step.contact): step for version, step in sent if step.after is None}
    for version in wanted.versions:
        for step in _back(version, seen.at(version), wanted.at(version), recreate=False):
            now, goal = step.before, named(wanted.at(version), step.contact)
            if goal is not None:
                fields = None if now is None else differences(goal, now)
                yield mismatch(version, step.contact, now, fields)
                continue
            deletion = gone.get((version, step.contact))
            if deletion is None or not deletion.is_confirmed(now):
                yield mismatch(version, step.contact, now, None)

"""Writes the journal of a run, a line for each step, and reads from it what the run left."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contacts_audit.azure.contacts.equality import all_alike, is_blank, is_unchanged, reads_back
from contacts_audit.azure.contacts.records import Record, Snapshot, named, visible_addresses
from contacts_audit.azure.contacts.steps import Step, applied
from contacts_audit.core import strict_json
from contacts_audit.core.disk import sync_folder
from contacts_audit.core.errors import OutputError
from contacts_audit.core.model import Subscription
from contacts_audit.remediation.file_format import (
    DamageError,
    now_text,
    refused_if_damaged,
    snapshot_from_json,
)

Records = tuple[Record, ...]


class Journal:
    """A file with one line per event of a subscription, on disk before the next event happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sent: set[str] = set()  # the ids of what was written to, or may have been
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._file = os.open(path, flags, 0o600)
            sync_folder(path.parent)  # else a loss of power could take all of it
        except OSError as error:
            raise OutputError(f"{path} could not be written: {error.strerror}") from error

    def note(self, subscription: Subscription, event: str, **facts: Any) -> None:
        """
        Write that *event* happened to *subscription*, with its *facts* (JSON values), and sync.

        Raises:
            OutputError: the line could not be written; nothing may be sent then.
        """
        line = {"at": now_text(), "subscription": subscription.id, "event": event, **facts}
        try:
            left = (json.dumps(line) + "\n").encode()
            while left:  # a full disk takes a part of it
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as error:
            raise OutputError(f"{self.path} could not be written: {error.strerror}") from error
        if event == "sent":
            self.sent.add(subscription.id)


@dataclass(frozen=True, slots=True)
class Trace:
    """
    What a run did to one subscription: the *steps* that it sent, each with its API version.

    *left* is what it read back last, None if it read nothing.  It is *confirmed* if that showed
    all that was sent.
    """

    steps: tuple[tuple[str, Step], ...] = ()
    left: Snapshot | None = None
    confirmed: bool = False

    def leaves(self, before: Snapshot, now: Snapshot) -> bool:
        """
        Return whether the subscription is *now* as the run left it; the run found it as *before*.

        If the run confirmed its writes, only what it read back counts.  Otherwise any number of
        its writes, from the first on, may have been carried out.
        """
        if self.left is not None and self._is_as_left(self.left, before, now):
            return True
        if self.confirmed:
            return False
        if is_unchanged(before, now):
            return True
        shown: dict[str, Records] = {}
        for version, step in self.steps:
            shown[version] = applied(shown.get(version, before.at(version)), step)
            if all(_shows(records, now.at(each)) for each, records in shown.items()):
                return True
        return False

    def _is_as_left(self, left: Snapshot, before: Snapshot, now: Snapshot) -> bool:
        """Compare all fields where the run wrote; elsewhere, as that may lag, only addresses."""
        versions = {version for version, _ in self.steps}
        known = visible_addresses(before) | visible_addresses(left)
        return visible_addresses(now) <= known and all(
            all_alike(left.at(version), _without_new_blanks(left.at(version), now.at(version)))
            for version in versions
        )


def read_journal(text: bytes, name: str) -> Mapping[str, Trace]:
    """
    Return the trace of each subscription, by its id, from *text*, the content of the file *name*.

    An incomplete last line is left out: the run ended there.

    Raises:
        UsageError: the file is not a journal, or is damaged.
    """
    found: dict[str, Trace] = {}
    wanted: dict[str, tuple[str, Step]] = {}
    with refused_if_damaged(f"{name} is not a journal of contacts-audit"):
        for line in text.split(b"\n")[:-1]:
            event = strict_json.parsed(line)
            who = str(event["subscription"])
            trace = found.get(who, Trace())
            match event["event"]:
                case "wanted":
                    step = Step(str(event["contact"]), event["before"], event["after"])
                    if not isinstance(step.after, dict | None):
                        raise DamageError("a contact is not an object")
                    wanted[who] = (str(event["api_version"]), step)
                case "sent":
                    found[who] = Trace((*trace.steps, wanted[who]))
                case "read back" if event.get("left") is not None:
                    left = snapshot_from_json(event["left"])
                    found[who] = Trace(trace.steps, left, event["missing"] is None)
    return found


def _shows(wanted: Records, now: Records) -> bool:
    now = _without_new_blanks(wanted, now)
    names = [{one.name.casefold() for one in side} for side in (wanted, now)]
    return names[0] == names[1] and all(
        reads_back(one.properties, named(now, one.name)) for one in wanted
    )


def _without_new_blanks(then: Records, now: Records) -> Records:
    """Leave out contacts that Azure created again by itself: those without an address."""
    return tuple(
        one for one in now if named(then, one.name) is not None or not is_blank(one.properties)
    )

"""For restore: decides whether a contact is as the run left it, or somebody else has changed it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.core.errors import UsageError
from contacts_audit.core.paths import kind_of
from contacts_audit.remediation.backup import Backup, Read, listed
from contacts_audit.remediation.journal import Trace, read_journal

JOURNAL = "journal-[0-9A-Za-z]+[.]jsonl"


@dataclass(frozen=True, slots=True)
class PastRun:
    """
    What a run found *before* it wrote, and the *traces* that it left, by subscription id.

    *restores* is the digest of the backup that the run restored, None for an `apply`.
    """

    before: Mapping[str, Snapshot]
    traces: Mapping[str, Trace]
    restores: str | None = None

    def leaves(self, identifier: str, now: Snapshot) -> bool:
        """Return whether the subscription *identifier* is *now* as the run left it."""
        return self.traces.get(identifier, Trace()).leaves(self.before[identifier], now)


@dataclass(frozen=True, slots=True)
class PastRuns:
    """
    The runs since the backup *digest*: its *own* run, which made it, and *later* ones.

    *own* is a message where the journal of that run is lost.
    """

    digest: str
    own: PastRun | str
    later: Sequence[PastRun]

    def foreign_change(self, identifier: str, now: Snapshot) -> str | None:
        """Return a message if somebody else may have changed a subscription, which is *now* so."""
        if any(self._goes_on(run, identifier, now) for run in self.later):
            return None
        if isinstance(self.own, str):
            return f"it may have changed since the backup: {self.own}"
        if self.own.leaves(identifier, now):
            return None
        if identifier not in self.own.traces:
            return "it changed since the backup, and not by the run that took it"
        return "it changed since the run that took the backup"

    def _goes_on(self, run: PastRun, identifier: str, now: Snapshot) -> bool:
        """Return whether a later *run* left *now*, which restored this backup or did the rest."""
        wrote = identifier in run.traces and identifier in run.before
        if not wrote or not run.leaves(identifier, now):
            return False
        if run.restores == self.digest:
            return True
        own = self.own
        if isinstance(own, str) or own.traces.get(identifier, Trace()).confirmed:
            return False
        return own.leaves(identifier, run.before[identifier])


def runs_since(kept: Backup, folder: Path, read: Read) -> PastRuns:
    """
    Return the runs since the backup *kept*.

    Their journals are next to the backup or in the state *folder*; *read* returns a file's bytes.
    """
    places = list(dict.fromkeys([kept.file.parent, folder]))
    later: list[PastRun] = []
    for place in places:
        try:
            near, _ = listed(place, read)
        except UsageError:  # for example, it is not a folder
            continue
        runs = (_run(one, [place], read) for one in near if one.created > kept.created)
        later += (run for run in runs if isinstance(run, PastRun))
    return PastRuns(kept.digest, _run(kept, places, read), later)


def _run(kept: Backup, places: Sequence[Path], read: Read) -> PastRun | str:
    """Return the run that made a backup, or why it is not known."""
    name = kept.journal or kept.file.name.replace("backup-", "journal-") + "l"
    if not re.fullmatch(JOURNAL, name):
        return "the backup does not name a journal"
    try:
        path = next((place / name for place in places if kind_of(place / name) is not None), None)
    except OSError as error:
        return f"its journal {name} cannot be read: {error.strerror}"
    if path is None:
        return f"its journal {name} is not beside it"
    try:
        traces = read_journal(read(path), str(path))
    except UsageError as error:
        return str(error)
    before = {who.id: seen for who, seen in kept.rows}
    return PastRun(before, traces, kept.restores)

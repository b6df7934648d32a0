"""The backups of a folder, and whether what stands now is what the runs that took them left."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.core.errors import UsageError
from contacts_audit.remediation.journal import Trace, read_journal
from contacts_audit.remediation.ledger import Backup, read_backup

Read = Callable[[Path], bytes]
JOURNAL = "journal-[0-9A-Za-z]+[.]jsonl"


@dataclass(frozen=True, slots=True)
class SavedBackup:
    """A *backup* in a *file*."""

    file: Path
    backup: Backup


@dataclass(frozen=True, slots=True)
class Listing:
    """The backups in a folder, the newest first, and why which file is none."""

    backups: Sequence[SavedBackup]
    faults: Sequence[UsageError]


def listed(folder: Path, read: Read) -> Listing:
    """
    Return the backups in *folder*; there are none where it does not exist.

    Raises:
        UsageError: it cannot be read.
    """
    found, faults = [], []
    try:
        names = sorted(folder.iterdir())
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror}", "check --state-dir"
        ) from error
    for path in names:
        if path.match("backup-*.json"):
            try:
                found.append(SavedBackup(path, read_backup(read(path), str(path))))
            except UsageError as error:
                faults.append(error)
    found.sort(key=lambda one: (one.backup.created, one.file.name), reverse=True)
    return Listing(found, faults)


@dataclass(frozen=True, slots=True)
class Run:
    """
    What a run found *before* it wrote, and its *traces*, each by the id of a subscription.

    *restores* is the digest of the backup that it put back, None where it was no restore.
    """

    before: Mapping[str, Snapshot]
    traces: Mapping[str, Trace]
    restores: str | None = None

    def leaves(self, identifier: str, now: Snapshot) -> bool:
        """Return whether what stands *now* is what it left of a subscription."""
        return self.traces.get(identifier, Trace()).leaves(self.before[identifier], now)


@dataclass(frozen=True, slots=True)
class History:
    """
    What is known of the runs after the backup *digest*: the one that took it, and *later* ones.

    *own* is None where its journal is lost; then *why* says so.
    """

    digest: str
    own: Run | None
    later: Sequence[Run]
    why: str = ""

    def change(self, identifier: str, now: Snapshot) -> str | None:
        """Return what is to be said where somebody else may have made what stands *now*."""
        if any(self._goes_on(run, identifier, now) for run in self.later):
            return None
        if self.own is None:
            return f"nobody knows whether it changed since: {self.why}"
        if self.own.leaves(identifier, now):
            return None
        if identifier not in self.own.traces:
            return "it changed since the backup, and not by the run that took it"
        return "it changed since the run that took the backup"

    def _goes_on(self, run: Run, identifier: str, now: Snapshot) -> bool:
        """Say whether a later *run* left *now*: it put the backup back, or did the rest of own."""
        if identifier not in run.traces or identifier not in run.before:
            return False
        if not run.leaves(identifier, now):
            return False
        if run.restores == self.digest:
            return True
        own = self.own
        if own is None or own.traces.get(identifier, Trace()).confirmed:
            return False
        return own.leaves(identifier, run.before[identifier])


def history_since(kept: SavedBackup, folder: Path, read: Read) -> History:
    """Return what journals beside the backup *kept*, or in the state *folder*, tell."""
    places = list(dict.fromkeys([kept.file.parent, folder]))
    later = []
    for place in places:
        try:
            near = listed(place, read).backups
        except UsageError:  # it is no folder, say: nothing is known from there
            continue
        for one in near:
            if one.backup.created > kept.backup.created:
                run, _ = _run(one, [place], read)
                later += [] if run is None else [run]
    own, why = _run(kept, places, read)
    return History(kept.backup.digest, own, later, why)


def _run(kept: SavedBackup, places: Sequence[Path], read: Read) -> tuple[Run | None, str]:
    """Return what the run left that took a backup, else why that is not known."""
    name = kept.backup.journal or kept.file.name.replace("backup-", "journal-") + "l"
    if not re.fullmatch(JOURNAL, name):
        return None, "the backup names no journal"
    path = next((place / name for place in places if (place / name).exists()), None)
    if path is None:
        return None, f"its journal {name} is not beside it"
    try:
        traces = read_journal(read(path), str(path))
    except UsageError as error:
        return None, str(error)
    before = {who.id: seen for who, seen in kept.backup.rows}
    return Run(before, traces, kept.backup.restores), ""

"""Backups: what stood before a change, as files, and those in a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contacts_audit.azure.contacts.records import (
    Json,
    Snapshot,
)
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription
from contacts_audit.remediation.file_format import (
    Origin,
    digest_of,
    origin_of,
    parse_or_refuse,
    rows_of,
    snapshot_from_json,
    snapshot_json,
    subscription_from_json,
    subscription_json,
    verified,
    with_digest,
)


@dataclass(frozen=True, slots=True)
class Backup:
    """
    What stood before a change.

    *journal* is the name of the file beside it that tells the change; *restores* is the digest of
    the backup that was restored by it, None where it was no restore.  A file has a *digest* of its
    own and says when it was *created*.
    """

    origin: Origin
    rows: tuple[tuple[Subscription, Snapshot], ...]
    journal: str | None = None
    restores: str | None = None
    digest: str = field(default="", compare=False)
    created: str = field(default="", compare=False)


def backup_document(backup: Backup) -> Json:
    """Return *backup* as it is saved, its digest last."""
    rows = [
        {**subscription_json(who), "versions": snapshot_json(seen)} for who, seen in backup.rows
    ]
    more = {"journal": backup.journal, "restores": backup.restores}
    return with_digest("backup", backup.origin, {**more, "subscriptions": rows})


def read_backup(text: bytes, name: str) -> Backup:
    """
    Return the backup in the file *name*.

    Raises:
        UsageError: it is damaged.
    """
    document = verified(text, "backup", name)

    def parsed() -> Backup:
        for key in ("journal", "restores"):  # which older backups lack
            if not isinstance(document.get(key), str | None):
                raise TypeError(f"{key} is no text")
        return Backup(
            origin_of(document),
            tuple(
                (subscription_from_json(row), snapshot_from_json(row["versions"]))
                for row in rows_of(document)
            ),
            document.get("journal"),
            document.get("restores"),
            digest_of(document),
            str(document["created"]),
        )

    return parse_or_refuse(parsed, name)


Read = Callable[[Path], bytes]


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

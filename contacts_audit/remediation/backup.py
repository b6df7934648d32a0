"""Backup files: what subscriptions held before a run wrote, and the backups in a folder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from contacts_audit.azure.contacts.records import Json, Snapshot
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription
from contacts_audit.remediation import file_format


@dataclass(frozen=True, slots=True)
class Backup:
    """
    What each subscription held before a run wrote.

    *journal* is the name of the run's journal, in the same folder.  *restores* is the digest of the
    backup that the run restored, None for an `apply`.  *digest* and *created* (UTC) are those of
    the *file*; all three are empty before it is saved.
    """

    origin: file_format.Origin
    rows: tuple[tuple[Subscription, Snapshot], ...]
    journal: str | None = None
    restores: str | None = None
    digest: str = field(default="", compare=False)
    created: str = field(default="", compare=False)
    file: Path = field(default=Path(), compare=False)


def backup_document(backup: Backup) -> Json:
    """Return *backup* as its file holds it."""
    rows = [
        {**file_format.subscription_json(who), "versions": file_format.snapshot_json(seen)}
        for who, seen in backup.rows
    ]
    content = {"journal": backup.journal, "restores": backup.restores, "subscriptions": rows}
    return file_format.with_digest("backup", backup.origin, content)


def read_backup(text: bytes, name: str) -> Backup:
    """
    Return the backup in *text*, the content of the file *name*.

    Raises:
        UsageError: the file is not a backup, or is damaged.
    """
    document = file_format.verified(text, "backup", name)
    with file_format.refused_if_damaged(name):
        for key in ("journal", "restores"):  # older backups lack them
            if not isinstance(document.get(key), str | None):
                raise file_format.DamageError(f"{key} is not a string")
        origin = file_format.origin_of(document)
        rows = tuple(
            (
                file_format.subscription_from_json(row),
                file_format.snapshot_from_json(row["versions"]),
            )
            for row in file_format.rows_of(document)
        )
        return Backup(
            origin,
            rows,
            document.get("journal"),
            document.get("restores"),
            file_format.digest_of(document),
            str(document["created"]),
            Path(name),
        )


Read = Callable[[Path], bytes]


def listed(folder: Path, read: Read) -> tuple[list[Backup], list[UsageError]]:
    """
    Return the backups in *folder*, newest first, and the faults of files that are not backups.

    Where *folder* does not exist, there are none; *read* returns a file's bytes.

    Raises:
        UsageError: the folder cannot be read.
    """
    found: list[Backup] = []
    faults: list[UsageError] = []
    try:
        names = sorted(folder.iterdir())
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise UsageError(f"cannot read {folder}: {error.strerror}", "check --state-dir") from error
    for path in names:
        if path.match("backup-*.json"):
            try:
                found.append(read_backup(read(path), str(path)))
            except UsageError as error:
                faults.append(error)
    found.sort(key=lambda one: (one.created, one.file.name), reverse=True)
    return found, faults

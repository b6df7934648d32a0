"""Backup files: what subscriptions held before a run wrote, and the backups in a folder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from contacts_audit.azure.contacts.records import Json, Snapshot
from contacts_audit.core.errors import UsageError
from contacts_audit.core.model import Subscription
from contacts_audit.remediation.file_format import (
    DamageError,
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
    What each subscription held before a run wrote.

    *journal* is the name of the run's journal, in the same folder.  *restores* is the digest of the
    backup that the run restored, None for an `apply`.  *digest* and *created* (UTC) are those of
    the *file*; all three are empty before it is saved.
    """

    origin: Origin
    rows: tuple[tuple[Subscription, Snapshot], ...]
    journal: str | None = None
    restores: str | None = None
    digest: str = field(default="", compare=False)
    created: str = field(default="", compare=False)
    file: Path = field(default=Path(), compare=False)


def backup_document(backup: Backup) -> Json:
    """Return *backup* as its file holds it."""
    rows = [
        {**subscription_json(who), "versions": snapshot_json(seen)} for who, seen in backup.rows
    ]
    more = {"journal": backup.journal, "restores": backup.restores}
    return with_digest("backup", backup.origin, {**more, "subscriptions": rows})


def read_backup(text: bytes, name: str) -> Backup:
    """
    Return the backup in *text*, the content of the file *name*.

    Raises:
        UsageError: the file is not a backup, or is damaged.
    """
    document = verified(text, "backup", name)

    def parse() -> Backup:
        for key in ("journal", "restores"):  # older backups lack them
            if not isinstance(document.get(key), str | None):
                raise DamageError(f"{key} is not a string")
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
            Path(name),
        )

    return parse_or_refuse(parse, name)


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

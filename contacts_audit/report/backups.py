"""Renders the list of backups as a table, as JSON and as Markdown."""

from collections.abc import Iterator
from pathlib import Path

from contacts_audit.core.sanitize import sanitized
from contacts_audit.remediation.backup import Listing, SavedBackup
from contacts_audit.report import json_, markdown_table
from contacts_audit.report.table import aligned

HEADER = ("CREATED", "TENANT", "SUBSCRIPTIONS", "FILE")


def table(found: Listing) -> Iterator[str]:
    """Yield a row for each backup; rows are not folded, so that file names can be copied."""
    return aligned([HEADER, *map(_cells, found.backups)])


def as_markdown(found: Listing) -> Iterator[str]:
    """Yield a row for each backup, in Markdown."""
    return markdown_table.table([HEADER, *map(_cells, found.backups)])


def as_json(found: Listing, folder: Path) -> str:
    """Return the backups in *folder* as a JSON text."""
    backups = [
        {
            "file": str(one.file),
            "created": one.backup.created,
            "cloud": one.backup.origin.cloud,
            "arm_endpoint": one.backup.origin.endpoint,
            "tenants": list(one.backup.origin.tenants),
            "subscriptions": len(one.backup.rows),
            "of_restore": one.backup.restores is not None,
        }
        for one in found.backups
    ]
    faults = [str(fault) for fault in found.faults]
    return json_.document("backups", folder=str(folder), backups=backups, faults=faults)


def _cells(one: SavedBackup) -> tuple[str, ...]:
    backup = one.backup
    created = backup.created.partition(".")[0].replace("T", " ")
    tenants = ", ".join(backup.origin.tenants)
    return tuple(map(sanitized, (created, tenants, str(len(backup.rows)), str(one.file))))

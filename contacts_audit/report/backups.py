"""Which backups there are: as a table, as JSON, and for a ticket."""

import json
from collections.abc import Iterator
from pathlib import Path

from contacts_audit import __version__
from contacts_audit.core.sanitize import inert, inert_json
from contacts_audit.remediation.backup import Listing, SavedBackup
from contacts_audit.report import markdown
from contacts_audit.report.table import aligned

SCHEMA = 1
HEADER = ("CREATED", "TENANT", "SUBSCRIPTIONS", "FILE")


def table(found: Listing) -> Iterator[str]:
    """Yield a row for each backup; never folded, so that a file's name can be copied."""
    return aligned([HEADER, *map(_cells, found.backups)])


def as_markdown(found: Listing) -> Iterator[str]:
    """Yield a row for each backup, for a ticket."""
    return markdown.table([HEADER, *map(_cells, found.backups)])


def as_json(found: Listing, folder: Path) -> str:
    """Return which backups there are in *folder* as a document."""
    document = {
        "schema": SCHEMA,
        "kind": "backups",
        "tool": {"name": "contacts-audit", "version": __version__},
        "folder": str(folder),
        "backups": [
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
        ],
        "faults": [str(fault) for fault in found.faults],
    }
    return inert_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _cells(one: SavedBackup) -> tuple[str, ...]:
    backup = one.backup
    created = backup.created.partition(".")[0].replace("T", " ")
    tenants = ", ".join(backup.origin.tenants)
    return tuple(map(inert, (created, tenants, str(len(backup.rows)), str(one.file))))

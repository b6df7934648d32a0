"""Plans and backups that somebody edited."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

GHOST = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def edited(name: str, change: Callable[[dict[str, Any]], Any], *, seal: bool = True) -> str:
    """Return the name of a copy of the file *name* with *change* made, and a new digest."""
    document = json.loads(Path(name).read_text())
    change(document)
    if seal:
        document.pop("sha256", None)
        spelt = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        document["sha256"] = hashlib.sha256(spelt).hexdigest()
    other = Path(name).with_name("edited.json")
    other.write_text(json.dumps(document))
    return str(other)


def row_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the first row of a plan or a backup."""
    found: dict[str, Any] = document["subscriptions"][0]
    return found

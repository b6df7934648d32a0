"""Shards of one audit, and their merge."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import ROOT, Ran, run_in

CONTOSO = ROOT / "fixtures/contoso"
Document = dict[str, Any]
Forge = Callable[[Document], None]


def shards(folder: Path, parts: int, *more: str) -> list[str]:
    """Audit contoso in *parts*, and return the reports."""
    names = [str(folder / f"{part}.json") for part in range(parts)]
    for part, name in enumerate(names):
        asked = ("audit", "--replay", str(CONTOSO), "-q", "--report", name, *more)
        run_in({}, *asked, "--shard", f"{part}/{parts}")
    return names


def merged(*arguments: str, stdin: bytes = b"") -> Ran:
    """Merge; the command needs neither a network nor variables."""
    return run_in({}, "merge", *arguments, stdin=stdin)


def forged(name: str, change: Forge) -> str:
    """Change the report *name*, and return its name."""
    path = Path(name)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return name


def printed_report(ran: Ran) -> dict[str, Any]:
    """Return the report that was printed, its rows by id, without its times."""
    document = json.loads(ran.out)
    del document["started"], document["finished"]
    return {**document, "subscriptions": {row["id"]: row for row in document["subscriptions"]}}


def first(**facts: Any) -> Forge:
    """Return what changes *facts* of the first failing row."""

    def change(one: Document) -> None:
        failing = next(row for row in one["subscriptions"] if row["verdict"] == "non-compliant")
        failing.update(facts)

    return change

"""The commands that read a report, and good reports that are changed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import ROOT, Ran, run_in
from report.basic_report import REPORT

from contacts_audit.core.errors import ExitCode
from contacts_audit.report import json_

CONTOSO = str(ROOT / "fixtures/contoso")
Document = dict[str, Any]
WHOLE: Document = json.loads("".join(json_.render(REPORT)))
READERS = {
    "merge": lambda name: ("merge", name),
    "diff, old": lambda name: ("diff", name, "WHOLE"),
    "diff, new": lambda name: ("diff", "WHOLE", name),
    "baseline": lambda name: (
        *("audit", "--replay", CONTOSO, "--only-changes", "--baseline", name),
    ),
    "baseline of merge": lambda name: ("merge", "WHOLE", "--only-changes", "--baseline", name),
}
OTHERS = {
    "apply": lambda name: ("apply", name, "--yes"),
    "restore": lambda name: ("restore", name, "--yes"),
    "policy": lambda name: ("audit", "--replay", CONTOSO, "--policy", name),
    "subscriptions": lambda name: ("audit", "--replay", CONTOSO, "--subscriptions-from", name),
    "policy check": lambda name: ("policy", "check", name),
}
Reader = Callable[[str], tuple[str, ...]]


def read_by(reader: Reader, name: str, tmp_path: Path) -> Ran:
    """Run the command that reads the file *name* beside a good report."""
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(WHOLE))
    return run_in({}, *(str(whole) if word == "WHOLE" else word for word in reader(name)))


def refused(ran: Ran) -> str:
    """Return the one line of wrong usage; nothing else was said."""
    assert (ran.code, ran.out) == (ExitCode.USAGE, b""), ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("error: ")
    assert len(line) < 1000
    return line


def altered(change: Callable[[Document], Any]) -> bytes:
    """Return a report that *change* made another."""
    document = copy.deepcopy(WHOLE)
    change(document)
    return json.dumps(document).encode()


def first(**facts: Any) -> Callable[[Document], Any]:
    """Return what changes *facts* of the first row."""
    return lambda one: one["subscriptions"][0].update(facts)


def raw(old: str, new: str) -> bytes:
    """Return the text of a report with *new* in the place of *old*."""
    text = json.dumps(WHOLE)
    assert old in text
    return text.replace(old, new, 1).encode()

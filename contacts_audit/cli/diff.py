"""The command diff: what changed between two reports."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from contacts_audit.audit.diff import Change, Difference, compare, document, exit_code
from contacts_audit.cli.host import Host
from contacts_audit.cli.option_groups import grouped
from contacts_audit.cli.options import printed_as
from contacts_audit.cli.output import read_report
from contacts_audit.core.sanitize import sanitized, sanitized_json
from contacts_audit.report.table import aligned, folded

HEADER = ("CLASS", "NAME", "ID", "WAS", "IS", "WHY")


class DiffFormat(StrEnum):
    """How differences are printed; the first is the default."""

    TEXT = "text"
    JSON = "json"


@grouped
def diff(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The older JSON report.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The newer JSON report.")],
    output: Annotated[DiffFormat, printed_as(DiffFormat)] = DiffFormat.TEXT,
) -> None:
    """
    Compare two JSON reports, subscription by subscription.

    Exit codes: 0 nothing got worse, 3 something did.
    """
    host: Host = context.obj
    found = compare(read_report(host, old, "OLD"), read_report(host, new, "NEW"))
    if output is DiffFormat.JSON:
        spelt = json.dumps(document(old, new, found), ensure_ascii=False, indent=2)
        host.screen.data(sanitized_json(spelt) + "\n")
    else:
        told = [_cells(one) for one in found if one.change is not Change.UNCHANGED]
        if told:
            rows, width = [HEADER, *told], host.screen.terminal_width
            host.screen.stream(aligned(rows) if width is None else folded(rows, width, plain=True))
        host.screen.note(_counts(found))
    raise typer.Exit(exit_code(found))


def _cells(one: Difference) -> tuple[str, ...]:
    was, now = one.verdicts
    row = one.row
    cells = (one.change, row["name"] or row["id"], row["id"], was or "", now or "", one.message)
    return tuple(map(sanitized, cells))


def _counts(found: list[Difference]) -> str:
    changed = sum(one.change is not Change.UNCHANGED for one in found)
    worse = sum(one.worse for one in found)
    return f"{len(found)} subscriptions: {len(found) - changed} unchanged, {worse} worse"

"""The command diff: what changed between two reports."""

from typing import Annotated

import typer

from contacts_audit.audit.diff import Change, Difference, compare, document, exit_code
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.groups import grouped
from contacts_audit.cli.options.output import TextFormat, TextOutput
from contacts_audit.cli.report_input import read_report
from contacts_audit.report import json_
from contacts_audit.report.table import folded

HEADER = ("CLASS", "NAME", "ID", "WAS", "IS", "WHY")


@grouped
def diff(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The older JSON report.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The newer JSON report.")],
    output: TextOutput = TextFormat.TEXT,
) -> None:
    """
    Compare two JSON reports, subscription by subscription.

    Exit codes: 0 nothing got worse, 3 something did.
    """
    host: Host = context.obj
    reports = [read_report(host, name, place) for name, place in ((old, "OLD"), (new, "NEW"))]
    found = compare(*(report["subscriptions"] for report in reports))
    if output is TextFormat.JSON:
        host.screen.data(json_.dump(document(old, new, found), indent=2) + "\n")
    else:
        changed = [_cells(one) for one in found if one.change is not Change.UNCHANGED]
        if changed:
            host.screen.stream(folded([HEADER, *changed], host.screen.terminal_width))
        host.screen.note(_counts(found))
    raise typer.Exit(exit_code(found))


def _cells(one: Difference) -> tuple[str, ...]:
    was, now = one.verdicts
    row = one.row
    return one.change, row["name"] or row["id"], row["id"], was or "", now or "", one.message


def _counts(found: list[Difference]) -> str:
    changed = sum(one.change is not Change.UNCHANGED for one in found)
    worse = sum(one.worse for one in found)
    return f"{len(found)} subscriptions: {len(found) - changed} unchanged, {worse} worse"

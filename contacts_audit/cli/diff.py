"""The command diff: what changed between two reports."""

from contacts_audit.audit.diff import ChangeKind, Difference, compare, document
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.declare import argument, grouped, printed_as
from contacts_audit.cli.options.output import TextFormat
from contacts_audit.cli.report_input import read_report, warn_of_other_checks
from contacts_audit.core.errors import ExitCode
from contacts_audit.report import json_
from contacts_audit.report.table import folded

HEADER = ("CLASS", "NAME", "ID", "WAS", "IS", "WHY")


@grouped
def diff(
    host: Host,
    old: str = argument("OLD", "The older JSON report."),
    new: str = argument("NEW", "The newer JSON report."),
    output: TextFormat = printed_as(TextFormat),
) -> ExitCode:
    """
    Compare two JSON reports, subscription by subscription.

    Exit codes: 0 nothing got worse, 3 something did.
    """
    reports = [read_report(host, name, place) for name, place in ((old, "OLD"), (new, "NEW"))]
    judged = [(name, one["checks"]) for name, one in zip((old, new), reports, strict=True)]
    warn_of_other_checks(host, judged[0], judged[1])
    found = compare(*(report["subscriptions"] for report in reports))
    worse = sum(one.worse for one in found)
    if output is TextFormat.JSON:
        host.screen.data(json_.dump(document(old, new, found), indent=2) + "\n")
    else:
        rows = [HEADER, *(_cells(one) for one in found if one.change is not ChangeKind.UNCHANGED)]
        if len(rows) > 1:
            host.screen.stream(folded(rows, host.screen.terminal_width))
        changed = len(rows) - 1
        counts = f"{len(found) - changed} unchanged, {worse} worse"
        host.screen.note(f"{len(found)} subscriptions: {counts}")
    return ExitCode.FINDINGS if worse else ExitCode.CLEAN


def _cells(one: Difference) -> tuple[str, ...]:
    was, now = one.verdicts
    row = one.row
    return one.change, row["name"] or row["id"], row["id"], was or "", now or "", one.message

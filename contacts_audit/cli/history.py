"""The command history: what complied on each day, from the JSON reports of many runs."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from contacts_audit.audit import history as runs
from contacts_audit.audit import report_file
from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.declare import argument, grouped, printed_as
from contacts_audit.cli.report_input import warn_of_other_checks
from contacts_audit.core.errors import ExitCode, UsageError
from contacts_audit.core.model import Verdict
from contacts_audit.report import json_
from contacts_audit.report.table import aligned, folded

Reader = Callable[[Path], Mapping[str, Any] | None]
OTHERS = re.compile(r"^\.|\.ocsf\.json$")  # hidden files, and reports in another format
SHOWN = 5  # changes of the checks, each in a line

HEADER = ("WHEN", "CHANGE", "NAME", "WAS", "IS", "WHY")


class HistoryFormat(StrEnum):
    """The formats of a history; the first is the default."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    OPENMETRICS = "openmetrics"


@grouped
def history(
    host: Host,
    folder: str = argument("FOLDER", "The folder with the JSON reports."),
    output: HistoryFormat = printed_as(HistoryFormat),
) -> ExitCode:
    """
    Show how many subscriptions complied on each day, and what changed when.

    Reads all JSON reports in a folder. If a day (UTC) has several runs, the last one counts.

    Exit codes: 0 all files were read, 4 a file in the folder is not a complete report.
    """
    left_out = set()

    def read(path: Path) -> Mapping[str, Any] | None:
        try:
            document = report_file.read(host.read(str(path), "FOLDER", LARGEST_REPORT), path.name)
            report_file.check_counts(document, path.name)
        except UsageError as error:
            left_out.add(path)
            host.screen.notice(f"left out: {error}")
            return None
        return document

    found = runs.history(_in_order(Path(folder), read))
    for old, new in found.changed_checks[:SHOWN]:
        warn_of_other_checks(host, (old.name, old.checks), (new.name, new.checks))
    if (more := len(found.changed_checks) - SHOWN) > 0:
        host.screen.warn(f"{more} more reports judged other checks than the one before")
    host.screen.stream(_rendered(found, output, host.screen.terminal_width))
    return ExitCode.INCOMPLETE if left_out else ExitCode.CLEAN


def _in_order(folder: Path, read: Reader) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and content of each report, the oldest first; one is in memory at a time."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(
            f"FOLDER: {str(folder)!r} cannot be read: {error.strerror}",
            "name the folder that holds the JSON reports",
        ) from error
    moments = {}
    for path in paths:
        if path.suffix == ".json" and not OTHERS.search(path.name) and (document := read(path)):
            moments[path] = runs.moment_of(document)
    for path in sorted(moments, key=lambda one: (moments[one], one.name)):
        if document := read(path):
            yield path.name, document


def _rendered(found: runs.History, output: HistoryFormat, width: int | None) -> Iterator[str]:
    match output:
        case HistoryFormat.TABLE:
            yield from aligned([*_days(found)])
            if changes := [*_changes(found)]:
                yield "\n"
                yield from folded([HEADER, *changes], width)
        case HistoryFormat.JSON:
            yield json_.dump(runs.document(found), indent=2) + "\n"
        case HistoryFormat.HTML:
            from contacts_audit.report import history_page

            yield from history_page.render(found)
        case HistoryFormat.OPENMETRICS:
            from contacts_audit.report import prometheus

            yield prometheus.render_history(found)


def _days(found: runs.History) -> Iterator[tuple[str, ...]]:
    verdicts = [*reversed(Verdict)]
    yield ("DAY", "IN SCOPE", *(verdict.upper() for verdict in verdicts))
    for day in found.days:
        yield (str(day.day), str(day.total), *(str(day.counts[each]) for each in verdicts))


def _changes(found: runs.History) -> Iterator[tuple[str, ...]]:
    for run in found.runs:
        for one in run.changes:
            was, now = (verdict or "" for verdict in one.verdicts)
            name = one.row["name"] or one.row["id"]
            when = f"{run.finished:%Y-%m-%d %H:%M}"
            yield when, one.change, name, was, now, one.message

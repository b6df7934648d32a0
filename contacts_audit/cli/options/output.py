"""The options that say what is printed, and where."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from contacts_audit.cli.options.declare import OUTPUT, printed_as
from contacts_audit.core.model import Verdict
from contacts_audit.report import Format
from contacts_audit.report.order import Sort


class TextFormat(StrEnum):
    """The formats of a command that prints no report; the first is the default."""

    TEXT = "text"
    JSON = "json"


TextOutput = Annotated[TextFormat, printed_as(TextFormat)]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How much is logged."""

    verbose: Annotated[bool, OUTPUT("--verbose -v", "Log each step to stderr.")] = False
    debug: Annotated[
        bool, OUTPUT("--debug", "Log every exchange with Azure to stderr, without secrets.")
    ] = False


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where the report goes, and its format."""

    output: Annotated[Format | None, printed_as(Format)] = None
    sort: Annotated[
        Sort | None,
        OUTPUT(
            "--sort ORDER",
            "Order the rows of table, Markdown and HTML: {}. verdict: failures first. azure: as "
            "Azure lists them. Default: verdict; for a piped table, azure.",
            values=Sort,
        ),
    ] = None
    only: Annotated[
        list[Verdict],
        OUTPUT(
            "--only VERDICT",
            "Print only rows with this verdict: {}. Can be repeated. Summary, exit code and "
            "--report files stay complete.",
            values=Verdict,
        ),
    ] = field(default_factory=list)
    report: Annotated[
        list[Path],
        OUTPUT(
            "--report PATH",
            "Also write the report to PATH, in the format of its suffix "
            "(.json .jsonl .csv .tsv .md .html .xml .ocsf.json .prom). Can be repeated.",
        ),
    ] = field(default_factory=list)
    baseline: Annotated[
        Path | None,
        OUTPUT(
            "--baseline OLD.json",
            "With --only-changes, compare with this JSON report. A missing file counts as empty.",
        ),
    ] = None
    only_changes: Annotated[
        bool,
        OUTPUT(
            "--only-changes",
            "Print only the rows that differ from --baseline. Print nothing if none does.",
        ),
    ] = False
    jq: Annotated[
        str | None, OUTPUT("--jq FILTER", "Filter the JSON report with this jq program.")
    ] = None
    raw: Annotated[bool, OUTPUT("--raw-output -r", "With --jq, print strings without quotes.")] = (
        False
    )
    quiet: Annotated[
        bool,
        OUTPUT(
            "--quiet -q",
            "Hide progress, summary, warnings and the table. An explicit -o, --jq or "
            "--only-changes still prints.",
        ),
    ] = False

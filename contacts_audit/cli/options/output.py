"""The options that say what is printed, and where."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contacts_audit.cli.options.declare import OUTPUT
from contacts_audit.core.model import Verdict
from contacts_audit.report import Format
from contacts_audit.report.order import Sort


class TextFormat(StrEnum):
    """The formats of a command that prints no report; the first is the default."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How much is logged."""

    verbose: bool = OUTPUT("--verbose -v", "Log each step to stderr.")
    debug: bool = OUTPUT("--debug", "Log every exchange with Azure to stderr, without secrets.")


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where the report goes, and its format."""

    output: Format | None = OUTPUT("--output -o FORMAT", "Choose the format: {}. Default: table.")
    sort: Sort | None = OUTPUT(
        "--sort ORDER",
        "Order the rows of table, Markdown and HTML: {}. verdict: failures first. azure: as "
        "Azure lists them. Default: verdict; for a piped table, azure.",
    )
    only: list[Verdict] = OUTPUT(
        "--only VERDICT",
        "Print only rows with this verdict: {}. Can be repeated. Summary, exit code and "
        "--report files stay complete.",
        repeated=True,
    )
    report: list[Path] = OUTPUT(
        "--report PATH",
        "Also write the report to PATH, in the format of its suffix "
        "(.json .jsonl .csv .tsv .md .html .xml .ocsf.json .prom). Can be repeated.",
        repeated=True,
    )
    baseline: Path | None = OUTPUT(
        "--baseline OLD.json",
        "With --only-changes, compare with this JSON report. A missing file counts as empty.",
    )
    only_changes: bool = OUTPUT(
        "--only-changes",
        "Print only the rows that differ from --baseline. Print nothing if none does.",
    )
    jq: str | None = OUTPUT("--jq FILTER", "Filter the JSON report with this jq program.")
    raw: bool = OUTPUT("--raw-output -r", "With --jq, print strings without quotes.")
    quiet: bool = OUTPUT(
        "--quiet -q",
        "Hide progress, summary, warnings and the table. An explicit -o, --jq or "
        "--only-changes still prints.",
    )

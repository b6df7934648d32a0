"""One file a format: from a report to text, a piece at a time."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from contacts_audit.model import Report
from contacts_audit.report import csv_, json_, jsonl, junit, markdown_, ocsf, prometheus, table, tsv


class Format(StrEnum):
    """The formats of a report; the first is the default."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    TSV = "tsv"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    JUNIT = "junit"
    OCSF = "ocsf"
    PROMETHEUS = "prometheus"


Renderer = Callable[[Report], Iterator[str]]


def _html(report: Report) -> Iterator[str]:
    """Load the page's parts only where there is to be a page."""
    from contacts_audit.report import html

    return html.render(report)


RENDERERS: Mapping[Format, Renderer] = {
    Format.TABLE: table.render,
    Format.JSON: json_.render,
    Format.JSONL: jsonl.render,
    Format.TSV: tsv.render,
    Format.CSV: csv_.render,
    Format.MARKDOWN: markdown_.render,
    Format.HTML: _html,
    Format.JUNIT: junit.render,
    Format.OCSF: ocsf.render,
    Format.PROMETHEUS: prometheus.render,
}
SUFFIXES: Mapping[str, Format] = {
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".md": Format.MARKDOWN,
    ".html": Format.HTML,
    ".xml": Format.JUNIT,
    ".ocsf.json": Format.OCSF,
    ".prom": Format.PROMETHEUS,
}

"""The formats: one file for each, from a report to pieces of text."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from importlib import import_module

from contacts_audit.core.model import Report


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


def _in(module: str) -> Renderer:
    """Return the renderer in *module*, which is loaded only when its format is needed."""

    def render(report: Report) -> Iterator[str]:
        found: Renderer = import_module(f"contacts_audit.report.{module}").render
        return found(report)

    return render


RENDERERS: Mapping[Format, Renderer] = {
    Format.TABLE: _in("table"),
    Format.JSON: _in("json_"),
    Format.JSONL: _in("jsonl"),
    Format.TSV: _in("tsv"),
    Format.CSV: _in("csv_"),
    Format.MARKDOWN: _in("markdown"),
    Format.HTML: _in("html"),
    Format.JUNIT: _in("junit"),
    Format.OCSF: _in("ocsf"),
    Format.PROMETHEUS: _in("prometheus"),
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

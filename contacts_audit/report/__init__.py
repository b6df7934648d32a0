"""Renders reports: one file for each format, from a report to pieces of text."""

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
"""Yields a report as pieces of text, all of them with line ends of LF."""

_MODULES = {Format.JSON: "json_", Format.CSV: "csv_"}  # those not called as their format


def _renderer(form: Format) -> Renderer:
    """Return the renderer of *form*; its module is imported at the first use."""

    def render(report: Report) -> Iterator[str]:
        module = import_module(f"contacts_audit.report.{_MODULES.get(form, form)}")
        pieces: Iterator[str] = module.render(report)
        return pieces

    return render


RENDERERS: Mapping[Format, Renderer] = {form: _renderer(form) for form in Format}
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

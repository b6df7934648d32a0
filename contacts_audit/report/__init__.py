"""Renders reports: one file for each format, from a report to pieces of text."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
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


def _render(form: Format, report: Report) -> Iterator[str]:
    """Render *report*; the module of the format is imported at its first use."""
    module = import_module(f"contacts_audit.report.{_MODULES.get(form, form)}")
    pieces: Iterator[str] = module.render(report)
    return pieces


RENDERERS: Mapping[Format, Renderer] = {form: partial(_render, form) for form in Format}
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

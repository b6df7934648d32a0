"""One file a format: from a report to text, a piece at a time."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from contacts_audit.model import Report
from contacts_audit.report import json_, jsonl, table, tsv


class Format(StrEnum):
    """The formats of a report; the first is the default."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    TSV = "tsv"


Renderer = Callable[[Report], Iterator[str]]

RENDERERS: Mapping[Format, Renderer] = {
    Format.TABLE: table.render,
    Format.JSON: json_.render,
    Format.JSONL: jsonl.render,
    Format.TSV: tsv.render,
}
SUFFIXES: Mapping[str, Format] = {
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".tsv": Format.TSV,
}

"""Checks the paths of --report before the run, and writes the files after it."""

from pathlib import Path

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.output import OutputOptions
from contacts_audit.core.errors import OutputError, UsageError
from contacts_audit.core.files import check_writable, replace
from contacts_audit.core.model import Report
from contacts_audit.core.paths import is_stream, resolved
from contacts_audit.report import RENDERERS, SUFFIXES, Format, order
from contacts_audit.report.order import Sort

FOR_PEOPLE = frozenset({Format.TABLE, Format.MARKDOWN, Format.HTML})


def check_paths(host: Host, output: OutputOptions) -> None:
    """
    Check that reports can be written to the paths of --report.

    A path that cannot be written is only reported while the run has other output: another report,
    or what was asked for on stdout.

    Raises:
        UsageError: a path has no known suffix, or is given twice.
        OutputError: nothing can be written.
    """
    seen = set()
    for path in output.report:
        format_of(path)
        if resolved(path) in seen:
            raise UsageError(f"--report: {path} is given twice", "give it once")
        seen.add(resolved(path))
    failures = []
    for path in output.report:
        try:
            check_writable(path)
        except OutputError as error:
            failures.append(error)
    asked_for = output.output is not None or output.jq is not None or output.only_changes
    if failures and len(failures) == len(output.report) and not asked_for:
        raise failures[0]
    for failure in failures:
        host.screen.log(
            f"warning: {failure}: the run continues without it, and ends with exit code 74"
        )


def format_of(path: Path) -> Format:
    """
    Return the format that the suffix of *path* means; JSON for a pipe or device without one.

    Raises:
        UsageError: the suffix is unknown.
    """
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.name.endswith(suffix):
            return SUFFIXES[suffix]
    if is_stream(path):
        return Format.JSON
    raise UsageError(
        f"--report: {str(path)!r} has no known suffix", f"use one of {' '.join(sorted(SUFFIXES))}"
    )


def write(output: OutputOptions, report: Report) -> OutputError | None:
    """Write *report* to all paths of --report; return the first failure, after trying all."""
    failures = []
    for path in output.report:
        try:
            form = format_of(path)
            mode = 0o644 if form is Format.PROMETHEUS else 0o600  # its collector is another user
            replace(path, RENDERERS[form](sorted_for(report, form, output.sort)), mode)
        except OutputError as error:
            failures.append(error)
    return failures[0] if failures else None


def sorted_for(
    report: Report, form: Format, sort: Sort | None, *, at_terminal: bool = True
) -> Report:
    """Return *report* in the order in which people read *form*; programs get Azure's order."""
    if sort is None:
        sort = Sort.VERDICT if at_terminal or form is not Format.TABLE else Sort.AZURE
    return order.urgent_first(report) if form in FOR_PEOPLE and sort is Sort.VERDICT else report

"""The command merge: one report from the reports of all shards."""

from contacts_audit.audit import report_file
from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options.declare import SCOPE, argument, grouped
from contacts_audit.cli.options.output import OutputOptions
from contacts_audit.cli.output import print_report, printing_of
from contacts_audit.core.errors import ExitCode, IncompleteError


@grouped
def merge(
    host: Host,
    *,
    names: list[str] = argument("REPORT...", "The JSON reports, one for each shard."),
    output: OutputOptions,
    run_id: str | None = SCOPE("--run-id ID", "Refuse reports that have another run id."),
) -> ExitCode:
    """
    Merge the JSON reports of an audit that was split with --shard.

    Exit codes: those of audit; also 4 if a shard is missing or belongs to another run.
    """
    from contacts_audit.audit.merge import merged, report_from

    printing = printing_of(host, output)
    host.screen.quiet = output.quiet
    documents = []
    for name in names:
        text = host.read(name, "REPORT", LARGEST_REPORT)
        documents.append((name, report_file.read(text, name, IncompleteError)))
    whole = merged([(name, report_from(one, name)) for name, one in documents], run_id)
    for name, document in documents:
        report_file.check_counts(document, name)
    return print_report(host, whole.run, iter(whole.outcomes), printing, finished=whole.finished)

"""The command that joins the reports of a run that was split: merge."""

from typing import Annotated

import typer

from contacts_audit import comparing
from contacts_audit.cli.groups import grouped
from contacts_audit.cli.host import LARGEST_REPORT, Host
from contacts_audit.cli.options import OutputOptions
from contacts_audit.cli.printing import checked, reported


@grouped
def merge(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(metavar="REPORT...", help="The JSON reports, one of each shard.")
    ],
    output: OutputOptions,
) -> None:
    """
    Join the JSON reports of `audit --shard` runs to the report of them all.

    Exit codes: as audit, computed anew; 4 too where a shard is missing or does not fit.
    """
    from contacts_audit import merging

    host: Host = context.obj
    printing = checked(host, output)
    host.screen.quiet = output.quiet
    parts = []
    for name in names:
        document = comparing.read(host.read(name, "REPORT", LARGEST_REPORT), name)
        parts.append((name, merging.read(document, name)))
    whole = merging.joined(parts)
    raise typer.Exit(
        reported(host, whole.run, iter(whole.outcomes), printing, finished=whole.finished)
    )

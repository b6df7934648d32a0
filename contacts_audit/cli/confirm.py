"""Asks before changes are written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contacts_audit.cli.host import Host
from contacts_audit.cli.terminal import counted

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.tasks import Item, Task


def confirmed(
    host: Host,
    connection: "Connection",
    items: "Sequence[Item]",
    tasks: "Sequence[Task]",
    *,
    yes: bool,
) -> bool:
    """Show the changes, warn of those that lose something, and ask unless *yes* is given."""
    from contacts_audit.remediation.tasks import deleted, recreated, written
    from contacts_audit.report import changes
    from contacts_audit.report.table import folded

    anew = sum(recreated(task.certain_steps) for task in tasks)
    if anew:
        host.screen.warn(
            f"--recreate: {counted(anew, 'contact')} will be deleted and created again; "
            "for a moment there is no contact"
        )
    for task in tasks:
        if task.overwrites is not None:
            host.screen.warn(f"{task.subscription.label}: {task.overwrites}; it is overwritten")
    if yes:
        return True
    gone = sum(len(deleted(task.certain_steps)) for task in tasks)
    kept = sum(len(written(task.certain_steps)) for task in tasks)
    contacts = f"{counted(kept, 'contact')} to write, {gone} to delete\n"
    deleting = f", deleting {counted(gone, 'contact')}" if gone else ""
    table = "".join(folded(changes.item_rows(items), host.screen.terminal_width))
    whom = "".join(f"signed in as {one.label}\n" for one in connection.identities())
    question = f"Write to {counted(len(tasks), 'subscription')}{deleting}? [y/N] "
    return host.confirm(f"{table}{contacts}{whom}{question}")

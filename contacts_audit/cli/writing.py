"""What apply and restore share: ask, take the lock and a backup, write, print the results."""

import contextlib
import functools
import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contacts_audit.cli.confirm import confirmed
from contacts_audit.cli.host import Host
from contacts_audit.cli.invocation import azure_words, tenant_words
from contacts_audit.cli.options.azure import AzureOptions, NetworkOptions
from contacts_audit.cli.options.changes import ChangeFormat, WriteOptions
from contacts_audit.cli.sign_in import check_tenants, show_identity
from contacts_audit.cli.terminal import counted
from contacts_audit.cli.wiring import connect, for_each
from contacts_audit.core.errors import ContactsAuditError, ExitCode, UsageError
from contacts_audit.core.files import replace
from contacts_audit.core.model import Subscription
from contacts_audit.core.shutdown import Stopped
from contacts_audit.core.workers import in_thread

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.file_format import Origin
    from contacts_audit.remediation.plan import Intent
    from contacts_audit.remediation.results import Result, Status
    from contacts_audit.remediation.snapshot import SnapshotReader
    from contacts_audit.remediation.tasks import Item

LONGEST_REPORT = 1.0  # seconds after a second signal, which allows two for everything
Afterwards = Callable[[Sequence["Result"]], None]


def check_writing(host: Host, network: NetworkOptions, write: WriteOptions) -> None:
    """
    Check that the options allow writing.

    Raises:
        UsageError: they do not, or nobody can confirm.
    """
    network.check_live()
    host.state_folder(write.state_dir)
    if not write.yes and (host.stdin is None or not host.stdin.isatty()):
        raise UsageError("cannot ask for confirmation: stdin is not a terminal", "add --yes")


def connect_to(
    host: Host, origin: "Origin", name: str, azure: AzureOptions
) -> "tuple[Connection, dict[str, Subscription]]":
    """
    Connect to the *origin* of the file *name*, and return what is visible there, by id.

    Raises:
        UsageError: the file is of another cloud or tenant.
    """
    connection = connect(host, azure)
    origin.check(connection.cloud, name)
    listed = in_thread(connection.visible, deadline=connection.limits.deadline)
    show_identity(host, *connection.identities())
    check_tenants(connection, origin.tenants, name)
    return connection, {subscription.id: subscription for subscription in listed}


def look_again(
    host: Host,
    connection: "Connection",
    subscriptions: Collection[Subscription],
    compare: "Callable[[SnapshotReader, Subscription], Item]",
) -> "list[Item]":
    """Return what is to be done to each of *subscriptions*: *compare* reads it, and decides."""
    from contacts_audit.audit.unread import broken, out_of_time
    from contacts_audit.remediation.prepare import result_of, unreadable_row
    from contacts_audit.remediation.snapshot import SnapshotReader

    read = functools.partial(compare, SnapshotReader(connection.client))
    return for_each(
        host,
        connection,
        subscriptions,
        read,
        lambda one: result_of(unreadable_row(out_of_time(one))),
        lambda one, error: result_of(unreadable_row(broken(one, error))),
    )


@dataclass(frozen=True, slots=True)
class Writing:
    """What apply and restore have in common; the caller holds the lock of the state folder."""

    host: Host
    connection: "Connection"
    azure: AzureOptions
    options: WriteOptions
    output: ChangeFormat

    def carry_out(
        self,
        origin: "Origin",
        items: "Sequence[Item]",
        *,
        restores: str | None = None,
        afterwards: Afterwards = lambda results: None,
    ) -> ExitCode:
        """
        Ask, back up, write, and report; only report where nothing is to be written.

        *restores* is the digest of the backup that is restored, if any. *afterwards* says more of
        the results, unless a signal or a fault ended the run.

        Raises:
            OutputError: the backup or the journal could not be written.
        """
        from contacts_audit.remediation.backup import Backup, backup_document
        from contacts_audit.remediation.results import Result
        from contacts_audit.remediation.tasks import Task

        host, most = self.host, self.options.max_changes
        tasks = [item for item in items if isinstance(item, Task)]
        if not tasks:
            results = [item for item in items if isinstance(item, Result)]
            code = self._report(results)
            afterwards(results)
            return code
        if most is not None and len(tasks) > most:
            return self._report(_over_limit(items, len(tasks), most))
        if not confirmed(host, self.connection, items, tasks, yes=self.options.yes):
            host.screen.log("nothing was sent")
            return ExitCode.FAILED
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        folder = host.state_folder(self.options.state_dir)
        backup, journal = folder / f"backup-{stamp}.json", folder / f"journal-{stamp}.jsonl"
        rows = tuple((task.subscription, task.before) for task in tasks)
        document = backup_document(Backup(origin, rows, journal.name, restores))
        replace(backup, [json.dumps(document, indent=2) + "\n"])
        host.screen.log(f"backup: {backup}")
        return self._write(items, backup, journal, afterwards)

    def _write(
        self, items: "Sequence[Item]", backup: Path, path: Path, afterwards: Afterwards
    ) -> ExitCode:
        from contacts_audit.remediation.apply import apply_all, collected
        from contacts_audit.remediation.journal import Journal
        from contacts_audit.remediation.send import Sender
        from contacts_audit.remediation.snapshot import SnapshotReader

        host = self.host
        journal = Journal(path)
        host.screen.log(f"journal: {journal.path}")
        try:
            with host.shutdown.graceful():
                stop = host.shutdown.requested
                sender = Sender(SnapshotReader(self.connection.client), journal, stop)
                results, failure = collected(apply_all(sender, items), items)
                report = functools.partial(self._report, results, backup, journal.path)
                if isinstance(failure, Stopped):  # no signal is heard any more: stdout may block
                    last, end = failure.exit_code, time.monotonic() + LONGEST_REPORT
                    with contextlib.suppress(ContactsAuditError):
                        in_thread(lambda: report(last), deadline=end)
                    raise failure
                code = report(host.shutdown.exit_code)
                if failure is not None:
                    raise failure
            afterwards(results)
            return code
        finally:  # however it ends
            if journal.sent:
                host.screen.log(f"undo: {self._undo(backup)}")

    def _undo(self, backup: Path) -> str:
        """Return the command that takes back what was written, for a shell."""
        command = ["contacts-audit", "restore", str(backup.absolute())]
        command += (*azure_words(self.azure), *tenant_words(self.azure))
        if (folder := self.options.state_dir) is not None:
            command += ("--state-dir", str(folder.absolute()))
        return shlex.join(command)

    def _report(
        self,
        results: "Sequence[Result]",
        backup: Path | None = None,
        journal: Path | None = None,
        ended: ExitCode | None = None,
    ) -> ExitCode:
        """Report each subscription; a run that a signal *ended* ends with that code."""
        from contacts_audit.remediation.results import GOOD, exit_code
        from contacts_audit.report import changes, markdown_table
        from contacts_audit.report.table import folded

        screen = self.host.screen
        code = exit_code(results) if ended is None else ended
        if self.output is ChangeFormat.JSON:
            who = self.connection.identities()
            files = {"backup": backup, "journal": journal}
            screen.data(changes.result_json(results, **files, code=code, identities=who))
        elif self.output is ChangeFormat.TABLE:
            screen.stream(folded(changes.result_rows(results), screen.terminal_width))
        else:
            screen.stream(markdown_table.table(changes.result_rows(results)))
        for result in results:
            if result.status not in GOOD:
                line = f"{result.subscription.label}: {result.status}: {result.message}"
                screen.log(f"{line} -- {result.next_step}" if result.next_step else line)
        deleted = sum(len(result.deleted) for result in results)
        print_summary(self.host, Counter(result.status for result in results), deleted)
        return code


def print_summary(
    host: Host, statuses: "Counter[Intent] | Counter[Status]", deleted: int = 0
) -> None:
    """Print how many subscriptions have which status, and how many contacts were *deleted*."""
    counts = ", ".join(f"{number} {what}" for what, number in statuses.items())
    more = f"; {counted(deleted, 'contact')} deleted" if deleted else ""
    host.screen.note(f"{counted(statuses.total(), 'subscription')}: {counts}{more}")


def _over_limit(items: "Sequence[Item]", changes: int, most: int) -> "list[Result]":
    from contacts_audit.remediation.results import Result, Status

    message = f"{changes} subscriptions would change, more than --max-changes {most}"
    hint = "nothing was sent: raise --max-changes if that is intended"
    return [
        item
        if isinstance(item, Result)
        else Result(item.subscription, Status.NOT_SENT, message, hint)
        for item in items
    ]

"""Runs a change: backs up, asks, writes, and reports each subscription."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from contacts_audit.cli.host import Host
from contacts_audit.cli.options import printed_as
from contacts_audit.cli.wishes import WriteOptions
from contacts_audit.core.errors import ExitCode, OutputError
from contacts_audit.core.files import replace

if TYPE_CHECKING:
    from contacts_audit.azure.tenants import Connection
    from contacts_audit.remediation.file_format import Origin
    from contacts_audit.remediation.plan import Intent
    from contacts_audit.remediation.results import Result, Status
    from contacts_audit.remediation.tasks import Item, Task


class ChangeFormat(StrEnum):
    """How changes are printed; the first is the default."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


Output = Annotated[ChangeFormat, printed_as(ChangeFormat)]
Undo = Callable[[Path], str]
Afterwards = Callable[[Sequence["Result"]], None]


def carried_out(
    host: Host,
    connection: "Connection",
    origin: "Origin",
    items: "Sequence[Item]",
    write: WriteOptions,
    output: ChangeFormat,
    undo: Undo,
    restores: str | None = None,
    afterwards: Afterwards = lambda results: None,
) -> ExitCode:
    """
    Ask, back up, write, and report; nothing of that where nothing is to be written.

    The caller holds the lock of the state folder.  *undo* spells the command that takes back what
    was written, given the backup; *restores* is the digest of the backup that is restored, if any.
    *afterwards* says more of the results of a run that nobody ended.

    Raises:
        OutputError: the backup or the journal could not be written.
    """
    from contacts_audit.remediation.apply import Applier
    from contacts_audit.remediation.backup import Backup, backup_document
    from contacts_audit.remediation.journal import Journal
    from contacts_audit.remediation.results import Result
    from contacts_audit.remediation.snapshot import SnapshotReader
    from contacts_audit.remediation.tasks import Task

    tasks = [item for item in items if isinstance(item, Task)]
    if not tasks:
        results = [item for item in items if isinstance(item, Result)]
        code = _reported(host, connection, results, output)
        afterwards(results)
        return code
    if write.max_changes is not None and len(tasks) > write.max_changes:
        withheld = _withheld(items, len(tasks), write.max_changes)
        return _reported(host, connection, withheld, output)
    if not _agreed(host, connection, items, tasks, yes=write.yes):
        host.screen.log("nothing was sent")
        return ExitCode.FAILED
    folder = host.state_folder(write.state_dir)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    backup, journalled = folder / f"backup-{stamp}.json", f"journal-{stamp}.jsonl"
    rows = tuple((task.subscription, task.before) for task in tasks)
    replace(backup, _spelt(backup_document(Backup(origin, rows, journalled, restores))))
    host.screen.log(f"backup: {backup}")
    journal = Journal(folder / journalled)
    host.screen.log(f"journal: {journal.path}")
    try:
        with host.shutdown.graceful():
            applier = Applier(
                connection.client,
                SnapshotReader(connection.client),
                journal,
                host.shutdown.requested,
            )
            results, failure = _collected(applier.run(items), items)
            ended = host.shutdown.exit_code
            code = _reported(host, connection, results, output, backup, journal.path, ended)
            if failure is not None:
                raise failure
        afterwards(results)
        return code
    finally:  # however it ends
        if journal.sent:
            host.screen.log(f"undo: {undo(backup)}")


def sum_up(host: Host, counted: "Counter[Intent] | Counter[Status]", deleted: int = 0) -> None:
    """Print how many subscriptions have which status, and how many contacts were *deleted*."""
    counts = ", ".join(f"{number} {what}" for what, number in counted.items())
    more = f"; {_counted(deleted, 'contact')} deleted" if deleted else ""
    host.screen.note(f"{_counted(counted.total(), 'subscription')}: {counts}{more}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _agreed(
    host: Host,
    connection: "Connection",
    items: "Sequence[Item]",
    tasks: "Sequence[Task]",
    *,
    yes: bool,
) -> bool:
    """Show what would be done and ask, unless *yes* is the answer already."""
    from contacts_audit.remediation.tasks import deleted, recreated, written
    from contacts_audit.report import changes

    anew = sum(recreated(task.certain_steps) for task in tasks)
    if anew:
        host.screen.warn(
            f"--recreate: {_counted(anew, 'contact')} will be deleted and written anew; "
            "in between, for a moment, there is no contact"
        )
    for task in tasks:
        if task.overwrites is not None:
            host.screen.warn(f"{task.subscription.label}: {task.overwrites}; it is overwritten")
    if yes:
        return True
    gone = sum(len(deleted(task.certain_steps)) for task in tasks)
    kept = sum(len(written(task.certain_steps)) for task in tasks)
    contacts = f"{_counted(kept, 'contact')} to write, {gone} to delete\n"
    deleting = f", deleting {_counted(gone, 'contact')}" if gone else ""
    table = "".join(changes.items_table(items, host.screen.terminal_width))
    whom = "".join(f"signed in as {one.label}\n" for one in connection.identities())
    question = f"Write to {_counted(len(tasks), 'subscription')}{deleting}? [y/N] "
    return host.agreed(f"{table}{contacts}{whom}{question}")


def _withheld(items: "Sequence[Item]", changes: int, most: int) -> "list[Result]":
    from contacts_audit.remediation.results import Result, Status

    message = f"{changes} would change, more than --max-changes {most}"
    hint = "nothing was tried: raise --max-changes if they are meant"
    return [
        item
        if isinstance(item, Result)
        else Result(item.subscription, Status.NOT_SENT, message, hint)
        for item in items
    ]


def _collected(
    coming: "Iterator[Result]", items: "Sequence[Item]"
) -> "tuple[list[Result], OutputError | None]":
    """Return the results, whole also where the journal could not be written in the middle."""
    from contacts_audit.remediation.results import Result, Status

    results: list[Result] = []
    try:
        results.extend(coming)
    except OutputError as error:
        for item in items[len(results) :]:
            if isinstance(item, Result):
                results.append(item)
            else:
                first = not any(one.status is Status.UNKNOWN for one in results)
                status = Status.UNKNOWN if first else Status.NOT_SENT
                results.append(Result(item.subscription, status, str(error)))
        return results, error
    return results, None


def _reported(
    host: Host,
    connection: "Connection",
    results: "Sequence[Result]",
    output: ChangeFormat,
    backup: Path | None = None,
    journal: Path | None = None,
    ended: ExitCode | None = None,
) -> ExitCode:
    """Report what became of each subscription; a run that was *ended* ends by that code."""
    from contacts_audit.remediation.results import GOOD, exit_code
    from contacts_audit.report import changes

    code = exit_code(results) if ended is None else ended
    if output is ChangeFormat.JSON:
        who = connection.identities()
        host.screen.data(
            changes.result_json(results, backup=backup, journal=journal, code=code, identities=who)
        )
    else:
        table = output is ChangeFormat.TABLE
        width = host.screen.terminal_width
        host.screen.stream(
            changes.result_table(results, width) if table else changes.result_markdown(results)
        )
    for result in results:
        if result.status not in GOOD:
            told = f"{result.subscription.label}: {result.status}: {result.message}"
            host.screen.log(f"{told} -- {result.next_step}" if result.next_step else told)
    sum_up(
        host,
        Counter(result.status for result in results),
        sum(len(result.deleted) for result in results),
    )
    return code


def _spelt(document: dict[str, object]) -> list[str]:
    import json

    return [json.dumps(document, indent=2) + "\n"]

"""Renders plans, results and lists of backups as a table, as JSON and as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contacts_audit.azure.contacts.equality import differences
from contacts_audit.azure.contacts.records import Json, canonical
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import ContactsAuditError, ExitCode
from contacts_audit.core.model import Identity, Subscription
from contacts_audit.remediation.backup import Backup
from contacts_audit.remediation.plan import COMPLIES, Intent, PlanRow
from contacts_audit.remediation.plan_file import Plan, plan_document
from contacts_audit.remediation.results import Result
from contacts_audit.remediation.tasks import Item, Task
from contacts_audit.report import json_, markdown_table, wording
from contacts_audit.report.table import aligned, folded

PLAN_HEADER = ("STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER")
RESULT_HEADER = ("STATUS", "NAME", "ID", "MESSAGE")
BACKUP_HEADER = ("CREATED", "TENANT", "SUBSCRIPTIONS", "FILE")


def urgent(plan: Plan) -> Plan:
    """Return *plan* without the rows that need no attention: skipped, waived and compliant ones."""
    quiet = {Intent.SKIPPED, Intent.WAIVED}
    rows = (row for row in plan.rows if row.intent not in quiet and not _is_well(row))
    return replace(plan, rows=tuple(rows))


def _is_well(row: PlanRow) -> bool:
    return row.intent is Intent.NOTHING and (row.said is None or row.said.startswith(COMPLIES))


def plan_table(plan: Plan, width: int | None = None) -> Iterator[str]:
    """Yield the plan as a table with a row for each changed field, folded to *width* columns."""
    return folded([PLAN_HEADER, *_plan_cells(plan, brief=width is not None)], width)


def plan_json(plan: Plan) -> Iterator[str]:
    """Yield the plan as the JSON text that is saved."""
    yield json_.dump(plan_document(plan), indent=2) + "\n"


def plan_markdown(plan: Plan) -> Iterator[str]:
    """Yield the plan in Markdown."""
    if plan.recorded is not None:
        yield f"recorded: {plan.recorded}; {wording.NOT_TODAY}\n\n"
    yield from markdown_table.table([PLAN_HEADER, *_plan_cells(plan)])


def items_table(items: Sequence[Item], width: int | None = None) -> Iterator[str]:
    """Yield the changes to make, a row for each field, and the rows that are left as they are."""
    return folded([PLAN_HEADER, *(cells for item in items for cells in _item_cells(item))], width)


def result_table(results: Sequence[Result], width: int | None = None) -> Iterator[str]:
    """Yield the result of each subscription as a table, folded to *width* columns if any."""
    return folded([RESULT_HEADER, *map(_result_cells, results)], width)


def result_markdown(results: Sequence[Result]) -> Iterator[str]:
    """Yield the result of each subscription in Markdown."""
    return markdown_table.table([RESULT_HEADER, *map(_result_cells, results)])


def result_json(
    results: Sequence[Result],
    *,
    backup: Path | None,
    journal: Path | None,
    code: ExitCode,
    identities: Sequence[Identity] = (),
) -> str:
    """Return the result of each subscription, and the identities that wrote, as a JSON text."""
    rows = [
        {
            "id": result.subscription.id,
            "name": result.subscription.name,
            "tenant_id": result.subscription.tenant_id,
            "status": result.status,
            "message": result.message,
        }
        for result in results
    ]
    return json_.document(
        "result",
        backup=None if backup is None else str(backup),
        journal=None if journal is None else str(journal),
        identities=[json_.identity(one) for one in identities],
        exit_code=int(code),
        subscriptions=rows,
    )


def backup_table(backups: Sequence[Backup]) -> Iterator[str]:
    """Yield a row for each backup; rows are not folded, so that file names can be copied."""
    return aligned([BACKUP_HEADER, *map(_backup_cells, backups)])


def backup_markdown(backups: Sequence[Backup]) -> Iterator[str]:
    """Yield a row for each backup, in Markdown."""
    return markdown_table.table([BACKUP_HEADER, *map(_backup_cells, backups)])


def backup_json(
    folder: Path, backups: Sequence[Backup], faults: Sequence[ContactsAuditError]
) -> str:
    """Return the *backups* in *folder*, and the *faults* of other files, as a JSON text."""
    rows = [
        {
            "file": str(one.file),
            "created": one.created,
            "cloud": one.origin.cloud,
            "arm_endpoint": one.origin.endpoint,
            "tenants": list(one.origin.tenants),
            "subscriptions": len(one.rows),
            "of_restore": one.restores is not None,
        }
        for one in backups
    ]
    return json_.document("backups", folder=str(folder), backups=rows, faults=[*map(str, faults)])


def _plan_cells(plan: Plan, *, brief: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield the rows; *brief* shows only the reason of a fault, whose message stderr has."""
    for row in plan.rows:
        head = (row.intent, *_name(row.subscription))
        if row.intent is Intent.CHANGE:
            steps = [(row.api_version or "", step) for step in row.steps]
            yield from _change_cells(head, steps, row.detail)
        elif row.fault is not None:
            yield *head, "", "", "", row.fault.reason if brief else row.fault.line
        else:
            yield *head, "", "", "", row.detail or ""


def _item_cells(item: Item) -> Iterator[tuple[str, ...]]:
    name = _name(item.subscription)
    if isinstance(item, Task):
        yield from _change_cells((Intent.CHANGE, *name), item.expected_steps, item.note)
    else:
        yield item.status, *name, "", "", "", item.message or ""


def _change_cells(
    head: tuple[str, ...], steps: Sequence[tuple[str, Step]], note: str | None
) -> Iterator[tuple[str, ...]]:
    for version, step in steps:
        for cells in _differences(step.before, step.after):
            yield *head, f"{step.contact} at {version}", *cells
    if note:
        yield *head, "", "note", "", note


def _differences(before: Json | None, after: Json | None) -> Iterator[tuple[str, str, str]]:
    """Yield each field that differs, with its values before and after, for a person."""
    held = before or {}
    if after is None:
        yield "(contact)", _shown(held.get("emails") or held.get("email")), "deleted"
        return
    for field in after if before is None else differences(before, after):
        yield field, _shown(held.get(field)), _shown(after.get(field))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value)


def _result_cells(result: Result) -> tuple[str, ...]:
    return result.status, *_name(result.subscription), result.message or ""


def _backup_cells(one: Backup) -> tuple[str, ...]:
    created = one.created.partition(".")[0].replace("T", " ")
    return created, ", ".join(one.origin.tenants), str(len(one.rows)), str(one.file)


def _name(subscription: Subscription) -> tuple[str, str]:
    return subscription.name or subscription.id, subscription.id

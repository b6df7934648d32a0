"""Renders plans, results and lists of backups: as rows of a table, and as JSON."""

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

PLAN_HEADER = ("STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER")
Cells = tuple[str, ...]


def urgent(plan: Plan) -> Plan:
    """Return *plan* without the rows that need no attention: skipped, waived and compliant ones."""
    quiet = {Intent.SKIPPED, Intent.WAIVED}
    rows = (row for row in plan.rows if row.intent not in quiet and not _is_well(row))
    return replace(plan, rows=tuple(rows))


def _is_well(row: PlanRow) -> bool:
    return row.intent is Intent.NOTHING and (row.said is None or row.said.startswith(COMPLIES))


def plan_json(plan: Plan) -> Iterator[str]:
    """Yield the plan as the JSON text that is saved."""
    yield json_.dump(plan_document(plan), indent=2) + "\n"


def plan_markdown(plan: Plan) -> Iterator[str]:
    """Yield the plan in Markdown."""
    if plan.recorded is not None:
        yield f"recorded: {plan.recorded}; {wording.NOT_TODAY}\n\n"
    yield from markdown_table.table(plan_rows(plan))


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


def plan_rows(plan: Plan, *, brief: bool = False) -> Iterator[Cells]:
    """Yield the header and a row for each field; *brief* is without messages that stderr has."""
    yield PLAN_HEADER
    for row in plan.rows:
        head = (row.intent, *_name(row.subscription))
        if row.intent is Intent.CHANGE:
            steps = [(row.api_version or "", step) for step in row.steps]
            yield from _change_cells(head, steps, row.detail)
        elif row.fault is not None:
            yield *head, "", "", "", row.fault.reason if brief else row.fault.line
        else:
            yield *head, "", "", "", row.detail or ""


def item_rows(items: Sequence[Item]) -> Iterator[Cells]:
    """Yield the header, a row for each field to change, and one for each row that stays."""
    yield PLAN_HEADER
    for item in items:
        name = _name(item.subscription)
        if isinstance(item, Task):
            yield from _change_cells((Intent.CHANGE, *name), item.expected_steps, item.note)
        else:
            yield item.status, *name, "", "", "", item.message or ""


def result_rows(results: Sequence[Result]) -> Iterator[Cells]:
    """Yield the header, and a row with the result of each subscription."""
    yield "STATUS", "NAME", "ID", "MESSAGE"
    for result in results:
        yield result.status, *_name(result.subscription), result.message or ""


def backup_rows(backups: Sequence[Backup]) -> Iterator[Cells]:
    """Yield the header, and a row for each backup."""
    yield "CREATED", "TENANT", "SUBSCRIPTIONS", "FILE"
    for one in backups:
        created = one.created.partition(".")[0].replace("T", " ")
        yield created, ", ".join(one.origin.tenants), str(len(one.rows)), str(one.file)


def _change_cells(
    head: Cells, steps: Sequence[tuple[str, Step]], note: str | None
) -> Iterator[Cells]:
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


def _name(subscription: Subscription) -> tuple[str, str]:
    return subscription.name or subscription.id, subscription.id

"""Plans and results as a table, as JSON, and as Markdown."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contacts_audit import __version__
from contacts_audit.azure.contacts.equality import differences
from contacts_audit.azure.contacts.records import Json, canonical
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.model import Identity, Subscription
from contacts_audit.core.sanitize import inert, inert_json
from contacts_audit.remediation.plan import COMPLIES, Intent, PlanRow
from contacts_audit.remediation.plan_file import Plan, plan_document
from contacts_audit.remediation.results import Result
from contacts_audit.remediation.tasks import Item, Task
from contacts_audit.report import json_, markdown
from contacts_audit.report.table import aligned, folded

SCHEMA = 1
PLAN_HEADER = ("STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER")
RESULT_HEADER = ("STATUS", "NAME", "ID", "MESSAGE")


def urgent(plan: Plan) -> Plan:
    """Return *plan* without the rows that need nothing."""
    quiet = {Intent.SKIPPED, Intent.WAIVED}
    rows = (row for row in plan.rows if row.intent not in quiet and not _is_well(row))
    return replace(plan, rows=tuple(rows))


def _is_well(row: PlanRow) -> bool:
    said = None if row.judged is None else row.judged.said
    return row.intent is Intent.NOTHING and (said is None or said.startswith(COMPLIES))


def plan_table(plan: Plan, width: int | None = None) -> Iterator[str]:
    """Yield the plan as a table, a row a field that changes, for a terminal of *width* if any."""
    return _table([PLAN_HEADER, *_plan_cells(plan, brief=width is not None)], width)


def plan_json(plan: Plan) -> Iterator[str]:
    """Yield the plan as it is saved."""
    yield inert_json(json.dumps(plan_document(plan), ensure_ascii=False, indent=2)) + "\n"


def plan_markdown(plan: Plan) -> Iterator[str]:
    """Yield the plan for a ticket."""
    if plan.recorded is not None:
        yield f"recorded: {plan.recorded}; this is not the state of today\n\n"
    yield from markdown.table([PLAN_HEADER, *_plan_cells(plan)])


def items_table(items: Sequence[Item], width: int | None = None) -> Iterator[str]:
    """Yield what is about to be done, a row a field that changes, and what is left as it is."""
    return _table([PLAN_HEADER, *(cells for item in items for cells in _item_cells(item))], width)


def result_table(results: Sequence[Result], width: int | None = None) -> Iterator[str]:
    """Yield what became of each subscription as a table, for a terminal of *width* if any."""
    return _table([RESULT_HEADER, *map(_result_cells, results)], width)


def _table(rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    return aligned(rows) if width is None else folded(rows, width, plain=True)


def result_markdown(results: Sequence[Result]) -> Iterator[str]:
    """Yield what became of each subscription for a ticket."""
    return markdown.table([RESULT_HEADER, *map(_result_cells, results)])


def result_json(
    results: Sequence[Result],
    *,
    backup: Path | None,
    journal: Path | None,
    code: ExitCode,
    identities: Sequence[Identity] = (),
) -> str:
    """Return what became of each subscription as a document, and who wrote."""
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
    document = {
        "schema": SCHEMA,
        "kind": "result",
        "tool": {"name": "contacts-audit", "version": __version__},
        "backup": None if backup is None else str(backup),
        "journal": None if journal is None else str(journal),
        "identities": [json_.identity(one) for one in identities],
        "exit_code": int(code),
        "subscriptions": rows,
    }
    return inert_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _plan_cells(plan: Plan, *, brief: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield the rows; *brief* leaves the whole story of a fault to the line that tells it below."""
    for row in plan.rows:
        head = (str(row.intent), *_name(row.subscription))
        if row.intent is not Intent.CHANGE:
            yield tuple(map(inert, (*head, "", "", "", _why(row, brief=brief))))
        note = row.detail if row.intent is Intent.CHANGE else None
        steps = [(row.api_version or "", step) for step in row.steps]
        yield from _change_cells(head, steps, note)


def _item_cells(item: Item) -> Iterator[tuple[str, ...]]:
    if isinstance(item, Task):
        head = (str(Intent.CHANGE), *_name(item.subscription))
        yield from _change_cells(head, item.expected_steps, item.note)
    else:
        head = (str(item.status), *_name(item.subscription))
        yield tuple(map(inert, (*head, "", "", "", item.message or "")))


def _change_cells(
    head: tuple[str, ...], steps: Sequence[tuple[str, Step]], note: str | None
) -> Iterator[tuple[str, ...]]:
    for version, step in steps:
        contact = f"{step.contact} at {version}"
        for field, before, after in _differences(step.before, step.after):
            yield tuple(map(inert, (*head, contact, field, before, after)))
    if note:
        yield tuple(map(inert, (*head, "", "note", "", note)))


def _why(row: PlanRow, *, brief: bool) -> str:
    if row.fault is not None:
        return row.fault.reason if brief else f"{row.fault.reason}: {row.fault.told}"
    return row.detail or ""


def _differences(before: Json | None, after: Json | None) -> Iterator[tuple[str, str, str]]:
    """Yield each field that differs, with its two values as they are shown."""
    if after is None:
        held = before or {}
        yield "(contact)", _shown(held.get("emails") or held.get("email")), "deleted"
        return
    fields = after if before is None else differences(before, after)
    for field in fields:
        yield field, _shown((before or {}).get(field)), _shown(after.get(field))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value)


def _result_cells(result: Result) -> tuple[str, ...]:
    cells = (str(result.status), *_name(result.subscription), result.message or "")
    return tuple(map(inert, cells))


def _name(subscription: Subscription) -> tuple[str, str]:
    return subscription.name or subscription.id, subscription.id

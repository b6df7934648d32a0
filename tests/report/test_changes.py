"""Plans and results as tables, JSON and Markdown."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from report.plans import (
    FOURTH,
    HOSTILE,
    ID,
    OTHER,
    ROWS,
    SHRINK,
    THIRD,
    THREE,
    V2017,
    V2023,
    at_2017,
    at_2023,
    old,
    plan,
    rendered,
)

from contacts_audit.azure.contacts.records import Snapshot
from contacts_audit.azure.contacts.steps import Step
from contacts_audit.core.errors import ExitCode
from contacts_audit.core.model import Change, Subscription
from contacts_audit.core.sanitize import sanitized
from contacts_audit.remediation.plan import Intent, PlanRow
from contacts_audit.remediation.plan_file import read_plan
from contacts_audit.remediation.results import Result, Status
from contacts_audit.report import changes, markdown_table, table

SWAP = Change(emails=("new@b.co",), remove_emails=("b@b.co", "c@b.co"))


def test_the_table_shows_each_field_before_and_after() -> None:
    """There is a row for each changed field, and for each subscription without a change."""
    lines = [
        re.split(r" {2,}", line.rstrip("\n")) for line in table.aligned(changes.plan_rows(ROWS))
    ]

    assert lines == [
        ["STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER"],
        [
            *("change", "Prod", ID, f"default at {V2023}", "emails"),
            *("b@contoso.com", "b@contoso.com;a@contoso.com"),
        ],
        ["change", "Prod", ID, "note", "it stays disabled, and nobody gets mail: add --enable"],
        ["skipped", OTHER, OTHER, "subscription is disabled"],
        ["unreadable", "X", THIRD, "forbidden: no (status 403, code Denied, request id r-1)"],
        ["nothing", "Y", FOURTH],
    ]


def test_a_new_contact_is_shown_field_by_field() -> None:
    """Values that are not strings are shown as JSON."""
    text = "".join(table.aligned(changes.plan_rows(at_2023(None))))

    assert re.search(r"emails +a@contoso\.com\n", text)
    assert re.search(r"isEnabled +true\n", text)
    assert re.search(r'notificationsByRole +{"roles":\["Owner"\],"state":"On"}\n', text)


def test_a_deletion_is_shown() -> None:
    """It names the address that is deleted."""
    text = "".join(table.aligned(changes.plan_rows(at_2017(SHRINK, *THREE))))

    assert re.search(rf"default3 at {V2017} +\(contact\) +c@b\.co +deleted\n", text)


def test_a_change_of_type_is_shown() -> None:
    """1 and true are different values to a service."""
    step = Step("default", {"isEnabled": 1, "x": [1]}, {"isEnabled": True, "x": [1.0]})
    row = PlanRow(Subscription(ID), Intent.CHANGE, Snapshot({V2023: ()}), V2023, (step,))

    text = "".join(table.aligned(changes.plan_rows(plan(row))))

    assert re.search(r"isEnabled +1 +true\n", text)
    assert re.search(r"x +\[1\] +\[1\.0\]\n", text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_table_is_sanitized(hostile: str) -> None:
    """Whatever the name, a row is one line and does nothing to a terminal."""
    made = at_2017(Change(phone="1"), old(hostile, "a@b.co", x=hostile), name=hostile)

    lines = list(table.aligned(changes.plan_rows(made)))

    assert len(lines) == 2
    assert all(sanitized(line.rstrip("\n")) == line.rstrip("\n") for line in lines)


def test_the_json_of_a_plan_is_the_plan() -> None:
    """The printed JSON can be saved and applied."""
    (text,) = changes.plan_json(ROWS)

    assert read_plan(text.encode(), "plan.json") == ROWS
    assert json.loads(text)["kind"] == "plan"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_json_of_a_plan_is_sanitized(hostile: str) -> None:
    """It still parses to exactly what was read."""
    made = at_2017(SWAP, old("default1", "a@b.co", x=hostile), name=hostile)

    (text,) = changes.plan_json(made)

    assert all(sanitized(line) == line for line in text.split("\n"))
    assert read_plan(text.encode(), "plan.json") == made


def test_a_deep_contact_is_planned_and_printed() -> None:
    """A deeply nested contact that could be read does not end the run."""
    for depth in (50, 200, 400, 800):
        deep: Any = "x"
        for _ in range(depth):
            deep = [deep]
        made = at_2023({"emails": "", "new": deep})
        (text,) = changes.plan_json(made)
        assert text.endswith("}\n")


RESULTS = [
    Result(Subscription(ID, "Prod", tenant_id="t-1"), Status.DONE),
    Result(Subscription(OTHER), Status.UNCONFIRMED, "no longer | visible"),
]


def test_the_table_of_results() -> None:
    """There is a row for each subscription."""
    lines = [
        re.split(r" {2,}", line.rstrip("\n"))
        for line in table.aligned(changes.result_rows(RESULTS))
    ]

    assert lines == [
        ["STATUS", "NAME", "ID", "MESSAGE"],
        ["done", "Prod", ID],
        ["unconfirmed", OTHER, OTHER, "no longer | visible"],
    ]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        pytest.param(
            (Path("/s/b.json"), Path("/s/j.jsonl")), ("/s/b.json", "/s/j.jsonl"), id="put"
        ),
        pytest.param((None, None), (None, None), id="nothing was written"),
    ],
)
def test_the_json_of_results(
    paths: tuple[Path | None, Path | None], told: tuple[str | None, str | None]
) -> None:
    """All keys are always present."""
    text = changes.result_json(RESULTS, backup=paths[0], journal=paths[1], code=ExitCode.NOT_DONE)

    document = json.loads(text)
    assert document.pop("tool")["name"] == "contacts-audit"
    assert document == {
        "schema": 1,
        "kind": "result",
        "backup": told[0],
        "journal": told[1],
        "identities": [],
        "exit_code": 5,
        "subscriptions": [
            {"id": ID, "name": "Prod", "tenant_id": "t-1", "status": "done", "message": None},
            {
                "id": OTHER,
                "name": None,
                "tenant_id": None,
                "status": "unconfirmed",
                "message": "no longer | visible",
            },
        ],
    }


@pytest.mark.parametrize("hostile", HOSTILE)
def test_results_are_sanitized(hostile: str) -> None:
    """This holds in each format."""
    results = [Result(Subscription(ID, hostile), Status.FAILED, hostile)]
    text = changes.result_json(results, backup=None, journal=None, code=ExitCode.NOT_DONE)

    lines = [
        *table.aligned(changes.result_rows(results)),
        *markdown_table.table(changes.result_rows(results)),
    ]

    assert [len(lines), json.loads(text)["subscriptions"][0]["name"]] == [5, hostile]
    assert all(sanitized(line) == line for line in "".join((*lines, text)).split("\n"))


def test_a_plan_in_markdown() -> None:
    """It has the same rows as the table."""
    text = "".join(changes.plan_markdown(ROWS))

    rows, _ = rendered(text)
    assert rows[0] == ["STATUS", "NAME", "ID", "CONTACT", "FIELD", "BEFORE", "AFTER"]
    assert [row[0] for row in rows[1:]] == ["change", "change", "skipped", "unreadable", "nothing"]
    assert rows[1][3:6] == [f"default at {V2023}", "emails", "b@contoso.com"]


def test_results_in_markdown() -> None:
    """A pipe in a message starts no cell."""
    rows, _ = rendered("".join(markdown_table.table(changes.result_rows(RESULTS))))

    assert rows[2] == ["unconfirmed", OTHER, OTHER, "no longer | visible"]

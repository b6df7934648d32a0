"""Plans that change one contact, or none."""

from typing import Any

import pytest
from markdown_it import MarkdownIt

from contacts_audit.azure.contacts.records import Json, Record, Snapshot
from contacts_audit.core.errors import Reason
from contacts_audit.core.model import Change, Fault, Subscription
from contacts_audit.remediation.file_format import Origin
from contacts_audit.remediation.plan import Intent, PlanRow, row_for
from contacts_audit.remediation.plan_file import Plan
from contacts_audit.report import curl

V2017 = "2017-08-01-preview"
V2023 = "2023-12-01-preview"
ID = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
THIRD, FOURTH = (OTHER[:-1] + digit for digit in "cd")
ORIGIN = Origin("AzureCloud", "https://management.azure.com", ("t-1",))
CHANGE = Change(emails=("a@contoso.com",))
HOSTILE = [
    pytest.param("$(touch pwned)", id="substitution"),
    pytest.param("`touch pwned`", id="backticks"),
    pytest.param("'; touch pwned; '", id="single quotes"),
    pytest.param('"; touch pwned; "', id="double quotes"),
    pytest.param("\nEND\ntouch pwned\n", id="new lines"),
    pytest.param("x\r\ntouch pwned #", id="carriage return"),
    pytest.param("../../../x?api-version=1#", id="path"),
    pytest.param("-o pwned", id="option"),
    pytest.param("@/etc/passwd", id="file"),
    pytest.param("\x1b]0;x\x07\u202e", id="terminal"),
    pytest.param("nämé 😀", id="letters of the world"),
    pytest.param("{a,b}[1-9]", id="globs of curl"),
]


def old(name: str, email: str, **more: Any) -> Record:
    """Return a contact of 2017."""
    flags = {"alertNotifications": "On", "alertsToAdmins": "On", **more}
    return Record(name, {"email": email, **flags})


def plan(*rows: PlanRow, change: Change = CHANGE, version: str | None = None) -> Plan:
    """Return a plan of *rows*."""
    return Plan(ORIGIN, change, version, rows)


def at_2017(change: Change, *records: Record, name: str | None = "Prod") -> Plan:
    """Return the plan for a subscription that shows *records* at 2017."""
    row = row_for(Subscription(ID, name), Snapshot({V2017: records}), change, V2017)
    return plan(row, change=change, version=V2017)


def at_2023(properties: Json | None, change: Change = CHANGE, name: str | None = "Prod") -> Plan:
    """Return the plan for a subscription whose `default` has *properties*."""
    newest = () if properties is None else (Record("default", properties),)
    seen = Snapshot({V2017: (), V2023: newest})
    return plan(row_for(Subscription(ID, name), seen, change), change=change)


SHRINK = Change(remove_emails=("a@b.co",))
THREE = (old("default1", "a@b.co"), old("default2", "b@b.co"), old("default3", "c@b.co"))
ROWS = plan(
    *at_2023({"emails": "b@contoso.com", "isEnabled": False}).rows,
    PlanRow(Subscription(OTHER), Intent.SKIPPED, message="subscription is disabled"),
    PlanRow(
        Subscription(THIRD, "X"),
        Intent.UNREADABLE,
        fault=Fault(Reason.FORBIDDEN, "no", "ask", 403, "Denied", "r-1"),
    ),
    row_for(
        Subscription(FOURTH, "Y"),
        Snapshot({V2023: (Record("default", {"emails": "a@contoso.com"}),)}),
        CHANGE,
    ),
)


def rendered(text: str) -> tuple[list[list[str]], set[str]]:
    """Return the cells of a table as CommonMark shows them, and the kinds of markup in them."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rows: list[list[str]] = []
    kinds: set[str] = set()
    for token in reader.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            children = token.children or []
            kinds |= {child.type for child in children}
            rows[-1].append("".join(child.content for child in children))
    return rows, kinds


def printed(made: Plan) -> str:
    """Return the script for *made*."""
    return "".join(curl.plan_curl(made))

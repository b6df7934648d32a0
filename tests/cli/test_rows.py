"""The rows of an audit: one for each subscription, with what was read or why not."""

import asyncio
import json
from pathlib import Path

from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from cli.contacts import ID, V2017, V2023, at_2017, newer, rows
from conftest import ROOT, Run, run_in


def test_rows_out_are_subscriptions_in(azure: AzureDouble, run: Run) -> None:
    """Every subscription has a row, in Azure's order, whatever happens."""
    azure.page_size = 2
    azure.add("Good", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Bad")
    azure.add("Closed", readable=False)
    azure.add("Off", state="Disabled")
    azure.add("Gone", state="Deleted")
    azure.add("Late", state="PastDue", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Odd", state="Enchanted", registered=False)

    ran = run("audit", "-o", "json")

    assert [(row["name"], row["verdict"]) for row in rows(ran)] == [
        ("Good", "compliant"),
        ("Bad", "non-compliant"),
        ("Closed", "unreadable"),
        ("Off", "skipped"),
        ("Gone", "skipped"),
        ("Late", "compliant"),
        ("Odd", "unreadable"),
    ]
    summary = json.loads(ran.out)["summary"]
    assert summary["in_scope"] == summary["read"] + summary["unreadable"] + summary["skipped"] == 7
    assert ran.code == 4


def test_a_forbidden_row_names_the_action_and_the_role(azure: AzureDouble, run: Run) -> None:
    """Both are the least that is needed. The request id is kept."""
    azure.add("Closed", readable=False)

    ran = run("audit", "-o", "json")

    (row,) = rows(ran)
    assert row["error"]["status"] == 403
    assert "Security Reader" in row["error"]["hint"]
    assert "Microsoft.Security/securityContacts/read" in row["error"]["hint"]
    assert row["error"]["request_id"]
    (line, *_) = ran.err.splitlines()
    assert line.startswith(f"Closed ({row['id']}): forbidden: ")
    assert row["error"]["request_id"] in line


def test_the_code_is_that_of_the_worst_row(azure: AzureDouble, run: Run) -> None:
    """0 all comply, 3 findings, 4 incomplete, in rising order; skipped rows raise nothing."""
    azure.add("Off", state="Disabled")
    only_skipped = run("audit")
    azure.add("Good", contacts_2017=at_2017("a@contoso.com"))
    good = run("audit")
    azure.add("Bad")
    bad = run("audit")
    azure.add("Closed", readable=False)
    closed = run("audit")

    assert (only_skipped.code, good.code, bad.code, closed.code) == (0, 0, 3, 4)
    assert "warning: all subscriptions were skipped" in only_skipped.err


def test_separators_blanks_and_duplicates_of_addresses(azure: AzureDouble, run: Run) -> None:
    """Both separators work. A malformed address does not affect a well-formed one."""
    azure.add("Lists", contact=newer(" A@contoso.com ;b@contoso.com,a@CONTOSO.com;; , nonsense"))
    azure.add("Nonsense", contact=newer("nonsense; a@b@c"))

    lists, nonsense = rows(run("audit", "-o", "json"))

    assert lists["emails"] == ["A@contoso.com", "b@contoso.com"]
    assert lists["verdict"] == "compliant"
    assert "malformed address 'nonsense'" in nonsense["findings"][0]["message"]


def test_items_of_another_type_are_ignored_and_named(azure: AzureDouble, run: Run) -> None:
    """`-v` names them."""
    other = {"name": "x", "type": "Other/thing", "properties": {"email": "a@contoso.com"}}
    azure.add("Prod", answers={V2017: {"value": [other]}, V2023: {"value": [other]}})

    ran = run("audit", "-o", "json", "-v")

    assert rows(ran)[0]["verdict"] == "non-compliant"
    assert "left out an item of type Other/thing" in ran.err


def test_headers_of_a_request(azure: AzureDouble, run: Run) -> None:
    """User-Agent, the documented Content-Type, and a new id for each attempt."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    azure.fail("securityContacts", faults.throttle(retry_after="0"), times=1)

    ran = run("audit")

    assert ran.code == 0
    asked = azure.arm_asked()
    assert len({request.headers["x-ms-client-request-id"] for request in asked}) == len(asked) == 3
    assert {request.headers["user-agent"] for request in asked} == {"contacts-audit/0.2.0"}
    assert {request.headers["content-type"] for request in asked} == {"application/json"}
    assert not any("cookie" in request.headers for request in asked)


def test_a_compliant_subscription_costs_one_request(azure: AzureDouble, run: Run) -> None:
    """The list, and one read for each subscription that shows an address at 2017."""
    for number in range(20):
        azure.add(f"S{number}", contacts_2017=at_2017("a@contoso.com"))

    run("audit", "--workers", "4")

    assert len(azure.arm_asked()) == 21
    assert len(azure.token_asked()) == 1


def test_the_portal_is_named_where_it_is_known(tmp_path: Path) -> None:
    """`portal_url` is the page of the rule's second step; null for a cloud of one's own."""
    root = ROOT / "fixtures"

    known = run_in({}, "audit", "--replay", str(root / "contoso"), "-o", "json")
    unknown = run_in({}, "audit", "--replay", str(root / "old-cloud"), "-o", "json")

    page = "https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0"
    assert {row["portal_url"] for row in rows(known)} == {page}
    assert {row["portal_url"] for row in rows(unknown)} == {None}


def test_a_slow_subscription_keeps_no_worker_idle(azure: AzureDouble, run: Run) -> None:
    """The others are read in the meantime; one in twelve may be slow."""
    ids = [azure.add(f"S{n}", contacts_2017=at_2017("a@contoso.com")).id for n in range(60)]

    async def after_those_behind_it(exchange: Exchange) -> None:
        first = next(place for place, id_ in enumerate(ids) if id_ in exchange.asked.path) + 1
        behind = ids[first : first + 11]
        while not all(any(id_ in asked.path for asked in azure.asked) for id_ in behind):
            await asyncio.sleep(0.01)
        await as_usual(exchange)

    azure.fail(lambda asked: any(id_ in asked.path for id_ in ids[::12]), after_those_behind_it)

    ran = run("audit", "-o", "json", "--workers", "5", "--deadline", "40")

    assert {row["verdict"] for row in rows(ran)} == {"compliant"}


def test_waiting_is_limited_by_the_budget(azure: AzureDouble, run: Run) -> None:
    """Many short waits are obeyed until the budget ends."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    azure.fail("securityContacts", faults.throttle(headers={"retry-after-ms": "10"}), times=12)

    assert run("audit").code == 0


def test_a_recording_folder_can_be_used_again_after_a_failed_start(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Until the first exchange the folder is empty."""
    azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))
    folder = str(tmp_path / "r")

    typo = run("audit", "--record", folder, "-s", f"{{{ID}}}")
    secret = run("audit", "--record", folder, AZURE_CLIENT_SECRET="wrong")
    good = run("audit", "--record", folder)

    assert (typo.code, secret.code, good.code) == (2, 1, 0)

"""Only the id of an item matters in the recorded shapes of lists."""

import json
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange
from conftest import Ran, Run

CONTACT = {"emails": "soc@contoso.com"}
ID = "/subscriptions/{}"


def verdicts(ran: Ran) -> list[tuple[str, str | None]]:
    """Return verdict and state of each row in a JSON report."""
    return [(row["verdict"], row["state"]) for row in json.loads(ran.out)["subscriptions"]]


def page(items: list[Any], **beside: Any) -> Any:
    """Return a fault that answers with a list, and with other keys next to its items."""
    return faults.answer(json.dumps({"value": items, **beside}).encode())


@pytest.mark.parametrize(
    "beside",
    [
        {"count": {"type": "Total", "value": 99}},
        {"count": 0},
        {"count": "18"},
        {"count": None},
        {"count": []},
        {"@nextLink": None},
        {"@nextLink": None, "nextLink": None},
        {"nextLink": "", "count": -1},
    ],
    ids=json.dumps,
)
def test_keys_next_to_the_items_are_ignored(
    azure: AzureDouble, run: Run, beside: dict[str, Any]
) -> None:
    """In the lists of subscriptions, contacts and descendants."""
    one = azure.add("Prod", contact=CONTACT)
    azure.group("all", subscriptions=[one])
    contacts = [{"name": "soc-contoso.com", "properties": {"email": "soc@contoso.com"}}]
    azure.fail("GET /subscriptions?", page([{"subscriptionId": one.id}], **beside))
    azure.fail("/descendants?", page([{"id": ID.format(one.id)}], **beside))
    azure.fail("securityContacts?", page(contacts, **beside))

    ran = run("audit", "-o", "json", "--management-group", "all")

    assert (ran.code, verdicts(ran)) == (0, [("compliant", None)])


@pytest.mark.parametrize("missing", ["tenantId", "tags", "displayName", "state", "id", "all"])
def test_an_item_needs_only_its_id(azure: AzureDouble, run: Run, missing: str) -> None:
    """All other keys differ between versions, and between items."""
    one = azure.add("Prod", contact=CONTACT)
    item = {
        "id": ID.format(one.id),
        "subscriptionId": one.id,
        "displayName": "Prod",
        "state": "Enabled",
        "tenantId": azure.tenant,
        "tags": {},
    }
    left = {key: value for key, value in item.items() if key != missing}
    azure.fail(
        "GET /subscriptions?",
        page([{"subscriptionId": one.id, "new": [1]} if missing == "all" else left]),
    )

    ran = run("audit", "-o", "json")

    assert ran.code == 0
    assert [verdict for verdict, _ in verdicts(ran)] == ["compliant"]


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        pytest.param({"type": "/subscriptions", "properties": {"state": "Active"}}, True, id="old"),
        pytest.param({"type": None, "properties": None, "children": None}, True, id="nulls"),
        pytest.param({"state": "Disabled"}, True, id="a state of its own"),
        pytest.param({"id": "/providers/Microsoft.Management/managementGroups/x"}, False, id="x"),
    ],
)
def test_states_come_from_the_list_of_subscriptions_only(
    azure: AzureDouble, run: Run, item: dict[str, Any], shown: bool
) -> None:
    """A group calls an enabled subscription Active."""
    one = azure.add("Prod", contact=CONTACT)
    off = azure.add("Old", state="Disabled")
    azure.group("all")
    azure.fail(
        "/descendants?", page([{"id": ID.format(one.id), **item}, {"id": ID.format(off.id)}])
    )

    ran = run("audit", "-o", "json", "--management-group", "all")

    wanted = [("compliant", "Enabled")] if shown else []
    assert verdicts(ran) == [*wanted, ("skipped", "Disabled")]


@pytest.mark.parametrize("left", ["249", "11999", "0", "", "abc", "-1", "1.5", "9" * 5000])
def test_the_remaining_quota_is_ignored(azure: AzureDouble, run: Run, left: str) -> None:
    """It was 11999, and is 249 today. It may be missing."""
    azure.add("Prod", contact=CONTACT)

    async def tell(exchange: Exchange) -> None:
        names = ("tenant-reads", "subscription-resource-requests", "subscription-reads")
        headers = {f"x-ms-ratelimit-remaining-{name}": left for name in names}
        await exchange.send(exchange.answer.but(headers=headers).encode())

    azure.fail("GET ", tell)

    ran = run("audit", "-o", "json")

    assert (ran.code, verdicts(ran)) == (0, [("compliant", "Enabled")])

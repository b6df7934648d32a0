"""Subscriptions of several tenants are listed and read, each with a token of its tenant."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure.rows import GOOD, names, reads
from azure_double import AzureDouble, faults
from conftest import Run, run_in


def test_tenants_are_listed_in_turn(azure: AzureDouble, run: Run) -> None:
    """In the given order, with one token request for each."""
    other = azure.add_tenant("fabrikam.example")
    azure.add("Theirs", tenant_id=other.id, contacts_2017=GOOD)
    azure.add("Ours", contacts_2017=GOOD)

    ran = run("audit", "-o", "json", "--tenant", other.id, "--tenant", azure.domain)

    report = json.loads(ran.out)
    assert ran.code == 0, ran.err
    assert names(ran) == ["Theirs", "Ours"]
    assert report["tenants"] == [other.id, azure.tenant]
    assert [row["tenant_id"] for row in report["subscriptions"]] == [other.id, azure.tenant]
    assert len(azure.token_asked()) == 2


def test_a_delegated_subscription_is_read_where_it_was_listed(azure: AzureDouble, run: Run) -> None:
    """Its home tenant is another (Azure Lighthouse). The token is of the tenant that lists it."""
    customer = azure.add_tenant("customer.example")
    azure.add("Delegated", tenant_id=customer.id, delegated_to=[azure.tenant], contacts_2017=GOOD)

    ran = run("audit", "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["verdict"], row["tenant_id"]) == (0, "compliant", azure.tenant)


def test_a_subscription_that_two_tenants_list_is_audited_once(azure: AzureDouble, run: Run) -> None:
    """With the token of the first."""
    customer = azure.add_tenant("customer.example")
    azure.add("Delegated", tenant_id=customer.id, delegated_to=[azure.tenant], contacts_2017=GOOD)

    ran = run("audit", "-o", "json", "--tenant", azure.tenant, "--tenant", customer.id)
    issued = {azure.tokens[asked.bearer or ""].tenant for asked in reads(azure)}

    (row,) = json.loads(ran.out)["subscriptions"]
    assert row["tenant_id"] == azure.tenant
    assert (len(reads(azure)), issued) == (1, {azure.tenant})


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--tenant", "TENANT", "--tenant", "nowhere.example"], id="second sign-in"),
        pytest.param(["--tenant", "nowhere.example", "--tenant", "TENANT"], id="first sign-in"),
    ],
)
def test_one_tenant_that_fails_fails_the_run(
    azure: AzureDouble, run: Run, tmp_path: Path, arguments: list[str]
) -> None:
    """A part of the organization would look like the whole: exit 1, no report."""
    azure.add("Ours", contacts_2017=GOOD)
    report = tmp_path / "r.json"
    given = [azure.tenant if text == "TENANT" else text for text in arguments]

    ran = run("audit", "--report", str(report), *given)

    assert (ran.code, ran.out, report.exists(), reads(azure)) == (1, b"", False, [])
    assert "AADSTS90002" in ran.err


def test_a_list_of_one_tenant_that_fails_fails_the_run(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """As with one tenant. Its recording has fewer tenants, and cannot be replayed."""
    other = azure.add_tenant("fabrikam.example")
    azure.add("Ours", contacts_2017=GOOD)
    azure.fail(
        lambda asked: asked.path == "/subscriptions" and len(azure.token_asked()) == 2,
        faults.status(500),
    )

    kept = str(tmp_path / "recording")
    tenants = ("--tenant", azure.tenant, "--tenant", other.id)
    ran = run("audit", "--budget", "1", *tenants, "--record", kept)
    replayed = run("audit", "--replay", kept)

    assert (ran.code, ran.out, reads(azure)) == (1, b"", [])
    assert (replayed.code, replayed.out) == (1, b"")
    assert "the run ended before it had listed each tenant" in replayed.err


def test_a_credential_of_one_tenant_signs_in_to_no_other(azure: AzureDouble, run: Run) -> None:
    """Its rows would have the id of another tenant."""
    azure.add("Ours", contacts_2017=GOOD)
    other = azure.add_tenant("fabrikam.example")

    ran = run(*("audit", "--auth", "token", "--tenant", other.id), AZURE_ACCESS_TOKEN=azure.token())

    domain = run(
        *("audit", "--auth", "token", "--tenant", other.domain), AZURE_ACCESS_TOKEN=azure.token()
    )

    assert (ran.code, ran.out, azure.asked) == (1, b"", [])
    assert azure.tenant in ran.err
    assert (domain.code, domain.out) == (1, b"")


def test_a_token_of_the_wrong_tenant_costs_one_row(azure: AzureDouble, run: Run) -> None:
    """Azure answers 401. The token is renewed once."""
    customer = azure.add_tenant("customer.example")
    subscription = azure.add(
        "Delegated", tenant_id=customer.id, delegated_to=[azure.tenant], contacts_2017=GOOD
    )
    azure.fail("GET /subscriptions?", withdrawn(subscription), times=1)

    ran = run("audit", "-o", "json")

    (row,) = json.loads(ran.out)["subscriptions"]
    assert (ran.code, row["error"]["reason"]) == (4, "unauthorized")
    assert row["error"]["code"] == "InvalidAuthenticationTokenTenant"
    assert len(azure.token_asked()) == 2


def withdrawn(subscription: Any) -> Any:
    """Answer once, and then remove the delegation."""

    async def fault(exchange: Any) -> None:
        await exchange.send(exchange.answer.encode())
        subscription.delegated_to.clear()

    return fault


def test_one_tenant_by_two_names_is_listed_once(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Also in a replay of that run."""
    other = azure.add_tenant("fabrikam.example")
    azure.add("Theirs", tenant_id=other.id, contacts_2017=GOOD)
    azure.add("Ours", contacts_2017=GOOD)
    tenants = [word for one in (azure.domain, azure.tenant, other.id) for word in ("--tenant", one)]
    folder = str(tmp_path / "r")

    live = run("audit", "-o", "json", *tenants, "--record", folder)
    played = run_in({}, "audit", "-o", "json", "--replay", folder)

    assert names(live) == names(played) == ["Ours", "Theirs"]
    assert len([asked for asked in azure.asked if asked.path == "/subscriptions"]) == 2


def test_an_error_of_one_of_several_tenants_names_it(azure: AzureDouble, run: Run) -> None:
    """The operator must know which."""
    azure.add("Ours", contacts_2017=GOOD)

    ran = run("audit", "--tenant", azure.tenant, "--tenant", "nowhere.example")

    assert "tenant nowhere.example: sign-in failed: AADSTS90002" in ran.err


def test_several_tenants_are_recorded_and_replayed(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Each tenant gets its own list."""
    other = azure.add_tenant("fabrikam.example")
    azure.page_size = 1
    for number in range(3):
        azure.add(f"Theirs {number}", tenant_id=other.id, contacts_2017=GOOD)
        azure.add(f"Ours {number}")
    folder = str(tmp_path / "r")

    live = run(
        "audit", "-o", "json", "--tenant", other.id, "--tenant", azure.tenant, "--record", folder
    )
    played = run_in({}, "audit", "-o", "json", "--replay", folder)

    facts = [
        {
            **json.loads(ran.out),
            "started": "",
            "finished": "",
            "recorded": "",
            "identities": [],
        }
        for ran in (live, played)
    ]
    assert facts[0] == facts[1]
    assert live.code == played.code == 3

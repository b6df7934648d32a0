"""A management group adds all subscriptions below it, on all levels."""

import json
from pathlib import Path

import pytest
from azure.rows import GOOD, names, reads
from azure_double import AzureDouble, faults
from conftest import Run

from contacts_audit.audit.selectors import parse_group_id

GHOST = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def test_a_management_group_contains_all_below_it(azure: AzureDouble, run: Run) -> None:
    """On all levels and pages, in Azure's order, and nothing else."""
    subscriptions = [azure.add(f"S{number}", contacts_2017=GOOD) for number in range(5)]
    azure.group("root", subscriptions=[subscriptions[4]])
    azure.group("prod", parent="root", subscriptions=[subscriptions[2]])
    azure.group("eu", parent="prod", subscriptions=[subscriptions[0]])
    azure.groups_page_size = 1

    ran = run("audit", "-o", "json", "--management-group", "root")

    assert (ran.code, names(ran)) == (0, ["S0", "S2", "S4"])


def test_a_subscription_of_a_group_that_is_not_visible_is_unreadable(
    azure: AzureDouble, run: Run
) -> None:
    """The list has the states. The group has none."""
    shown = azure.add("Shown", contacts_2017=GOOD)
    hidden = azure.add("Hidden", contacts_2017=GOOD, visible=False)
    gone = azure.add("Gone", state="Disabled")
    azure.group("root", subscriptions=[hidden, gone, shown])

    ran = run("audit", "-o", "json", "--management-group", "root")

    found = json.loads(ran.out)["subscriptions"]
    assert ran.code == 4
    assert [row["verdict"] for row in found] == ["compliant", "skipped", "unreadable"]
    assert (found[2]["id"], found[2]["error"]["reason"]) == (hidden.id, "not-visible")


def test_groups_add_to_other_scope_options(azure: AzureDouble, run: Run) -> None:
    """Exclusions are subtracted from the sum."""
    one, two, three = (azure.add(name, contacts_2017=GOOD) for name in ("One", "Two", "Three"))
    azure.group("a", subscriptions=[one, two])
    azure.group("b", subscriptions=[two])

    ran = run(
        *("audit", "-o", "json", "--management-group", "a", "--management-group", "B"),
        *("-s", three.name or "", "-s", GHOST, "--exclude", "One"),
    )

    assert names(ran) == ["Two", "Three", GHOST]


def test_an_empty_group_is_not_compliant(azure: AzureDouble, run: Run) -> None:
    """Alone it is exit 1. With others it is a warning."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.group("root")
    azure.group("child", parent="root")

    alone = run("audit", "--management-group", "root")
    beside = run("audit", "--management-group", "root", "-s", "Prod")

    assert (alone.code, alone.out) == (1, b"")
    assert beside.code == 0
    assert "--management-group root: it contains no subscriptions" in beside.err


@pytest.mark.parametrize("readable", [True, False], ids=["unknown", "forbidden"])
def test_a_group_that_cannot_be_read_ends_the_run(
    azure: AzureDouble, run: Run, readable: bool
) -> None:
    """The error names the role. Nothing is read."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.groups_readable = readable
    if not readable:
        azure.group("root")

    ran = run("audit", "--management-group", "root")

    assert (ran.code, ran.out, ran.err.count("\n"), reads(azure)) == (1, b"", 1, [])
    assert "management group root: " in ran.err
    assert "Management Group Reader" in ran.err


def test_a_group_id_is_used_in_each_tenant(azure: AzureDouble, run: Run) -> None:
    """Ids of groups are unique in one tenant only: many have a group `prod`."""
    other = azure.add_tenant("fabrikam.example")
    theirs = azure.add("Theirs", tenant_id=other.id, contacts_2017=GOOD)
    ours = azure.add("Ours", contacts_2017=GOOD)
    azure.group("prod", subscriptions=[ours])
    azure.group("prod", subscriptions=[theirs], tenant=other.id)

    ran = run(
        *("audit", "-o", "json", "--tenant", azure.tenant, "--tenant", other.id),
        *("--management-group", "prod"),
    )

    assert (ran.code, names(ran)) == (0, ["Ours", "Theirs"])


def test_a_group_is_found_in_the_tenant_that_has_it(azure: AzureDouble, run: Run) -> None:
    """Of all tenants of the run. If none has it, exit 1."""
    other = azure.add_tenant("fabrikam.example")
    theirs = azure.add("Theirs", tenant_id=other.id, contacts_2017=GOOD)
    azure.add("Ours", contacts_2017=GOOD)
    azure.group("root", subscriptions=[theirs], tenant=other.id)
    tenants = ("--tenant", azure.tenant, "--tenant", other.id)

    ran = run("audit", "-o", "json", *tenants, "--management-group", "root")

    assert (ran.code, names(ran)) == (0, ["Theirs"])
    assert run("audit", *tenants, "--management-group", "nope").code == 1


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b'{"value":{}}',
        b'{"value":[null]}',
        b'{"value":[{"id":5}]}',
        b'{"value":[{"id":"/subscriptions/x"}]}',
        b'{"value":[{"id":"/subscriptions/0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d/x"}]}',
        b"<html>",
        b'{"value":[],"nextLink":"https://evil.example/"}',
    ],
)
def test_a_malformed_group_ends_the_run(azure: AzureDouble, run: Run, body: bytes) -> None:
    """No part of it is audited."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.group("root", subscriptions=azure.subscriptions)
    azure.fail("descendants", faults.answer(body))

    ran = run("audit", "--management-group", "root", "-s", "Prod")

    assert (ran.code, ran.out, reads(azure)) == (1, b"", [])


def test_a_throttled_group_is_retried(azure: AzureDouble, run: Run) -> None:
    """As each read is."""
    azure.group("root", subscriptions=[azure.add("Prod", contacts_2017=GOOD)])
    azure.fail("descendants", faults.status(429, headers={"Retry-After": "0"}), times=2)

    assert run("audit", "--management-group", "root").code == 0


def test_masked_groups_have_no_names(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """In URLs, bodies and file names."""
    azure.group("secret-group", subscriptions=[azure.add("Prod", contacts_2017=GOOD)])
    folder = tmp_path / "r"

    ran = run("audit", "--management-group", "Secret-Group", "--record", str(folder), "--mask")

    assert ran.code == 0
    for path in folder.iterdir():
        assert "secret-group" not in (path.name + path.read_text()).lower()


def test_many_subscriptions_in_a_group_take_linear_time(azure: AzureDouble, run: Run) -> None:
    """Each is found by its id."""
    listed = [azure.add(f"S{number}", state="Disabled") for number in range(20_000)]
    azure.group("root", subscriptions=listed)

    ran = run("audit", "-q", "--deadline", "20", "--management-group", "root")

    assert ran.code == 0


@pytest.mark.parametrize("text", ["root", "a" * 90, "R-1_x.(y)", "0a1b"])
def test_valid_ids_of_groups(text: str) -> None:
    """Letters, digits, and what Azure's naming rules allow."""
    assert parse_group_id(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a/b", "../x", "a" * 91, "a\n", "é", "a?x", "%2e", "-a", "٣"]
)
def test_invalid_ids_of_groups(azure: AzureDouble, run: Run, text: str) -> None:
    """Exit 2 before anything is sent: it would become a part of a URL."""
    ran = run("audit", "--management-group", text)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])

"""Contacts that Azure named after their address."""

import copy
from typing import Any

import pytest
from azure_double import AzureDouble
from azure_double.contacts import view
from remediation.workspace import CHANGE, V2017, Workspace, named_contact, rows, statuses

NAMED = [
    named_contact("alerts24-contoso.com", "alerts24@contoso.com"),
    named_contact("x-contoso.com", "x@contoso.com"),
]


@pytest.mark.parametrize(
    ("records", "change", "expected"),
    [
        pytest.param(
            NAMED,
            CHANGE,
            [("PUT", "default1", "soc@contoso.com")],
            id="added beside",
        ),
        pytest.param(
            NAMED,
            (*CHANGE, "--replace"),
            [
                ("PUT", "default1", "soc@contoso.com"),
                ("DELETE", "x-contoso.com", None),
                ("DELETE", "alerts24-contoso.com", None),
            ],
            id="replaced",
        ),
        pytest.param(
            [*NAMED, named_contact("default1", "d@contoso.com")],
            (*CHANGE, "--remove-email", "alerts24@contoso.com", "--remove-email", "d@contoso.com"),
            [("PUT", "default1", "soc@contoso.com"), ("DELETE", "alerts24-contoso.com", None)],
            id="only a numbered place is taken",
        ),
        pytest.param(
            NAMED,
            ("--remove-email", "x@contoso.com"),
            [("DELETE", "x-contoso.com", None)],
            id="by its own name",
        ),
        pytest.param(
            [*reversed(NAMED), named_contact("default1", "d@contoso.com")],
            ("--phone", "(214)275-4038"),
            [("PUT", "x-contoso.com", "x@contoso.com")],
            id="the phone goes to Azure's first",
        ),
        pytest.param(
            [
                *NAMED,
                named_contact("default1", "d@contoso.com"),
                named_contact("default2", "e@contoso.com"),
            ],
            ("--remove-email", "d@contoso.com"),
            [("PUT", "default1", "e@contoso.com"), ("DELETE", "default2", None)],
            id="the last numbered one moves into the gap",
        ),
    ],
)
def test_contacts_named_after_addresses_are_nobody_else_s(
    azure: AzureDouble,
    workspace: Workspace,
    records: list[dict[str, Any]],
    change: tuple[str, ...],
    expected: list[tuple[str, str, str | None]],
) -> None:
    """They stay, or are deleted and restored by their own names."""
    azure.empty_phone = "emptied"
    subscription = azure.add("Prod", contacts_2017=copy.deepcopy(records))

    ran = workspace.write("apply", *change, "--api-version", V2017)
    sent = azure.writes()
    restored = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"]), ran.err
    assert [
        (
            asked.method,
            asked.path.rpartition("/")[2],
            asked.json()["properties"]["email"] if asked.method == "PUT" else None,
        )
        for asked in sent
    ] == expected
    deleted = [name for method, name, _ in expected if method == "DELETE"]
    assert all(name in (rows(ran)[0]["message"] or "") for name in deleted)
    assert (restored.code, statuses(restored)) == (0, ["done"])
    named = {each["name"]: each["properties"] for each in view(azure, subscription, V2017)}
    assert named == {each["name"]: each["properties"] for each in records}


def test_a_phone_is_not_lost_with_the_contact_that_had_it(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The number moves to the first contact that stays."""
    azure.add(
        "Prod", contacts_2017=[named_contact("x-contoso.com", "x@contoso.com", phone="(1) 2")]
    )

    workspace.write("apply", *CHANGE, "--replace", "--api-version", V2017)

    put = azure.writes()[0]
    assert put.path.endswith("/default1")
    assert put.json()["properties"]["phone"] == "(1) 2"

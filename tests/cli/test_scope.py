"""Which subscriptions are in scope: listed, named, excluded, sharded."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure_double import Asked, AzureDouble, faults
from cli.contacts import ID, at_2017, rows
from conftest import Run


def test_ids_names_files_and_exclusions_make_the_scope(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Selectors add up, exclusions subtract, in Azure's order; what is not visible comes last."""
    one, two, three, four = (azure.add(name) for name in ("One", "Two", "Three", "Four"))
    listed = tmp_path / "ids.txt"
    listed.write_bytes(
        b"\xef\xbb\xbf# ours\r\n" + three.id.upper().encode() + b"  # a comment\r\n\r\ntwo\r\n"
    )

    ran = run(
        *("audit", "-o", "json", "-s", ID, "-s", four.id, "-s", "One", "-s", one.id),
        *("--subscriptions-from", str(listed), "--exclude", "FOUR", "--exclude", "Nobody"),
    )

    assert [row["id"] for row in rows(ran)] == [one.id, two.id, three.id, ID]
    assert rows(ran)[-1]["error"]["reason"] == "not-visible"
    assert "warning: --exclude: 'Nobody' matches nothing" in ran.err
    assert not any(ID in asked.path for asked in azure.arm_asked())


def test_ids_come_from_stdin_and_from_az(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """`-` is stdin; `--current` is az's default in this cloud, from its profile."""
    one, two = azure.add("One"), azure.add("Two")
    azure.add("Three")
    profile = {
        "subscriptions": [
            {"id": two.id, "isDefault": True, "tenantId": azure.tenant, "environmentName": "Own"},
            {"id": one.id, "isDefault": False, "tenantId": azure.tenant},
        ]
    }
    (tmp_path / "azureProfile.json").write_text(json.dumps(profile), "utf-8-sig")

    ran = run(
        *("audit", "-o", "json", "--current", "--subscriptions-from", "-"),
        stdin=one.id.encode(),
        AZURE_CONFIG_DIR=str(tmp_path),
    )

    assert [row["id"] for row in rows(ran)] == [one.id, two.id]


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        pytest.param(None, "az is not signed in -- sign in: az login", id="never signed in"),
        pytest.param({"subscriptions": []}, "az is not signed in", id="signed out"),
        pytest.param({}, "az is not signed in", id="not yet signed in"),
        pytest.param([], "cannot be read", id="no profile"),
        pytest.param(
            {"subscriptions": [{"id": ID, "isDefault": True, "tenantId": ID}]},
            "tenant-level account",
            id="tenant level",
        ),
    ],
)
def test_a_profile_of_az_without_a_default_is_reported(
    azure: AzureDouble, run: Run, tmp_path: Path, profile: Any, says: str
) -> None:
    """If az has no default subscription, the program does not guess one."""
    azure.add("One")
    (tmp_path / "az").write_text("#!/bin/false\n")
    (tmp_path / "az").chmod(0o700)
    if profile is not None:
        (tmp_path / "azureProfile.json").write_text(json.dumps(profile))

    ran = run("audit", "--current", AZURE_CONFIG_DIR=str(tmp_path), PATH=str(tmp_path))

    assert (ran.code, ran.out) == (1, b"")
    assert says in ran.err


def test_nothing_visible_is_never_all_compliant(azure: AzureDouble, run: Run) -> None:
    """An empty list, or nothing left of it, is a failed run."""
    assert run("audit").code == 1
    azure.add("One")
    assert run("audit", "--exclude", "One").code == 1
    assert run("audit", "--subscriptions-from", "-", stdin=b"# nothing\n").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-s", "Nobody"], id="unknown name"),
        pytest.param(["-s", "twin"], id="two of that name"),
        pytest.param(["--exclude", "TWIN"], id="two to exclude"),
    ],
)
def test_a_name_that_does_not_select_one_is_a_usage_error(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """None or several: exit 2, with the candidates, and nothing was read."""
    azure.add("Twin")
    azure.add("TWIN ", id=ID)
    azure.subscriptions[1].name = "Twin"

    ran = run("audit", *arguments)

    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ID in ran.err
    assert not any("securityContacts" in asked.path for asked in azure.arm_asked())


def test_an_incomplete_list_of_subscriptions_fails_the_run(azure: AzureDouble, run: Run) -> None:
    """No subscription is reported."""
    azure.page_size = 1
    azure.add("One", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Two", contacts_2017=at_2017("a@contoso.com"))

    def second_page(asked: Asked) -> bool:
        return "skiptoken" in asked.query

    azure.fail(second_page, faults.arm_error(403, "AuthorizationFailed", "no"))

    ran = run("audit", "-o", "json")

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.count("\n") == 1


def test_a_subscription_that_is_listed_twice_is_audited_once(azure: AzureDouble, run: Run) -> None:
    """Pages may overlap; rows may not.  A name and a state may be missing, the tenant is known."""
    item = {"subscriptionId": ID.upper()}
    azure.fail("GET /subscriptions?", faults.answer(json.dumps({"value": [item, item]}).encode()))

    (row,) = rows(run("audit", "-o", "json"))

    assert (row["id"], row["name"], row["state"]) == (ID, None, None)
    assert row["tenant_id"] == azure.tenant


def test_an_exclusion_means_what_it_names(azure: AzureDouble, run: Run) -> None:
    """A name is looked up among all that are visible, not among those that were chosen."""
    azure.add("prod")
    other = azure.add("Prod", contacts_2017=at_2017("a@contoso.com"))

    ran = run("audit", "-o", "json", "-s", other.id, "--exclude", "prod")

    assert [row["id"] for row in rows(ran)] == [other.id]
    assert "warning: --exclude: 'prod' matches nothing" in ran.err


def test_all_shards_together_are_the_scope(azure: AzureDouble, run: Run) -> None:
    """Each subscription is in one shard, which the report names. An empty shard ends with 0."""
    for number in range(5):
        azure.add(f"S{number}", contacts_2017=at_2017("a@contoso.com"))

    parts = [run("audit", "-o", "json", "--shard", f"{index}/64") for index in range(64)]
    auto = run("audit", "-o", "json", "--shard", "auto/64", JOB_COMPLETION_INDEX="7")

    found = [row["id"] for ran in parts for row in rows(ran)]
    assert {ran.code for ran in parts} == {0}
    assert sorted(found) == sorted(each.id for each in azure.subscriptions)
    assert [json.loads(ran.out)["shard"] for ran in parts] == [f"{at}/64" for at in range(64)]
    assert json.loads(auto.out)["shard"] == "7/64"
    assert not any("skipped" in ran.err for ran in parts)

"""Which API versions an audit reads, and which of them decides."""

from typing import Any, Literal

import pytest
from azure_double import AzureDouble, faults
from cli.contacts import ALL, V2017, V2020, V2023, at_2017, newer, rows, versions_asked
from conftest import Run


@pytest.mark.parametrize(
    ("contacts_2017", "contact", "offered", "verdict", "decided_by", "asked"),
    [
        pytest.param(
            at_2017("a@contoso.com"), None, ALL, "compliant", V2017, [V2017], id="2017 shows one"
        ),
        pytest.param(
            [],
            newer("a@contoso.com"),
            ALL,
            "compliant",
            V2023,
            [V2017, V2023],
            id="the portal wrote it",
        ),
        pytest.param([], newer(""), ALL, "non-compliant", V2023, [V2017, V2023], id="owners only"),
        pytest.param(
            [],
            newer("a@contoso.com", isEnabled=False),
            ALL,
            "non-compliant",
            V2023,
            [V2017, V2023],
            id="disabled",
        ),
        pytest.param([], None, ALL, "non-compliant", V2023, [V2017, V2023], id="none at all"),
        pytest.param(
            at_2017("no address"),
            newer("a@contoso.com"),
            ALL,
            "compliant",
            V2023,
            [V2017, V2023],
            id="malformed at 2017",
        ),
        pytest.param(
            [],
            newer("a@contoso.com"),
            {V2017, V2020},
            "compliant",
            V2020,
            [V2017, V2023, V2020],
            id="2023 refused as a version",
        ),
        pytest.param(
            [],
            newer(";"),
            {V2017, V2020},
            "non-compliant",
            V2020,
            [V2017, V2023, V2020],
            id="2020 shows none",
        ),
        pytest.param(
            [],
            None,
            {V2017},
            "non-compliant",
            V2017,
            [V2017, V2023, V2020],
            id="2017 alone",
        ),
        pytest.param(
            at_2017("a@contoso.com"),
            newer("b@contoso.com"),
            {V2023},
            "compliant",
            V2023,
            [V2017, V2023],
            id="2017 retired",
        ),
        pytest.param(
            [], None, {V2020}, "non-compliant", V2020, [V2017, V2023, V2020], id="2020 alone"
        ),
        pytest.param(
            at_2017("a@contoso.com"),
            None,
            {"2099-01-01"},
            "unreadable",
            None,
            [V2017, V2023, V2020],
            id="none offered",
        ),
    ],
)
def test_no_subscription_fails_because_of_one_version_alone(
    azure: AzureDouble,
    run: Run,
    contacts_2017: list[dict[str, Any]],
    contact: dict[str, Any] | None,
    offered: set[str],
    verdict: str,
    decided_by: str | None,
    asked: list[str],
) -> None:
    """2017, then 2023 if 2017 has no address, then 2020 if 2023 is not offered."""
    subscription = azure.add("Prod", contacts_2017=contacts_2017, contact=contact)
    azure.offered, azure.newer_put_on_2017 = offered, "survives"

    (row,) = rows(run("audit", "-o", "json"))

    assert (row["verdict"], row["decided_by"]) == (verdict, decided_by)
    assert versions_asked(azure, subscription) == asked


@pytest.mark.parametrize(
    "refusal", ["NoRegisteredProviderFound", "InvalidResourceType", "InvalidApiVersionParameter"]
)
@pytest.mark.parametrize("shows", [True, False])
def test_a_finding_of_2017_alone_says_so(
    azure: AzureDouble, run: Run, refusal: str, shows: bool
) -> None:
    """Where no newer version is offered, the finding says that 2017 decided alone."""
    azure.add("Prod", contact=newer(""))
    azure.offered, azure.version_refusal = {V2017}, refusal
    azure.newer_put_on_2017 = "shows" if shows else "survives"

    (row,) = rows(run("audit", "-o", "json"))

    assert row["findings"][0]["api_version"] == V2017
    assert "2017-08-01-preview alone decided" in row["findings"][0]["message"]


@pytest.mark.parametrize("seen", ["shows", "survives"])
def test_verdicts_do_not_depend_on_what_versions_show_of_each_other(
    azure: AzureDouble, run: Run, seen: Literal["shows", "survives"]
) -> None:
    """Nobody knows what Azure shows there. The verdict is the same each way."""
    azure.newer_put_on_2017 = seen
    azure.add("Old", contacts_2017=at_2017("a@contoso.com"))
    azure.add("Portal", contact=newer("a@contoso.com"))
    azure.add("Both", contacts_2017=at_2017("a@contoso.com"), contact=newer(""))
    azure.add("Empty", contact=newer(""))
    azure.add("None")

    found = rows(run("audit", "-o", "json"))

    verdicts = [row["verdict"] for row in found]
    assert verdicts == ["compliant"] * 3 + ["non-compliant"] * 2


def test_a_version_is_not_requested_after_three_refusals(azure: AzureDouble, run: Run) -> None:
    """The other subscriptions are read without it."""
    for number in range(6):
        azure.add(f"S{number}")
    azure.offered = {V2017, V2020}

    ran = run("audit", "-o", "json", "--workers", "1")

    assert {row["decided_by"] for row in rows(ran)} == {V2020}
    at_2023 = [asked for asked in azure.arm_asked() if asked.params.get("api-version") == V2023]
    assert len(at_2023) == 3


def test_one_refusal_of_a_version_counts_for_its_subscription_only(
    azure: AzureDouble, run: Run
) -> None:
    """The next subscriptions are read at that version again."""
    azure.newer_put_on_2017 = "survives"
    for number in range(5):
        azure.add(f"S{number}", contact=newer("a@contoso.com"))
    refused = faults.arm_error(
        400, "NoRegisteredProviderFound", "The supported api-versions are '2017-08-01-preview'."
    )
    azure.fail(V2023, refused, times=1)

    found = rows(run("audit", "-o", "json", "--workers", "1"))

    assert [row["decided_by"] for row in found] == [V2020] + [V2023] * 4


@pytest.mark.parametrize(
    ("status", "code", "message", "reason"),
    [
        pytest.param(400, "NoRegisteredProviderFound", "no list here", "refused", id="no list"),
        pytest.param(
            400,
            "NoRegisteredProviderFound",
            f"The supported api-versions are '{V2017}, {V2023}'.",
            "refused",
            id="ours is listed",
        ),
        pytest.param(
            403,
            "NoRegisteredProviderFound",
            f"The supported api-versions are '{V2017}'.",
            "forbidden",
            id="other status",
        ),
        pytest.param(404, "ResourceNotFound", "gone", "not-found", id="404"),
        pytest.param(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Security'.",
            "not-registered",
            id="409 registration",
        ),
    ],
)
def test_other_errors_at_a_newer_version_are_unreadable(
    azure: AzureDouble, run: Run, status: int, code: str, message: str, reason: str
) -> None:
    """Only a refusal of the version leads to another version. A 404 is never "no contact"."""
    azure.add("Prod")
    azure.fail(V2023, faults.arm_error(status, code, message))

    ran = run("audit", "-o", "json")

    (row,) = rows(ran)
    assert (ran.code, row["verdict"], row["error"]["reason"]) == (4, "unreadable", reason)
    assert (row["findings"], row["decided_by"]) == ([], None)


def test_a_hint_is_a_command_for_this_subscription(azure: AzureDouble, run: Run) -> None:
    """It can be copied as it is."""
    one = azure.add("Prod", registered=False)
    command = f"az provider register --namespace Microsoft.Security --subscription {one.id}"

    ran = run("audit", "-o", "json")

    assert rows(ran)[0]["error"]["hint"] == f"register the provider: {command}"
    assert ran.err.splitlines()[0].endswith(command)

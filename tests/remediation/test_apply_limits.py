"""What keeps `apply` from writing: --max-changes, and a last address."""

import json

import pytest
from azure_double import AzureDouble
from remediation.workspace import CHANGE, Workspace, portal_contact, result_statuses


@pytest.mark.parametrize(("most", "code", "sent"), [(1, 5, 0), (2, 0, 2)])
def test_more_changes_than_allowed_are_none(
    azure: AzureDouble, workspace: Workspace, most: int, code: int, sent: int
) -> None:
    """Above `--max-changes` nothing is sent; rows that need no change do not count."""
    azure.add("Good", contact=portal_contact("soc@contoso.com"))
    for number in range(2):
        azure.add(f"S{number}")

    ran = workspace.apply(*CHANGE, "--max-changes", str(most))

    assert (ran.code, len(azure.writes())) == (code, sent)
    assert result_statuses(ran) == ["already", *(["done"] if sent else ["not-sent"]) * 2]


@pytest.mark.parametrize("most", ["0", "5000"])
def test_any_whole_number_of_changes_can_be_the_most(
    azure: AzureDouble, workspace: Workspace, most: str
) -> None:
    """None at all, and more than a large organisation has subscriptions."""
    azure.add("Good", contact=portal_contact("soc@contoso.com"))

    ran = workspace.apply(*CHANGE, "--max-changes", most)

    assert ran.code == 0, ran.err


def test_the_last_address_is_not_taken_away_unasked(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """Refused with the option that allows it; the others are done; with the option it is done."""
    last = azure.add("Last", contact=portal_contact("x@contoso.com"))
    azure.add("More", contact=portal_contact("x@contoso.com;y@contoso.com"))

    planned = workspace.plan("--remove-email", "x@contoso.com")
    ran = workspace.apply("--remove-email", "X@contoso.com")
    allowed = workspace.apply("--remove-email", "x@contoso.com", "--allow-empty")

    assert planned.code == 5
    assert (ran.code, result_statuses(ran)) == (5, ["refused", "done"])
    assert "--allow-empty" in json.loads(ran.out)["subscriptions"][0]["message"]
    assert (allowed.code, last.contact and last.contact["emails"]) == (0, "")

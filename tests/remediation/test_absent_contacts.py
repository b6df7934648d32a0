"""When a contact counts as absent."""

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from remediation.workspace import CHANGE, Workspace, full_contact, rows, statuses


def test_a_default_contact_that_azure_makes_again_is_no_failure(
    azure: AzureDouble, workspace: Workspace
) -> None:
    """The new contact has no address: the deletion is confirmed."""
    subscription = azure.add("Prod")
    workspace.write("apply", *CHANGE)

    async def made_again(exchange: Exchange) -> None:
        _ = exchange.answer
        subscription.contact = full_contact("")
        await as_usual(exchange)

    azure.fail("DELETE", made_again)

    ran = workspace.write("restore", workspace.backup())

    assert (ran.code, statuses(ran)) == (0, ["done"])
    assert "deleted" in rows(ran)[0]["message"]


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("404", "gone", "done"),
        ("NotFound", "Could not find security contact with name default", "done"),
        ("ResourceNotFound", "gone", "refused"),
        ("SubscriptionNotFound", "gone", "refused"),
    ],
)
def test_only_one_404_means_that_a_contact_is_absent(
    azure: AzureDouble, workspace: Workspace, code: str, message: str, status: str
) -> None:
    """Azure's code or message says so; a colleague deleted the contact just before."""
    subscription = azure.add("Prod")
    workspace.write("apply", *CHANGE)

    async def gone(exchange: Exchange) -> None:
        subscription.contact = None
        await faults.arm_error(404, code, message)(exchange)

    azure.fail("DELETE", gone)

    assert statuses(workspace.write("restore", workspace.backup())) == [status]

"""A connection to Resource Manager is opened while the token is on its way."""

import asyncio

from azure_double import AzureDouble
from azure_double.exchange import Exchange, as_usual
from conftest import Run


def test_the_list_goes_over_a_connection_opened_during_sign_in(
    azure: AzureDouble, run: Run
) -> None:
    """A handshake takes two round trips, and need not wait for the token."""
    azure.add("Payments")

    async def once_connected(exchange: Exchange) -> None:
        while azure.connections < 2:
            await asyncio.sleep(0.01)
        await as_usual(exchange)

    azure.fail("oauth2/v2.0/token", once_connected)
    ran = run("fetch", CONTACTS_AUDIT_ARM_ENDPOINT=f"https://127.0.0.1:{azure.port}")

    assert ran.code == 0
    assert {asked.connection for asked in azure.asked} == {1, 2}

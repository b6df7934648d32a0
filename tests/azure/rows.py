"""The rows of a report, and the requests behind them."""

import json
from typing import Any

from azure_double import Asked, AzureDouble
from conftest import Ran

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


def names(ran: Ran) -> list[Any]:
    """Return the name, or else the id, of each row."""
    return [row["name"] or row["id"] for row in json.loads(ran.out)["subscriptions"]]


def reads(azure: AzureDouble) -> list[Asked]:
    """Return the requests for contacts."""
    return [asked for asked in azure.arm_asked() if "securityContacts" in asked.path]

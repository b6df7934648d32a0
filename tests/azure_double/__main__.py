"""Run `python -m azure_double`: the double as a process, until stdin ends or SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from types import FrameType

from .double import AzureDouble

CONTACT = {
    "emails": "secops@contoso.com;ciso@contoso.com",
    "phone": "+1-425-555-0100",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [
        {"sourceType": "Alert", "minimalSeverity": "High"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ],
}
CONTACT_2017 = {
    "email": "secops@contoso.com",
    "phone": "+1-425-555-0100",
    "alertNotifications": "On",
    "alertsToAdmins": "On",
}


def main() -> None:
    """Serve until stdin ends or SIGTERM."""
    options = _options()
    signal.signal(signal.SIGTERM, _stop)
    with AzureDouble(seed="bench", port=options.port) as azure:
        azure.latency = options.latency
        azure.page_size = options.page_size
        _fill(azure, options.subscriptions, at_2017=options.address_at_2017)
        sys.stdout.write(json.dumps(_facts(azure)) + "\n")
        sys.stdout.flush()
        try:
            sys.stdin.read()
        except (SystemExit, KeyboardInterrupt):
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m azure_double", description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=10)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds an ARM answer waits")
    parser.add_argument("--address-at-2017", action="store_true", help="contacts of 2017 only")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--page-size", type=int, default=None)
    return parser.parse_args()


def _fill(azure: AzureDouble, count: int, *, at_2017: bool) -> None:
    for number in range(1, count + 1):
        subscription = azure.add(f"Subscription {number}")
        if at_2017:
            subscription.contacts_2017.append({"name": "default1", "properties": CONTACT_2017})
        else:
            subscription.contact = CONTACT


def _facts(azure: AzureDouble) -> dict[str, str]:
    return {
        "endpoint": azure.endpoint,
        "ca": str(azure.ca),
        "tenant": azure.tenant,
        "client_id": azure.client_id,
        "secret": azure.secret,
        "token": azure.token(),
    }


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

"""The check reachable: an alert would reach somebody."""

from typing import Any

import pytest
from audit.samples import AFTER, CRITERIA, V2017, V2020, V2023, contact, read, wrong

from contacts_audit.audit.checks import judge
from contacts_audit.core.model import (
    Check,
    Contact,
)

NO_RECEIVER = "no email address and no Owner role to notify"


@pytest.mark.parametrize(
    "contacts",
    [
        pytest.param([contact("a@contoso.com", severity="High")], id="an address"),
        pytest.param([contact(severity="Low", roles=("Owner",))], id="the owner"),
        pytest.param(
            [contact(), contact("a@contoso.com", severity="Medium")], id="one contact of two"
        ),
    ],
)
def test_somebody_is_reached(contacts: list[Contact]) -> None:
    """One contact is enabled, sends alerts, and has a receiver."""
    assert wrong(Check.REACHABLE, contacts) is None


@pytest.mark.parametrize(
    ("contacts", "detail"),
    [
        pytest.param([], NO_RECEIVER, id="no contact"),
        pytest.param([contact("a@contoso.com")], "", id="no alerts"),
        pytest.param(
            [contact(severity="High")],
            NO_RECEIVER,
            id="no receiver",
        ),
        pytest.param(
            [contact(severity="High", roles=("Reader",))],
            NO_RECEIVER,
            id="another role",
        ),
        pytest.param(
            [contact(malformed=("a@",), severity="High")],
            NO_RECEIVER,
            id="a malformed address",
        ),
        pytest.param(
            [contact("a@contoso.com", severity="High", enabled=False)],
            "contact 'default' is disabled",
            id="disabled",
        ),
        pytest.param(
            [contact("a@contoso.com", roles=("Owner",)), contact(severity="High")],
            "",
            id="halves of two contacts",
        ),
        pytest.param(
            [contact("a@contoso.com", severity="High", enabled=False), contact(severity="High")],
            "contact 'default' is disabled",
            id="the address of a disabled contact",
        ),
    ],
)
def test_nobody_is_reached(contacts: list[Contact], detail: str) -> None:
    """One contact must meet all conditions; two contacts do not add up."""
    message = wrong(Check.REACHABLE, contacts)

    assert message is not None
    assert message.startswith("an alert would reach nobody")
    assert detail in message


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        pytest.param(V2017, {"email": "a@contoso.com", "alertNotifications": "On"}, id="2017"),
        pytest.param(V2017, {"alertsToAdmins": "On", "alertNotifications": "On"}, id="2017, owner"),
        pytest.param(
            V2020,
            {
                "emails": "a@contoso.com",
                "alertNotifications": {"state": "On", "minimalSeverity": "Low"},
            },
            id="2020",
        ),
        pytest.param(
            V2023,
            {
                "isEnabled": True,
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
                "notificationsByRole": {"state": "On", "roles": ["Owner"]},
            },
            id="2023",
        ),
    ],
)
def test_reachable_reads_each_api_version(version: str, properties: Any) -> None:
    """The same contact, as three API versions write it."""
    assert judge(Check.REACHABLE, read(version, properties), CRITERIA) is None


def test_two_contacts_of_2017_do_not_add_up() -> None:
    """One has an address but sends no alerts, the other sends alerts but has no address."""
    reading = read(
        V2017,
        {"email": "a@contoso.com", "alertNotifications": "Off"},
        {"email": "", "alertNotifications": "On", "alertsToAdmins": "Off"},
    )

    assert judge(Check.REACHABLE, reading, CRITERIA) is not None
    assert judge(Check.CONTACT_EMAIL, reading, CRITERIA) is None
    assert judge(Check.ALERT_NOTIFICATIONS, reading, CRITERIA) is None


def test_the_whole_finding_of_an_alert_that_reaches_nobody() -> None:
    """One message names every obstacle, and nothing else."""
    dead = contact("a@contoso.com", severity="High", enabled=False)
    odd = contact(malformed=("a@",), severity="Critical", name="other")
    gone = contact(severity="Høj", enabled=False, name="gone")

    assert wrong(Check.REACHABLE, [dead]) == (
        "an alert would reach nobody (contact 'default' is disabled)"
    )
    assert wrong(Check.REACHABLE, [gone, odd]) == (
        "an alert would reach nobody (contact 'gone' is disabled; the severity 'Critical' is not "
        f"known; no email address and no Owner role to notify; malformed address 'a@'{AFTER})"
    )
    assert wrong(Check.REACHABLE, [contact("a@contoso.com")]) == "an alert would reach nobody"
    assert wrong(Check.ALERT_NOTIFICATIONS, [gone, contact()]) == (
        "no email is sent for high-severity alerts (contact 'gone' is disabled)"
    )

"""Writes are refused as recorded, and go wrong as a test asks."""

from __future__ import annotations

import re

import pytest
import requests
from asking import (
    CONTACT,
    CONTACT_2017,
    V2017,
    V2020,
    V2023,
    WRITTEN,
    WRITTEN_2020,
    WRITTEN_2023,
    Client,
    code,
    contacts,
)
from azure_double import AzureDouble, Subscription, faults
from azure_double.exchange import Fault


def test_a_missing_object_is_refused_at_2020(azure: AzureDouble, ask: Client) -> None:
    """As recorded, although a contact existed: the message, and a type without charset."""
    subscription = azure.add(contact=CONTACT)
    written = {key: value for key, value in WRITTEN_2020.items() if key != "notificationsByRole"}

    answer = ask.put(subscription, written, V2020)

    assert code(answer) == (400, "BadRequest")
    assert re.fullmatch(
        "The json value of notificationsByRole failed validation, with reason: NotificationsByRole "
        ": NotificationsByRole value cannot be null!, error tracking number: [0-9a-f-]{36}",
        answer.json()["error"]["message"],
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert "x-ms-failure-cause" not in answer.headers
    assert subscription.contact == CONTACT


def test_a_name_other_than_default_is_refused(azure: AzureDouble, ask: Client) -> None:
    """At 2017 each name is accepted, later only one."""
    answers = [
        ask.put(azure.add(), WRITTEN[version], version, "default1") for version in (V2020, V2023)
    ]

    assert [code(each) for each in answers] == [(400, "BadRequest")] * 2


def test_2017_accepts_one_address_for_each_contact(azure: AzureDouble, ask: Client) -> None:
    """A list of addresses is refused, and so is a contact without flags."""
    subscription = azure.add()

    several = ask.put(subscription, {**CONTACT_2017, "email": "a@b.c,d@e.f"}, V2017)
    half = ask.put(subscription, {"email": "a@b.c"}, V2017)

    assert [code(each) for each in (several, half)] == [(400, "InvalidInputJson")] * 2


def test_refused_writes(azure: AzureDouble, ask: Client) -> None:
    """A disabled subscription, no permission, no JSON. The first can be read."""
    disabled = azure.add(state="Disabled", contact=CONTACT)
    no_json = ask(contacts(azure.add(), V2023, "default"), method="PUT", data=b"{")

    assert ask.put(disabled, WRITTEN_2023).status_code == 409
    assert ask.put(azure.add(writable=False), WRITTEN_2023).status_code == 403
    assert no_json.status_code == 400
    assert ask(contacts(disabled)).ok


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("fault", "outcome", "applied"),
    [
        pytest.param(faults.reset(), None, False, id="reset"),
        pytest.param(faults.applied(faults.reset()), None, True, id="applied, reset"),
        pytest.param(faults.hang(), None, False, id="hang"),
        pytest.param(faults.applied(faults.hang()), None, True, id="applied, hang"),
        pytest.param(faults.arm_error(409, "Conflict", "!"), 409, False, id="409"),
        pytest.param(faults.arm_error(412, "PreconditionFailed", "!"), 412, False, id="412"),
        pytest.param(faults.throttle(7), 429, False, id="429"),
        pytest.param(faults.applied(faults.throttle(7)), 429, True, id="applied, 429"),
        pytest.param(faults.status(500), 500, False, id="500"),
        pytest.param(faults.applied(faults.status(500)), 500, True, id="applied, 500"),
        pytest.param(faults.arm_error(503, "ServiceUnavailable", "!"), 503, False, id="503"),
        pytest.param(faults.html(), 200, False, id="web page"),
        pytest.param(faults.applied(faults.html()), 200, True, id="applied, web page"),
        pytest.param(faults.status(200, {"properties": {"emails": "d@e.f"}}), 200, False, id="lie"),
        pytest.param(
            faults.arm_error(403, "RequestDisallowedByPolicy", "Disallowed by policy."),
            403,
            False,
            id="policy",
        ),
    ],
)
def test_a_write_may_fail(
    azure: AzureDouble,
    ask: Client,
    method: str,
    fault: Fault,
    outcome: int | None,
    applied: bool,
) -> None:
    """The write is applied or not, as the fault says, whatever the answer is."""
    subscription, other = azure.add(contact=CONTACT), azure.add(contact=CONTACT)
    azure.fail(f"{method} {subscription.scope}/", fault, times=1)

    def write(to: Subscription) -> int | None:
        path, body = contacts(to, V2023, "default"), {"properties": WRITTEN_2023}
        try:
            return ask(path, method=method, json=body, timeout=0.3).status_code
        except requests.RequestException:
            return None

    elsewhere, seen, contact = write(other), write(subscription), subscription.contact
    again = write(subscription)

    assert elsewhere == 200
    assert seen == outcome
    assert (contact != CONTACT) == applied
    assert again in {200, 204}
    assert subscription.contact == other.contact != CONTACT


def test_a_policy_may_deny_a_write(azure: AzureDouble, ask: Client) -> None:
    """Reads still work, and the code shows the reason."""
    subscription = azure.add(contact=CONTACT)
    azure.fail("PUT", faults.arm_error(403, "RequestDisallowedByPolicy", "Disallowed by policy."))

    answer = ask.put(subscription, WRITTEN_2023)

    assert code(answer) == (403, "RequestDisallowedByPolicy")
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == CONTACT

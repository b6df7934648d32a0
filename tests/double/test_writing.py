"""What the double makes of a PUT and a DELETE: the recorded merges, defaults and refusals."""

from __future__ import annotations

import re
from typing import Any

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
    record,
    usual_name,
)
from azure_double import AzureDouble, Subscription, faults
from azure_double.exchange import Fault

VERSIONS = [V2017, V2020, V2023]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contact_is_written_read_back_and_deleted(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """201 where nothing was stored, then 200; the answer is what is read; then there is none."""
    subscription = azure.add()

    written = [ask.put(subscription, WRITTEN[version], version) for _ in range(2)]
    (listed,) = ask.listed(subscription, version)
    one = ask(contacts(subscription, version, usual_name(version))).json()
    deleted = ask.delete(subscription, version)

    assert [each.status_code for each in written] == [201, 200]
    assert written[1].json() == listed == one
    assert ask(contacts(subscription, version)).content == b'{"value":[]}'
    assert deleted.ok


@pytest.mark.parametrize("version", VERSIONS)
def test_a_delete_is_204_at_2017_and_an_empty_object_later(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """What is empty has no type either; a delete has an allowance of its own."""
    subscription = azure.add()
    ask.put(subscription, WRITTEN[version], version)

    answer = ask.delete(subscription, version)

    if version == V2017:
        assert (answer.status_code, answer.content) == (204, b"")
        assert "Content-Type" not in answer.headers
    else:
        assert (answer.status_code, answer.content) == (200, b"{}")
    assert answer.headers["x-ms-ratelimit-remaining-subscription-deletes"] == "14999"
    assert "x-ms-ratelimit-remaining-subscription-resource-requests" not in answer.headers


def test_a_put_counts_for_the_writes(azure: AzureDouble, ask: Client) -> None:
    """A tenth of a thousand and a half, refused or not."""
    subscription = azure.add()

    for properties in (WRITTEN_2023, {}):
        headers = ask.put(subscription, properties).headers

        assert headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "249"
        assert headers["api-supported-versions"] == V2023


# One document


def test_each_write_moves_the_one_etag(azure: AzureDouble, ask: Client) -> None:
    """Of all contacts of 2017, whichever is written or deleted, and though nothing changed."""
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])

    def etags() -> set[str]:
        return {item["etag"] for version in VERSIONS for item in ask.listed(subscription, version)}

    seen = [etags()]
    for _ in range(2):
        ask.put(subscription, record()["properties"], V2017, "default1")
        seen.append(etags())
    ask.delete(subscription, V2017, "default2")
    seen.append(etags())

    assert [len(each) for each in seen] == [1, 1, 1, 1]
    assert len(set.union(*seen)) == 4


def test_what_a_newer_version_writes_2017_shows(azure: AzureDouble, ask: Client) -> None:
    """A contact an address: named as it was given at 2017, or else after itself."""
    subscription = azure.add()
    ask.put(subscription, record(phone="2")["properties"], V2017)

    ask.put(subscription, {**WRITTEN_2023, "emails": "soc@contoso.com;a@contoso.com"})

    items = ask.listed(subscription, V2017)
    assert [each["name"] for each in items] == ["soc-contoso.com", "default1"]
    assert [each["properties"]["email"] for each in items] == ["soc@contoso.com", "a@contoso.com"]
    assert [each["properties"]["phone"] for each in items] == ["1", "2"]


def test_what_2017_writes_comes_last(azure: AzureDouble, ask: Client) -> None:
    """A new name is a new contact, and its address the last of the newer one."""
    subscription = azure.add(contact=CONTACT)
    new = {**CONTACT_2017, "email": "new@contoso.com"}

    answer = ask.put(subscription, new, V2017)

    (newest,) = ask.listed(subscription)
    assert answer.status_code == 200
    assert ask.names(subscription) == ["a-contoso.com", "b-contoso.com", "default1"]
    assert newest["properties"]["emails"] == "a@contoso.com;b@contoso.com;new@contoso.com"
    assert newest["properties"]["notificationsByRole"] == CONTACT["notificationsByRole"]


def test_a_contact_named_after_its_address_is_overwritten_by_that_name(
    azure: AzureDouble, ask: Client
) -> None:
    """It then has another address than its name says."""
    subscription = azure.add(contact=CONTACT)
    new = {**CONTACT_2017, "email": "new@contoso.com"}

    ask.put(subscription, new, V2017, "a-contoso.com")

    assert [each["properties"]["email"] for each in ask.listed(subscription, V2017)] == [
        *("new@contoso.com", "b@contoso.com")
    ]
    assert ask.names(subscription) == ["a-contoso.com", "b-contoso.com"]


def test_contacts_of_2017_can_be_deleted_in_any_order(azure: AzureDouble, ask: Client) -> None:
    """Also those that are named after their addresses; the newer contact has fewer addresses."""
    subscription = azure.add(contact=CONTACT)
    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)

    deleted = ask.delete(subscription, V2017, "a-contoso.com").status_code

    (newest,) = ask.listed(subscription)
    assert deleted == 204
    assert ask.names(subscription) == ["b-contoso.com", "default1"]
    assert newest["properties"]["emails"] == "b@contoso.com;new@contoso.com"


def test_after_the_last_delete_of_2017_a_document_is_left(azure: AzureDouble, ask: Client) -> None:
    """A PUT three seconds after six deletes was 200; after a delete at 2020 it was 201."""
    subscription = azure.add(contacts_2017=[record()])

    ask.delete(subscription, V2017)
    after_2017 = ask.put(subscription, CONTACT_2017, V2017).status_code
    ask.delete(subscription, V2020)
    after_2020 = ask.put(subscription, CONTACT_2017, V2017).status_code

    assert (after_2017, after_2020) == (200, 201)


@pytest.mark.parametrize("version", [V2020, V2023])
def test_a_newer_delete_takes_all(azure: AzureDouble, ask: Client, version: str) -> None:
    """At 2017, too, there is nothing left."""
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])

    ask.delete(subscription, version)

    assert [ask.listed(subscription, each) for each in VERSIONS] == [[], [], []]
    assert (subscription.contact, subscription.contacts_2017) == (None, [])


def test_a_write_changes_no_other_subscription(azure: AzureDouble, ask: Client) -> None:
    """Not even one that was made of the same records."""
    shared = [record()]
    subscription, other = azure.add(contacts_2017=shared), azure.add(contacts_2017=shared)

    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)
    ask.put(subscription, WRITTEN_2023)

    assert other.contacts_2017 == [record()]


# What a PUT is completed with


@pytest.mark.parametrize("sent", [{"phone": ""}, {"phone": None}, {}], ids=["empty", "null", "no"])
def test_an_empty_phone_keeps_the_old_one_at_2020(
    azure: AzureDouble, ask: Client, sent: dict[str, Any]
) -> None:
    """A PUT is no replacement; after a DELETE there is no phone to keep."""
    subscription = azure.add()
    ask.put(subscription, WRITTEN_2020, V2020)
    again = {key: value for key, value in WRITTEN_2020.items() if key != "phone"} | sent

    kept = ask.put(subscription, again, V2020).json()["properties"]["phone"]
    ask.delete(subscription, V2020)
    new = ask.put(subscription, again, V2020).json()["properties"]["phone"]

    assert (kept, new) == ("1", "")


@pytest.mark.parametrize(
    ("state", "alerts", "by_role"),
    [
        (
            "On",
            {"state": "On", "minimalSeverity": "High"},
            {"state": "On", "roles": ["Owner"]},
        ),
        ("Off", {"state": "Off", "minimalSeverity": ""}, {"state": "Off", "roles": []}),
    ],
)
def test_a_state_alone_is_completed_at_2020(
    azure: AzureDouble, ask: Client, state: str, alerts: dict[str, Any], by_role: dict[str, Any]
) -> None:
    """On is High, for the owners; what is Off has the severity "", and no roles."""
    written = {
        **WRITTEN_2020,
        "alertNotifications": {"state": state},
        "notificationsByRole": {"state": state},
    }

    properties = ask.put(azure.add(), written, V2020).json()["properties"]

    assert properties["alertNotifications"] == alerts
    assert properties["notificationsByRole"] == by_role


def test_roles_and_addresses_keep_their_order(azure: AzureDouble, ask: Client) -> None:
    """They come back exactly as they were sent."""
    written = {**WRITTEN_2020, "emails": "b@contoso.com;a@contoso.com"}
    written["notificationsByRole"] = {"state": "On", "roles": ["ServiceAdmin", "Owner"]}

    properties = ask.put(azure.add(), written, V2020).json()["properties"]

    assert properties["emails"] == "b@contoso.com;a@contoso.com"
    assert properties["notificationsByRole"]["roles"] == ["ServiceAdmin", "Owner"]


def test_2023_is_enabled_unless_it_is_told_otherwise(azure: AzureDouble, ask: Client) -> None:
    """One source stays one; its level comes first, though it was sent last."""
    subscription = azure.add()

    answer = ask.put(subscription, WRITTEN_2023)
    disabled = ask.put(subscription, {**WRITTEN_2023, "isEnabled": False})

    assert '"notificationsSources":[{"minimalSeverity":"Low","sourceType":"Alert"}]' in answer.text
    assert answer.json()["properties"]["isEnabled"] is True
    assert disabled.json()["properties"]["isEnabled"] is False


def test_what_2020_writes_2023_reads(azure: AzureDouble, ask: Client) -> None:
    """Both spellings are views of one contact."""
    subscription = azure.add()

    ask.put(subscription, WRITTEN_2020, V2020)

    (read,) = ask.listed(subscription)
    assert read["properties"]["isEnabled"] is True
    assert read["properties"]["notificationsSources"] == [
        {"minimalSeverity": "Low", "sourceType": "Alert"}
    ]


@pytest.mark.parametrize("spelled", ["", "off", "OFF"])
def test_flags_of_2017_read_off(azure: AzureDouble, ask: Client, spelled: str) -> None:
    """What was sent is not what reads back."""
    written = {**CONTACT_2017, "alertNotifications": spelled, "alertsToAdmins": "on"}

    properties = ask.put(azure.add(), written, V2017).json()["properties"]

    assert (properties["alertNotifications"], properties["alertsToAdmins"]) == ("Off", "On")


@pytest.mark.parametrize("phone", ["555010123", "+555-5550142", "(214) 275-4038", "ext. 12"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_phone_is_free_text(azure: AzureDouble, ask: Client, version: str, phone: str) -> None:
    """It comes back to the letter."""
    written = {**WRITTEN[version], "phone": phone}

    answer = ask.put(azure.add(), written, version)

    assert answer.json()["properties"]["phone"] == phone


def test_any_contact_of_2017_may_have_a_phone_and_any_name(azure: AzureDouble, ask: Client) -> None:
    """Six were recorded, with names of all kinds, and each with the phone."""
    subscription = azure.add()

    for number, name in enumerate(("me", "default3", "default", "newSecurityContact4199")):
        assert ask.put(
            subscription, {**CONTACT_2017, "email": f"a{number}@contoso.com"}, V2017, name
        ).ok

    assert ask.names(subscription) == ["me", "default3", "default", "newSecurityContact4199"]
    assert {each["properties"]["phone"] for each in ask.listed(subscription, V2017)} == {"1"}


def test_the_documented_put(azure: AzureDouble, ask: Client) -> None:
    """A body that bears another name than the path, and an id, is written under the path's."""
    azure.names_2017, azure.drops_unknown, azure.honours_if_match = "sequence", True, True
    subscription = azure.add()
    properties = {"email": "a@contoso.com", "alertNotifications": "On", "alertsToAdmins": "On"}
    body = {
        "id": f"{subscription.scope}/providers/Microsoft.Security/securityContacts/default",
        "name": "default",
        "type": "Microsoft.Security/securityContacts",
        "properties": properties,
    }
    path = contacts(subscription, V2017, "default1")

    answers = [ask(path, method="PUT", json=body) for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 200]
    assert {each.json()["name"] for each in answers} == {"default1"}
    assert subscription.contacts_2017 == [{"name": "default1", "properties": properties}]


# What is refused


def test_a_missing_object_is_refused_at_2020(azure: AzureDouble, ask: Client) -> None:
    """As it was recorded, though a contact existed: its text, and a type without charset."""
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
    """At 2017 every name is taken, later but one."""
    answers = [
        ask.put(azure.add(), WRITTEN[version], version, "default1") for version in (V2020, V2023)
    ]

    assert [code(each) for each in answers] == [(400, "BadRequest")] * 2


def test_2017_takes_one_address_a_contact(azure: AzureDouble, ask: Client) -> None:
    """A list of addresses is refused, and so is a contact without flags."""
    subscription = azure.add()

    several = ask.put(subscription, {**CONTACT_2017, "email": "a@b.c,d@e.f"}, V2017)
    half = ask.put(subscription, {"email": "a@b.c"}, V2017)

    assert [code(each) for each in (several, half)] == [(400, "InvalidInputJson")] * 2


def test_writes_that_arm_refuses(azure: AzureDouble, ask: Client) -> None:
    """A disabled subscription, no right to write, no JSON; the first can be read."""
    disabled = azure.add(state="Disabled", contact=CONTACT)
    no_json = ask(contacts(azure.add(), V2023, "default"), method="PUT", data=b"{")

    assert ask.put(disabled, WRITTEN_2023).status_code == 409
    assert ask.put(azure.add(writable=False), WRITTEN_2023).status_code == 403
    assert no_json.status_code == 400
    assert ask(contacts(disabled)).ok


# Writes that go wrong


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
def test_a_write_may_go_wrong(
    azure: AzureDouble,
    ask: Client,
    method: str,
    fault: Fault,
    outcome: int | None,
    applied: bool,
) -> None:
    """Whatever is answered, if anything is, the write was applied as the fault says, once."""
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
    """Reads go on, and the code is for the reader to see."""
    subscription = azure.add(contact=CONTACT)
    azure.fail("PUT", faults.arm_error(403, "RequestDisallowedByPolicy", "Disallowed by policy."))

    answer = ask.put(subscription, WRITTEN_2023)

    assert code(answer) == (403, "RequestDisallowedByPolicy")
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == CONTACT


def test_writes_are_on_record(azure: AzureDouble, ask: Client) -> None:
    """Every PUT and DELETE is, in its order, whether or not it was applied; nothing else is."""
    subscription = azure.add(writable=False)
    path = contacts(subscription, V2023, "default")
    azure.fail("PUT", faults.reset(), times=1)

    with pytest.raises(requests.ConnectionError):
        ask.put(subscription, WRITTEN_2023)
    for method in ("GET", "DELETE", "PUT", "POST"):
        ask(path, method=method, json={"properties": {}})

    assert [asked.method for asked in azure.writes()] == ["PUT", "DELETE", "PUT"]
    assert azure.writes()[0].json() == {"properties": WRITTEN_2023}

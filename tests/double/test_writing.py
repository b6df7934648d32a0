"""Contacts are written as recorded: one document for each subscription, with three views."""

from __future__ import annotations

import pytest
import requests
from asking import (
    CONTACT,
    CONTACT_2017,
    V2017,
    V2020,
    V2023,
    WRITTEN,
    WRITTEN_2023,
    Client,
    contacts,
    record,
    usual_name,
)
from azure_double import AzureDouble, faults

VERSIONS = [V2017, V2020, V2023]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contact_is_written_read_back_and_deleted(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """201 if nothing was stored, then 200. The answer is what a read shows."""
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
    """An empty body has no type. Deletes have their own quota."""
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


def test_a_put_uses_the_quota_of_writes(azure: AzureDouble, ask: Client) -> None:
    """Refused or not."""
    subscription = azure.add()

    for properties in (WRITTEN_2023, {}):
        headers = ask.put(subscription, properties).headers

        assert headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "249"
        assert headers["api-supported-versions"] == V2023


def test_each_write_changes_the_one_etag(azure: AzureDouble, ask: Client) -> None:
    """Of all contacts of 2017, also a write that changes nothing."""
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


def test_2017_shows_what_a_newer_version_writes(azure: AzureDouble, ask: Client) -> None:
    """One contact for each address, with its given name or named after the address."""
    subscription = azure.add()
    ask.put(subscription, record(phone="2")["properties"], V2017)

    ask.put(subscription, {**WRITTEN_2023, "emails": "soc@contoso.com;a@contoso.com"})

    items = ask.listed(subscription, V2017)
    assert [each["name"] for each in items] == ["soc-contoso.com", "default1"]
    assert [each["properties"]["email"] for each in items] == ["soc@contoso.com", "a@contoso.com"]
    assert [each["properties"]["phone"] for each in items] == ["1", "2"]


def test_what_2017_writes_comes_last(azure: AzureDouble, ask: Client) -> None:
    """A new name is a new contact, and its address is the last of the newer one."""
    subscription = azure.add(contact=CONTACT)
    new = {**CONTACT_2017, "email": "new@contoso.com"}

    answer = ask.put(subscription, new, V2017)

    (newest,) = ask.listed(subscription)
    assert answer.status_code == 200
    assert ask.names(subscription) == ["a-contoso.com", "b-contoso.com", "default1"]
    assert newest["properties"]["emails"] == "a@contoso.com;b@contoso.com;new@contoso.com"
    assert newest["properties"]["notificationsByRole"] == CONTACT["notificationsByRole"]


def test_a_contact_can_be_overwritten_by_its_made_name(azure: AzureDouble, ask: Client) -> None:
    """Its name then does not fit its address."""
    subscription = azure.add(contact=CONTACT)
    new = {**CONTACT_2017, "email": "new@contoso.com"}

    ask.put(subscription, new, V2017, "a-contoso.com")

    assert [each["properties"]["email"] for each in ask.listed(subscription, V2017)] == [
        *("new@contoso.com", "b@contoso.com")
    ]
    assert ask.names(subscription) == ["a-contoso.com", "b-contoso.com"]


def test_contacts_of_2017_can_be_deleted_in_any_order(azure: AzureDouble, ask: Client) -> None:
    """Also those named after their address. The newer contact then has fewer addresses."""
    subscription = azure.add(contact=CONTACT)
    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)

    deleted = ask.delete(subscription, V2017, "a-contoso.com").status_code

    (newest,) = ask.listed(subscription)
    assert deleted == 204
    assert ask.names(subscription) == ["b-contoso.com", "default1"]
    assert newest["properties"]["emails"] == "b@contoso.com;new@contoso.com"


def test_after_the_last_delete_of_2017_a_document_is_left(azure: AzureDouble, ask: Client) -> None:
    """A PUT three seconds after six deletes was 200. After a delete at 2020 it was 201."""
    subscription = azure.add(contacts_2017=[record()])

    ask.delete(subscription, V2017)
    after_2017 = ask.put(subscription, CONTACT_2017, V2017).status_code
    ask.delete(subscription, V2020)
    after_2020 = ask.put(subscription, CONTACT_2017, V2017).status_code

    assert (after_2017, after_2020) == (200, 201)


@pytest.mark.parametrize("version", [V2020, V2023])
def test_a_newer_delete_removes_all(azure: AzureDouble, ask: Client, version: str) -> None:
    """At 2017, too."""
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])

    ask.delete(subscription, version)

    assert [ask.listed(subscription, each) for each in VERSIONS] == [[], [], []]
    assert (subscription.contact, subscription.contacts_2017) == (None, [])


def test_a_write_changes_no_other_subscription(azure: AzureDouble, ask: Client) -> None:
    """Not even one that shares the same records in the test."""
    shared = [record()]
    subscription, other = azure.add(contacts_2017=shared), azure.add(contacts_2017=shared)

    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)
    ask.put(subscription, WRITTEN_2023)

    assert other.contacts_2017 == [record()]


def test_any_contact_of_2017_may_have_a_phone_and_any_name(azure: AzureDouble, ask: Client) -> None:
    """Six were recorded, with all kinds of names, each with the phone."""
    subscription = azure.add()

    for number, name in enumerate(("me", "default3", "default", "newSecurityContact4199")):
        assert ask.put(
            subscription, {**CONTACT_2017, "email": f"a{number}@contoso.com"}, V2017, name
        ).ok

    assert ask.names(subscription) == ["me", "default3", "default", "newSecurityContact4199"]
    assert {each["properties"]["phone"] for each in ask.listed(subscription, V2017)} == {"1"}


def test_the_documented_put(azure: AzureDouble, ask: Client) -> None:
    """The name in the path counts, not the name and id in the body."""
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


def test_writes_are_recorded(azure: AzureDouble, ask: Client) -> None:
    """Each PUT and DELETE in order, applied or not, and nothing else."""
    subscription = azure.add(writable=False)
    path = contacts(subscription, V2023, "default")
    azure.fail("PUT", faults.reset(), times=1)

    with pytest.raises(requests.ConnectionError):
        ask.put(subscription, WRITTEN_2023)
    for method in ("GET", "DELETE", "PUT", "POST"):
        ask(path, method=method, json={"properties": {}})

    assert [asked.method for asked in azure.writes()] == ["PUT", "DELETE", "PUT"]
    assert azure.writes()[0].json() == {"properties": WRITTEN_2023}

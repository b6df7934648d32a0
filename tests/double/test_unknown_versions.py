"""What is unknown of writes at one api-version and reads at another, one switch at a time."""

from __future__ import annotations

from typing import Literal

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
)
from azure_double import AzureDouble


@pytest.mark.parametrize("version", [V2020, V2023])
@pytest.mark.parametrize(
    ("fate", "then", "at_last"),
    [
        ("survives", ["default1"], ["default1"]),
        ("replaced", [], []),
        ("hidden", [], ["default1"]),
    ],
)
def test_a_newer_put_and_the_records_of_2017(
    azure: AzureDouble,
    ask: Client,
    version: str,
    fate: Literal["survives", "replaced", "hidden"],
    then: list[str],
    at_last: list[str],
) -> None:
    """The records stay, are removed, or are hidden until the newer contact is deleted."""
    azure.newer_put_on_2017 = fate
    subscription = azure.add(contact=CONTACT, contacts_2017=[record()])
    assert ask.names(subscription) == ["default1"]

    ask.put(subscription, WRITTEN[version], version)
    after_put = ask.names(subscription)
    ask(contacts(subscription, version, "default"), method="DELETE")

    assert after_put == then
    assert ask.names(subscription) == at_last


def test_hidden_records_are_hidden_from_every_read(azure: AzureDouble, ask: Client) -> None:
    """From the list and by name. A PUT of one is still answered."""
    azure.newer_put_on_2017 = "hidden"
    subscription = azure.add()
    ask.put(subscription, {**WRITTEN_2023, "emails": "a@b.c"})

    written = ask.put(subscription, CONTACT_2017, V2017)

    assert (written.status_code, written.json()["properties"]) == (201, CONTACT_2017)
    assert ask.names(subscription) == []
    assert code(ask(contacts(subscription, V2017, "default1"))) == (404, "404")
    assert ask.put(subscription, CONTACT_2017, V2017).status_code == 200


def test_two_documents_may_exist(azure: AzureDouble, ask: Client) -> None:
    """The record of 2017, and the newer contact."""
    subscription = azure.add(contact=CONTACT)

    azure.newer_put_on_2017 = "survives"

    assert ask.put(subscription, CONTACT_2017, V2017).status_code == 201

    assert subscription.contact == CONTACT
    assert ask.names(subscription) == ["default1"]


def test_a_put_at_2017_may_overwrite_the_newer_contact(azure: AzureDouble, ask: Client) -> None:
    """Only what 2017 can express is left. Without a newer contact, none appears."""
    azure.newer_put_on_2017, azure.put_2017_on_newer = "survives", "overwrites"
    subscription, other = azure.add(contact=CONTACT), azure.add()
    properties = {**CONTACT_2017, "email": "new@contoso.com"}

    for each in (subscription, other):
        assert ask.put(each, properties, V2017).status_code == 201

    (contact,) = ask(contacts(subscription)).json()["value"]
    assert contact["properties"] == {
        "emails": "new@contoso.com",
        "phone": "1",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"minimalSeverity": "High", "sourceType": "Alert"}],
    }
    assert ask.names(subscription) == ask.names(other) == ["default1"]
    assert other.contact is None
    assert CONTACT["emails"] == "a@contoso.com; b@contoso.com"


def test_2017_may_overwrite_the_one_document(azure: AzureDouble, ask: Client) -> None:
    """What 2017 cannot express is lost, but not the addresses."""
    azure.put_2017_on_newer = "overwrites"
    subscription = azure.add(contact=CONTACT)

    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)

    (item,) = ask.listed(subscription)
    assert item["properties"] == {
        "emails": "a@contoso.com;b@contoso.com;new@contoso.com",
        "phone": "1",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"minimalSeverity": "High", "sourceType": "Alert"}],
    }


@pytest.mark.parametrize("fate", ["keeps", "overwrites"])
def test_2020_may_overwrite_what_it_cannot_express(
    azure: AzureDouble, ask: Client, fate: Literal["keeps", "overwrites"]
) -> None:
    """The source of attack paths is kept, or lost."""
    azure.put_2017_on_newer = fate
    path = {"sourceType": "AttackPath", "minimalRiskLevel": "Low"}
    subscription = azure.add(contact={**CONTACT, "notificationsSources": [path]})

    ask.put(subscription, WRITTEN_2020, V2020)

    sources = ask.listed(subscription)[0]["properties"]["notificationsSources"]
    kinds = [each["sourceType"] for each in sources]
    assert kinds == (["Alert", "AttackPath"] if fate == "keeps" else ["Alert"])


def test_flags_and_phone_of_2017_may_be_shared(azure: AzureDouble, ask: Client) -> None:
    """A write of one contact then changes those of all, and of the newer contact."""
    azure.shared_2017 = True
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])
    off = {"alertNotifications": "Off", "alertsToAdmins": "On", "phone": "7"}

    ask.put(subscription, {"email": "b@contoso.com", **off}, V2017, "default2")

    for item in ask.listed(subscription, V2017):
        assert item["properties"] == {"email": item["properties"]["email"], **off}
    (newest,) = ask.listed(subscription)
    assert newest["properties"]["notificationsSources"] == []
    assert newest["properties"]["phone"] == "7"


def test_shared_flags_change_the_newer_contact(azure: AzureDouble, ask: Client) -> None:
    """It keeps its severity and its other sources, with On and Off of 2017."""
    azure.shared_2017 = True
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "Low"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Low"},
    ]
    subscription = azure.add(contact={**CONTACT, "notificationsSources": sources})

    ask.put(subscription, {**CONTACT_2017, "email": "new@contoso.com"}, V2017)

    (newest,) = ask.listed(subscription)
    kept = {each["sourceType"]: each for each in newest["properties"]["notificationsSources"]}
    assert kept["Alert"]["minimalSeverity"] == "Low"
    assert kept["AttackPath"]["minimalRiskLevel"] == "Low"
    assert newest["properties"]["notificationsByRole"] == {"state": "Off", "roles": []}
    assert newest["properties"]["phone"] == "1"


@pytest.mark.parametrize(("emptied", "shown"), [("absent", []), ("empty", [""])])
def test_newer_versions_after_2017_deleted_all(
    azure: AzureDouble, ask: Client, emptied: Literal["absent", "empty"], shown: list[str]
) -> None:
    """They show no contact, or one without an address."""
    azure.emptied_2017 = emptied
    subscription = azure.add(contacts_2017=[record()])

    ask.delete(subscription, V2017)

    assert [each["properties"]["emails"] for each in ask.listed(subscription)] == shown
    assert ask.listed(subscription, V2017) == []


def test_names_of_2017_may_be_a_sequence(azure: AzureDouble, ask: Client) -> None:
    """Only the next name can be created, each can be replaced, and only the last deleted."""
    azure.names_2017 = "sequence"
    subscription = azure.add()
    properties = record()["properties"]

    def write(name: str) -> int:
        return ask.put(subscription, properties, V2017, name).status_code

    def delete(name: str) -> requests.Response:
        return ask(contacts(subscription, V2017, name), method="DELETE")

    created = [write(name) for name in ("default2", "default", "me", "default01", "default1")]
    more = [write(name) for name in ("default3", "default2", "default1", "default3")]
    refused = delete("default1")
    deleted = [delete(name).status_code for name in ("default2", "default3", "default2", "nobody")]

    assert created == [400, 400, 400, 400, 201]
    assert more == [400, 200, 200, 200]
    assert code(refused) == (400, "InvalidInputJson")
    assert deleted == [400, 204, 204, 204]
    assert ask.names(subscription) == ["default1"]


@pytest.mark.parametrize("old", ["me", "default", "default07"])
def test_names_of_2017_may_have_a_gap(azure: AzureDouble, ask: Client, old: str) -> None:
    """Old names are no part of the sequence. The next name fills the gap."""
    azure.names_2017 = "sequence"
    records = [{"name": old, "properties": CONTACT_2017}, record(3), record(5)]
    subscription = azure.add(contacts_2017=records)

    refused = ask(contacts(subscription, V2017, old), method="DELETE")
    deleted = ask(contacts(subscription, V2017, "default5"), method="DELETE")
    written = ask.put(subscription, record()["properties"], V2017, "default1")

    assert code(refused) == (400, "InvalidInputJson")
    assert (deleted.status_code, written.status_code) == (204, 200)
    assert ask.names(subscription) == [old, "default3", "default1"]


def test_an_old_phone_was_on_the_first_contact_only(azure: AzureDouble, ask: Client) -> None:
    """The rules before October 2020 belong together."""
    azure.names_2017 = "sequence"
    subscription = azure.add(contacts_2017=[record()])

    answer = ask.put(subscription, CONTACT_2017, V2017, "default2")

    assert code(answer) == (400, "InvalidInputJson")

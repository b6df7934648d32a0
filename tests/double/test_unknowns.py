"""What nobody knows of Azure, one switch of the double after the other."""

from __future__ import annotations

from typing import Any, Literal

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
    """The records survive, are removed, or do not show until the newer contact is deleted."""
    azure.newer_put_on_2017 = fate
    subscription = azure.add(contact=CONTACT, contacts_2017=[record()])
    assert ask.names(subscription) == ["default1"]

    ask.put(subscription, WRITTEN[version], version)
    after_put = ask.names(subscription)
    ask(contacts(subscription, version, "default"), method="DELETE")

    assert after_put == then
    assert ask.names(subscription) == at_last


def test_hidden_records_are_hidden_from_every_read(azure: AzureDouble, ask: Client) -> None:
    """Neither the list nor the name finds a hidden record; a PUT of one is still answered."""
    azure.newer_put_on_2017 = "hidden"
    subscription = azure.add()
    ask.put(subscription, {**WRITTEN_2023, "emails": "a@b.c"})

    written = ask.put(subscription, CONTACT_2017, V2017)

    assert (written.status_code, written.json()["properties"]) == (201, CONTACT_2017)
    assert ask.names(subscription) == []
    assert code(ask(contacts(subscription, V2017, "default1"))) == (404, "404")
    assert ask.put(subscription, CONTACT_2017, V2017).status_code == 200


def test_two_documents_are_beside_each_other(azure: AzureDouble, ask: Client) -> None:
    """The record of 2017 and the newer contact are beside each other."""
    subscription = azure.add(contact=CONTACT)

    azure.newer_put_on_2017 = "survives"

    assert ask.put(subscription, CONTACT_2017, V2017).status_code == 201

    assert subscription.contact == CONTACT
    assert ask.names(subscription) == ["default1"]


def test_a_put_at_2017_may_overwrite_the_newer_contact(azure: AzureDouble, ask: Client) -> None:
    """All that is left is what 2017 can say; where there was no newer contact, none appears."""
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


@pytest.mark.parametrize(
    ("status", "seen"), [("by existence", [201, 200]), (200, [200, 200]), (201, [201, 201])]
)
@pytest.mark.parametrize("version", [V2017, V2023])
def test_the_status_of_a_put(
    azure: AzureDouble,
    ask: Client,
    version: str,
    status: Literal["by existence", 200, 201],
    seen: list[int],
) -> None:
    """It tells what is new from what is replaced, or it does not."""
    azure.put_status = status
    subscription = azure.add()

    answers = [ask.put(subscription, WRITTEN[version], version) for _ in range(2)]

    assert [each.status_code for each in answers] == seen


@pytest.mark.parametrize("version", [V2017, V2020, V2023])
@pytest.mark.parametrize("body", ["whole", "empty", "request"])
def test_the_answer_to_a_put(
    azure: AzureDouble, ask: Client, version: str, body: Literal["whole", "empty", "request"]
) -> None:
    """It is the contact, or nothing, or what was sent; the contact is written all the same."""
    azure.put_body = body
    subscription = azure.add()

    answer = ask.put(subscription, WRITTEN[version], version)

    (contact,) = ask.listed(subscription, version)
    (asked,) = azure.writes()
    wanted = {"whole": contact, "empty": None, "request": asked.json()}[body]
    assert answer.content == b"" if wanted is None else answer.json() == wanted
    assert contact["properties"]["email" if version == V2017 else "emails"]
    assert answer.status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_is_ignored(azure: AzureDouble, ask: Client, method: str) -> None:
    """Unless we are told otherwise, the last writer wins."""
    path = contacts(azure.add(contact=CONTACT), V2023, "default")

    for headers in ({"If-Match": '"other"'}, {"If-None-Match": "*"}):
        answer = ask(path, method=method, json={"properties": WRITTEN_2023}, headers=headers)

        assert answer.ok


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("exists", "header", "value", "passes"),
    [
        pytest.param(True, "If-Match", None, True, id="its etag"),
        pytest.param(True, "If-Match", "*", True, id="any etag"),
        pytest.param(True, "If-Match", '"other"', False, id="another etag"),
        pytest.param(True, "If-None-Match", "*", False, id="must be new, is not"),
        pytest.param(True, "If-None-Match", '"other"', True, id="must be another, is"),
        pytest.param(False, "If-Match", '"other"', False, id="must be there, is not"),
        pytest.param(False, "If-Match", "*", False, id="must be anything, is nothing"),
        pytest.param(False, "If-None-Match", "*", True, id="must be new, is new"),
    ],
)
def test_if_match_may_be_honoured(
    azure: AzureDouble,
    ask: Client,
    method: str,
    exists: bool,
    header: str,
    value: str | None,
    passes: bool,
) -> None:
    """A write whose condition does not hold is refused, and changes nothing."""
    azure.honours_if_match = True
    subscription = azure.add(contact=CONTACT if exists else None)
    path = contacts(subscription, V2023, "default")
    headers = {header: value or ask(path).json()["etag"]}

    answer = ask(path, method=method, json={"properties": WRITTEN_2023}, headers=headers)

    assert answer.ok == passes
    if not passes:
        assert (answer.status_code, answer.json()["code"]) == (412, "PreconditionFailed")
        assert subscription.contact == (CONTACT if exists else None)


def test_if_match_at_2017(azure: AzureDouble, ask: Client) -> None:
    """An etag is of all contacts, so that each write makes it stale; a hidden one exists, too."""
    azure.honours_if_match = True
    subscription = azure.add(contacts_2017=[record(), record(2, email="b@contoso.com")])
    etag = ask.listed(subscription, V2017)[0]["etag"]
    hidden = azure.add(contact=CONTACT, contacts_2017=[record(email="c@d.e")], hides_2017=True)

    def match(value: str, name: str = "default1") -> int:
        return ask.put(subscription, CONTACT_2017, V2017, name, if_match=value).status_code

    assert [match('"other"'), match(etag), match(etag), match("*")] == [412, 200, 412, 200]
    assert ask.put(hidden, CONTACT_2017, V2017, if_none_match="*").status_code == 412


def test_lists_may_be_stale(azure: AzureDouble, ask: Client) -> None:
    """The next lists of that subscription show what was before its last write."""
    azure.stale_reads = 2
    subscription, other = azure.add(), azure.add()

    def emails(version: str = V2023) -> list[str]:
        return [each["properties"]["emails"] for each in ask.listed(subscription, version)]

    written = ask.put(subscription, {**WRITTEN_2023, "emails": "a@b.c"})
    ask.put(other, {**WRITTEN_2023, "emails": "x@y.z"})
    by_name = ask(contacts(subscription, V2023, "default")).json()
    first = [emails(), emails(V2020), emails(), emails()]
    ask.put(subscription, {**WRITTEN_2023, "emails": "d@e.f"})
    second = [emails()]
    ask(contacts(subscription, V2023, "default"), method="DELETE")
    third = [emails(), emails(V2020), emails(V2020)]

    assert written.json() == by_name
    assert by_name["properties"]["emails"] == "a@b.c"
    assert first == [[], [], ["a@b.c"], ["a@b.c"]]
    assert second == [["a@b.c"]]
    assert third == [["d@e.f"], ["d@e.f"], []]


def test_lists_of_2017_may_be_stale(azure: AzureDouble, ask: Client) -> None:
    """A record that is written, replaced or deleted is as it was, once; a refusal is no write."""
    azure.stale_reads = 1
    subscription = azure.add(contacts_2017=[record()])

    def emails() -> list[str]:
        return [each["properties"]["email"] for each in ask.listed(subscription, V2017)]

    ask.put(subscription, record(email="new@contoso.com")["properties"], V2017)
    replaced = [emails(), emails()]
    ask.put(subscription, record(email="b@contoso.com")["properties"], V2017, "default2")
    added = [emails(), emails()]
    ask(contacts(subscription, V2017, "default2"), method="DELETE")
    refused = ask.put(subscription, {}, V2017)
    deleted = [emails(), emails()]

    one, two = ["new@contoso.com"], ["new@contoso.com", "b@contoso.com"]
    assert replaced == [["a@contoso.com"], one]
    assert added == [one, two]
    assert refused.status_code == 400
    assert deleted == [two, one]


def test_names_of_2017_may_be_a_sequence(azure: AzureDouble, ask: Client) -> None:
    """Only the next name can be created, any replaced, and only the last deleted."""
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
def test_names_of_2017_may_have_a_gap_already(azure: AzureDouble, ask: Client, old: str) -> None:
    """What an earlier time left is no part of the sequence; the gap is what is next."""
    azure.names_2017 = "sequence"
    records = [{"name": old, "properties": CONTACT_2017}, record(3), record(5)]
    subscription = azure.add(contacts_2017=records)

    refused = ask(contacts(subscription, V2017, old), method="DELETE")
    deleted = ask(contacts(subscription, V2017, "default5"), method="DELETE")
    written = ask.put(subscription, record()["properties"], V2017, "default1")

    assert code(refused) == (400, "InvalidInputJson")
    assert (deleted.status_code, written.status_code) == (204, 200)
    assert ask.names(subscription) == [old, "default3", "default1"]


@pytest.mark.parametrize(
    ("version", "written", "kept"),
    [
        pytest.param(
            V2017,
            {**CONTACT_2017, "emails": "a@b.c", "isEnabled": True},
            CONTACT_2017,
            id="2017",
        ),
        pytest.param(
            V2020,
            {
                "emails": "a@b.c",
                "phone": "1",
                "alertNotifications": {"state": "On", "minimalSeverity": "Low", "new": 1},
                "notificationsByRole": {"state": "On", "roles": ["Owner", "New"], "new": 1},
                "isEnabled": False,
                "new": 1,
            },
            {
                "emails": "a@b.c",
                "phone": "1",
                "notificationsByRole": {"state": "On", "roles": ["Owner", "New"]},
                "isEnabled": True,
                "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Low"}],
            },
            id="2020",
        ),
        pytest.param(
            V2023,
            {
                "emails": "a@b.c",
                "phone": "1",
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": [], "new": 1},
                "notificationsSources": [
                    {"sourceType": "AttackPath", "minimalRiskLevel": "Low", "new": 1},
                    {"sourceType": "New", "minimalNewness": "High"},
                    "new",
                ],
                "alertNotifications": {"state": "On"},
                "new": 1,
            },
            {
                "emails": "a@b.c",
                "phone": "1",
                "isEnabled": False,
                "notificationsByRole": {"state": "Off", "roles": []},
                "notificationsSources": [
                    {"sourceType": "AttackPath", "minimalRiskLevel": "Low"},
                    {"sourceType": "New"},
                    "new",
                ],
            },
            id="2023",
        ),
    ],
)
def test_what_no_specification_knows_may_be_lost(
    azure: AzureDouble, ask: Client, version: str, written: dict[str, Any], kept: dict[str, Any]
) -> None:
    """A PUT loses it, down to what is within a property; until then it is kept."""
    azure.drops_unknown = True
    subscription = azure.add(contact=CONTACT)
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == CONTACT

    assert ask.put(subscription, written, version).ok

    old = version == V2017
    assert (subscription.contacts_2017[0]["properties"] if old else subscription.contact) == kept


def test_a_contact_may_come_back_respelled(azure: AzureDouble, ask: Client) -> None:
    """Addresses, roles and sources change their order, and letters their case; we keep ours."""
    azure.respells = True
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "High"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
    ]
    written = {
        "emails": "A@X.example;b@x.example, C@x.example;",
        "phone": "A",
        "notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]},
        "notificationsSources": sources,
        "somethingNew": [1, 2],
    }
    subscription = azure.add()
    respelled: dict[str, Any] = {
        "emails": "c@x.example; b@x.example; a@x.example",
        "phone": "A",
        "notificationsByRole": {"state": "On", "roles": ["Contributor", "Owner"]},
    }

    answer = ask.put(subscription, written).json()

    (newest,) = ask(contacts(subscription)).json()["value"]
    (newer,) = ask(contacts(subscription, V2020)).json()
    assert answer == newest == ask(contacts(subscription, V2023, "default")).json()
    assert newest["properties"] == {
        **respelled,
        "isEnabled": True,
        "notificationsSources": sources[::-1],
        "somethingNew": [1, 2],
    }
    assert newer["properties"] == {
        **respelled,
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "somethingNew": [1, 2],
    }
    assert subscription.contact == {**written, "isEnabled": True}


def test_a_record_of_2017_may_come_back_respelled(azure: AzureDouble, ask: Client) -> None:
    """Its address is in lower case, and nothing else is changed; what is odd stays as it is."""
    azure.respells = True
    records = [record(email="A@Contoso.com", phone="X"), record(2, email="B@contoso.com")]
    odd = {"emails": None, "notificationsByRole": {"state": "On"}, "notificationsSources": None}
    subscription = azure.add(contacts_2017=records, contact=odd)

    listed = ask(contacts(subscription, V2017)).json()["value"]

    assert [each["properties"] for each in listed] == [
        {**CONTACT_2017, "email": "a@contoso.com", "phone": "X"},
        {**CONTACT_2017, "email": "b@contoso.com", "phone": ""},
    ]
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == odd


@pytest.mark.parametrize("status", [403, 409])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_disabled_subscription_is_read_only(
    azure: AzureDouble, ask: Client, method: str, status: Literal[403, 409]
) -> None:
    """The refusal has been seen with either status, and the code is always the same."""
    azure.readonly_status = status
    subscription = azure.add(state="Disabled", contact=CONTACT)
    path = contacts(subscription, V2023, "default")

    answer = ask(path, method=method, json={"properties": {}})

    assert code(answer) == (status, "ReadOnlyDisabledSubscription")
    assert subscription.contact == CONTACT


# One document: what a write in one version does to what another one says


def test_2017_may_overwrite_the_one_document(azure: AzureDouble, ask: Client) -> None:
    """All that 2017 cannot say is lost; the addresses are not."""
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
def test_2020_may_overwrite_what_it_has_no_words_for(
    azure: AzureDouble, ask: Client, fate: Literal["keeps", "overwrites"]
) -> None:
    """The source of the attack paths is kept, or lost."""
    azure.put_2017_on_newer = fate
    path = {"sourceType": "AttackPath", "minimalRiskLevel": "Low"}
    subscription = azure.add(contact={**CONTACT, "notificationsSources": [path]})

    ask.put(subscription, WRITTEN_2020, V2020)

    sources = ask.listed(subscription)[0]["properties"]["notificationsSources"]
    kinds = [each["sourceType"] for each in sources]
    assert kinds == (["Alert", "AttackPath"] if fate == "keeps" else ["Alert"])


def test_flags_and_phone_of_2017_may_be_shared(azure: AzureDouble, ask: Client) -> None:
    """Then a write of one contact turns those of all, and the newer contact's."""
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
    """It keeps its severity and its other sources, and has On and Off as 2017 said."""
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
def test_what_newer_versions_show_once_2017_deleted_all(
    azure: AzureDouble, ask: Client, emptied: Literal["absent", "empty"], shown: list[str]
) -> None:
    """No contact, or one without an address."""
    azure.emptied_2017 = emptied
    subscription = azure.add(contacts_2017=[record()])

    ask.delete(subscription, V2017)

    assert [each["properties"]["emails"] for each in ask.listed(subscription)] == shown
    assert ask.listed(subscription, V2017) == []


# What a PUT leaves out, and what it leaves empty


@pytest.mark.parametrize(("fate", "phone"), [("kept", "1"), ("emptied", "")])
@pytest.mark.parametrize("version", [V2017, V2023])
def test_an_empty_phone(
    azure: AzureDouble, ask: Client, version: str, fate: Literal["kept", "emptied"], phone: str
) -> None:
    """It keeps the old one, as at 2020, or does not."""
    azure.empty_phone = fate
    subscription = azure.add()
    ask.put(subscription, WRITTEN[version], version)

    answer = ask.put(subscription, {**WRITTEN[version], "phone": ""}, version)

    assert answer.json()["properties"]["phone"] == phone


@pytest.mark.parametrize(
    ("version", "name", "empty"),
    [
        (V2020, "alertNotifications", {"state": "Off", "minimalSeverity": ""}),
        (V2023, "notificationsSources", []),
        (V2023, "notificationsByRole", {"state": "Off", "roles": []}),
    ],
)
@pytest.mark.parametrize("fate", ["refused", "kept", "emptied"])
def test_what_a_put_leaves_out(
    azure: AzureDouble,
    ask: Client,
    version: str,
    name: str,
    empty: Any,
    fate: Literal["refused", "kept", "emptied"],
) -> None:
    """It is refused as 2020's roles are, or it stays as it was, or it is empty."""
    azure.left_out = fate
    subscription = azure.add()
    before = ask.put(subscription, WRITTEN[version], version).json()["properties"]
    part = {key: value for key, value in WRITTEN[version].items() if key != name}

    answer = ask.put(subscription, part, version)

    if fate == "refused":
        assert code(answer) == (400, "BadRequest")
        assert name in answer.json()["error"]["message"]
    else:
        wanted = before[name] if fate == "kept" else empty
        assert answer.json()["properties"][name] == wanted


@pytest.mark.parametrize("fate", ["kept", "emptied"])
@pytest.mark.parametrize("name", ["emails", "phone"])
def test_a_text_that_a_put_leaves_out(
    azure: AzureDouble, ask: Client, name: str, fate: Literal["kept", "emptied"]
) -> None:
    """It stays, or it is empty."""
    azure.left_out = fate
    subscription = azure.add()
    ask.put(subscription, WRITTEN_2020, V2020)
    part = {key: value for key, value in WRITTEN_2020.items() if key != name}

    properties = ask.put(subscription, part, V2020).json()["properties"]

    assert properties[name] == (WRITTEN_2020[name] if fate == "kept" else "")


@pytest.mark.parametrize(("fate", "status"), [("refused", 400), ("taken", 200)])
def test_an_empty_severity_sent_back(
    azure: AzureDouble, ask: Client, fate: Literal["refused", "taken"], status: int
) -> None:
    """What is Off at 2020 reads back with one; whether it may be sent is not known."""
    azure.blank_severity = fate
    subscription = azure.add(contact={**CONTACT, "notificationsSources": []})
    (item,) = ask.listed(subscription, V2020)

    assert ask.put(subscription, item["properties"], V2020).status_code == status


@pytest.mark.parametrize(("fate", "status"), [("refused", 400), ("taken", 200)])
@pytest.mark.parametrize("version", [V2020, V2023])
def test_a_contact_without_an_address(
    azure: AzureDouble, ask: Client, version: str, fate: Literal["refused", "taken"], status: int
) -> None:
    """Such contacts were recorded; that a client could write one was not."""
    azure.empty_emails = fate
    subscription = azure.add(contact=CONTACT)

    answer = ask.put(subscription, {**WRITTEN[version], "emails": ""}, version)

    assert answer.status_code == status
    assert (subscription.contact == CONTACT) is (fate == "refused")


# Deletes


@pytest.mark.parametrize("status", [200, 204, 404])
@pytest.mark.parametrize("version", [V2017, V2020, V2023])
def test_a_delete_of_what_is_not_there(
    azure: AzureDouble, ask: Client, version: str, status: Literal[200, 204, 404]
) -> None:
    """The documented 204 was not recorded."""
    azure.delete_absent = status

    answer = ask.delete(azure.add(), version)

    assert answer.status_code == status
    assert status != 404 or code(answer) == (404, "404")


@pytest.mark.parametrize("version", [V2020, V2023])
def test_azure_may_make_a_contact_again(azure: AzureDouble, ask: Client, version: str) -> None:
    """It has no address and tells the owners; a delete is answered as ever."""
    azure.remakes_default = True
    subscription = azure.add(contact=CONTACT)

    answer = ask.delete(subscription, version)

    (item,) = ask.listed(subscription)
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert item["properties"] == {
        "notificationsSources": [{"minimalSeverity": "High", "sourceType": "Alert"}],
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "emails": "",
        "phone": "",
    }


def test_a_phone_of_old_was_on_the_first_contact_only(azure: AzureDouble, ask: Client) -> None:
    """The rules of before October 2020 go together."""
    azure.names_2017 = "sequence"
    subscription = azure.add(contacts_2017=[record()])

    answer = ask.put(subscription, CONTACT_2017, V2017, "default2")

    assert code(answer) == (400, "InvalidInputJson")

"""The double shows security contacts in the recorded lists, items and headers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from asking import CONTACT, CONTACT_2017, V2017, V2020, V2023, Client, code, contacts, record
from azure_double import AzureDouble

VERSIONS = [V2017, V2020, V2023]
ETAG = re.compile('"[0-9a-f]{8}-0000-0d00-0000-([0-9a-f]{8})0000"')
ITEM = ["properties", "id", "name", "type", "etag", "location"]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_contact_is_an_object_of_twelve_bytes(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """Also at 2020, whose list is an array if there is a contact."""
    assert ask(contacts(azure.add(), version)).content == b'{"value":[]}'


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contact_is_listed_in_the_shape_of_its_version(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """Only 2020 lists a bare array. Each item has its keys in recorded order."""
    subscription = azure.add(contact={**CONTACT, "emails": "a@contoso.com"})

    body = ask(contacts(subscription, version)).json()

    (item,) = body if version == V2020 else body["value"]
    assert version == V2020 or list(body) == ["value"]
    assert list(item) == ITEM
    assert item["type"] == "Microsoft.Security/securityContacts"
    assert item["location"] == "West Europe"
    scope = f"{subscription.scope}/providers/Microsoft.Security/securityContacts"
    assert item["id"] == f"{scope}/{item['name']}"


@pytest.mark.parametrize(
    ("version", "properties"),
    [
        (
            V2017,
            '{"alertNotifications":"On","alertsToAdmins":"On","email":"a@contoso.com","phone":"1"}',
        ),
        (
            V2020,
            '{"alertNotifications":{"state":"On","minimalSeverity":"High"},'
            '"notificationsByRole":{"state":"On","roles":["Owner"]},'
            '"emails":"a@contoso.com","phone":"1"}',
        ),
        (
            V2023,
            '{"notificationsSources":[{"minimalSeverity":"High","sourceType":"Alert"}],'
            '"isEnabled":true,"notificationsByRole":{"state":"On","roles":["Owner"]},'
            '"emails":"a@contoso.com","phone":"1"}',
        ),
    ],
)
def test_properties_have_the_order_of_their_version(
    azure: AzureDouble, ask: Client, version: str, properties: str
) -> None:
    """Byte for byte. The keys within a source change their order, too."""
    contact = {key: value for key, value in CONTACT.items() if key != "somethingNew"}
    subscription = azure.add(contact={**contact, "emails": "a@contoso.com", "phone": "1"})

    assert f'"properties":{properties}' in ask(contacts(subscription, version)).text


def test_2020_and_2023_show_one_contact(azure: AzureDouble, ask: Client) -> None:
    """It is named default, and keeps unknown properties."""
    subscription = azure.add(contact=CONTACT)

    (newest,), (newer,) = ask.listed(subscription, V2023), ask.listed(subscription, V2020)

    assert newest["properties"] == CONTACT
    assert (newest["name"], newer["name"]) == ("default", "default")
    assert newer["properties"]["somethingNew"] == 1
    assert not {"isEnabled", "notificationsSources"} & newer["properties"].keys()


@pytest.mark.parametrize(
    "off", [{"isEnabled": False}, {"notificationsSources": []}], ids=["disabled", "no source"]
)
def test_off_has_an_empty_severity_at_2020(
    azure: AzureDouble, ask: Client, off: dict[str, Any]
) -> None:
    """A disabled contact, and one without the source, look the same there."""
    (item,) = ask.listed(azure.add(contact={**CONTACT, **off}), V2020)

    assert item["properties"]["alertNotifications"] == {"state": "Off", "minimalSeverity": ""}


def test_2017_shows_one_contact_for_each_address(azure: AzureDouble, ask: Client) -> None:
    """It is named after the address, and has the flags and the phone of the one document."""
    subscription = azure.add(contact={**CONTACT, "phone": "(214) 275-4038"})

    items = ask.listed(subscription, V2017)

    assert [each["name"] for each in items] == ["a-contoso.com", "b-contoso.com"]
    assert [each["properties"]["email"] for each in items] == ["a@contoso.com", "b@contoso.com"]
    for each in items:
        assert each["properties"]["alertNotifications"] == "On"
        assert each["properties"]["alertsToAdmins"] == "On"
        assert each["properties"]["phone"] == "(214) 275-4038"


def test_2023_shows_what_2017_wrote(azure: AzureDouble, ask: Client) -> None:
    """All addresses are in one contact. On means High, for the owners."""
    other = record(2, email="b@contoso.com", alertsToAdmins="On")
    subscription = azure.add(contacts_2017=[record(phone="1"), other])

    (item,) = ask.listed(subscription)

    assert item["name"] == "default"
    assert item["properties"] == {
        "emails": "a@contoso.com;b@contoso.com",
        "phone": "1",
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    }


def test_an_address_keeps_its_given_name(azure: AzureDouble, ask: Client) -> None:
    """Others are named after their address."""
    subscription = azure.add(contact=CONTACT, contacts_2017=[record(email="B@contoso.com")])

    assert ask.names(subscription) == ["a-contoso.com", "default1"]


def test_2017_shows_an_empty_phone(azure: AzureDouble, ask: Client) -> None:
    """Since October 2020. Before, the key could be absent."""
    properties = {key: value for key, value in CONTACT_2017.items() if key != "phone"}
    subscription = azure.add(contacts_2017=[{"name": "default1", "properties": properties}])

    (item,) = ask.listed(subscription, V2017)

    assert item["properties"]["phone"] == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_one_contact_equals_the_item_of_the_list(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """By name, in any case, with the same bytes."""
    subscription = azure.add(contact=CONTACT)
    item = ask.listed(subscription, version)[0]

    one = ask(contacts(subscription, version, item["name"].upper()))

    assert one.json() == item
    assert one.text in ask(contacts(subscription, version)).text


@pytest.mark.parametrize("version", VERSIONS)
def test_an_absent_contact_is_404_with_the_code_404(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """The provider answers, not ARM: without a failure cause, with versions and quota."""
    subscription = azure.add()

    answer = ask(contacts(subscription, version, "default"))

    assert answer.status_code == 404
    assert answer.text == (
        '{"error":{"code":"404","message":"Could not find security contact with name default '
        f'for subscriptionId: {subscription.id}"}}}}'
    )
    assert "x-ms-failure-cause" not in answer.headers
    assert answer.headers["api-supported-versions"] == version
    assert answer.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "749"


def test_all_items_have_one_etag_with_the_time_of_the_write(ask: Client) -> None:
    """The same at each version. Its last group begins with the time in hexadecimal seconds."""
    with AzureDouble(clock=lambda: 1_767_225_600.0) as azure:
        ask.azure = azure
        subscription = azure.add(contact=CONTACT)

        items = [item for version in VERSIONS for item in ask.listed(subscription, version)]

        (etag,) = {item["etag"] for item in items}
        found = ETAG.fullmatch(etag)
        assert len(items) == 4
        assert found is not None
        assert int(found[1], 16) == 1_767_225_600


def test_contacts_are_listed_in_pages(azure: AzureDouble, ask: Client) -> None:
    """No recorded list of contacts has a next link, but one may."""
    azure.contacts_page_size = 1
    subscription = azure.add(contact=CONTACT)

    first = ask(contacts(subscription, V2017)).json()
    second = ask(first["nextLink"]).json()

    names = [page["value"][0]["name"] for page in (first, second)]
    assert names == ["a-contoso.com", "b-contoso.com"]
    assert "nextLink" not in second


def test_a_list_can_be_replaced(azure: AzureDouble, ask: Client) -> None:
    """Bytes are sent unchanged, anything else as JSON."""
    subscription = azure.add(answers={V2023: b"\xff{", V2020: [1]})

    assert ask(contacts(subscription, V2023)).content == b"\xff{"
    assert ask(contacts(subscription, V2020)).json() == [1]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_answer_names_only_the_requested_version(
    azure: AzureDouble, ask: Client, version: str
) -> None:
    """It does not show that there is a newer one."""
    assert ask(contacts(azure.add(), version)).headers["api-supported-versions"] == version


def test_every_answer_has_its_ids(azure: AzureDouble, ask: Client) -> None:
    """The request id equals the correlation id and the end of the routing id."""
    headers = ask(contacts(azure.add())).headers

    request = headers["x-ms-request-id"]
    region, moment, last = headers["x-ms-routing-request-id"].split(":")
    assert len(request) == 36
    assert headers["x-ms-correlation-request-id"] == request == last
    assert region == "WESTEUROPE"
    assert re.fullmatch(r"\d{8}T\d{6}Z", moment)
    assert headers["Date"].endswith("GMT")


def test_every_answer_has_the_recorded_headers(azure: AzureDouble, ask: Client) -> None:
    """For caching, type and route."""
    headers = ask(contacts(azure.add())).headers

    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (headers["Cache-Control"], headers["Pragma"]) == ("no-cache", "no-cache")
    assert headers["Expires"] == "-1"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Cache"] == "CONFIG_NOCACHE"
    assert re.match("Ref A: [0-9A-F]{32} Ref B: [A-Z0-9]+ Ref C: ", headers["X-MSEdge-Ref"])


def test_every_answer_has_values_that_a_recording_must_hide(
    azure: AzureDouble, ask: Client
) -> None:
    """Cookies, one of another domain, and ids inside a header value."""
    answer = ask(contacts(azure.add()))

    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert [each.partition("=")[0] for each in cookies] == ["x-ms-gateway-slice", "ARRAffinity"]
    assert answer.headers["x-ms-operation-identifier"].startswith(
        f"tenantId={azure.tenant},objectId={azure.object_id}/westeurope/"
    )


def test_a_seed_and_a_clock_make_answers_repeat() -> None:
    """The same seed and clock give the same bytes."""
    seen = []
    for _ in range(2):
        with AzureDouble(seed=7, clock=lambda: 1_700_000_000.0) as azure:
            ask = Client(azure)
            with ask.session:
                response = ask(contacts(azure.add(contact=CONTACT)))
            seen.append((dict(response.headers), response.content))

    assert seen[0] == seen[1]
    assert seen[0][0]["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_paths_are_compared_without_case(azure: AzureDouble, ask: Client) -> None:
    """ARM ignores the case of ids and providers."""
    path, _, query = contacts(azure.add(contact=CONTACT)).partition("?")

    assert len(ask(f"{path.upper()}?{query}").json()["value"]) == 1


def test_an_unknown_method_is_refused(azure: AzureDouble, ask: Client) -> None:
    """A PATCH was recorded only before October 2020."""
    answer = ask(contacts(azure.add(contact=CONTACT), V2017, "default1"), method="PATCH")

    assert code(answer) == (405, "MethodNotAllowed")
    assert json.loads(answer.content)["error"]["message"]

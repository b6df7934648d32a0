"""The double lists subscriptions, groups and metadata, and refuses requests, as recorded."""

from __future__ import annotations

from typing import Any

import pytest
from asking import LIST, V2017, V2020, V2023, Client, code, contacts
from azure_double import AzureDouble


def test_subscriptions_are_listed_in_pages(azure: AzureDouble, ask: Client) -> None:
    """The next link is an absolute URL with an opaque skip token, and the last page has none."""
    wanted = [azure.add(f"Sub {number}").id for number in range(5)]
    azure.add("Hidden", visible=False)
    azure.page_size = 2

    pages, url = [], LIST
    while url:
        pages.append(ask(url).json())
        url = pages[-1].get("nextLink", "")

    assert [item["subscriptionId"] for page in pages for item in page["value"]] == wanted
    assert pages[0]["nextLink"].startswith(f"{azure.endpoint}{LIST}&%24skiptoken=")
    assert len(pages) == 3


def test_a_listed_subscription_has_the_fields_of_azure(azure: AzureDouble, ask: Client) -> None:
    """Its id twice, its home tenant, its state, and perhaps no name."""
    subscription = azure.add(None, state="Warned")

    (item,) = ask(LIST).json()["value"]

    assert item["id"] == f"/subscriptions/{item['subscriptionId']}" == subscription.scope
    assert (item["displayName"], item["state"]) == (None, "Warned")
    assert item["tenantId"] == azure.tenant
    assert ask(f"{subscription.scope}?api-version=2022-12-01").json() == item


@pytest.mark.parametrize(
    ("fields", "status", "name"),
    [
        pytest.param({"readable": False}, 403, "AuthorizationFailed", id="unreadable"),
        pytest.param({"visible": False}, 404, "SubscriptionNotFound", id="invisible"),
        pytest.param(
            {"registered": False}, 404, "Subscription Not Registered", id="not registered"
        ),
    ],
)
def test_a_read_of_a_subscription_may_be_refused(
    azure: AzureDouble, ask: Client, fields: dict[str, Any], status: int, name: str
) -> None:
    """It is not readable, not visible, or not registered."""
    subscription = azure.add(**fields)

    response = ask(contacts(subscription))

    assert code(response) == (status, name)


def test_a_refusal_names_the_caller_and_the_action(azure: AzureDouble, ask: Client) -> None:
    """Client id, object id, action and scope."""
    subscription = azure.add(readable=False)

    message = ask(contacts(subscription)).json()["error"]["message"]

    for part in (azure.client_id, azure.object_id, subscription.scope, "securityContacts/read'"):
        assert part in message


def test_not_registered_may_be_401(azure: AzureDouble, ask: Client) -> None:
    """The same refusal was seen with both statuses."""
    azure.missing_provider_status = 401

    assert code(ask(contacts(azure.add(registered=False))))[0] == 401


@pytest.mark.parametrize(
    ("refusal", "status", "text"),
    [
        (
            "NoRegisteredProviderFound",
            400,
            "The supported api-versions are '2017-08-01-preview, 2020-01-01-preview'.",
        ),
        (
            "InvalidResourceType",
            404,
            "could not be found in the namespace 'Microsoft.Security' for api version "
            "'2023-12-01-preview'.",
        ),
        (
            "InvalidApiVersionParameter",
            400,
            "The supported versions are '2020-01-01-preview,2017-08-01-preview'.",
        ),
    ],
)
def test_a_cloud_may_lack_a_version(
    azure: AzureDouble, ask: Client, refusal: str, status: int, text: str
) -> None:
    """In one of three ways: a list with spaces after its commas, without them, or no list."""
    azure.offered, azure.version_refusal = {V2017, V2020}, refusal

    response = ask(contacts(azure.add(), V2023))

    assert code(response) == (status, refusal)
    assert text in response.json()["error"]["message"]
    assert response.headers["x-ms-failure-cause"] == "gateway"
    assert "x-ms-ratelimit-remaining-subscription-resource-requests" not in response.headers


def test_a_version_must_be_given(azure: AzureDouble, ask: Client) -> None:
    """A request without an api-version is refused."""
    path = contacts(azure.add()).partition("?")[0]

    assert code(ask(path)) == (400, "MissingApiVersionParameter")
    assert code(ask("/subscriptions")) == (400, "MissingApiVersionParameter")


def test_subscriptions_may_change_at_any_time(azure: AzureDouble, ask: Client) -> None:
    """A removed subscription is not found, and a moved one is."""
    first, second = azure.add(), azure.add()
    assert ask(contacts(second)).ok

    azure.subscriptions.remove(first)

    assert code(ask(contacts(first))) == (404, "SubscriptionNotFound")
    assert ask(contacts(second)).ok


def test_unknown_paths_are_recorded(azure: AzureDouble, ask: Client) -> None:
    """They get 404."""
    assert ask("/nowhere").status_code == 404
    assert [asked.line for asked in azure.unknown] == ["GET /nowhere"]


def test_metadata_needs_no_token(azure: AzureDouble, ask: Client) -> None:
    """A cloud tells everybody where to sign in, and for which audience."""
    body = ask("/metadata/endpoints?api-version=2022-09-01", token=None).json()

    assert body["authentication"]["audiences"] == [azure.audience]
    assert body["authentication"]["loginEndpoint"] == f"{azure.authority}/"


def descendants(group: str, **more: str) -> str:
    """Return the path of the descendants of a management group."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    base = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
    return f"{base}?api-version=2023-04-01{'&' + query if query else ''}"


def test_a_management_group_lists_all_below_it(azure: AzureDouble, ask: Client) -> None:
    """Groups and subscriptions of each level, also those that are not visible."""
    one, two = azure.add("One"), azure.add("Two", visible=False)
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    azure.group("Root", "Everything")
    azure.group("Platform", parent="ROOT", subscriptions=[one])
    azure.group("deep", "Deep", parent="platform", subscriptions=[two])
    azure.group("elsewhere", subscriptions=[azure.add("Three")])
    azure.group("theirs", parent="root", tenant=fabrikam.id)

    items = ask(descendants("rOOT")).json()["value"]

    base = "/providers/Microsoft.Management/managementGroups"
    assert [(each["id"], each["type"], each["name"]) for each in items] == [
        (f"{base}/Platform", "Microsoft.Management/managementGroups", "Platform"),
        (f"{base}/deep", "Microsoft.Management/managementGroups", "deep"),
        (f"/subscriptions/{two.id}", "/subscriptions", two.id),
        (f"/subscriptions/{one.id}", "/subscriptions", one.id),
    ]
    assert [each["properties"] for each in items] == [
        {"displayName": "Platform", "parent": {"id": f"{base}/Root"}},
        {"displayName": "Deep", "parent": {"id": f"{base}/Platform"}},
        {"displayName": "Two", "parent": {"id": f"{base}/deep"}},
        {"displayName": "One", "parent": {"id": f"{base}/Platform"}},
    ]
    assert ask(descendants("deep").upper().replace("API-VERSION", "api-version")).json() == {
        "value": [items[2]],
        "@nextLink": None,
    }


def test_a_management_group_is_listed_in_pages(azure: AzureDouble, ask: Client) -> None:
    """With the page size of the double or of the request. The latter starts at the first item."""
    wanted = [azure.add(f"Sub {number}") for number in range(5)]
    azure.group("all", subscriptions=wanted)
    azure.groups_page_size = 3

    first = ask(descendants("all")).json()
    second = ask(first["nextLink"]).json()
    top = ask(f"{first['nextLink']}&$top=1").json()
    rest = ask(top["nextLink"]).json()

    names = [[each["name"] for each in page["value"]] for page in (first, second, top, rest)]
    ids = [each.id for each in wanted]
    assert names == [ids[:3], ids[3:], ids[:1], ids[1:4]]
    assert "nextLink" not in second
    assert first["nextLink"].startswith(f"{azure.endpoint}{descendants('all')}&%24skiptoken=")


def test_refusals_of_a_management_group(azure: AzureDouble, ask: Client) -> None:
    """It must exist in the tenant of the token, and be readable."""
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    azure.group("ours")
    azure.group("theirs", tenant=fabrikam.id)
    token = azure.token(tenant=fabrikam.id)

    assert code(ask(descendants("nowhere"))) == (404, "NotFound")
    assert code(ask(descendants("theirs"))) == (404, "NotFound")
    assert code(ask(descendants("ours"), token=token)) == (404, "NotFound")
    assert ask(descendants("theirs"), token=token).ok
    assert ask(descendants("ours", **{"$top": "none"})).status_code == 400
    assert code(ask(descendants("ours"), token=None))[0] == 401
    azure.groups_readable = False
    refused = ask(descendants("ours"))
    assert code(refused) == (403, "AuthorizationFailed")
    for part in (
        "'Microsoft.Management/managementGroups/descendants/read'",
        "'/providers/Microsoft.Management/managementGroups/ours'",
    ):
        assert part in refused.json()["error"]["message"]


def test_metadata_may_be_of_several_clouds(azure: AzureDouble, ask: Client) -> None:
    """The double's own cloud is in the list, but not first."""
    azure.metadata_shape = "list"

    clouds = ask("/metadata/endpoints?api-version=latest", token=None).json()
    azure.metadata_shape = "object"
    alone = ask("/metadata/endpoints?api-version=2022-09-01", token=None).json()

    ours = [cloud for cloud in clouds if cloud["resourceManager"] == f"{azure.endpoint}/"]
    assert ours == [alone] != clouds[:1]
    assert len({cloud["name"] for cloud in clouds}) == 3
    assert alone["authentication"]["identityProvider"] == "AAD"


def test_metadata_can_be_set(azure: AzureDouble, ask: Client) -> None:
    """Switches set the login host and the audience."""
    azure.metadata_login, azure.metadata_audiences = "https://login.example", ["a", "b"]

    body = ask("/metadata/endpoints?api-version=2019-05-01", token=None).json()
    oldest = ask("/metadata/endpoints?api-version=2015-01-01", token=None).json()

    assert body["authentication"]["loginEndpoint"] == "https://login.example"
    assert body["authentication"]["audiences"] == ["a", "b"]
    assert oldest["authentication"] == {
        "loginEndpoint": "https://login.example",
        "audiences": ["a", "b"],
    }
    assert "resourceManager" not in oldest


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "MissingApiVersionParameter"),
        ("?api-version=2001-01-01", "InvalidApiVersionParameter"),
    ],
)
def test_metadata_has_versions(azure: AzureDouble, ask: Client, query: str, name: str) -> None:
    """Without a known api-version there is no metadata."""
    assert code(ask(f"/metadata/endpoints{query}", token=None)) == (400, name)


# Recorded lists of subscriptions and groups


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        (
            "2016-06-01",
            "id authorizationSource subscriptionId displayName state subscriptionPolicies",
        ),
        (
            "2020-01-01",
            "id authorizationSource managedByTenants subscriptionId tenantId displayName state "
            "subscriptionPolicies",
        ),
        (
            "2022-12-01",
            "id authorizationSource managedByTenants tags subscriptionId tenantId displayName "
            "state subscriptionPolicies",
        ),
    ],
)
def test_a_subscription_has_the_keys_of_its_version(
    azure: AzureDouble, ask: Client, version: str, keys: str
) -> None:
    """In recorded order. The total count is an object, if there is one."""
    azure.add(id="6a1f0c3e-98b2-4d57-8e64-1b7c5d2f9a03")

    answer = ask(f"/subscriptions?api-version={version}")

    (item,) = answer.json()["value"]
    count = answer.json().get("count")
    assert list(item) == keys.split()
    assert count == (None if version == "2016-06-01" else {"type": "Total", "value": 1})
    assert answer.headers["x-ms-ratelimit-remaining-tenant-reads"] == "249"


def test_some_subscriptions_have_no_tags(azure: AzureDouble, ask: Client) -> None:
    """Others in the same list have empty ones. A delegated one names its managing tenants."""
    azure.add(id="6a1f0c3e-98b2-4d57-8e64-1b7c5d2f9a03", delegated_to=[azure.tenant])
    azure.add(id="6a1f0c3e-98b2-4d57-8e64-1b7c5d2f9a04")

    first, second = ask(LIST).json()["value"]

    assert (first["tags"], "tags" in second) == ({}, False)
    assert first["managedByTenants"] == [{"tenantId": azure.tenant}]


def test_request_ids_of_groups_begin_with_a_region(azure: AzureDouble, ask: Client) -> None:
    """They are no GUIDs. `@nextLink` is no next link."""
    azure.group("root", subscriptions=[azure.add()])

    answer = ask(descendants("root"))

    request = answer.headers["x-ms-request-id"]
    assert request == f"westeurope:{answer.headers['x-ms-correlation-request-id']}"
    assert answer.headers["client-request-id"] == answer.headers["request-id"] == request[11:]
    assert answer.headers["x-ms-ratelimit-remaining-managementgroups-requests"] == "599"
    assert list(answer.json()) == ["value", "@nextLink"]
    assert answer.json()["@nextLink"] is None


def test_an_empty_group_is_an_object_of_twelve_bytes(azure: AzureDouble, ask: Client) -> None:
    """Without `@nextLink`, as recorded."""
    azure.group("root")

    assert ask(descendants("root")).content == b'{"value":[]}'


def test_an_invalid_subscription_id_is_refused(azure: AzureDouble, ask: Client) -> None:
    """With another code than an unknown id."""
    path = "/subscriptions/some-fake-subscription-id"

    assert code(ask(f"{path}?api-version=2022-12-01")) == (400, "InvalidSubscriptionId")

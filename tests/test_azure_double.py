"""The double behaves as Azure is known to, and breaks exactly as it is told to."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msal
import pytest
import requests
from azure_double import Asked, AzureDouble, ManagedIdentity, Proxy, Subscription, faults
from azure_double.exchange import Fault

V2017, V2020, V2023 = "2017-08-01-preview", "2020-01-01-preview", "2023-12-01-preview"
STRANGE = "e30.e30.x"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LIST = "/subscriptions?api-version=2022-12-01"
CONTACT = {
    "emails": "a@contoso.com; b@contoso.com",
    "phone": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    "somethingNew": 1,
}
CONTACT_2017 = {
    "email": "a@contoso.com",
    "phone": "1",
    "alertNotifications": "On",
    "alertsToAdmins": "Off",
}


class Client:
    """A plain client of the double, with a good token unless told otherwise."""

    def __init__(self, azure: AzureDouble) -> None:
        self.azure = azure
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(
        self, path: str, *, token: str | None = "", method: str = "GET", **more: Any
    ) -> requests.Response:
        """Ask for *path* (or a whole URL) and return the response."""
        url = path if path.startswith("https:") else self.azure.endpoint + path
        headers = more.pop("headers", {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.azure.token()}"
        return self.session.request(
            method,
            url,
            headers=headers,
            verify=more.pop("verify", str(self.azure.ca)),
            timeout=more.pop("timeout", 5),
            allow_redirects=False,
            **more,
        )


@pytest.fixture
def azure() -> Iterator[AzureDouble]:
    """A fresh double, in which nothing may crash."""
    with AzureDouble() as azure:
        yield azure
    assert azure.crashes == []


@pytest.fixture
def ask(azure: AzureDouble) -> Iterator[Client]:
    """A client of *azure*."""
    client = Client(azure)
    with client.session:
        yield client


def contacts(subscription: Subscription, version: str = V2023, name: str = "") -> str:
    """Return the path of a list of contacts, or of one of them."""
    base = f"{subscription.scope}/providers/Microsoft.Security/securityContacts"
    return f"{base}{'/' + name if name else ''}?api-version={version}"


def code(response: requests.Response) -> tuple[int, str]:
    """Return the status and ARM's code."""
    return response.status_code, response.json()["error"]["code"]


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says of itself."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def app(azure: AzureDouble, session: requests.Session, **how: Any) -> Any:
    """Return MSAL's idea of the application."""
    how.setdefault("client_credential", azure.secret)
    return msal.ConfidentialClientApplication(
        how.pop("client_id", azure.client_id),
        authority=f"{azure.authority}/{how.pop('tenant', azure.tenant)}",
        instance_discovery=False,
        http_client=session,
        **how,
    )


@pytest.fixture
def session(azure: AzureDouble) -> Iterator[requests.Session]:
    """A session that trusts the double."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(azure.ca)
        yield session


def scope(azure: AzureDouble) -> list[str]:
    """Return the scope of ARM, whose double slash is meant."""
    return [f"{azure.audience}/.default"]


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


def test_a_subscription_has_the_fields_that_azure_gives_it(azure: AzureDouble, ask: Client) -> None:
    """An item has its id twice, its home tenant, its state, and perhaps no name."""
    subscription = azure.add(None, state="Warned")

    (item,) = ask(LIST).json()["value"]

    assert item["id"] == f"/subscriptions/{item['subscriptionId']}" == subscription.scope
    assert (item["displayName"], item["state"]) == (None, "Warned")
    assert item["tenantId"] == azure.tenant
    assert ask(f"{subscription.scope}?api-version=2022-12-01").json() == item


def test_2023_lists_an_object(azure: AzureDouble, ask: Client) -> None:
    """A 2023 list is an object, and keeps properties that nobody knows."""
    subscription = azure.add(contact=CONTACT)

    (contact,) = ask(contacts(subscription, V2023)).json()["value"]

    assert contact["properties"] == CONTACT
    assert contact["name"] == "default"
    assert contact["type"] == "Microsoft.Security/securityContacts"


def test_2020_lists_a_bare_array(azure: AzureDouble, ask: Client) -> None:
    """A 2020 list is an array, whose contact has the older notification settings."""
    subscription = azure.add(contact=CONTACT)

    (contact,) = ask(contacts(subscription, V2020)).json()

    assert contact["properties"]["alertNotifications"] == {"state": "On", "minimalSeverity": "High"}
    assert contact["properties"]["somethingNew"] == 1
    assert "isEnabled" not in contact["properties"]
    assert contact["etag"].startswith('"')
    assert contact["location"] == "West Europe"


def test_2017_lists_its_own_contacts(azure: AzureDouble, ask: Client) -> None:
    """A 2017 list has an empty etag first, and does not show the newer contact."""
    subscription = azure.add(
        contact=CONTACT, contacts_2017=[{"name": "default1", "properties": CONTACT_2017}]
    )

    body = ask(contacts(subscription, V2017)).content

    assert body.startswith(b'{"value":[{"etag":"","id":"/subscriptions/')
    assert [c["properties"] for c in json.loads(body)["value"]] == [CONTACT_2017]


@pytest.mark.parametrize(
    ("version", "empty", "body"),
    [
        pytest.param(V2017, "array", b'{"value":[]}', id="2017"),
        pytest.param(V2020, "array", b"[]", id="2020 array"),
        pytest.param(V2020, "object", b'{"value":[]}', id="2020 object"),
        pytest.param(V2023, "array", b'{"value":[]}', id="2023"),
    ],
)
def test_an_empty_list(
    azure: AzureDouble, ask: Client, version: str, empty: str, body: bytes
) -> None:
    """A subscription without contacts has an empty list, in the shape of its version."""
    azure.empty_2020_list = empty

    assert ask(contacts(azure.add(), version)).content == body


def test_the_newer_contact_can_show_at_2017(azure: AzureDouble, ask: Client) -> None:
    """When it shows, it is one record with the first address."""
    azure.shows_newer_at_2017 = True
    subscription = azure.add(contact=CONTACT)

    (record,) = ask(contacts(subscription, V2017)).json()["value"]

    assert record["name"] == "default"
    assert record["properties"] == {
        "email": "a@contoso.com",
        "phone": "",
        "alertNotifications": "On",
        "alertsToAdmins": "On",
    }


def test_the_old_contacts_can_show_at_2023(azure: AzureDouble, ask: Client) -> None:
    """When they show, they are one contact with all addresses."""
    azure.shows_2017_at_newer = True
    other = {**CONTACT_2017, "email": "b@contoso.com"}
    records = [
        {"name": "default1", "properties": CONTACT_2017},
        {"name": "default2", "properties": other},
    ]

    (contact,) = ask(contacts(azure.add(contacts_2017=records))).json()["value"]

    assert contact["name"] == "default"
    assert contact["properties"]["emails"] == "a@contoso.com;b@contoso.com"


def test_contacts_are_listed_in_pages(azure: AzureDouble, ask: Client) -> None:
    """A list of contacts may have a next link too."""
    records = [{"name": f"default{n}", "properties": CONTACT_2017} for n in (1, 2)]
    azure.contacts_page_size = 1

    first = ask(contacts(azure.add(contacts_2017=records), V2017)).json()
    second = ask(first["nextLink"]).json()

    assert [page["value"][0]["name"] for page in (first, second)] == ["default1", "default2"]
    assert "nextLink" not in second


def test_a_list_can_be_replaced(azure: AzureDouble, ask: Client) -> None:
    """Bytes are sent as they are, anything else as JSON."""
    subscription = azure.add(answers={V2023: b"\xff{", V2020: [1]})

    assert ask(contacts(subscription, V2023)).content == b"\xff{"
    assert ask(contacts(subscription, V2020)).json() == [1]


def test_every_answer_bears_its_ids(azure: AzureDouble, ask: Client) -> None:
    """An answer has three ids, a date, the provider's quota and a cookie."""
    headers = ask(contacts(azure.add())).headers

    assert len(headers["x-ms-request-id"]) == len(headers["x-ms-correlation-request-id"]) == 36
    assert headers["x-ms-routing-request-id"].startswith("WESTEUROPE:")
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "749"
    assert headers["Date"].endswith("GMT")
    assert "httponly" in headers["Set-Cookie"]


def test_a_seed_and_a_clock_make_answers_repeat() -> None:
    """With the same seed and clock, every byte of an answer is the same."""
    seen = []
    for _ in range(2):
        with AzureDouble(seed=7, clock=lambda: 1_700_000_000.0) as azure:
            ask = Client(azure)
            with ask.session:
                response = ask(contacts(azure.add(contact=CONTACT)))
            seen.append((dict(response.headers), response.content))

    assert seen[0] == seen[1]
    assert seen[0][0]["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


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
def test_a_subscription_may_refuse(
    azure: AzureDouble, ask: Client, fields: dict[str, Any], status: int, name: str
) -> None:
    """A subscription that we may not read, see, or that is not registered, says so."""
    subscription = azure.add(**fields)

    response = ask(contacts(subscription))

    assert code(response) == (status, name)


def test_a_refusal_names_who_wanted_what(azure: AzureDouble, ask: Client) -> None:
    """Who lacks a role reads their client id, object id, the action and the scope."""
    subscription = azure.add(readable=False)

    message = ask(contacts(subscription)).json()["error"]["message"]

    for part in (azure.client_id, azure.object_id, subscription.scope, "securityContacts/read'"):
        assert part in message


def test_not_registered_may_be_401(azure: AzureDouble, ask: Client) -> None:
    """The same refusal has been seen with either status."""
    azure.missing_provider_status = 401

    assert code(ask(contacts(azure.add(registered=False))))[0] == 401


@pytest.mark.parametrize(
    ("refusal", "status", "text"),
    [
        ("NoRegisteredProviderFound", 400, "The supported api-versions are '2017-08-01-preview'."),
        ("InvalidResourceType", 404, "The supported api-versions are '2017-08-01-preview'."),
        ("InvalidApiVersionParameter", 400, "The supported versions are '2017-08-01-preview'."),
    ],
)
def test_a_cloud_may_lack_a_version(
    azure: AzureDouble, ask: Client, refusal: str, status: int, text: str
) -> None:
    """A version that the cloud does not have is refused in one of three ways."""
    azure.offered, azure.version_refusal = {V2017}, refusal

    response = ask(contacts(azure.add(), V2023))

    assert code(response) == (status, refusal)
    assert text in response.json()["error"]["message"]


def test_a_version_must_be_given(azure: AzureDouble, ask: Client) -> None:
    """Without an api-version nothing is answered."""
    path = contacts(azure.add()).partition("?")[0]

    assert code(ask(path)) == (400, "MissingApiVersionParameter")
    assert code(ask("/subscriptions")) == (400, "MissingApiVersionParameter")


def test_paths_are_compared_without_case(azure: AzureDouble, ask: Client) -> None:
    """ARM does not care how an id or a provider is capitalised."""
    subscription = azure.add(contact=CONTACT)
    path, _, query = contacts(subscription).partition("?")

    assert len(ask(f"{path.upper()}?{query}").json()["value"]) == 1


def test_subscriptions_may_change_at_any_time(azure: AzureDouble, ask: Client) -> None:
    """A subscription that leaves the list is not found, one that moves is."""
    first, second = azure.add(), azure.add()
    assert ask(contacts(second)).ok

    azure.subscriptions.remove(first)

    assert code(ask(contacts(first))) == (404, "SubscriptionNotFound")
    assert ask(contacts(second)).ok


def test_unknown_paths_are_remembered(azure: AzureDouble, ask: Client) -> None:
    """A path that nobody serves gets 404 and stays on record."""
    assert ask("/nowhere").status_code == 404
    assert [asked.line for asked in azure.unknown] == ["GET /nowhere"]


def test_metadata_needs_no_token(azure: AzureDouble, ask: Client) -> None:
    """A cloud tells anybody where to sign in, and for which audience."""
    body = ask("/metadata/endpoints?api-version=2022-09-01", token=None).json()

    assert body["authentication"]["audiences"] == [azure.audience]
    assert body["authentication"]["loginEndpoint"] == f"{azure.authority}/"


def test_a_token_must_be_there_and_ours(azure: AzureDouble, ask: Client) -> None:
    """A missing token and a strange one are told apart."""
    assert code(ask(LIST, token=None)) == (401, "AuthenticationFailed")
    assert code(ask(LIST, token=STRANGE)) == (401, "InvalidAuthenticationToken")


def test_a_token_must_be_for_arm(azure: AzureDouble, ask: Client) -> None:
    """The audience counts, its trailing slash does not."""
    slashless = azure.token(audience=azure.audience.rstrip("/"))
    graph = azure.token(audience="https://graph.microsoft.com")

    assert ask(LIST, token=slashless).ok
    assert code(ask(LIST, token=graph)) == (401, "InvalidAuthenticationTokenAudience")


def test_a_token_expires(azure: AzureDouble, ask: Client) -> None:
    """An old token is refused as an expired one."""
    azure.token_lifetime = -1

    assert code(ask(LIST)) == (401, "ExpiredAuthenticationToken")


def test_tokens_can_be_revoked(azure: AzureDouble, ask: Client) -> None:
    """After a revocation only newer tokens are good."""
    old = azure.token()

    azure.revoke()

    assert code(ask(LIST, token=old)) == (401, "InvalidAuthenticationToken")
    assert ask(LIST).ok


def test_a_challenge_wants_claims(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """MSAL, given the challenge's claims, gets a token that ARM takes."""
    client = app(azure, session, client_capabilities=["CP1"])
    token = client.acquire_token_for_client(scope(azure))["access_token"]
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}')

    refused = ask(LIST, token=token)
    header = refused.headers["WWW-Authenticate"]
    encoded = header.partition('claims="')[2].rstrip('"')
    claims = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    better = client.acquire_token_for_client(scope(azure), claims_challenge=claims)

    assert refused.status_code == 401
    assert 'error="insufficient_claims"' in header
    assert "=" not in encoded
    assert ask(LIST, token=better["access_token"]).ok
    assert "1726077595" in azure.token_asked()[-1].form["claims"]


@pytest.mark.parametrize("tenant", ["tenant", "domain"])
def test_a_secret_signs_in(
    azure: AzureDouble, ask: Client, session: requests.Session, tenant: str
) -> None:
    """MSAL signs in with the secret, whether the tenant is a GUID or a domain."""
    azure.token_lifetime = 1234

    result = app(azure, session, tenant=getattr(azure, tenant)).acquire_token_for_client(
        scope(azure)
    )

    assert result["expires_in"] == 1234
    assert ask(LIST, token=result["access_token"]).ok
    body = claims_of(result["access_token"])
    assert (body["aud"], body["tid"]) == (azure.audience, azure.tenant)
    assert body["exp"] - body["iat"] == 1234
    assert [asked.method for asked in azure.asked] == ["GET", "POST", "GET"]
    assert (len(azure.token_asked()), len(azure.arm_asked())) == (1, 1)


@pytest.mark.parametrize("kind", ["pem", "encrypted_pem", "pfx", "encrypted_pfx", "RS256"])
def test_a_certificate_signs_in(azure: AzureDouble, session: requests.Session, kind: str) -> None:
    """MSAL signs in with the certificate, from each file and with either signature."""
    mine = azure.app_certificate
    passphrase = {"passphrase": mine.password} if "encrypted" in kind else {}
    if "pfx" in kind:
        how: dict[str, Any] = {
            "private_key_pfx_path": str(getattr(mine, kind)),
            "public_certificate": True,
        }
    else:
        pem = getattr(mine, "pem" if kind == "RS256" else kind).read_text()
        how = {"private_key": pem}
        how |= {"thumbprint": mine.thumbprint} if kind == "RS256" else {"public_certificate": pem}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client = app(azure, session, client_credential={**how, **passphrase})
        result = client.acquire_token_for_client(scope(azure))

    assert "access_token" in result, result


def test_another_certificate_does_not(
    azure: AzureDouble, session: requests.Session, tmp_path: Path
) -> None:
    """An assertion that another key signed is refused."""
    from azure_double import certificates

    assert azure.app_certificate.pem.exists()
    certificates._app_key.cache_clear()
    pem = certificates.app_certificate(tmp_path).pem.read_text()
    credential = {"private_key": pem, "public_certificate": pem}

    result = app(azure, session, client_credential=credential).acquire_token_for_client(
        scope(azure)
    )

    assert result["error_codes"] == [700027]


def test_a_federated_assertion_signs_in(azure: AzureDouble, session: requests.Session) -> None:
    """A workload's own token is taken instead of a signature of ours."""
    credential = {"client_assertion": lambda: azure.federated_token}

    result = app(azure, session, client_credential=credential).acquire_token_for_client(
        scope(azure)
    )

    assert "access_token" in result


@pytest.mark.parametrize(
    ("how", "error", "number"),
    [
        pytest.param({"client_credential": "no"}, "invalid_client", 7000215, id="wrong secret"),
        pytest.param({"client_id": "no"}, "unauthorized_client", 700016, id="unknown client"),
    ],
)
def test_who_may_not_sign_in_reads_why(
    azure: AzureDouble, session: requests.Session, how: dict[str, str], error: str, number: int
) -> None:
    """Entra explains itself with a number and the ids to quote in a support call."""
    result = app(azure, session, **how).acquire_token_for_client(scope(azure))

    assert (result["error"], result["error_codes"]) == (error, [number])
    assert result["error_description"].startswith(f"AADSTS{number}: ")
    assert f"Trace ID: {result['trace_id']} Correlation ID: " in result["error_description"]
    assert result["correlation_id"] == azure.token_asked()[-1].headers["client-request-id"]


def test_a_secret_expires(azure: AzureDouble, session: requests.Session) -> None:
    """The right secret may be too old."""
    azure.secret_expired = True

    result = app(azure, session).acquire_token_for_client(scope(azure))

    assert result["error_codes"] == [7000222]


def test_an_unknown_tenant(azure: AzureDouble, ask: Client, session: requests.Session) -> None:
    """A tenant that does not exist has no discovery document."""
    path = "/fabrikam.onmicrosoft.com/v2.0/.well-known/openid-configuration"

    response = ask(path, token=None)

    assert response.status_code == 400
    assert response.json()["error_codes"] == [90002]
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        app(azure, session, tenant="fabrikam.onmicrosoft.com").acquire_token_for_client(
            scope(azure)
        )


def test_a_contact_is_written_and_read_back(azure: AzureDouble, ask: Client) -> None:
    """A first PUT is 201, a second 200; a DELETE is 200, a second 204."""
    subscription = azure.add()
    path = contacts(subscription, V2023, "default")
    assert code(ask(path)) == (404, "NotFound")

    puts = [ask(path, method="PUT", json={"properties": {"emails": e}}) for e in ("a@b.c", "d@e.f")]
    read = ask(path).json()
    deletes = [ask(path, method="DELETE").status_code for _ in range(2)]

    assert [put.status_code for put in puts] == [201, 200]
    assert puts[1].json() == read
    assert read["properties"] == {"emails": "d@e.f", "phone": ""}
    assert deletes == [200, 204]
    assert subscription.contact is None


def test_what_2020_writes_2023_reads(azure: AzureDouble, ask: Client) -> None:
    """Both spellings are views of one contact."""
    subscription = azure.add()
    written = {"emails": "a@b.c", "alertNotifications": {"state": "On", "minimalSeverity": "Low"}}

    ask(contacts(subscription, V2020, "default"), method="PUT", json={"properties": written})

    read = ask(contacts(subscription, V2023, "default")).json()["properties"]
    assert read["notificationsSources"] == [{"sourceType": "Alert", "minimalSeverity": "Low"}]
    assert read["isEnabled"] is True


def test_2017_takes_one_address_and_one_phone(azure: AzureDouble, ask: Client) -> None:
    """A list of addresses is refused, and so is a phone on the second contact."""
    subscription = azure.add()

    def put(name: str, **properties: str) -> requests.Response:
        body = {"properties": {**CONTACT_2017, **properties}}
        return ask(contacts(subscription, V2017, name), method="PUT", json=body)

    assert code(put("default1", email="a@b.c,d@e.f")) == (400, "InvalidInputJson")
    assert put("default1").status_code == 201
    assert put("default1").status_code == 200
    assert code(put("default2")) == (400, "InvalidInputJson")
    assert put("default2", phone="").status_code == 201
    assert ask(contacts(subscription, V2017, "default2"), method="DELETE").status_code == 204
    assert [each["name"] for each in subscription.contacts_2017] == ["default1"]


def test_writes_that_azure_refuses(azure: AzureDouble, ask: Client) -> None:
    """Another name than `default`, a disabled subscription, no right to write, no JSON."""
    body = {"properties": {"emails": "a@b.c"}}

    def put(subscription: Subscription, name: str = "default", **more: Any) -> int:
        path = contacts(subscription, V2023, name)
        return ask(path, method="PUT", **(more or {"json": body})).status_code

    disabled = azure.add(state="Disabled", contact=CONTACT)
    assert put(azure.add(), "default1") == 400
    assert put(disabled) == 409
    assert put(azure.add(writable=False)) == 403
    assert put(azure.add(), data=b"{") == 400
    assert ask(contacts(disabled)).ok


def put(
    ask: Client,
    subscription: Subscription,
    properties: dict[str, Any],
    version: str = V2023,
    name: str = "",
    **headers: str,
) -> requests.Response:
    """Return what is answered to a PUT of *properties*; a header's dashes are underscores here."""
    path = contacts(subscription, version, name or ("default1" if version == V2017 else "default"))
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return ask(path, method="PUT", json={"properties": properties}, headers=given)


def names(ask: Client, subscription: Subscription) -> list[str]:
    """Return the names of the contacts that 2017 lists."""
    listed = ask(contacts(subscription, V2017)).json()["value"]
    return [each["name"] for each in listed]


def record(number: int = 1, **properties: str) -> dict[str, Any]:
    """Return a contact as 2017 keeps it, without a phone unless it is told one."""
    return {"name": f"default{number}", "properties": {**CONTACT_2017, "phone": "", **properties}}


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
    assert names(ask, subscription) == ["default1"]

    put(ask, subscription, {"emails": "a@b.c"}, version)
    after_put = names(ask, subscription)
    ask(contacts(subscription, version, "default"), method="DELETE")

    assert after_put == then
    assert names(ask, subscription) == at_last


def test_hidden_records_are_hidden_from_every_read(azure: AzureDouble, ask: Client) -> None:
    """Neither the list nor the name finds a hidden record; a PUT of one is still answered."""
    azure.newer_put_on_2017 = "hidden"
    subscription = azure.add()
    put(ask, subscription, {"emails": "a@b.c"})

    written = put(ask, subscription, CONTACT_2017, V2017)

    assert (written.status_code, written.json()["properties"]) == (201, CONTACT_2017)
    assert names(ask, subscription) == []
    assert code(ask(contacts(subscription, V2017, "default1"))) == (404, "NotFound")
    assert put(ask, subscription, CONTACT_2017, V2017).status_code == 200


def test_a_put_at_2017_leaves_the_newer_contact_alone(azure: AzureDouble, ask: Client) -> None:
    """The record of 2017 and the newer contact are beside each other."""
    subscription = azure.add(contact=CONTACT)

    assert put(ask, subscription, CONTACT_2017, V2017).status_code == 201

    assert subscription.contact == CONTACT
    assert names(ask, subscription) == ["default1"]


def test_a_put_at_2017_may_overwrite_the_newer_contact(azure: AzureDouble, ask: Client) -> None:
    """All that is left is what 2017 can say; where there was no newer contact, none appears."""
    azure.put_2017_on_newer = "overwrites"
    subscription, other = azure.add(contact=CONTACT), azure.add()
    properties = {**CONTACT_2017, "email": "new@contoso.com"}

    for each in (subscription, other):
        assert put(ask, each, properties, V2017).status_code == 201

    (contact,) = ask(contacts(subscription)).json()["value"]
    assert contact["properties"] == {
        "emails": "new@contoso.com",
        "phone": "1",
        "isEnabled": True,
        "notificationsByRole": {"state": "Off", "roles": []},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
    }
    assert names(ask, subscription) == names(ask, other) == ["default1"]
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
    properties = {**CONTACT_2017, "emails": "a@b.c"}

    answers = [put(ask, subscription, properties, version) for _ in range(2)]

    assert [each.status_code for each in answers] == seen


@pytest.mark.parametrize("version", [V2017, V2020, V2023])
@pytest.mark.parametrize("body", ["whole", "empty", "request"])
def test_the_answer_to_a_put(
    azure: AzureDouble, ask: Client, version: str, body: Literal["whole", "empty", "request"]
) -> None:
    """It is the contact, or nothing, or what was sent; the contact is written all the same."""
    azure.put_body = body
    subscription = azure.add()

    answer = put(ask, subscription, {**CONTACT_2017, "emails": "a@b.c"}, version)

    listed = ask(contacts(subscription, version)).json()
    (contact,) = listed if version == V2020 else listed["value"]
    (asked,) = azure.writes()
    wanted = {"whole": contact, "empty": None, "request": asked.json()}[body]
    assert answer.content == b"" if wanted is None else answer.json() == wanted
    assert contact["properties"]["emails"] == "a@b.c"
    assert answer.status_code == 201


def test_a_contact_has_one_etag(azure: AzureDouble, ask: Client) -> None:
    """It is the same at both newer versions, and another one after a change."""
    subscription = azure.add(contact=CONTACT)

    def etag(version: str) -> str:
        text: str = ask(contacts(subscription, version, "default")).json()["etag"]
        return text

    first, same = etag(V2023), etag(V2020)
    put(ask, subscription, {"emails": "a@b.c"})

    assert first == same != etag(V2023)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_is_ignored(azure: AzureDouble, ask: Client, method: str) -> None:
    """Unless we are told otherwise, the last writer wins."""
    path = contacts(azure.add(contact=CONTACT), V2023, "default")

    for headers in ({"If-Match": '"other"'}, {"If-None-Match": "*"}):
        answer = ask(path, method=method, json={"properties": {}}, headers=headers)

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

    answer = ask(path, method=method, json={"properties": {"emails": "a@b.c"}}, headers=headers)

    assert answer.ok == passes
    if not passes:
        assert code(answer) == (412, "PreconditionFailed")
        assert subscription.contact == (CONTACT if exists else None)


def test_if_match_at_2017(azure: AzureDouble, ask: Client) -> None:
    """A record's etag is empty, and so is the If-Match that fits it; a hidden one exists too."""
    azure.honours_if_match = True
    subscription = azure.add(contact=CONTACT, contacts_2017=[record()], hides_2017=True)

    def match(value: str) -> int:
        return put(ask, subscription, CONTACT_2017, V2017, if_match=value).status_code

    assert [match(value) for value in ('"other"', "", "*")] == [412, 200, 200]
    assert put(ask, subscription, CONTACT_2017, V2017, if_none_match="*").status_code == 412


def test_lists_may_be_stale(azure: AzureDouble, ask: Client) -> None:
    """The next lists of that subscription show what was before its last write."""
    azure.stale_reads = 2
    subscription, other = azure.add(), azure.add()

    def emails(version: str = V2023) -> list[str]:
        listed = ask(contacts(subscription, version)).json()
        items = listed if version == V2020 else listed["value"]
        return [each["properties"]["emails"] for each in items]

    written = put(ask, subscription, {"emails": "a@b.c"})
    put(ask, other, {"emails": "x@y.z"})
    by_name = ask(contacts(subscription, V2023, "default")).json()
    first = [emails(), emails(V2020), emails(), emails()]
    put(ask, subscription, {"emails": "d@e.f"})
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
        listed = ask(contacts(subscription, V2017)).json()["value"]
        return [each["properties"]["email"] for each in listed]

    put(ask, subscription, record(email="new@contoso.com")["properties"], V2017)
    replaced = [emails(), emails()]
    put(ask, subscription, record(email="b@contoso.com")["properties"], V2017, "default2")
    added = [emails(), emails()]
    ask(contacts(subscription, V2017, "default2"), method="DELETE")
    refused = put(ask, subscription, {}, V2017)
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
        return put(ask, subscription, properties, V2017, name).status_code

    def delete(name: str) -> requests.Response:
        return ask(contacts(subscription, V2017, name), method="DELETE")

    created = [write(name) for name in ("default2", "default", "me", "default01", "default1")]
    more = [write(name) for name in ("default3", "default2", "default1", "default3")]
    refused = delete("default1")
    deleted = [delete(name).status_code for name in ("default2", "default3", "default2", "nobody")]

    assert created == [400, 400, 400, 400, 201]
    assert more == [400, 201, 200, 201]
    assert code(refused) == (400, "InvalidInputJson")
    assert deleted == [400, 204, 204, 204]
    assert names(ask, subscription) == ["default1"]


@pytest.mark.parametrize("old", ["me", "default", "default07"])
def test_names_of_2017_may_have_a_gap_already(azure: AzureDouble, ask: Client, old: str) -> None:
    """What an earlier time left is no part of the sequence; the gap is what is next."""
    azure.names_2017 = "sequence"
    records = [{"name": old, "properties": CONTACT_2017}, record(3), record(5)]
    subscription = azure.add(contacts_2017=records)

    refused = ask(contacts(subscription, V2017, old), method="DELETE")
    deleted = ask(contacts(subscription, V2017, "default5"), method="DELETE")
    written = put(ask, subscription, record()["properties"], V2017, "default1")

    assert code(refused) == (400, "InvalidInputJson")
    assert (deleted.status_code, written.status_code) == (204, 201)
    assert names(ask, subscription) == [old, "default3", "default1"]


def test_names_of_2017_may_be_any(azure: AzureDouble, ask: Client) -> None:
    """Unless we are told otherwise, every name can be created, and every contact deleted."""
    subscription = azure.add()

    written = [
        put(ask, subscription, record()["properties"], V2017, name).status_code
        for name in ("me", "default3", "default")
    ]
    deleted = ask(contacts(subscription, V2017, "me"), method="DELETE").status_code

    assert (written, deleted) == ([201, 201, 201], 204)
    assert names(ask, subscription) == ["default3", "default"]


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

    assert put(ask, subscription, written, version).ok

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
    respelled = {
        "emails": "c@x.example; b@x.example; a@x.example",
        "phone": "A",
        "notificationsByRole": {"state": "On", "roles": ["Contributor", "Owner"]},
    }

    answer = put(ask, subscription, written).json()

    (newest,) = ask(contacts(subscription)).json()["value"]
    (newer,) = ask(contacts(subscription, V2020)).json()
    assert answer == newest == ask(contacts(subscription, V2023, "default")).json()
    assert newest["properties"] == {
        **respelled,
        "notificationsSources": sources[::-1],
        "somethingNew": [1, 2],
    }
    assert newer["properties"] == {
        **respelled,
        "alertNotifications": {"state": "On", "minimalSeverity": "High"},
        "somethingNew": [1, 2],
    }
    assert subscription.contact == written


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


def test_a_write_changes_no_other_subscription(azure: AzureDouble, ask: Client) -> None:
    """Not even one that was made of the same records."""
    shared = [record()]
    subscription, other = azure.add(contacts_2017=shared), azure.add(contacts_2017=shared)

    put(ask, subscription, record(email="new@contoso.com")["properties"], V2017)
    put(ask, subscription, record()["properties"], V2017, "default2")
    ask(contacts(subscription, V2017, "default1"), method="DELETE")

    assert names(ask, subscription) == ["default2"]
    assert other.contacts_2017 == shared == [record()]


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
        path, body = contacts(to, V2023, "default"), {"properties": {"emails": "a@b.c"}}
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

    answer = put(ask, subscription, {"emails": "a@b.c"})

    assert code(answer) == (403, "RequestDisallowedByPolicy")
    assert ask(contacts(subscription)).json()["value"][0]["properties"] == CONTACT


def test_writes_are_on_record(azure: AzureDouble, ask: Client) -> None:
    """Every PUT and DELETE is, in its order, whether or not it was applied; nothing else is."""
    subscription = azure.add(writable=False)
    path = contacts(subscription, V2023, "default")
    azure.fail("PUT", faults.reset(), times=1)

    with pytest.raises(requests.ConnectionError):
        put(ask, subscription, {"emails": "a@b.c"})
    for method in ("GET", "DELETE", "PUT", "POST"):
        ask(path, method=method, json={"properties": {}})

    assert [asked.method for asked in azure.writes()] == ["PUT", "DELETE", "PUT"]
    assert azure.writes()[0].json() == {"properties": {"emails": "a@b.c"}}


def test_faults_are_spent_in_their_order(azure: AzureDouble, ask: Client) -> None:
    """The first plan that matches and has something left wins."""
    azure.fail("GET /subscriptions?", faults.status(503), times=1)
    azure.fail(lambda asked: "subscriptions" in asked.path, faults.throttle(7), times=2)

    answers = [ask(LIST) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json()["error"]["code"] == "TooManyRequests"


def test_a_sequence_plays_one_fault_after_the_other(azure: AzureDouble, ask: Client) -> None:
    """None stands for the normal answer, which also follows the last fault."""
    azure.fail("GET", faults.sequence(faults.status(500), None, faults.arm_error(502, "Bad", "!")))

    assert [ask(LIST).status_code for _ in range(4)] == [500, 200, 502, 200]


@pytest.mark.parametrize(
    ("fault", "status", "content", "header"),
    [
        pytest.param(
            faults.status(418, {"error": {}}), 418, b'{"error":{}}', "application/json", id="status"
        ),
        pytest.param(faults.answer(b"\xef\xbb\xbfnull"), 200, b"\xef\xbb\xbfnull", "", id="answer"),
        pytest.param(
            faults.answer(b"", {"content-type": "a/b"}), 200, b"", "a/b", id="own headers"
        ),
        pytest.param(faults.html(), 200, None, "text/html", id="web page"),
        pytest.param(faults.redirect(302, "https://evil.example/"), 302, b"", "", id="redirect"),
        pytest.param(faults.gzip_body(), 200, b'{"value":[]}', "", id="gzip"),
        pytest.param(faults.unframed(), 200, b'{"value":[]}', "", id="unframed"),
        pytest.param(faults.unframed(5), 200, b'{"val', "", id="unframed and cut"),
        pytest.param(faults.slow(0.01), 200, b'{"value":[]}', "", id="slow"),
        pytest.param(faults.drip_body(0.001), 200, b'{"value":[]}', "", id="dripping body"),
        pytest.param(faults.cut_headers(), 200, b"", "", id="cut headers"),
        pytest.param(faults.cut_after_status(), 200, b"", "", id="cut after the status"),
    ],
)
def test_a_fault_that_still_looks_like_an_answer(
    azure: AzureDouble, ask: Client, fault: Fault, status: int, content: bytes | None, header: str
) -> None:
    """Requests raises nothing for these."""
    azure.fail("GET", fault, times=1)

    response = ask(LIST)

    assert response.status_code == status
    assert content is None or response.content == content
    assert header in response.headers.get("Content-Type", "")
    assert ask(LIST).json() == {"value": []}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(faults.reset(), requests.ConnectionError, id="reset"),
        pytest.param(faults.close(), requests.ConnectionError, id="close"),
        pytest.param(faults.hang(), requests.ReadTimeout, id="hang"),
        pytest.param(faults.cut_body(5), requests.exceptions.ChunkedEncodingError, id="cut body"),
        pytest.param(
            faults.cut_chunked(), requests.exceptions.ChunkedEncodingError, id="cut chunks"
        ),
    ],
)
def test_a_fault_that_is_an_error(
    azure: AzureDouble, ask: Client, fault: Fault, error: type[Exception]
) -> None:
    """Requests raises something for these, and the next request is answered."""
    azure.fail("GET", fault, times=1)

    with pytest.raises(error):
        ask(LIST, timeout=0.2)

    assert ask(LIST).ok


def test_a_reset_is_a_reset(azure: AzureDouble) -> None:
    """The connection ends with RST, not with a goodbye; below TLS, that is another error."""
    azure.fail("GET", faults.reset())

    with raw(azure) as connection, socket.socket(fileno=connection.detach()) as below:
        below.settimeout(5)
        with pytest.raises(ConnectionResetError):
            deque(iter(lambda: below.recv(65536), b""))


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        pytest.param(faults.continue_storm(0.01), b"HTTP/1.1 100 Continue\r\n\r\n", id="100"),
        pytest.param(faults.drip_headers(0.01), b"X-Drip: 1\r\n", id="headers"),
        pytest.param(faults.endless_body(), b" " * 65536, id="body"),
    ],
)
def test_a_fault_that_never_ends(azure: AzureDouble, fault: Fault, sent: bytes) -> None:
    """These go on until the client leaves."""
    azure.fail("GET", fault)
    received = b""

    with raw(azure) as connection:
        while received.count(sent) < 5:
            received += connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 ")


def test_compressed_bodies_that_lie(azure: AzureDouble, ask: Client) -> None:
    """A cut gzip body is rightly framed, and a bomb is small until it is unpacked."""
    azure.fail("GET", faults.sequence(faults.truncated_gzip(), faults.gzip_bomb(3)))

    cut = ask(LIST, stream=True).raw.read(decode_content=False)
    bomb = ask(LIST, stream=True).raw.read(decode_content=False)

    with pytest.raises(EOFError):
        gzip.decompress(cut)
    assert len(bomb) < 50_000
    assert gzip.decompress(bomb) == b" " * (3 << 20)


def test_an_answer_may_be_lost_after_the_change(azure: AzureDouble, ask: Client) -> None:
    """A fault leaves Azure as it was, unless the request is applied first."""
    subscription = azure.add()
    path = contacts(subscription, V2023, "default")
    azure.fail("PUT", faults.sequence(faults.reset(), faults.applied(faults.reset())))

    seen = []
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            ask(path, method="PUT", json={"properties": {"emails": "a@b.c"}})
        seen.append(subscription.contact)

    assert seen == [None, {"emails": "a@b.c", "phone": ""}]


def test_stopping_does_not_wait(azure: AzureDouble) -> None:
    """Hanging connections, silent ones, and one that never spoke TLS are all closed at once."""
    with AzureDouble() as other:
        other.fail("GET", faults.hang())
        clients = [raw(other) for _ in range(20)]
        clients += [raw(other, b"") for _ in range(5)]
        silent = socket.create_connection(("127.0.0.1", other.port))
        while len(other.asked) < 20:
            time.sleep(0.001)
        started = time.monotonic()
    took = time.monotonic() - started

    for client in (*clients, silent):
        client.close()
    assert took < 10  # a fault that hangs would take two minutes
    assert other.crashes == []
    assert not [t for t in threading.enumerate() if t.name == f"listener-{other.port}"]


def test_strangers_do_no_harm(azure: AzureDouble, ask: Client) -> None:
    """A client that distrusts us, or does not speak TLS, is no crash."""
    with pytest.raises(requests.exceptions.SSLError):
        ask(LIST, verify=True)
    with socket.create_connection(("127.0.0.1", azure.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.recv(100)

    assert ask(LIST).ok


def test_an_error_of_ours_is_kept(azure: AzureDouble, ask: Client) -> None:
    """A bug in a fault ends up in `crashes`, and the client sees a broken connection."""

    async def broken(_exchange: object) -> None:
        raise ZeroDivisionError

    azure.fail("GET", broken)

    with pytest.raises(requests.ConnectionError):
        ask(LIST)

    end = time.monotonic() + 5
    while not azure.crashes and time.monotonic() < end:
        time.sleep(0.01)  # the connection is closed before the error is kept
    assert [type(crash) for crash in azure.crashes] == [ZeroDivisionError]
    azure.crashes.clear()


def test_two_hundred_connections_at_once(azure: AzureDouble) -> None:
    """Answers wait side by side, not one after the other."""
    azure.latency = 0.3
    path = contacts(azure.add())

    clients = [raw(azure, b"") for _ in range(200)]
    started = time.monotonic()
    for client in clients:
        client.sendall(request(azure, path))
    heads = [client.recv(15) for client in clients]
    took = time.monotonic() - started

    for client in clients:
        client.close()
    assert set(heads) == {b"HTTP/1.1 200 OK"}
    assert 0.3 <= took < 30  # one after the other they would take a minute
    assert {asked.connection for asked in azure.asked} == set(range(1, 201))


def test_a_connection_is_kept(azure: AzureDouble, ask: Client) -> None:
    """One session is one connection."""
    for _ in range(3):
        ask(LIST)

    assert {asked.connection for asked in azure.asked} == {1}
    assert [asked.number for asked in azure.asked] == [1, 2, 3]


def test_a_proxy_tunnels_to_the_double(azure: AzureDouble, ask: Client) -> None:
    """Behind the proxy the double is management.azure.com, and its links say so."""
    azure.add(), azure.add()
    azure.page_size = 1
    with Proxy(azure) as proxy:
        ask.session.proxies = {"https": proxy.url}

        page = ask(f"https://management.azure.com{LIST}").json()
        second = ask(page["nextLink"]).json()
        ask.session.close()

    assert urlsplit(page["nextLink"]).netloc == "management.azure.com"
    assert len(second["value"]) == 1
    assert set(proxy.connects) == {"management.azure.com:443"}


def test_a_proxy_may_refuse(azure: AzureDouble, ask: Client) -> None:
    """A proxy that wants a password tunnels nothing."""
    with Proxy(azure, refuse=407) as proxy:
        ask.session.proxies = {"https": proxy.url}

        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            ask(f"https://management.azure.com{LIST}")

    assert azure.asked == []
    assert proxy.connects == ["management.azure.com:443"]


def test_a_double_of_its_own() -> None:
    """As a process it says where it is, and ends when its stdin does."""
    command = [sys.executable, "-m", "azure_double", "--subscriptions", "3", "--address-at-2017"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        trust = ssl.create_default_context(cafile=facts["ca"])
        port = urlsplit(facts["endpoint"]).port
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=5)
        connection.request("GET", LIST, headers={"Authorization": f"Bearer {facts['token']}"})
        items = json.loads(connection.getresponse().read())["value"]
        connection.close()
        process.stdin.close()
        process.wait(5)

    assert len(items) == 3
    assert process.returncode == 0
    assert not Path(facts["ca"]).exists()


def test_a_request_can_be_read(azure: AzureDouble, ask: Client) -> None:
    """What was asked is on record: line, parameters, headers and body."""
    subscription = azure.add()
    token = azure.token()

    ask(contacts(subscription, V2023, "default"), method="PUT", token=token, json={"a": "ä"})

    (asked,) = azure.asked
    assert isinstance(asked, Asked)
    assert asked.line == f"PUT {contacts(subscription, V2023, 'default')}"
    assert asked.params == {"api-version": V2023}
    assert asked.bearer == token
    assert asked.headers["content-type"] == "application/json"
    assert asked.json() == {"a": "ä"}


def test_every_tenant_knows_the_application(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """A tenant answers to its id and its domain, and its tokens and its issuer bear the id."""
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")

    for name in (fabrikam.id, fabrikam.domain, fabrikam.domain.upper()):
        found = ask(f"/{name}/v2.0/.well-known/openid-configuration", token=None).json()
        result = app(azure, session, tenant=name).acquire_token_for_client(scope(azure))

        claims = claims_of(result["access_token"])
        assert found["issuer"] == f"{azure.authority}/{fabrikam.id}/v2.0"
        assert claims["tid"] == fabrikam.id != azure.tenant
        assert claims["iss"] == f"https://sts.windows.net/{fabrikam.id}/"
        assert claims["appid"] == azure.client_id
        assert azure.tokens[result["access_token"]].tenant == fabrikam.id


def test_a_tenant_lists_its_own_subscriptions(azure: AzureDouble, ask: Client) -> None:
    """It lists what is at home in it, and what was delegated to it, which keeps its home."""
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    azure.add("Ours")
    azure.add("Delegated", delegated_to=[fabrikam.id])
    azure.add("Theirs", tenant_id=fabrikam.id)
    azure.add("Of a tenant that nobody added", tenant_id="72f988bf-86f1-41af-91ab-2d7cd011db47")

    ours = ask(LIST).json()["value"]
    theirs = ask(LIST, token=azure.token(tenant=fabrikam.id)).json()["value"]

    names = [[item["displayName"] for item in items] for items in (ours, theirs)]
    assert names == [
        ["Ours", "Delegated", "Of a tenant that nobody added"],
        ["Delegated", "Theirs"],
    ]
    assert theirs[0]["tenantId"] == azure.tenant
    assert theirs[0]["managedByTenants"] == [{"tenantId": fabrikam.id}]
    assert theirs[1]["managedByTenants"] == []


def test_a_token_of_the_wrong_tenant(azure: AzureDouble, ask: Client) -> None:
    """A subscription is neither read nor written with a token of a tenant that may not see it."""
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    ours, delegated = azure.add(), azure.add(delegated_to=[fabrikam.id])
    token = azure.token(tenant=fabrikam.id)
    body = {"properties": {"emails": "a@b.c"}}
    path = contacts(ours, V2023, "default")

    read = ask(contacts(ours), token=token)
    written = ask(path, token=token, method="PUT", json=body)
    shown = ask(f"{ours.scope}?api-version=2022-12-01", token=token)

    for refused in (read, written, shown):
        assert code(refused) == (401, "InvalidAuthenticationTokenTenant")
    assert read.json()["error"]["message"].startswith(
        f"The access token is from the wrong issuer 'https://sts.windows.net/{fabrikam.id}/'. It "
        f"must match the tenant 'https://sts.windows.net/{azure.tenant}/' associated with this"
    )
    assert f"login.windows.net/{azure.tenant}" in read.headers["WWW-Authenticate"]
    assert ours.contact is None
    assert ask(contacts(delegated), token=token).ok


def person(azure: AzureDouble, session: requests.Session, tenant: str = "organizations") -> Any:
    """Return MSAL's idea of the client that a person signs in to."""
    return msal.PublicClientApplication(
        AZURE_CLI,
        authority=f"{azure.authority}/{tenant}",
        instance_discovery=False,
        client_capabilities=["CP1"],
        http_client=session,
    )


def signed_in(azure: AzureDouble, client: Any) -> dict[str, Any]:
    """Return what MSAL gets when the user signs in with a device code."""
    flow = client.initiate_device_flow(scope(azure))
    result: dict[str, Any] = client.acquire_token_by_device_flow(flow)
    return result


@pytest.mark.parametrize("tenant", ["organizations", "common", "contoso.onmicrosoft.com"])
def test_a_person_signs_in_with_a_device_code(
    azure: AzureDouble, ask: Client, session: requests.Session, tenant: str
) -> None:
    """MSAL shows the code, asks until it was used, and has a user's token, in its cache too."""
    azure.device_interval, azure.device_pending = 0, 2
    client = person(azure, session, tenant)

    flow = client.initiate_device_flow(scope(azure))
    result = client.acquire_token_by_device_flow(flow)
    (account,) = client.get_accounts()
    again = client.acquire_token_silent(scope(azure), account=account)

    assert flow["message"] == (
        "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and "
        f"enter the code {flow['user_code']} to authenticate."
    )
    assert len(azure.token_asked()) == 3
    claims = claims_of(result["access_token"])
    assert (claims["appid"], claims["idtyp"]) == (AZURE_CLI, "user")
    assert claims["upn"] == claims["unique_name"] == azure.user.upn == account["username"]
    assert (claims["oid"], claims["tid"]) == (azure.user.object_id, azure.tenant)
    assert result["id_token_claims"]["upn"] == azure.user.upn
    assert result["scope"] == f"{azure.audience}/user_impersonation {azure.audience}/.default"
    assert account["home_account_id"] == f"{azure.user.object_id}.{azure.tenant}"
    assert again["access_token"] == result["access_token"]
    assert len(azure.token_asked()) == 3
    assert ask(LIST, token=result["access_token"]).ok


@pytest.mark.parametrize(
    ("answer", "error", "number"),
    [
        ("decline", "authorization_declined", 70017),
        ("expired", "expired_token", 70020),
        ("never", "authorization_pending", 70016),
    ],
)
def test_a_person_may_not_sign_in(
    azure: AzureDouble,
    session: requests.Session,
    answer: Literal["decline", "expired", "never"],
    error: str,
    number: int,
) -> None:
    """The user may decline, come too late, or never come."""
    azure.device_answer = answer
    client = person(azure, session)
    flow = client.initiate_device_flow(scope(azure))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that we do not wait between the two
        first, second = (
            client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
            for _ in range(2)
        )

    assert first["error"] == "authorization_pending"
    assert (second["error"], second["error_codes"]) == (error, [number])
    assert second["error_description"].startswith(f"AADSTS{number}: ")


def test_a_device_code_is_good_once(azure: AzureDouble, ask: Client) -> None:
    """Entra knows the code that it gave out to that client, until the first token."""
    azure.device_pending, azure.device_interval = 0, 7
    form = {"client_id": azure.client_id, "scope": f"openid {azure.audience}/.default"}
    path = f"/{azure.tenant}/oauth2/v2.0"
    given = ask(f"{path}/devicecode", method="POST", data=form, token=None).json()

    def poll(client_id: str = azure.client_id) -> requests.Response:
        form = {
            "grant_type": DEVICE_GRANT,
            "client_id": client_id,
            "device_code": given["device_code"],
        }
        return ask(f"{path}/token", method="POST", data=form, token=None)

    stranger, first, second = poll(AZURE_CLI), poll(), poll()

    assert (given["expires_in"], given["interval"]) == (900, 7)
    assert stranger.json()["error"] == second.json()["error"] == "bad_verification_code"
    assert first.ok
    assert first.json().keys() & {"id_token", "refresh_token", "client_info", "foci"} == {
        "id_token"
    }


@pytest.mark.parametrize(
    ("tenant", "form", "number"),
    [
        pytest.param("nowhere.example", {}, 90002, id="unknown tenant"),
        pytest.param("common", {"client_id": "no"}, 700016, id="unknown client"),
        pytest.param("common", {"scope": "openid profile"}, 70011, id="no resource"),
    ],
)
def test_who_gets_no_device_code(
    azure: AzureDouble, ask: Client, tenant: str, form: dict[str, str], number: int
) -> None:
    """The tenant, the client and the resource must be known."""
    usual = {"client_id": AZURE_CLI, "scope": f"{azure.audience}/.default"}

    refused = ask(
        f"/{tenant}/oauth2/v2.0/devicecode", method="POST", data={**usual, **form}, token=None
    )

    assert (refused.status_code, refused.json()["error_codes"]) == (400, [number])


def test_a_refresh_token_brings_the_next_token(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """MSAL refreshes with the claims of a challenge, and gets another refresh token too."""
    azure.device_pending = 0
    client = person(azure, session)
    first = signed_in(azure, client)
    (account,) = client.get_accounts()
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}'
    azure.challenge(claims)

    second = client.acquire_token_silent(scope(azure), account=account, claims_challenge=claims)
    third = client.acquire_token_silent(scope(azure), account=account, force_refresh=True)

    tokens = [asked.form.get("refresh_token") for asked in azure.token_asked()]
    assert ask(LIST, token=first["access_token"]).status_code == 401
    assert ask(LIST, token=second["access_token"]).ok
    assert third["access_token"] != second["access_token"]
    assert len(set(tokens)) == 3
    assert set(tokens[1:]) <= azure.refresh_tokens.keys()


def test_a_refresh_token_is_good_in_every_tenant(azure: AzureDouble, ask: Client) -> None:
    """It belongs to a client, remembers its scope, and dies of old age."""
    azure.device_pending = 0
    fabrikam = azure.add_tenant("fabrikam.onmicrosoft.com")
    form = {"client_id": AZURE_CLI, "scope": f"{azure.audience}/.default offline_access"}
    given = ask("/common/oauth2/v2.0/devicecode", method="POST", data=form, token=None).json()

    def post(tenant: str, kind: str, **more: str) -> requests.Response:
        form = {"client_id": AZURE_CLI, "grant_type": kind, **more}
        return ask(f"/{tenant}/oauth2/v2.0/token", method="POST", data=form, token=None)

    polled = post("common", DEVICE_GRANT, device_code=given["device_code"]).json()
    old = polled["refresh_token"]
    elsewhere = post(fabrikam.domain, "refresh_token", refresh_token=old).json()
    stranger = post("common", "refresh_token", refresh_token=old, client_id=azure.client_id)
    azure.refresh_dead = True
    dead = post("common", "refresh_token", refresh_token=elsewhere["refresh_token"])

    assert polled["foci"] == "1"
    assert claims_of(elsewhere["access_token"])["tid"] == fabrikam.id
    assert claims_of(elsewhere["access_token"])["aud"] == azure.audience
    assert stranger.json()["error_codes"] == [9002313]
    assert dead.status_code == 400
    assert (dead.json()["error"], dead.json()["error_codes"]) == ("invalid_grant", [700082])
    assert "and was inactive for 90.00:00:00." in dead.json()["error_description"]


def test_a_refusal_names_the_user(
    azure: AzureDouble, ask: Client, session: requests.Session
) -> None:
    """A user who lacks a role reads their name and their own object id."""
    azure.device_pending = 0
    token = signed_in(azure, person(azure, session))["access_token"]

    message = ask(contacts(azure.add(readable=False)), token=token).json()["error"]["message"]

    assert message.startswith(
        f"The client '{azure.user.upn}' with object id '{azure.user.object_id}' does not have"
    )


def identity(azure: AzureDouble, by: str) -> tuple[ManagedIdentity, Any]:
    """Return an identity, and what MSAL is told of it: one of its ids, or nothing."""
    if by == "system":
        return azure.system, msal.SystemAssignedManagedIdentity()
    chosen = azure.assigned
    return chosen, msal.UserAssignedManagedIdentity(**{by: getattr(chosen, by).upper()})


@pytest.mark.parametrize("by", ["system", "client_id", "object_id", "resource_id"])
@pytest.mark.parametrize("place", ["imds_variables", "identity_variables"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_machine_has_an_identity(
    azure: AzureDouble,
    ask: Client,
    session: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
    place: str,
    slash: str,
) -> None:
    """MSAL gets a token of any identity from the metadata service and from an App Service."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in getattr(azure, place).items():
        monkeypatch.setenv(name, value)
    expected, wanted = identity(azure, by)
    resource = azure.audience.rstrip("/") + slash

    result = msal.ManagedIdentityClient(wanted, http_client=session).acquire_token_for_client(
        resource=resource
    )

    claims = claims_of(result["access_token"])
    assert claims["appid"] == expected.client_id
    assert (claims["oid"], claims["idtyp"]) == (expected.object_id, "app")
    assert claims["xms_mirid"] == expected.resource_id
    assert (claims["aud"], claims["tid"]) == (resource, azure.tenant)
    assert 3500 < result["expires_in"] <= 3600
    assert ask(LIST, token=result["access_token"]).ok
    assert len(azure.identity_asked()) == 1
    assert azure.token_asked() == []
    assert len(azure.arm_asked()) == 1


def plainly(url: str, params: dict[str, str | None], headers: dict[str, str]) -> requests.Response:
    """Return what the platform answers, which is never asked through a proxy."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, params=params, headers=headers, timeout=5)


def imds(
    azure: AzureDouble, *, headers: dict[str, str] | None = None, **params: str | None
) -> requests.Response:
    """Return what the metadata service answers to a good request with some changes."""
    usual = {"api-version": "2018-02-01", "resource": azure.audience}
    url = f"{azure.platform}/metadata/identity/oauth2/token"
    return plainly(url, {**usual, **params}, {"Metadata": "true"} if headers is None else headers)


def app_service(
    azure: AzureDouble, *, header: str | None = None, **params: str | None
) -> requests.Response:
    """Return what an App Service answers to a good request with some changes."""
    usual = {"api-version": "2019-08-01", "resource": azure.audience}
    proof = azure.identity_header if header is None else header
    url = azure.identity_variables["IDENTITY_ENDPOINT"]
    return plainly(url, {**usual, **params}, {"X-IDENTITY-HEADER": proof})


def test_what_the_platform_answers(azure: AzureDouble) -> None:
    """The metadata service writes all its numbers as strings, and so does an App Service."""
    azure.token_lifetime = 86400

    machine, service = imds(azure).json(), app_service(azure).json()

    expires = str(claims_of(machine["access_token"])["exp"])
    assert {**machine, "access_token": "", "not_before": ""} == {
        "access_token": "",
        "client_id": azure.system.client_id,
        "expires_in": "86400",
        "expires_on": expires,
        "ext_expires_in": "86400",
        "not_before": "",
        "resource": azure.audience,
        "token_type": "Bearer",
    }
    assert {**service, "access_token": "", "expires_on": ""} == {
        "access_token": "",
        "client_id": azure.system.client_id,
        "expires_on": "",
        "resource": azure.audience,
        "token_type": "Bearer",
    }
    assert service["expires_on"].isdecimal()


@pytest.mark.parametrize(
    ("how", "text"),
    [
        pytest.param({"headers": {}}, "Required metadata header not specified", id="no header"),
        pytest.param(
            {"headers": {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}}, "", id="forwarded"
        ),
        pytest.param({"headers": {"Metadata": "true", "Via": "1.1 proxy"}}, "", id="via a proxy"),
        pytest.param({"resource": None}, "variable 'resource' is missing", id="no resource"),
        pytest.param({"api-version": None}, "'api-version' is missing", id="no api-version"),
        pytest.param({"api-version": "2017-08-01"}, "'2017-08-01'", id="old api-version"),
        pytest.param({"client_id": "no"}, "Identity not found", id="unknown identity"),
    ],
)
def test_what_the_metadata_service_refuses(
    azure: AzureDouble, how: dict[str, Any], text: str
) -> None:
    """A request must come from the machine itself, be complete, and name an identity of it."""
    refused = imds(azure, **how)

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert text in refused.json()["error_description"]
    assert azure.tokens == {}


@pytest.mark.parametrize(
    ("how", "status", "text"),
    [
        pytest.param({"header": "no"}, 401, "", id="wrong header"),
        pytest.param({"api-version": "2017-09-01"}, 400, "2017-09-01", id="old api-version"),
        pytest.param({"resource": None}, 400, "resource", id="no resource"),
        pytest.param(
            {"client_id": "no"},
            400,
            "No User Assigned or Delegated Managed Identity found for specified",
            id="unknown identity",
        ),
    ],
)
def test_what_an_app_service_refuses(
    azure: AzureDouble, how: dict[str, Any], status: int, text: str
) -> None:
    """A request must bear the secret header, be complete, and name an identity of the app."""
    refused = app_service(azure, **how)

    assert (refused.status_code, refused.json()["statusCode"]) == (status, status)
    assert text in refused.json()["message"]
    assert azure.tokens == {}


def test_a_machine_without_an_identity_of_its_own(azure: AzureDouble) -> None:
    """A virtual machine then uses its only user-assigned identity, an App Service does not."""
    azure.system_assigned = False

    machine, service = imds(azure), app_service(azure)
    azure.user_assigned = False
    bare = imds(azure)
    named = imds(azure, client_id=azure.assigned.client_id)

    assert machine.json()["client_id"] == azure.assigned.client_id
    assert service.json()["message"] == "Unable to load the proper Managed Identity."
    assert bare.json() == named.json()
    assert bare.json()["error_description"] == "Identity not found"


def test_the_platform_is_a_part_of_the_double(azure: AzureDouble, ask: Client) -> None:
    """It listens once it is looked for, is on record, and goes wrong as it is told to."""
    before = {thread.name for thread in threading.enumerate()}
    azure.fail("/metadata/identity/", faults.sequence(faults.status(500), faults.html(503)))
    assert ask(LIST).ok

    answers = [imds(azure) for _ in range(3)]
    lost = plainly(f"{azure.platform}/nowhere", {}, {})

    assert [answer.status_code for answer in answers] == [500, 503, 200]
    assert answers[0].headers["Server"].startswith("IMDS/")
    assert lost.status_code == 404
    assert [asked.number for asked in azure.asked] == [1, 2, 3, 4, 5]
    assert [asked.to_platform for asked in azure.asked] == [False, *[True] * 4]
    assert [asked.path for asked in azure.unknown] == ["/nowhere"]
    (started,) = {thread.name for thread in threading.enumerate()} - before
    assert started == f"listener-{urlsplit(azure.platform).port}"


def descendants(group: str, **more: str) -> str:
    """Return the path of all that is below a management group."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    base = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
    return f"{base}?api-version=2023-04-01{'&' + query if query else ''}"


def test_a_management_group_lists_all_below_it(azure: AzureDouble, ask: Client) -> None:
    """It lists groups and subscriptions of every level, even those that nobody may see."""
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
        "value": [items[2]]
    }


def test_a_management_group_is_listed_in_pages(azure: AzureDouble, ask: Client) -> None:
    """The page's size is ours or the request's, which then begins at the beginning."""
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


def test_what_a_management_group_refuses(azure: AzureDouble, ask: Client) -> None:
    """A group must be there, in the token's tenant, and readable."""
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
    """The list has one cloud that is ours, and it is not the first."""
    azure.metadata_shape = "list"

    clouds = ask("/metadata/endpoints?api-version=latest", token=None).json()
    azure.metadata_shape = "object"
    alone = ask("/metadata/endpoints?api-version=2022-09-01", token=None).json()

    ours = [cloud for cloud in clouds if cloud["resourceManager"] == f"{azure.endpoint}/"]
    assert ours == [alone] != clouds[:1]
    assert len({cloud["name"] for cloud in clouds}) == 3
    assert alone["authentication"]["identityProvider"] == "AAD"


def test_metadata_can_be_told_to_lie(azure: AzureDouble, ask: Client) -> None:
    """Where to sign in, and for whom, is what the switches say."""
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
    """Without a known api-version a cloud tells nothing."""
    assert code(ask(f"/metadata/endpoints{query}", token=None)) == (400, name)


def test_the_clock_can_be_set(azure: AzureDouble, ask: Client) -> None:
    """From then on every answer's date is what it says; tokens live by the real time."""
    token = azure.token()
    assert ask(LIST).headers["Date"] != "Tue, 14 Nov 2023 22:13:20 GMT"

    azure.clock = lambda: 1_700_000_000.0

    answers = [ask(LIST, token=token), ask("/x/oauth2/v2.0/token", method="POST"), imds(azure)]
    assert {answer.headers["Date"] for answer in answers} == {"Tue, 14 Nov 2023 22:13:20 GMT"}
    assert answers[0].ok


def request(azure: AzureDouble, path: str) -> bytes:
    """Return a GET request as bytes."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: localhost:{azure.port}",
        f"Authorization: Bearer {azure.token()}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode()


def raw(azure: AzureDouble, data: bytes | None = None) -> ssl.SSLSocket:
    """Return a connection on which *data*, or else a request for the list, was sent."""
    trust = ssl.create_default_context(cafile=str(azure.ca))
    plain = socket.create_connection(("127.0.0.1", azure.port), timeout=5)
    connection = trust.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(request(azure, LIST) if data is None else data)
    return connection

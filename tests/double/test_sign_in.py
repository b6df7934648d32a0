"""The tokens of the double, and all the ways to get one."""

from __future__ import annotations

import base64
import json
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msal
import pytest
import requests
from asking import (
    LIST,
    V2023,
    Client,
    code,
    contacts,
)
from azure_double import AzureDouble, ManagedIdentity, faults

STRANGE = "e30.e30.x"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


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


def test_the_clock_can_be_set(azure: AzureDouble, ask: Client) -> None:
    """From then on every answer's date is what it says; tokens live by the real time."""
    token = azure.token()
    assert ask(LIST).headers["Date"] != "Tue, 14 Nov 2023 22:13:20 GMT"

    azure.clock = lambda: 1_700_000_000.0

    answers = [ask(LIST, token=token), ask("/x/oauth2/v2.0/token", method="POST"), imds(azure)]
    assert {answer.headers["Date"] for answer in answers} == {"Tue, 14 Nov 2023 22:13:20 GMT"}
    assert answers[0].ok

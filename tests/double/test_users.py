"""A person signs in to the double with a device code, and later with a refresh token."""

from __future__ import annotations

import warnings
from typing import Literal

import pytest
import requests
from asking import (
    LIST,
    Client,
)
from azure_double import AzureDouble
from double.msal_clients import AZURE_CLI, claims_of, person, scope, signed_in

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.mark.parametrize("tenant", ["organizations", "common", "contoso.onmicrosoft.com"])
def test_a_person_signs_in_with_a_device_code(
    azure: AzureDouble, ask: Client, session: requests.Session, tenant: str
) -> None:
    """MSAL shows the code, polls until it was used, and caches the token of the user."""
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
    """The user declines, comes too late, or never comes."""
    azure.device_answer = answer
    client = person(azure, session)
    flow = client.initiate_device_flow(scope(azure))

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # about the missing pause between the two polls
        first, second = (
            client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
            for _ in range(2)
        )

    assert first["error"] == "authorization_pending"
    assert (second["error"], second["error_codes"]) == (error, [number])
    assert second["error_description"].startswith(f"AADSTS{number}: ")


def test_a_device_code_works_once(azure: AzureDouble, ask: Client) -> None:
    """Only for the client that got it, and only for one token."""
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
def test_refusals_of_a_device_code(
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
    """MSAL refreshes with the claims of a challenge, and gets a new refresh token, too."""
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


def test_a_refresh_token_works_in_every_tenant(azure: AzureDouble, ask: Client) -> None:
    """It belongs to a client, keeps its scope, and expires."""
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

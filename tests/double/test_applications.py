"""An application signs in to the double with a secret, a certificate or a federated token."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import requests
from asking import (
    LIST,
    Client,
)
from azure_double import AzureDouble
from double.msal_clients import app, claims_of, scope


@pytest.mark.parametrize("tenant", ["tenant", "domain"])
def test_a_secret_signs_in(
    azure: AzureDouble, ask: Client, session: requests.Session, tenant: str
) -> None:
    """MSAL signs in with the secret. The tenant is a GUID or a domain."""
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
    """MSAL signs in with the certificate, from each kind of file, with either signature."""
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


def test_another_certificate_is_refused(
    azure: AzureDouble, session: requests.Session, tmp_path: Path
) -> None:
    """Another key signed the assertion."""
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
    """The token of a workload is accepted as the assertion."""
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
def test_a_refused_sign_in_says_why(
    azure: AzureDouble, session: requests.Session, how: dict[str, str], error: str, number: int
) -> None:
    """Entra ID names a number and the ids for support."""
    result = app(azure, session, **how).acquire_token_for_client(scope(azure))

    assert (result["error"], result["error_codes"]) == (error, [number])
    assert result["error_description"].startswith(f"AADSTS{number}: ")
    assert f"Trace ID: {result['trace_id']} Correlation ID: " in result["error_description"]
    assert result["correlation_id"] == azure.token_asked()[-1].headers["client-request-id"]


def test_a_secret_expires(azure: AzureDouble, session: requests.Session) -> None:
    """The right secret may have expired."""
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
    """A tenant is found by id and domain. Its tokens and its issuer have the id."""
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
    """It lists its own subscriptions, and the delegated ones, which keep their home tenant."""
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

"""A machine and an app get tokens of their identities from the double's platform."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import msal
import pytest
import requests
from asking import (
    LIST,
    Client,
)
from azure_double import AzureDouble, ManagedIdentity, faults
from double.msal_clients import claims_of
from double.platform_requests import app_service, imds, plainly


def identity(azure: AzureDouble, by: str) -> tuple[ManagedIdentity, Any]:
    """Return an identity, and MSAL's object for it, by one of its ids or by none."""
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
    """MSAL gets a token of each identity from the metadata service and from an App Service."""
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


def test_the_answers_of_the_platform(azure: AzureDouble) -> None:
    """The metadata service and an App Service write numbers as strings."""
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
def test_refusals_of_the_metadata_service(
    azure: AzureDouble, how: dict[str, Any], text: str
) -> None:
    """A request must come from the machine, be complete, and name one of its identities."""
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
def test_refusals_of_an_app_service(
    azure: AzureDouble, how: dict[str, Any], status: int, text: str
) -> None:
    """A request must have the secret header, be complete, and name an identity of the app."""
    refused = app_service(azure, **how)

    assert (refused.status_code, refused.json()["statusCode"]) == (status, status)
    assert text in refused.json()["message"]
    assert azure.tokens == {}


def test_a_machine_without_a_system_assigned_identity(azure: AzureDouble) -> None:
    """A virtual machine then uses its only user-assigned identity. An App Service does not."""
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
    """It listens from the first use, records requests, and has faults."""
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

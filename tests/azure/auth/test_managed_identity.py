"""A managed identity signs in, as the system-assigned or the user-assigned one."""

import base64
import json

import pytest
import requests
from azure.auth.shared import GOOD, Machine
from azure_double import AzureDouble, faults


def test_an_app_service_signs_in_with_its_identity(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """`auto` uses it if the variables name it. The audience keeps its slash."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine("audit", "-v", **azure.identity_variables)

    (asked,) = azure.identity_asked()
    assert code == 0, err
    assert "credential: managed identity: system-assigned (IDENTITY_ENDPOINT is set)" in err
    assert (asked.path, asked.params["resource"]) == ("/msi/token", azure.audience)
    assert azure.token_asked() == []


@pytest.mark.parametrize(
    ("option", "attribute", "app_service", "imds"),
    [
        ("--identity-client-id", "client_id", "client_id", "client_id"),
        ("--identity-object-id", "object_id", "object_id", "object_id"),
        ("--identity-resource-id", "resource_id", "mi_res_id", "msi_res_id"),
    ],
)
@pytest.mark.parametrize("place", ["app service", "virtual machine"])
def test_a_user_assigned_identity_is_requested(
    azure: AzureDouble,
    on_a_machine: Machine,
    option: str,
    attribute: str,
    app_service: str,
    imds: str,
    place: str,
) -> None:
    """By client id, object id or resource id, in the parameters of the platform."""
    azure.add("Prod", contacts_2017=GOOD)
    here = place == "app service"
    variables = azure.identity_variables if here else azure.imds_variables
    wanted = getattr(azure.assigned, attribute)

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity", option, wanted), **variables
    )

    (asked,) = azure.identity_asked()
    assert code == 0, err
    assert asked.params[app_service if here else imds] == wanted


def test_an_identity_option_comes_before_every_variable(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """Other configured credentials are not used."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine(
        *("audit", "-v", "--identity-client-id", azure.assigned.client_id),
        **azure.imds_variables,
        AZURE_TENANT_ID=azure.tenant,
        AZURE_CLIENT_ID=azure.client_id,
        AZURE_CLIENT_SECRET=azure.secret,
    )

    assert code == 0, err
    assert f"user-assigned, client id {azure.assigned.client_id}" in err
    assert azure.token_asked() == []


@pytest.mark.parametrize("place", ["app service", "virtual machine"])
def test_azure_client_id_names_the_identity(
    azure: AzureDouble, on_a_machine: Machine, place: str
) -> None:
    """As for the Azure SDKs. `-v` says so."""
    azure.add("Prod", contacts_2017=GOOD)
    here = place == "app service"
    variables = azure.identity_variables if here else azure.imds_variables
    way = [] if here else ["--auth", "managed-identity"]

    code, _, err = on_a_machine(
        "audit", "-v", *way, **variables | {"AZURE_CLIENT_ID": azure.assigned.client_id}
    )

    (asked,) = azure.identity_asked()
    assert code == 0, err
    assert asked.params["client_id"] == azure.assigned.client_id
    assert f"user-assigned, client id {azure.assigned.client_id} (AZURE_CLIENT_ID)" in err
    assert f"signed in as application {azure.assigned.client_id}" in err


def test_an_option_comes_before_azure_client_id(azure: AzureDouble, on_a_machine: Machine) -> None:
    """The variable of the platform is ignored."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine(
        *("audit", "--identity-object-id", azure.assigned.object_id),
        **azure.identity_variables | {"AZURE_CLIENT_ID": azure.system.client_id},
    )

    (asked,) = azure.identity_asked()
    assert code == 0, err
    assert "client_id" not in asked.params


@pytest.mark.parametrize("client", ["3d9e7b52-0000-4c18-b7d3-f8215e4a9c06", "my-identity"])
def test_a_missing_identity_is_not_replaced(
    azure: AzureDouble, on_a_machine: Machine, client: str
) -> None:
    """The error names the variable."""
    code, _, err = on_a_machine("audit", **azure.identity_variables | {"AZURE_CLIENT_ID": client})

    assert (code, err.count("\n"), azure.arm_asked()) == (1, 1, [])
    assert "AZURE_CLIENT_ID" in err


@pytest.mark.parametrize("option", ["client_id", "object_id", "resource_id"])
def test_a_token_of_another_identity_is_refused(
    azure: AzureDouble, on_a_machine: Machine, option: str
) -> None:
    """Old agents ignore a user-assigned identity, and return the machine's own."""
    own = requests.get(
        f"{azure.platform}/metadata/identity/oauth2/token",
        params={"api-version": "2018-02-01", "resource": azure.audience},
        headers={"Metadata": "true"},
        timeout=10,
    )
    azure.fail("/metadata/identity", faults.answer(own.content))

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity"),
        *(f"--identity-{option.replace('_', '-')}", getattr(azure.assigned, option)),
        **azure.imds_variables,
    )

    assert (code, azure.arm_asked()) == (1, [])
    assert "another identity" in err


def test_a_machine_without_identity_is_reported(azure: AzureDouble, on_a_machine: Machine) -> None:
    """In the words of the platform, after one request."""
    azure.user_assigned = azure.system_assigned = False

    app_service = on_a_machine("audit", **azure.identity_variables)
    machine = on_a_machine("audit", "--auth", "managed-identity", **azure.imds_variables)

    assert (app_service[0], machine[0]) == (1, 1)
    assert "Identity not found" in machine[2]
    assert all("assign the identity" in err for _, _, err in (app_service, machine))
    assert len(azure.identity_asked()) == 2


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"expires_on": 4070908800}, id="number"),
        pytest.param({"expires_on": "4070908800"}, id="text"),
        pytest.param({"expires_on": "09/14/2027 12:00:00 AM +00:00"}, id="words"),
        pytest.param({"expires_on": "1/16/2027 0:12:0 PM +00:00"}, id="short words"),
        pytest.param({"expires_on": "2027-01-16T00:00:00Z"}, id="ISO"),
        pytest.param({"expires_on": "soon"}, id="no date"),
        pytest.param({"expires_on": None, "expires_in": None}, id="null"),
        pytest.param({"expires_on": "", "expires_in": ""}, id="empty"),
        pytest.param({"expires_on": {}, "expires_in": []}, id="odd"),
        pytest.param({}, id="missing"),
    ],
)
@pytest.mark.parametrize("place", ["app service", "virtual machine"])
def test_the_expiry_comes_from_the_token(
    azure: AzureDouble, on_a_machine: Machine, told: dict[str, object], place: str
) -> None:
    """In any form of the platform's answer."""
    here = place == "app service"
    variables = azure.identity_variables if here else azure.imds_variables
    way = [] if here else ["--auth", "managed-identity"]
    bearer = azure.token()
    payload = bearer.split(".")[1]
    expires = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
    said = {"access_token": bearer, "token_type": "Bearer", **told}
    azure.fail("/token", faults.answer(json.dumps(said).encode()))

    code, out, err = on_a_machine("token", *way, **variables)

    assert code == 0, err
    assert abs(json.loads(out)["expires_on"] - expires) <= 1


def test_the_expiry_of_an_opaque_token_comes_from_the_answer(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """The token shows none."""
    said = {"access_token": "opaque", "expires_on": "01/02/2090 03:04:05 PM +00:00"}
    azure.fail("/msi/token", faults.answer(json.dumps(said).encode()))

    code, out, err = on_a_machine("token", **azure.identity_variables)

    assert code == 0, err
    assert abs(json.loads(out)["expires_on"] - 3787052645) <= 1

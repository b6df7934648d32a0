"""The first credential that is configured is used, and no other replaces it."""

import json

import pytest
from az_stub import Az, az_output
from azure.auth.shared import GOOD, NO_CREDENTIAL, Beside
from azure_double import AzureDouble, faults
from conftest import Run

GUID = "3d9e7b52-60af-4c18-b7d3-f8215e4a9c06"


def test_auto_uses_az_if_nothing_else_is_configured(azure: AzureDouble, run: Run, az: Az) -> None:
    """Empty variables are not set. `-v` says which credential was used."""
    azure.add("Prod", contacts_2017=GOOD)
    nothing = {"AZURE_TENANT_ID": "", "AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}

    ran = run("audit", "-v", **nothing, PATH=az(az_output(azure)))

    assert ran.code == 0, ran.err
    assert "credential: Azure CLI" in ran.err


def test_no_credential_names_all_ways_to_sign_in(azure: AzureDouble, run: Run, az: Az) -> None:
    """az comes first: it is installed, but not signed in."""
    path = az(err="ERROR: Please run 'az login' to setup account.\n", code=1)

    ran = run("audit", **{**NO_CREDENTIAL, "PATH": path})

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    hint = ran.err.split(" -- ")[1]
    ways = (
        "az login",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
        "managed-identity",
        "device-code",
        "token",
    )
    places = [hint.index(way) for way in ways]
    assert places == sorted(places)
    assert hint.startswith("run: az login; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and ")


def test_no_other_identity_replaces_a_managed_one(azure: AzureDouble, run: Run, az: Az) -> None:
    """The platform's identity comes before az, and its failure fails the run."""
    nothing = {
        "AZURE_CLIENT_SECRET": "",
        "AZURE_CLIENT_ID": "",
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1",
    }

    ran = run("audit", **nothing, PATH=az(az_output(azure)))

    assert (ran.code, azure.asked) == (1, [])
    assert "IDENTITY_HEADER" in ran.err


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ("env", "AZURE_CLIENT_SECRET"),
        ("workload", "AZURE_FEDERATED_TOKEN_FILE"),
        ("token", "AZURE_ACCESS_TOKEN"),
    ],
)
def test_a_chosen_credential_that_is_not_configured_fails(
    azure: AzureDouble, run: Run, auth: str, names: str
) -> None:
    """The error names what to set."""
    ran = run("audit", "--auth", auth, AZURE_CLIENT_ID="")

    assert (ran.code, azure.asked) == (1, [])
    assert names in ran.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param({"AZURE_ACCESS_TOKEN": "a.b.c"}, "AZURE_ACCESS_TOKEN is", id="token"),
        pytest.param(
            {"AZURE_FEDERATED_TOKEN_FILE": "/x"}, "AZURE_FEDERATED_TOKEN_FILE is", id="federation"
        ),
        pytest.param(
            {"ARM_TENANT_ID": "x", "ARM_CLIENT_ID": "y", "ARM_CLIENT_SECRET": "hunter2"},
            "ARM_CLIENT_SECRET is",
            id="Terraform's",
        ),
        pytest.param(
            {"AZURE_CLIENT_CERTIFICATE_PATH": "/x", "AZURE_ACCESS_TOKEN": "a.b.c"},
            "AZURE_CLIENT_CERTIFICATE_PATH and AZURE_ACCESS_TOKEN are",
            id="two",
        ),
    ],
)
def test_an_unused_set_of_variables_is_reported(
    azure: AzureDouble, run: Run, more: dict[str, str], says: str
) -> None:
    """It is complete, but another set comes before it."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", **more)

    first, summary = ran.err.splitlines()
    assert ran.code == 0
    assert first == (
        f"warning: {says} set, too, and not used: AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are set"
    )
    assert summary.startswith("1 subscription: ")
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("variable", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "ARM_TENANT_ID"])
def test_a_tenant_or_client_alone_is_no_credential(beside_az: Beside, variable: str) -> None:
    """It proves nothing. Other tools set it for their own reasons."""
    ran = beside_az("audit", **{variable: GUID})

    assert ran.code == 0, ran.err


@pytest.mark.parametrize("names", ["AZURE", "ARM"])
@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({"CLIENT_ID", "CLIENT_SECRET"}, {"TENANT_ID"}),
        ({"TENANT_ID", "CLIENT_SECRET"}, {"CLIENT_ID"}),
        ({"CLIENT_SECRET"}, {"TENANT_ID", "CLIENT_ID"}),
        ({"CLIENT_ID", "CLIENT_CERTIFICATE_PATH"}, {"TENANT_ID"}),
        ({"CLIENT_CERTIFICATE_PATH"}, {"TENANT_ID", "CLIENT_ID"}),
        ({"CLIENT_ID", "FEDERATED"}, {"TENANT_ID"}),
        ({"TENANT_ID", "FEDERATED"}, {"CLIENT_ID"}),
        ({"CLIENT_CERTIFICATE_PASSWORD"}, {"TENANT_ID", "CLIENT_ID"}),
    ],
)
@pytest.mark.parametrize("command", ["audit", "token", "fetch", "doctor"])
def test_an_incomplete_set_names_what_is_missing(
    azure: AzureDouble,
    beside_az: Beside,
    names: str,
    given: set[str],
    lacks: set[str],
    command: str,
) -> None:
    """Exit 1 before anything is sent. The identity of az does not take its place."""
    federated = {"AZURE": "FEDERATED_TOKEN_FILE", "ARM": "OIDC_TOKEN_FILE_PATH"}[names]
    variables = {f"{names}_{federated if each == 'FEDERATED' else each}": GUID for each in given}

    ran = beside_az(command, **variables)

    said = ran.err + ran.text
    assert ran.code == 1
    assert azure.token_asked() == []
    assert not any(asked.bearer for asked in azure.asked)
    assert all(f"{names}_{each}" in said for each in lacks)


def test_the_tenant_option_comes_before_the_variable(azure: AzureDouble, run: Run) -> None:
    """It may be a domain. The report has the id."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "-o", "json", "--tenant", azure.domain, AZURE_TENANT_ID="")

    assert json.loads(ran.out)["tenants"] == [azure.tenant]


def test_the_token_service_is_retried_after_a_503(azure: AzureDouble, run: Run) -> None:
    """One 503 is no failure."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("POST", faults.status(503), times=1)

    assert run("audit").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--identity-client-id", "x"], id="no GUID"),
        pytest.param(["--identity-resource-id", "x"], id="no path"),
        pytest.param(
            ["--identity-client-id", "c" * 8, "--identity-object-id", "o" * 8], id="two of them"
        ),
        pytest.param(
            ["--auth", "env", "--identity-client-id", "3d9e7b52-60af-4c18-b7d3-f8215e4a9c06"],
            id="of no managed identity",
        ),
        pytest.param(["--tenant", "a/../b"], id="a path for a tenant"),
    ],
)
def test_an_invalid_identity_or_tenant_is_wrong_usage(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """Exit 2 before anything is sent."""
    ran = run("audit", *arguments)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])


def test_a_bad_authority_matters_only_if_it_is_used(azure: AzureDouble, run: Run, az: Az) -> None:
    """az and a given token do not use it. The variable may be for another tool."""
    azure.add("Prod", contacts_2017=GOOD)
    bad = {"AZURE_AUTHORITY_HOST": "http://x y/", "CONTACTS_AUDIT_AUTHORITY_HOST": ""}

    given = run("audit", **{**NO_CREDENTIAL, **bad, "AZURE_ACCESS_TOKEN": azure.token()})
    of_az = run("audit", **{**NO_CREDENTIAL, **bad, "PATH": az(az_output(azure))})
    principal = run("audit", **bad)

    assert (given.code, of_az.code) == (0, 0), of_az.err
    assert (principal.code, principal.err.count("\n")) == (1, 1)
    assert "AZURE_AUTHORITY_HOST: 'http://x y/' is not of the form" in principal.err

"""Machines, people and second spellings: the sign-ins that need more than a secret."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure_double import AzureDouble, Proxy, faults
from azure_double.exchange import Fault
from conftest import Run

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NOBODY = {"AZURE_TENANT_ID": "", "AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def on_a_machine(start: Start) -> Callable[..., tuple[int, str, str]]:
    """Return the program as a process of a machine: MSAL looks at the process's own variables."""

    def runner(*arguments: str, **variables: str) -> tuple[int, str, str]:
        process = start(*arguments, **{**NOBODY, **variables})
        out, err = process.communicate(timeout=60)
        return process.returncode, out.decode(), err.decode()

    return runner


Machine = Callable[..., tuple[int, str, str]]


# Managed identity


def test_an_app_service_signs_in_by_its_identity(azure: AzureDouble, on_a_machine: Machine) -> None:
    """`auto` takes it where the platform tells of it, with our audience, slash and all."""
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
def test_a_user_assigned_identity_is_asked_for(
    azure: AzureDouble,
    on_a_machine: Machine,
    option: str,
    attribute: str,
    app_service: str,
    imds: str,
    place: str,
) -> None:
    """By client id, object id or resource id, as the platform spells it."""
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


def test_no_proxy_stands_between_us_and_the_metadata_service(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """It would get the token; and it would ask its own machine."""
    azure.add("Prod", contacts_2017=GOOD)
    with Proxy(azure) as proxy:
        address = proxy.url
        code, _, err = on_a_machine(
            *("audit", "--auth", "managed-identity"),
            **azure.imds_variables,
            HTTP_PROXY=address,
            http_proxy=address,
            ALL_PROXY=address,
            HTTPS_PROXY=address,
        )
        tunnelled = {connect.split(":")[0] for connect in proxy.connects}

    assert code == 0, err
    assert len(azure.identity_asked()) == 1
    assert tunnelled == {"localhost"}


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        pytest.param({"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi"}, "IDENTITY_HEADER", id="half"),
        pytest.param(
            {"IDENTITY_ENDPOINT": "http://192.0.2.1/msi", "IDENTITY_HEADER": "x"},
            "not https",
            id="http to elsewhere",
        ),
        pytest.param(
            {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi", "IDENTITY_HEADER": "x"},
            "no answer",
            id="nobody there",
        ),
        pytest.param(
            {
                "IDENTITY_ENDPOINT": "https://127.0.0.1:1/msi",
                "IDENTITY_HEADER": "x",
                "IDENTITY_SERVER_THUMBPRINT": "0" * 40,
            },
            "Service Fabric",
            id="Service Fabric",
        ),
    ],
)
def test_an_identity_that_cannot_be_had_fails_the_run(
    azure: AzureDouble, on_a_machine: Machine, variables: dict[str, str], says: str
) -> None:
    """One line, exit 1, and no other identity in its place."""
    code, out, err = on_a_machine("audit", "--auth-timeout", "1", PATH="/nonexistent", **variables)

    assert (code, out, err.count("\n"), azure.asked) == (1, "", 1, [])
    assert says in err


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param(faults.hang(), "did not answer", id="hangs"),
        pytest.param(faults.status(503), "503", id="503"),
        pytest.param(faults.html(200), "200, without a JSON object", id="HTML"),
        pytest.param(faults.redirect(302, "http://192.0.2.1/"), "302", id="redirect"),
        pytest.param(faults.answer(b'{"access_token":"a\\nb","expires_in":"1"}'), "", id="odd"),
    ],
)
def test_a_metadata_service_that_fails_ends_in_time(
    azure: AzureDouble, on_a_machine: Machine, fault: Fault, says: str
) -> None:
    """Within `--auth-timeout`, in one line."""
    azure.fail("/metadata/identity", fault)
    began = time.monotonic()

    code, out, err = on_a_machine(
        *("audit", "--auth", "managed-identity", "--auth-timeout", "1"), **azure.imds_variables
    )

    assert (code, out, err.count("\n"), azure.arm_asked()) == (1, "", 1, [])
    assert says in err
    assert time.monotonic() - began < 30


def test_an_identity_that_the_machine_lacks_is_said(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """As the platform words it; it is asked once."""
    azure.user_assigned = azure.system_assigned = False

    app_service = on_a_machine("audit", **azure.identity_variables)
    machine = on_a_machine("audit", "--auth", "managed-identity", **azure.imds_variables)

    assert (app_service[0], machine[0]) == (1, 1)
    assert "Identity not found" in machine[2]
    assert all("assign the identity" in err for _, _, err in (app_service, machine))
    assert len(azure.identity_asked()) == 2


def test_the_metadata_service_is_not_probed(azure: AzureDouble, on_a_machine: Machine) -> None:
    """`auto` asks it nothing where the platform tells of no identity."""
    code, _, err = on_a_machine("audit", PATH="/nonexistent", **azure.imds_variables)

    assert (code, azure.asked) == (1, [])
    assert "no credential is configured" in err


def test_empty_variables_of_the_platform_are_unset(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """An empty IDENTITY_ENDPOINT is no App Service, for MSAL either."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity"),
        **azure.imds_variables,
        IDENTITY_ENDPOINT="",
        IDENTITY_HEADER="",
    )

    assert code == 0, err


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
def test_an_identity_that_is_none_is_wrong_usage(
    azure: AzureDouble, run: Run, arguments: list[str]
) -> None:
    """Exit 2 before anything is sent."""
    ran = run("audit", *arguments)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2, 1, [])


def test_a_named_identity_is_no_other(azure: AzureDouble, on_a_machine: Machine) -> None:
    """Who names one means it, whatever else is configured."""
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


# Device code


def test_a_person_signs_in_with_a_code(azure: AzureDouble, run: Run) -> None:
    """The message is on stderr, whatever is silenced; stdout is the report's alone."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "--auth", "device-code", "-q", "-o", "json", AZURE_CLIENT_ID="")

    assert ran.code == 0, ran.err
    assert "devicelogin" in ran.err
    assert json.loads(ran.out)["tenants"] == [azure.tenant]


def test_a_person_needs_no_tenant(azure: AzureDouble, run: Run) -> None:
    """They sign in to that of their own."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "--auth", "device-code", **NOBODY)

    assert ran.code == 0, ran.err
    assert any("/organizations/" in asked.path for asked in azure.asked)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("never", "nobody signed in within 2 s", id="nobody comes"),
        pytest.param("decline", "AADSTS70017", id="declined"),
        pytest.param("expired", "AADSTS70020", id="expired"),
    ],
)
def test_a_code_that_is_not_used_fails_the_run(
    azure: AzureDouble, run: Run, answer: str, says: str
) -> None:
    """Within `--auth-timeout`, which is how long the person has."""
    azure.device_answer, azure.device_pending = answer, 0  # type: ignore[assignment]
    began = time.monotonic()

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "2")

    assert (ran.code, ran.out, azure.arm_asked()) == (1, b"", [])
    assert says in ran.err
    assert time.monotonic() - began < 30


def test_a_service_that_wants_no_pause_is_asked_once_a_second(azure: AzureDouble, run: Run) -> None:
    """It is not hammered, and the person's time ends."""
    azure.device_answer, azure.device_interval = "never", 0

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "3")

    assert ran.code == 1
    assert 1 <= len(azure.token_asked()) <= 3


def test_a_short_time_is_used(azure: AzureDouble, run: Run) -> None:
    """Entra wants five seconds between two questions; even so, the first comes in time."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.device_interval, azure.device_pending = 5, 0

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "2")

    assert ran.code == 0, ran.err


def test_one_stumble_while_the_person_types_is_no_failure(azure: AzureDouble, run: Run) -> None:
    """MSAL would replay a 503 for a minute."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.device_pending = 0
    azure.fail("/token", faults.status(503), times=1)

    assert run("audit", "--auth", "device-code").code == 0


def test_a_later_token_needs_no_second_code(azure: AzureDouble, run: Run) -> None:
    """The refresh token brings it, with the claims that Azure asks for."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1"}}}')

    ran = run("audit", "--auth", "device-code")

    grants = [asked.form["grant_type"] for asked in azure.token_asked()]
    assert ran.code == 0, ran.err
    assert ran.err.count("devicelogin") == 1
    assert grants.count("refresh_token") == 1


def test_a_refresh_token_that_died_asks_for_a_new_sign_in(azure: AzureDouble, run: Run) -> None:
    """With the number of the error and the cure; no second code in the middle of a run."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1"}}}')
    azure.refresh_dead = True

    ran = run("audit", "--auth", "device-code")

    assert ran.code == 1
    assert "AADSTS700082" in ran.err
    assert "sign in again" in ran.err
    assert ran.err.count("devicelogin") == 1


# Terraform's names


def terraform(azure: AzureDouble, **more: str) -> dict[str, str]:
    """Return the variables of somebody who uses Terraform."""
    return {**NOBODY, "ARM_TENANT_ID": azure.tenant, "ARM_CLIENT_ID": azure.client_id, **more}


def test_terraform_s_names_sign_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """By secret, certificate and federated token."""
    azure.add("Prod", contacts_2017=GOOD)
    certificate = azure.app_certificate
    (tmp_path / "assertion").write_text(azure.federated_token)

    secret = run("audit", "-v", **terraform(azure, ARM_CLIENT_SECRET=azure.secret))
    pfx = run(
        "audit",
        **terraform(
            azure,
            ARM_CLIENT_CERTIFICATE_PATH=str(certificate.encrypted_pfx),
            ARM_CLIENT_CERTIFICATE_PASSWORD=certificate.password,
        ),
    )
    federated = run(
        "audit", **terraform(azure, ARM_OIDC_TOKEN_FILE_PATH=str(tmp_path / "assertion"))
    )

    assert (secret.code, pfx.code, federated.code) == (0, 0, 0)
    assert "(ARM_CLIENT_ID and ARM_CLIENT_SECRET are set)" in secret.err


def test_the_names_of_azure_go_before_terraform_s(azure: AzureDouble, run: Run) -> None:
    """A set is taken as a whole."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", ARM_TENANT_ID="x", ARM_CLIENT_ID="y", ARM_CLIENT_SECRET="z")

    assert ran.code == 0, ran.err


@pytest.mark.parametrize("auth", ["auto", "env"])
def test_two_sets_are_never_mixed(azure: AzureDouble, run: Run, auth: str) -> None:
    """A secret of the one does not prove the client of the other."""
    ran = run(
        *("audit", "--auth", auth),
        AZURE_CLIENT_SECRET="",
        ARM_CLIENT_SECRET=azure.secret,
        ARM_CLIENT_ID=azure.client_id,
        ARM_TENANT_ID=azure.tenant,
    )

    assert (ran.code, azure.asked) == (1, [])
    assert "AZURE_CLIENT_SECRET" in ran.err


def test_the_client_id_of_a_machine_is_no_set(azure: AzureDouble, run: Run) -> None:
    """AZURE_CLIENT_ID alone, as platforms set it, hides no set of Terraform's."""
    azure.add("Prod", contacts_2017=GOOD)
    variables = terraform(azure, ARM_CLIENT_SECRET=azure.secret)

    ran = run("audit", "--tenant", azure.tenant, **{**variables, "AZURE_CLIENT_ID": "another"})

    assert ran.code == 0, ran.err


def test_an_incomplete_set_of_terraform_s_names_its_three_ways(
    azure: AzureDouble, run: Run
) -> None:
    """It is no fall to az, either."""
    ran = run("audit", **terraform(azure))

    assert (ran.code, azure.asked) == (1, [])
    assert "ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, ARM_OIDC_TOKEN_FILE_PATH" in ran.err


def test_a_credential_that_is_a_pipe_is_said(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """Nobody may ever write to it."""
    os.mkfifo(tmp_path / "pipe")

    ran = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(tmp_path / "pipe"))

    assert ran.code == 1
    assert "not a regular file (AZURE_FEDERATED_TOKEN_FILE)" in ran.err


def test_a_tenant_variable_that_is_none_is_said(azure: AzureDouble, run: Run) -> None:
    """It would become part of an address."""
    ran = run("audit", AZURE_TENANT_ID="a/../b")

    assert (ran.code, azure.asked) == (1, [])
    assert "AZURE_TENANT_ID" in ran.err

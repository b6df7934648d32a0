"""An application signs in with a secret, a certificate or a federated token."""

import json
import os
import time
from pathlib import Path

import pytest
from azure.auth.shared import GOOD, NO_CREDENTIAL, unsigned_token
from azure_double import AzureDouble, faults
from conftest import Run

NO_SECRET = {"AZURE_CLIENT_SECRET": ""}


def terraform(azure: AzureDouble, **more: str) -> dict[str, str]:
    """Return the variables of a user of Terraform."""
    return {
        **NO_CREDENTIAL,
        "ARM_TENANT_ID": azure.tenant,
        "ARM_CLIENT_ID": azure.client_id,
        **more,
    }


@pytest.mark.parametrize("kind", ["pem", "pfx", "encrypted_pem", "encrypted_pfx"])
def test_a_certificate_signs_in(azure: AzureDouble, run: Run, kind: str) -> None:
    """PEM and PFX, with or without a password. The content decides, not the name."""
    azure.add("Prod", contacts_2017=GOOD)
    certificate = azure.app_certificate
    variables = {"AZURE_CLIENT_CERTIFICATE_PATH": str(getattr(certificate, kind))}
    if kind.startswith("encrypted"):
        variables["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = certificate.password

    ran = run("audit", "-v", **NO_SECRET, **variables)

    assert ran.code == 0, ran.err
    assert f"credential: environment: certificate of application {azure.client_id}" in ran.err
    assert "client_assertion" in azure.token_asked()[0].form


def test_a_federated_token_signs_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """A workload identity sends the token in its file."""
    azure.add("Prod", contacts_2017=GOOD)
    path = tmp_path / "assertion"
    path.write_text(azure.federated_token + "\n")

    ran = run("audit", "-v", **NO_SECRET, AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert ran.code == 0, ran.err
    assert "workload identity" in ran.err


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        pytest.param({"AZURE_CLIENT_SECRET": "wrong"}, ["AADSTS7000215", "value"], id="secret"),
        pytest.param({"AZURE_CLIENT_ID": "nobody"}, ["AADSTS700016"], id="client"),
        pytest.param({"AZURE_TENANT_ID": "nowhere"}, ["AADSTS90002", "--tenant"], id="tenant"),
        pytest.param(NO_SECRET, ["AZURE_CLIENT_CERTIFICATE_PATH"], id="nothing complete"),
        pytest.param(
            {**NO_SECRET, "AZURE_CLIENT_CERTIFICATE_PATH": "/nope"}, ["/nope"], id="no certificate"
        ),
        pytest.param(
            {**NO_SECRET, "AZURE_CLIENT_CERTIFICATE_PATH": "/etc/hostname"},
            ["/etc/hostname", "neither PEM nor PFX"],
            id="no PFX either",
        ),
    ],
)
def test_a_wrong_credential_fails_in_one_line(
    azure: AzureDouble, run: Run, variables: dict[str, str], says: list[str]
) -> None:
    """With the AADSTS number and a hint. No other identity is tried."""
    ran = run("audit", **variables)

    assert (ran.code, ran.out, azure.arm_asked()) == (1, b"", [])
    assert ran.err.count("\n") == 1
    assert all(word in ran.err for word in says), ran.err


def test_an_expired_secret_has_its_own_hint(azure: AzureDouble, run: Run) -> None:
    """A wrong secret has another one."""
    azure.secret_expired = True

    ran = run("audit")

    assert "AADSTS7000222" in ran.err
    assert "add a new one" in ran.err


def test_a_pem_without_a_key_is_refused(azure: AzureDouble, run: Run) -> None:
    """A certificate alone proves nothing."""
    ran = run("audit", **NO_SECRET, AZURE_CLIENT_CERTIFICATE_PATH=str(azure.ca))

    assert ran.code == 1
    assert "no private key" in ran.err


def test_an_expired_federated_token_is_no_wrong_clock(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """AADSTS700024 has two causes. The token itself shows which."""
    from azure_double import faults

    said = {"error": "invalid_client", "error_description": "AADSTS700024: not within its time"}
    azure.fail("POST", faults.status(401, said))
    path = tmp_path / "assertion"
    path.write_text(unsigned_token(exp=int(time.time()) - 7200))

    old = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))
    path.write_text(unsigned_token(sub="x"))
    untold = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert (old.code, untold.code) == (1, 1)
    assert f"the token in {path} (AZURE_FEDERATED_TOKEN_FILE) expired 2 h ago" in old.err
    assert "clock" not in old.err
    assert f"the token in {path} (AZURE_FEDERATED_TOKEN_FILE) has expired, or" in untold.err


def test_a_pipe_is_no_credential(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """A writer may never come."""
    os.mkfifo(tmp_path / "pipe")

    ran = run("audit", AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(tmp_path / "pipe"))

    assert ran.code == 1
    assert "not a regular file (AZURE_FEDERATED_TOKEN_FILE)" in ran.err


def test_an_invalid_tenant_variable_is_refused(azure: AzureDouble, run: Run) -> None:
    """It would become a part of a URL."""
    ran = run("audit", AZURE_TENANT_ID="a/../b")

    assert (ran.code, azure.asked) == (1, [])
    assert "AZURE_TENANT_ID" in ran.err


def test_a_token_of_unknown_lifetime_is_used(azure: AzureDouble, run: Run) -> None:
    """If the token service sends no `expires_in`, the claims show the expiry."""
    azure.add("Prod", contacts_2017=GOOD)
    body = json.dumps({"access_token": azure.token(), "token_type": "Bearer"}).encode()
    azure.fail("POST", faults.answer(body))

    assert run("audit").code == 0
    assert len(azure.token_asked()) == 1


def test_terraform_variables_sign_in(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """With a secret, a certificate and a federated token."""
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


def test_azure_variables_come_before_terraform_variables(azure: AzureDouble, run: Run) -> None:
    """A set is used as a whole."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", ARM_TENANT_ID="x", ARM_CLIENT_ID="y", ARM_CLIENT_SECRET="z")

    assert ran.code == 0, ran.err


@pytest.mark.parametrize("auth", ["auto", "env"])
def test_two_sets_are_never_mixed(azure: AzureDouble, run: Run, auth: str) -> None:
    """A secret of one set does not prove the client of the other."""
    ran = run(
        *("audit", "--auth", auth),
        AZURE_CLIENT_SECRET="",
        ARM_CLIENT_SECRET=azure.secret,
        ARM_CLIENT_ID=azure.client_id,
        ARM_TENANT_ID=azure.tenant,
    )

    assert (ran.code, azure.asked) == (1, [])
    assert "AZURE_CLIENT_SECRET" in ran.err


def test_a_client_id_alone_does_not_hide_the_terraform_set(azure: AzureDouble, run: Run) -> None:
    """Platforms set AZURE_CLIENT_ID alone."""
    azure.add("Prod", contacts_2017=GOOD)
    variables = terraform(azure, ARM_CLIENT_SECRET=azure.secret)

    ran = run("audit", "--tenant", azure.tenant, **{**variables, "AZURE_CLIENT_ID": "another"})

    assert ran.code == 0, ran.err


def test_an_incomplete_terraform_set_names_its_three_ways(azure: AzureDouble, run: Run) -> None:
    """az is not used instead."""
    ran = run("audit", **terraform(azure))

    assert (ran.code, azure.asked) == (1, [])
    assert "ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, ARM_OIDC_TOKEN_FILE_PATH" in ran.err


def test_errors_name_the_variables_of_the_used_set(azure: AzureDouble, run: Run) -> None:
    """Those of Terraform, if they are used."""
    ran = run(
        "audit",
        **NO_CREDENTIAL,
        ARM_TENANT_ID=azure.tenant,
        ARM_CLIENT_ID=azure.client_id,
        ARM_CLIENT_SECRET="wrong",
    )

    assert ran.code == 1
    assert "set ARM_CLIENT_SECRET to the secret's value" in ran.err

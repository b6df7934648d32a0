"""The `token` command prints a token as az does."""

import json
import time

from az_stub import Az, az_output
from azure_double import AzureDouble
from conftest import Run


def test_a_token_is_printed_as_az_prints_it(azure: AzureDouble, run: Run) -> None:
    """Sorted keys, two spaces, local time and epoch; the subscription if one was given."""
    plain = run("token")
    given = run("token", "-s", "0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D")

    said = json.loads(plain.out)
    assert plain.text == json.dumps(said, indent=2, sort_keys=True) + "\n"
    assert {*said} == {"accessToken", "expiresOn", "expires_on", "tenant", "tokenType"}
    local = time.strptime(said["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")
    assert time.mktime(local) == said["expires_on"]
    assert said["tenant"] == azure.tenant
    assert json.loads(given.out)["subscription"] == "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def test_a_token_for_the_pipeline(azure: AzureDouble, run: Run, az: Az) -> None:
    """`-o tsv` needs a subscription, also that of az. `-o raw` is the token alone."""
    az_token = json.loads(az_output(azure))

    without = run("token", "-o", "tsv")
    of_az = run("token", "-o", "tsv", "--auth", "azure-cli", PATH=az(json.dumps(az_token)))
    raw = run("token", "-o", "raw", "--auth", "token", AZURE_ACCESS_TOKEN="opaque.token")
    opaque = run("token", "--auth", "token", AZURE_ACCESS_TOKEN="opaque")

    assert (without.code, without.out) == (2, b"")
    assert of_az.text == f"{az_token['subscription']}\t{az_token['accessToken']}\n"
    assert raw.text == "opaque.token\n"
    assert json.loads(opaque.out)["expires_on"] is None


def test_a_token_of_another_tenant_is_refused(azure: AzureDouble, run: Run) -> None:
    """It would read the subscriptions of that one."""
    other = "11111111-2222-3333-4444-555555555555"

    ran = run("token", "--tenant", other, "--auth", "token", AZURE_ACCESS_TOKEN=azure.token())

    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.startswith(f"error: --tenant {other}: this credential signs in to ")


def test_certificates_that_cannot_be_read_are_told_where_none_are_needed(run: Run) -> None:
    """A given token sends nothing, but the next command would."""
    how = {"CONTACTS_AUDIT_CA_BUNDLE": "/nowhere/ca.pem", "AZURE_ACCESS_TOKEN": "opaque.token"}

    ran = run("token", "--auth", "token", **how)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)

"""A person signs in with a code that is shown on stderr."""

import json
import time

import pytest
from azure.auth.shared import GOOD, NO_CREDENTIAL
from azure_double import AzureDouble, faults
from conftest import Run


def test_a_person_signs_in_with_a_code(azure: AzureDouble, run: Run) -> None:
    """The message is on stderr, also with -q. Stdout has only the report."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "--auth", "device-code", "-q", "-o", "json", AZURE_CLIENT_ID="")

    assert ran.code == 0, ran.err
    assert "devicelogin" in ran.err
    assert json.loads(ran.out)["tenants"] == [azure.tenant]


def test_a_person_needs_no_tenant(azure: AzureDouble, run: Run) -> None:
    """They sign in to their own tenant."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "--auth", "device-code", **NO_CREDENTIAL)

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
    """After `--auth-timeout`, which is how long the person has."""
    azure.device_answer, azure.device_pending = answer, 0  # type: ignore[assignment]
    began = time.monotonic()

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "2")

    assert (ran.code, ran.out, azure.arm_asked()) == (1, b"", [])
    assert says in ran.err
    assert time.monotonic() - began < 30


def test_an_interval_of_zero_is_one_second(azure: AzureDouble, run: Run) -> None:
    """The service is not flooded, and the time of the person ends."""
    azure.device_answer, azure.device_interval = "never", 0

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "3")

    assert ran.code == 1
    assert 1 <= len(azure.token_asked()) <= 3


def test_a_short_timeout_still_polls(azure: AzureDouble, run: Run) -> None:
    """Entra ID demands five seconds between two polls. The first poll is still in time."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.device_interval, azure.device_pending = 5, 0

    ran = run("audit", "--auth", "device-code", "--auth-timeout", "2")

    assert ran.code == 0, ran.err


def test_a_503_while_polling_is_retried(azure: AzureDouble, run: Run) -> None:
    """MSAL alone would repeat a 503 from its cache for a minute."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.device_pending = 0
    azure.fail("/token", faults.status(503), times=1)

    assert run("audit", "--auth", "device-code").code == 0


def test_a_later_token_needs_no_second_code(azure: AzureDouble, run: Run) -> None:
    """The refresh token brings it, with the claims that Azure wants."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1"}}}')

    ran = run("audit", "--auth", "device-code")

    grants = [asked.form["grant_type"] for asked in azure.token_asked()]
    assert ran.code == 0, ran.err
    assert ran.err.count("devicelogin") == 1
    assert grants.count("refresh_token") == 1


def test_an_expired_refresh_token_asks_for_a_new_sign_in(azure: AzureDouble, run: Run) -> None:
    """The error has its AADSTS number and a hint. No second code is shown during a run."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1"}}}')
    azure.refresh_dead = True

    ran = run("audit", "--auth", "device-code")

    assert ran.code == 1
    assert "AADSTS700082" in ran.err
    assert "sign in again" in ran.err
    assert ran.err.count("devicelogin") == 1

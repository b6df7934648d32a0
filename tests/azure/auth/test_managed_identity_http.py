"""A platform that is not ready is asked again, and a refusal is shown in its own words."""

import io
import socket
import threading
import time

import pytest
from azure.auth.shared import GOOD, Machine
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from gateways import joined, listening

from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import CloudOptions, IdentityOptions
from contacts_audit.cli.sign_in import sign_in
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.shutdown import Shutdown


@pytest.mark.parametrize(
    "fault",
    [
        *(faults.status(status) for status in (404, 410, 429, 500, 501, 502, 503, 504, 507)),
        faults.html(404),
        faults.throttle("1"),
    ],
)
def test_a_starting_metadata_service_is_retried(
    azure: AzureDouble, on_a_machine: Machine, fault: Fault
) -> None:
    """After many statuses, and more than three times."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("/metadata/identity", fault, times=2)

    code, _, err = on_a_machine("audit", "--auth", "managed-identity", **azure.imds_variables)

    assert code == 0, err
    assert len(azure.identity_asked()) == 3


def test_retries_use_the_whole_timeout(azure: AzureDouble, on_a_machine: Machine) -> None:
    """An update takes up to 70 s. The error then has the status, the endpoint and the option."""
    azure.fail("/metadata/identity", faults.status(410))

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity", "--auth-timeout", "8"), **azure.imds_variables
    )

    assert code == 1
    assert len(azure.identity_asked()) > 4
    assert f"the managed identity at {azure.platform}/metadata/identity/oauth2/token failed" in err
    assert "410" in err
    assert "--auth-timeout" in err


def test_the_default_timeout_outlasts_an_update() -> None:
    """An update takes up to 70 s."""
    variables = {"AZURE_CLIENT_ID": ""}
    host = Host(variables, None, Screen(io.BytesIO(), io.StringIO()), Shutdown())

    usual = sign_in(host, IdentityOptions(), CloudOptions())
    given = sign_in(host, IdentityOptions(auth_timeout=5), CloudOptions())

    assert (usual.timeout, given.timeout, given.imds_timeout) == (60, 5, 5)
    assert usual.imds_timeout > 70 + 15


def test_an_endpoint_that_is_not_there_yet_is_retried(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """A container may start before the sidecar with its identity."""
    azure.add("Prod", contacts_2017=GOOD)
    there = int(azure.platform.rsplit(":", 1)[1])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", there)) as other:
            joined(connection, other)

    def late() -> None:
        time.sleep(2)
        with listening(serve, port=port):
            done.wait(60)

    done = threading.Event()
    thread = threading.Thread(target=late)
    thread.start()
    variables = azure.identity_variables | {
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{port}/msi/token"
    }
    code, _, err = on_a_machine("audit", **variables)
    done.set()
    thread.join()

    assert code == 0, err


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
def test_a_failing_metadata_service_ends_in_time(
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


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_of_an_app_service_is_final(
    azure: AzureDouble, on_a_machine: Machine, status: int
) -> None:
    """It gets one request, and the error names its endpoint."""
    azure.fail("/msi/token", faults.status(status, {"statusCode": status, "message": "no"}))

    code, _, err = on_a_machine("audit", **azure.identity_variables)

    assert (code, err.count("\n"), len(azure.identity_asked())) == (1, 1, 1)
    assert azure.identity_variables["IDENTITY_ENDPOINT"] in err


SAYS = {
    "code and message": (
        400,
        b'{"statusCode": 400, "message": "No identity found"}',
        "No identity",
    ),
    "as Entra": (
        400,
        b'{"error": "invalid_request", "error_description": "Not found"}',
        "Not found",
    ),
    "nested": (403, b'{"error": {"code": "Forbidden", "message": "not yours"}}', "not yours"),
    "nothing": (400, b"{}", "it answered 400 -- assign"),
    "text": (404, b"Not Found", "it answered 404, without a JSON object -- check that a managed"),
    "page": (403, b"<html>no</html>", "it answered 403, without a JSON object"),
    "no word": (401, b"", "it answered 401, without a JSON object"),
    "success without a token": (200, b"{}", "it answered 200 -- assign"),
    "token of nothing": (200, b'{"access_token": ""}', "it answered 200 -- assign"),
    "null": (200, b"null", "it answered 200, without a JSON object"),
    "elsewhere": (302, b"", "answered 302"),
}


@pytest.mark.parametrize(("status", "body", "says"), SAYS.values(), ids=SAYS.keys())
@pytest.mark.parametrize("platform", ["App Service", "virtual machine", "Machine Learning", "Arc"])
def test_the_message_of_the_platform_is_shown(
    azure: AzureDouble, on_a_machine: Machine, platform: str, status: int, body: bytes, says: str
) -> None:
    """In its own words. MSAL would show `None, None`, or a Python dictionary."""
    azure.fail("/msi/token", faults.answer(body, status=status))
    azure.fail("/metadata/identity", faults.answer(body, status=status))
    endpoint = azure.identity_variables["IDENTITY_ENDPOINT"]
    variables: dict[str, dict[str, str]] = {
        "App Service": azure.identity_variables,
        "virtual machine": azure.imds_variables,
        "Machine Learning": {"MSI_ENDPOINT": endpoint, "MSI_SECRET": "x"},
        "Arc": {"IDENTITY_ENDPOINT": endpoint, "IMDS_ENDPOINT": azure.platform},
    }
    if (platform, status) == ("virtual machine", 404):
        pytest.skip("it may be starting")

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity", "--auth-timeout", "5"), **variables[platform]
    )

    assert (code, err.count("\n")) == (1, 1)
    assert says in err
    assert not any(word in err for word in ("None", "{", "raise --auth-timeout"))


def test_an_unreadable_key_of_azure_arc_gets_a_hint(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """The hint says who can read it."""
    challenge = {"WWW-Authenticate": "Basic realm=/var/opt/azcmagent/tokens/no-such.key"}
    azure.fail("/msi/token", faults.answer(b"", status=401, headers=challenge))
    endpoint = azure.identity_variables["IDENTITY_ENDPOINT"]

    code, _, err = on_a_machine(
        "audit", IDENTITY_ENDPOINT=endpoint, IMDS_ENDPOINT=azure.platform, AZURE_CLIENT_ID=""
    )

    assert (code, err.count("\n")) == (1, 1)
    assert "no-such.key of its agent cannot be read" in err
    assert "himds" in err

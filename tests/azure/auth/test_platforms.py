"""The identity that a platform gives: at its own address, with patience, and never another one."""

import base64
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
import requests
from azure.auth.test_identities import Machine, on_a_machine
from azure.auth.test_sign_in import az, az_says
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from conftest import ROOT, coverage_variables
from gateways import joined, listening

from contacts_audit.azure.arm.transport import Wire, is_near
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.azure import CloudOptions, IdentityOptions
from contacts_audit.cli.sign_in import sign_in
from contacts_audit.cli.terminal import Screen
from contacts_audit.core.errors import AzureError
from contacts_audit.core.shutdown import Ending

__all__ = ["az", "on_a_machine"]
GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
Az = Callable[..., str]


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:1/msi", "http://localhost:1/", "http://[::1]/", "http://127.8.9.1/"),
        *("http://169.254.169.254/metadata", "http://169.254.130.2:8081/msi", "http://[fe80::1]/"),
        *("http://10.0.0.4/", "http://172.16.0.1:8081/", "http://172.31.255.255/"),
        *("http://192.168.1.1/", "http://100.64.0.1/", "http://100.127.255.255/"),
        *("http://[fd00::1]:8081/", "http://[fc00::1]/", "http://[::ffff:172.16.0.1]/"),
    ],
)
def test_near_addresses_may_be_asked_in_plain_http(url: str) -> None:
    """This machine, its link, private and shared networks."""
    assert is_near(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://172.15.255.255/",
            "http://172.32.0.1/",
            "http://100.128.0.1/",
            "http://11.0.0.1/",
        ),
        *("http://100.63.255.255/", "http://192.0.2.1/", "http://8.8.8.8/", "http://0.0.0.0/"),
        *("http://[2001:db8::1]/", "http://[::]/", "http://[::ffff:8.8.8.8]/", "http://[ff02::1]/"),
        *("http://localhost.example/", "http://internal/", "http://169.254.169.254.nip.io/"),
        *("ftp://127.0.0.1/", "http:///msi", "http://[::1", "http://127.1/", "http://2130706433/"),
    ],
)
def test_no_other_address_may(url: str) -> None:
    """Names least of all: they may lead anywhere."""
    assert not is_near(url)


@pytest.mark.parametrize(
    "asked", ["http://127.0.0.1:9/other", "http://127.0.0.1:8/msi", "https://management.azure.com/"]
)
def test_only_the_endpoint_that_the_platform_names_is_asked(asked: str) -> None:
    """Not its neighbours, not even by https: the secret of the platform is for it alone."""
    request = requests.Request("GET", asked, params={"resource": "x"}).prepare()

    with pytest.raises(AzureError, match="not what the platform names"):
        Wire(platform="http://127.0.0.1:9/msi").send(request, timeout=1)


@pytest.fixture(scope="session")
def network() -> list[str]:
    """Return how to run something in a network of its own; skip where nobody may."""
    missing = [tool for tool in ("unshare", "ip") if shutil.which(tool) is None]
    if missing and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail(f"missing: {', '.join(missing)}")
    for how in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if not missing and subprocess.run([*how, "true"], capture_output=True).returncode == 0:
            return how
    pytest.skip("no network of one's own is to be had here")


@pytest.mark.parametrize(
    ("address", "port"),
    [
        pytest.param("172.16.5.4", 8081, id="App Service"),
        pytest.param("169.254.130.3", 8081, id="Functions"),
        pytest.param("100.64.100.2", 42356, id="Container Apps"),
        pytest.param("fd00:10::5", 8081, id="IPv6"),
        pytest.param("169.254.169.254", 80, id="virtual machine"),
    ],
)
def test_the_endpoint_of_a_platform_is_asked_where_it_really_is(
    network: list[str], address: str, port: int
) -> None:
    """In plain http, past every proxy."""
    path = {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}", "PATH": os.environ["PATH"]}
    script = str(ROOT / "tests" / "in_a_network.py")

    ran = subprocess.run(
        [*network, sys.executable, script, address, str(port)],
        env=path | coverage_variables(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    code, err, asked = json.loads(ran.stdout)
    assert (code, asked) == (0, 1), err
    assert "signed in as application" in err


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://192.0.2.1/msi",
        "http://identity.example/msi",
        "http://8.8.8.8:8081/msi/token",
        "http://u:hunter2@127.0.0.1/msi",
        "ftp://127.0.0.1/msi",
        "nonsense",
    ],
)
def test_an_endpoint_elsewhere_is_not_asked(
    azure: AzureDouble, on_a_machine: Machine, endpoint: str
) -> None:
    """One line that names it; what it holds of a password is not shown."""
    variables = {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": "h"}

    code, out, err = on_a_machine("audit", PATH="/nonexistent", **variables)

    assert (code, out, err.count("\n"), azure.asked) == (1, "", 1, [])
    assert "IDENTITY_ENDPOINT" in err or endpoint in err
    assert "hunter2" not in err


# Cloud Shell


def test_cloud_shell_goes_on_to_az(azure: AzureDouble, on_a_machine: Machine, az: Az) -> None:
    """Its MSI_ENDPOINT comes without a secret; `-v` says why it is passed over."""
    azure.add("Prod", contacts_2017=GOOD)
    variables = {"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"}

    code, _, err = on_a_machine("audit", "-v", PATH=az(az_says(azure)), **variables)

    assert code == 0, err
    assert "credential: Azure CLI" in err
    assert "MSI_ENDPOINT is set without MSI_SECRET" in err


def test_who_insists_on_the_identity_of_cloud_shell_is_told(
    azure: AzureDouble, on_a_machine: Machine, az: Az
) -> None:
    """No other machine's identity takes its place."""
    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity"),
        PATH=az(az_says(azure)),
        MSI_ENDPOINT="http://localhost:50342/oauth2/token",
    )

    assert (code, azure.asked) == (1, [])
    assert "MSI_SECRET" in err


# Patience


@pytest.mark.parametrize(
    "fault",
    [
        *(faults.status(status) for status in (404, 410, 429, 500, 501, 502, 503, 504, 507)),
        faults.html(404),
        faults.throttle("1"),
    ],
)
def test_a_metadata_service_that_starts_is_waited_for(
    azure: AzureDouble, on_a_machine: Machine, fault: Fault
) -> None:
    """It says so by many statuses, and more than three times."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("/metadata/identity", fault, times=2)

    code, _, err = on_a_machine("audit", "--auth", "managed-identity", **azure.imds_variables)

    assert code == 0, err
    assert len(azure.identity_asked()) == 3


def test_all_the_time_is_used(azure: AzureDouble, on_a_machine: Machine) -> None:
    """An update takes up to 70 s: what is said then is the status, the endpoint and the option."""
    azure.fail("/metadata/identity", faults.status(410))

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity", "--auth-timeout", "8"), **azure.imds_variables
    )

    assert code == 1
    assert len(azure.identity_asked()) > 4
    assert f"the managed identity at {azure.platform}/metadata/identity/oauth2/token failed" in err
    assert "410" in err
    assert "--auth-timeout" in err


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_of_an_app_service_is_final(
    azure: AzureDouble, on_a_machine: Machine, status: int
) -> None:
    """It is asked once, and its endpoint is named."""
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
def test_what_a_platform_says_is_told(
    azure: AzureDouble, on_a_machine: Machine, platform: str, status: int, body: bytes, says: str
) -> None:
    """In its own words; MSAL would make `None, None` of them, or Python's own of a dictionary."""
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


def test_a_key_of_azure_arc_that_is_not_ours_is_told(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """Who may read it: that is what most people miss there."""
    challenge = {"WWW-Authenticate": "Basic realm=/var/opt/azcmagent/tokens/no-such.key"}
    azure.fail("/msi/token", faults.answer(b"", status=401, headers=challenge))
    endpoint = azure.identity_variables["IDENTITY_ENDPOINT"]

    code, _, err = on_a_machine(
        "audit", IDENTITY_ENDPOINT=endpoint, IMDS_ENDPOINT=azure.platform, AZURE_CLIENT_ID=""
    )

    assert (code, err.count("\n")) == (1, 1)
    assert "no-such.key of its agent cannot be read" in err
    assert "himds" in err


def test_an_update_of_a_metadata_service_is_outlasted() -> None:
    """It takes up to 70 s: nobody has to know that."""
    variables = {"AZURE_CLIENT_ID": ""}
    host = Host(variables, None, Screen(io.BytesIO(), io.StringIO()), Ending())

    usual = sign_in(host, IdentityOptions(), CloudOptions())
    given = sign_in(host, IdentityOptions(auth_timeout=5), CloudOptions())

    assert (usual.timeout, given.timeout, given.imds_timeout) == (60, 5, 5)
    assert usual.imds_timeout > 70 + 15


def test_an_endpoint_that_is_not_there_yet_is_waited_for(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """A container may start before the sidecar that has its identity."""
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


# Which identity


@pytest.mark.parametrize("place", ["app service", "virtual machine"])
def test_azure_client_id_names_the_identity(
    azure: AzureDouble, on_a_machine: Machine, place: str
) -> None:
    """As for every SDK of Azure; `-v` says so."""
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


def test_an_option_goes_before_azure_client_id(azure: AzureDouble, on_a_machine: Machine) -> None:
    """Whatever the platform's variables say."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine(
        *("audit", "--identity-object-id", azure.assigned.object_id),
        **azure.identity_variables | {"AZURE_CLIENT_ID": azure.system.client_id},
    )

    (asked,) = azure.identity_asked()
    assert code == 0, err
    assert "client_id" not in asked.params


@pytest.mark.parametrize("client", ["3d9e7b52-0000-4c18-b7d3-f8215e4a9c06", "my-identity"])
def test_an_identity_that_is_not_there_is_no_other(
    azure: AzureDouble, on_a_machine: Machine, client: str
) -> None:
    """The variable that names it is told."""
    code, _, err = on_a_machine("audit", **azure.identity_variables | {"AZURE_CLIENT_ID": client})

    assert (code, err.count("\n"), azure.arm_asked()) == (1, 1, [])
    assert "AZURE_CLIENT_ID" in err


@pytest.mark.parametrize("option", ["client_id", "object_id", "resource_id"])
def test_a_token_of_another_identity_is_refused(
    azure: AzureDouble, on_a_machine: Machine, option: str
) -> None:
    """Old agents know no user-assigned identity, and give the machine's own without a word."""
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


# How long


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
def test_the_token_itself_says_when_it_expires(
    azure: AzureDouble, on_a_machine: Machine, told: dict[str, object], place: str
) -> None:
    """However the platform spells it."""
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


def test_words_count_where_the_token_is_opaque(azure: AzureDouble, on_a_machine: Machine) -> None:
    """There is nothing else to go by."""
    said = {"access_token": "opaque", "expires_on": "01/02/2090 03:04:05 PM +00:00"}
    azure.fail("/msi/token", faults.answer(json.dumps(said).encode()))

    code, out, err = on_a_machine("token", **azure.identity_variables)

    assert code == 0, err
    assert abs(json.loads(out)["expires_on"] - 3787052645) <= 1

"""A managed identity is requested only at the endpoint that the platform names."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import requests
from az_stub import Az, az_output
from azure.auth.shared import GOOD, Machine
from azure_double import AzureDouble, Proxy
from conftest import ROOT

from contacts_audit.azure.arm.transport import Transport
from contacts_audit.azure.auth.managed_identity_endpoint import find_endpoint, is_near
from contacts_audit.core.errors import AuthError, AzureError


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
def test_plain_http_is_allowed_to_near_addresses(url: str) -> None:
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
def test_plain_http_is_refused_to_other_addresses(url: str) -> None:
    """Also to names: they may resolve to any address."""
    assert not is_near(url)


def test_an_endpoint_that_is_refused_is_not_quoted() -> None:
    """Its path may hold the secret of the platform, and `doctor` prints the error."""
    named = {"IDENTITY_ENDPOINT": "http://far.example/a-secret", "IDENTITY_HEADER": "a-secret"}

    with pytest.raises(AuthError, match="IDENTITY_ENDPOINT is not https") as caught:
        find_endpoint(named)

    assert "a-secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "asked",
    [
        *("http://127.0.0.1:9/other", "http://127.0.0.1:8/msi", "https://management.azure.com/"),
        *("http://127.0.0.1:9/msi/other", "http://127.0.0.1:9/msis", "http://127.0.0.1:9/msi/../a"),
    ],
)
def test_only_the_endpoint_of_the_platform_gets_a_request(asked: str) -> None:
    """No other path or port gets one, not even by https: the platform's secret is for it alone."""
    request = requests.Request("GET", asked, params={"resource": "x"}).prepare()

    with pytest.raises(AzureError, match="not what the platform names"):
        Transport(platform="http://127.0.0.1:9/msi").send(request, timeout=1)


@pytest.fixture(scope="session")
def network() -> list[str]:
    """Return the command for a program in its own network; skip if that is not allowed."""
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
def test_the_endpoint_is_reached_at_its_real_address(
    network: list[str], address: str, port: int
) -> None:
    """In plain http, without a proxy."""
    path = {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}", "PATH": os.environ["PATH"]}
    script = str(ROOT / "tests" / "in_a_network.py")

    ran = subprocess.run(
        [*network, sys.executable, script, address, str(port)],
        env=path,
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
def test_an_endpoint_elsewhere_gets_no_request(
    azure: AzureDouble, on_a_machine: Machine, endpoint: str
) -> None:
    """The error names it in one line, and shows no password in it."""
    variables = {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": "h"}

    code, out, err = on_a_machine("audit", PATH="/nonexistent", **variables)

    assert (code, out, err.count("\n"), azure.asked) == (1, "", 1, [])
    assert "IDENTITY_ENDPOINT" in err or endpoint in err
    assert "hunter2" not in err


def test_the_metadata_service_is_reached_without_a_proxy(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """A proxy would see the token, and would ask for its own machine."""
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
def test_an_unreachable_identity_fails_the_run(
    azure: AzureDouble, on_a_machine: Machine, variables: dict[str, str], says: str
) -> None:
    """One line, exit 1, and no other identity takes its place."""
    code, out, err = on_a_machine("audit", "--auth-timeout", "1", PATH="/nonexistent", **variables)

    assert (code, out, err.count("\n"), azure.asked) == (1, "", 1, [])
    assert says in err


def test_the_metadata_service_is_not_probed(azure: AzureDouble, on_a_machine: Machine) -> None:
    """`auto` sends it nothing if no variable names an identity."""
    code, _, err = on_a_machine("audit", PATH="/nonexistent", **azure.imds_variables)

    assert (code, azure.asked) == (1, [])
    assert "no credential is configured" in err


def test_empty_variables_of_the_platform_are_not_set(
    azure: AzureDouble, on_a_machine: Machine
) -> None:
    """An empty IDENTITY_ENDPOINT is no App Service, for MSAL, too."""
    azure.add("Prod", contacts_2017=GOOD)

    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity"),
        **azure.imds_variables,
        IDENTITY_ENDPOINT="",
        IDENTITY_HEADER="",
    )

    assert code == 0, err


def test_cloud_shell_uses_az(azure: AzureDouble, on_a_machine: Machine, az: Az) -> None:
    """Its MSI_ENDPOINT has no MSI_SECRET. `-v` says why it is not used."""
    azure.add("Prod", contacts_2017=GOOD)
    variables = {"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"}

    code, _, err = on_a_machine("audit", "-v", PATH=az(az_output(azure)), **variables)

    assert code == 0, err
    assert "credential: Azure CLI" in err
    assert "MSI_ENDPOINT is set without MSI_SECRET" in err


def test_managed_identity_in_cloud_shell_fails(
    azure: AzureDouble, on_a_machine: Machine, az: Az
) -> None:
    """The identity of another machine does not take its place."""
    code, _, err = on_a_machine(
        *("audit", "--auth", "managed-identity"),
        PATH=az(az_output(azure)),
        MSI_ENDPOINT="http://localhost:50342/oauth2/token",
    )

    assert (code, azure.asked) == (1, [])
    assert "MSI_SECRET" in err

"""Endpoints are https origins of one cloud, so a token is sent to its own cloud only."""

import pytest

from contacts_audit.azure import clouds
from contacts_audit.azure.clouds import CLOUDS, Cloud
from contacts_audit.azure.kinds import CloudName
from contacts_audit.core.errors import UsageError


def test_every_cloud_has_endpoints() -> None:
    """A name that can be chosen leads somewhere."""
    assert set(CLOUDS) == set(CloudName)


@pytest.mark.parametrize(
    ("name", "arm", "authority", "scope", "portal"),
    [
        pytest.param(
            CloudName.AZURE,
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "https://management.core.windows.net//.default",
            "https://portal.azure.com/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
            id="global",
        ),
        pytest.param(
            CloudName.US_GOVERNMENT,
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net//.default",
            "https://portal.azure.us/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
            id="US Government",
        ),
        pytest.param(
            CloudName.CHINA,
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn//.default",
            "https://portal.azure.cn/#blade/Microsoft_Azure_Security/SecurityMenuBlade/0",
            id="China",
        ),
    ],
)
def test_known_clouds(name: CloudName, arm: str, authority: str, scope: str, portal: str) -> None:
    """The endpoints are those of az, with two slashes in the scope."""
    cloud = clouds.choose(name)

    assert (cloud.name, cloud.arm, cloud.authority) == (name, arm, authority)
    assert (cloud.scope, cloud.portal_url) == (scope, portal)


def test_a_known_endpoint_by_option_changes_nothing() -> None:
    """The default endpoint, also with a slash, is the default cloud."""
    cloud = clouds.choose(CloudName.AZURE, arm_endpoint="https://management.azure.com/")

    assert cloud == CLOUDS[CloudName.AZURE]


def test_single_addresses_of_a_known_cloud_can_be_replaced() -> None:
    """A login host and an audience in options come before those of the cloud."""
    cloud = clouds.choose(
        CloudName.CHINA,
        authority_host="https://login.partner.microsoftonline.cn/",
        audience="https://management.chinacloudapi.cn",
    )

    assert cloud.arm == CLOUDS[CloudName.CHINA].arm
    assert cloud.portal == CLOUDS[CloudName.CHINA].portal
    assert cloud.authority == "https://login.partner.microsoftonline.cn"
    assert cloud.scope == "https://management.chinacloudapi.cn/.default"


def test_the_users_own_cloud() -> None:
    """It gets nothing of a known cloud, and its portal is unknown."""
    cloud = clouds.choose(
        CloudName.AZURE,
        arm_endpoint="https://arm.stack.example:8443/",
        authority_host="https://login.stack.example/adfs",
        audience="https://arm.stack.example/id",
    )

    assert cloud == Cloud(
        "arm.stack.example:8443",
        "https://arm.stack.example:8443",
        "https://login.stack.example/adfs",
        "https://arm.stack.example/id",
        None,
    )
    assert cloud.portal_url is None


def test_the_users_own_cloud_has_no_default_login_host() -> None:
    """Its secret is never sent to Microsoft by default."""
    cloud = clouds.choose(CloudName.AZURE, arm_endpoint="https://arm.stack.example")

    assert (cloud.authority, cloud.audience) == ("", "")


@pytest.mark.parametrize(
    ("host", "authority"),
    [
        pytest.param("login.stack.example", "https://login.stack.example", id="bare"),
        pytest.param("login.stack.example:8443", "https://login.stack.example:8443", id="port"),
        pytest.param("https://login.stack.example//", "https://login.stack.example", id="slashes"),
    ],
)
def test_a_login_host_may_have_no_scheme(host: str, authority: str) -> None:
    """For some tools AZURE_AUTHORITY_HOST is a host, for others a URL."""
    cloud = clouds.choose(CloudName.AZURE, authority_host=host)

    assert cloud.authority == authority


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://arm.example", id="host"),
        pytest.param("https://arm.example:1", id="lowest port"),
        pytest.param("https://arm.example:65535", id="highest port"),
        pytest.param("https://10.0.0.1:8443", id="IPv4"),
        pytest.param("https://[::1]:8443", id="IPv6"),
    ],
)
def test_https_origins_are_accepted(address: str) -> None:
    """An endpoint has only scheme, host and port."""
    assert clouds.https(address, "--arm-endpoint") == address
    assert clouds.https(f"{address}/", "--arm-endpoint") == address


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="empty"),
        pytest.param("arm.example", id="no scheme"),
        pytest.param("//arm.example", id="relative"),
        pytest.param("http://arm.example", id="http"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("https:arm.example", id="no slashes"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///subscriptions", id="path without a host"),
        pytest.param("https://:443", id="port without a host"),
        pytest.param("https://arm.example:", id="empty port"),
        pytest.param("https://arm.example:0", id="port 0"),
        pytest.param("https://arm.example:65536", id="port too high"),
        pytest.param("https://arm.example:https", id="port in words"),
        pytest.param("https://user@arm.example", id="user"),
        pytest.param("https://user:secret@arm.example", id="password"),
        pytest.param("https://@arm.example", id="empty user"),
        pytest.param("https://arm.example/subscriptions", id="path"),
        pytest.param("https://arm.example?x=1", id="query"),
        pytest.param("https://arm.example?", id="empty query"),
        pytest.param("https://arm.example#x", id="fragment"),
        pytest.param("https://arm.example#", id="empty fragment"),
        pytest.param("https://arm.example\\@evil.example", id="backslash"),
        pytest.param("https://arm.example\\", id="backslash at the end"),
        pytest.param("https://arm.example\n", id="line break"),
        pytest.param("https://arm.example\t.evil.example", id="tab, which urlsplit drops"),
        pytest.param(" https://arm.example", id="blank"),
        pytest.param("https://\u0430rm.example", id="Cyrillic letter"),
        pytest.param("https://arm\u3002example", id="ideographic full stop"),
        pytest.param("https://[::1", id="half an IPv6 address"),
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    """Requests might read them differently."""
    with pytest.raises(UsageError, match="--arm-endpoint"):
        clouds.https(address, "--arm-endpoint")


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("//login.example", id="relative"),
        pytest.param("http://login.example", id="http"),
        pytest.param("user@login.example", id="user"),
        pytest.param("login.example?x", id="query"),
    ],
)
def test_a_login_host_is_checked_too(host: str) -> None:
    """It gets the secret."""
    with pytest.raises(UsageError, match="--authority-host"):
        clouds.choose(CloudName.AZURE, authority_host=host)


def test_an_endpoint_is_checked_with_all_options() -> None:
    """It gets the token."""
    with pytest.raises(UsageError, match="--arm-endpoint"):
        clouds.choose(
            CloudName.AZURE,
            arm_endpoint="http://arm.example",
            authority_host="login.example",
            audience="https://arm.example",
        )


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"authority_host": "https://login.microsoftonline.us"}, id="login host"),
        pytest.param({"authority_host": "login.microsoftonline.us.:8443/x"}, id="in disguise"),
        pytest.param({"audience": "HTTPS://MANAGEMENT.usgovcloudapi.net"}, id="in capitals"),
        pytest.param({"audience": "https://management.core.usgovcloudapi.net/"}, id="audience"),
        pytest.param({"audience": "https://management.usgovcloudapi.net"}, id="its other spelling"),
    ],
)
def test_two_clouds_are_never_mixed(given: dict[str, str]) -> None:
    """The login host of one could issue tokens for the other."""
    with pytest.raises(UsageError, match=r"AzureUSGovernment, but .* to AzureCloud"):
        clouds.choose(CloudName.AZURE, **given)

    assert clouds.choose(CloudName.US_GOVERNMENT, **given).name == CloudName.US_GOVERNMENT


def test_the_endpoint_of_a_known_cloud_is_that_cloud() -> None:
    """With its login host and audience."""
    found = clouds.choose(CloudName.AZURE, arm_endpoint="https://management.chinacloudapi.cn/")

    assert found == CLOUDS[CloudName.CHINA]

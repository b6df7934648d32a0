"""The metadata of a cloud is believed only if it can do no harm."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Fault
from conftest import Run

from contacts_audit.azure import metadata
from contacts_audit.azure.arm.transport import Transport
from contacts_audit.azure.clouds import Cloud
from contacts_audit.core.errors import AuthError

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
ALONE = {"CONTACTS_AUDIT_AUTHORITY_HOST": "", "CONTACTS_AUDIT_AUDIENCE": ""}
ENDPOINT = "https://management.local.azurestack.external"


@pytest.mark.parametrize("shape", ["object", "list"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
def test_an_endpoint_is_enough(azure: AzureDouble, run: Run, shape: str, slash: str) -> None:
    """The metadata is one object, or a list with the own cloud. The audience keeps its slash."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.metadata_shape = shape  # type: ignore[assignment]
    azure.metadata_login = azure.authority + slash
    azure.audience = f"https://localhost:{azure.port}{slash}"

    ran = run("audit", **ALONE)

    assert ran.code == 0, ran.err
    assert azure.token_asked()[0].form["scope"] == f"{azure.audience}/.default"
    told = [asked for asked in azure.asked if asked.path == "/metadata/endpoints"]
    assert [asked.bearer for asked in told] == [None]


@pytest.mark.parametrize(
    ("login", "audience"),
    [
        pytest.param(None, "https://management.core.windows.net/", id="audience of another"),
        pytest.param("https://evil.example/", None, id="login of another"),
        pytest.param(
            "https://evil.example/", "https://management.evil.example/", id="both of another"
        ),
        pytest.param(
            "https://login.microsoftonline.com", "https://graph.microsoft.com/", id="Graph"
        ),
        pytest.param("http://localhost/", None, id="http"),
        pytest.param("https://u:p@localhost/", None, id="userinfo"),
        pytest.param("", "", id="nothing"),
    ],
)
@pytest.mark.parametrize("auth", ["secret", "device-code"])
def test_metadata_alone_cannot_send_a_secret_elsewhere(
    azure: AzureDouble, run: Run, login: str | None, audience: str | None, auth: str
) -> None:
    """One line names the two options. The token service gets no request."""
    azure.metadata_login = login
    azure.metadata_audiences = [
        f"https://localhost:{azure.port}/" if audience is None else audience
    ]
    arguments = [] if auth == "secret" else ["--auth", auth]

    ran = run("audit", *arguments, **ALONE)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)
    assert "--authority-host and --audience" in ran.err
    assert [asked.path for asked in azure.asked] == ["/metadata/endpoints"]


def test_options_come_before_metadata(azure: AzureDouble, run: Run) -> None:
    """With both, no metadata is read. With one, the other is judged with it."""
    azure.add("Prod", contacts_2017=GOOD)

    both = run("audit")
    asked = [asked.path for asked in azure.asked if "metadata" in asked.path]
    one = run("audit", CONTACTS_AUDIT_AUDIENCE="")

    assert (both.code, asked) == (0, [])
    assert (one.code, "--audience" in one.err) == (1, True)


def test_a_given_token_needs_no_metadata(azure: AzureDouble, run: Run) -> None:
    """It is sent to the endpoint."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN=azure.token(), **ALONE)

    assert ran.code == 0, ran.err
    assert not any("metadata" in asked.path for asked in azure.asked)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param(faults.status(404), "404", id="404"),
        pytest.param(faults.status(503), "503", id="503"),
        pytest.param(faults.hang(), "in time", id="hangs"),
        pytest.param(faults.html(200), "HTML", id="HTML"),
        pytest.param(faults.answer(b"null"), "0 clouds", id="null"),
        pytest.param(faults.answer(b"[]"), "0 clouds", id="no cloud"),
        pytest.param(faults.answer(b"[1, 2]"), "which of 2 clouds", id="numbers"),
        pytest.param(faults.answer(b"{}"), "0 clouds", id="empty"),
        pytest.param(faults.answer(b'{"authentication": []}'), "no login host", id="odd"),
        pytest.param(faults.redirect(302, "https://evil.example/"), "302", id="redirect"),
    ],
)
def test_unreadable_metadata_ends_the_run_in_time(
    azure: AzureDouble, run: Run, fault: Fault, says: str
) -> None:
    """One line, exit 1, and nothing else is sent."""
    azure.fail("/metadata/endpoints", fault)

    ran = run("audit", "--auth-timeout", "2", **ALONE)

    assert (ran.code, ran.out, ran.err.count("\n"), azure.token_asked()) == (1, b"", 1, [])
    assert says in ran.err


class Told(Transport):
    """A wire to a cloud with the metadata *document*."""

    def __init__(self, document: Any) -> None:
        super().__init__()
        self.document = document

    def send(self, request: Any, *, timeout: float) -> Any:
        """Return the document."""
        from contacts_audit.azure.arm.protocol import Answer

        return Answer(request.url, 200, {}, json.dumps(self.document).encode())


def told(login: str, *audiences: Any, **more: Any) -> Mapping[str, Any]:
    """Return the metadata of a cloud."""
    return {"authentication": {"loginEndpoint": login, "audiences": list(audiences)}, **more}


OWN = Cloud("stack", ENDPOINT, "", "", None)


PUBLIC = ("https://login.microsoftonline.com", "https://management.core.windows.net/")
GOVERNMENT = ("https://login.microsoftonline.us", "https://management.core.usgovcloudapi.net")
REGION = "https://westeurope.management.azure.com"


@pytest.mark.parametrize(
    ("endpoint", "login", "audience"),
    [
        (REGION, f"{PUBLIC[0]}/", PUBLIC[1]),
        (REGION, PUBLIC[0], "https://management.azure.com"),
        (f"{REGION}:8443", PUBLIC[0].upper(), PUBLIC[1].upper()),
        ("https://management.azure.com.", *PUBLIC),
        ("https://usgovvirginia.management.usgovcloudapi.net", *GOVERNMENT),
        (
            ENDPOINT,
            "https://adfs.local.azurestack.external/adfs",
            "https://management.azurestack.external/",
        ),
        (ENDPOINT, "https://LOGIN.azurestack.external:8443/", "https://AZURESTACK.external:443/x"),
    ],
)
def test_believed_metadata(endpoint: str, login: str, audience: str) -> None:
    """A known cloud's for its own Resource Manager; else in the endpoint's registrable domain."""
    cloud = OWN._replace(arm=endpoint)

    found = metadata.completed(cloud, Told(told(login, audience)), 5)

    assert (found.arm, found.audience) == (endpoint, audience)
    assert found.authority.lower() == login.rstrip("/").lower()


STRANGERS = (
    ENDPOINT,
    "https://arm.evil.example",
    "https://management.azure.com.evil.example",
    "https://evil-management.azure.com",
    "https://arm.westeurope.cloudapp.azure.com",
    "https://evil.queue.core.windows.net",
    "https://10.0.0.1",
)
EVIL = "https://login.evil.example"


@pytest.mark.parametrize("endpoint", STRANGERS)
@pytest.mark.parametrize("shape", ["2022", "2015", "2019"])
@pytest.mark.parametrize(
    ("login", "audience"),
    [
        pytest.param(*PUBLIC, id="both known"),
        pytest.param(*GOVERNMENT, id="both of another"),
        pytest.param(PUBLIC[0], None, id="login known, audience own"),
        pytest.param(None, PUBLIC[1], id="audience known, login own"),
        pytest.param(None, "https://management.azure.com", id="the other audience"),
        pytest.param(None, "797f4846-ba00-4fd7-ba71-dba1f031a013", id="audience by its id"),
        pytest.param(f"{PUBLIC[0]}/", f"{PUBLIC[1]}/", id="slashes"),
        pytest.param(PUBLIC[0].upper(), PUBLIC[1].upper(), id="case"),
        pytest.param(f"{PUBLIC[0]}:443", "https://management.core.windows.net:443/", id="port"),
        pytest.param(f"{PUBLIC[0]}:8443", PUBLIC[1], id="another port"),
        pytest.param(f"{PUBLIC[0]}.", "https://management.core.windows.net./", id="root"),
        pytest.param(f"{PUBLIC[0]}/common", PUBLIC[1], id="path"),
        pytest.param(None, "https://a@management.core.windows.net/", id="user in the audience"),
        pytest.param("https://a:b@login.microsoftonline.com", PUBLIC[1], id="user in the login"),
        pytest.param(None, "https://a:b@{own}", id="user in an audience of its own"),
        pytest.param("https://login.windows.net/", PUBLIC[1], id="login of old"),
        pytest.param("https://sts.windows.net/", "https://graph.windows.net/", id="relatives"),
    ],
)
def test_a_stranger_gets_no_token_of_a_known_cloud(
    endpoint: str, shape: str, login: str | None, audience: str | None
) -> None:
    """Whatever its metadata names, in any shape and spelling."""
    own = endpoint.removesuffix(".")
    wanted = (audience or own).replace("{own}", own.removeprefix("https://"))
    entry = told(login or own, wanted, resourceManager=f"{endpoint}/")
    document: Any = entry
    if shape == "2019":
        other = told(*PUBLIC, name="AzureCloud", resourceManager="https://management.azure.com/")
        document = [other, entry]
    elif shape == "2015":
        document = {"galleryEndpoint": "", "graphEndpoint": "https://graph.windows.net/", **entry}

    with pytest.raises(AuthError) as caught:
        metadata.completed(OWN._replace(arm=endpoint), Told(document), 5)

    assert caught.value.hint == "give --authority-host and --audience"
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize(
    ("authority", "audience"), [(PUBLIC[0], ""), ("", PUBLIC[1]), ("", PUBLIC[1].rstrip("/"))]
)
def test_one_option_of_a_known_cloud_is_not_enough(authority: str, audience: str) -> None:
    """The metadata does not complete it: both options are needed."""
    cloud = OWN._replace(authority=authority, audience=audience)

    for told_login, told_audience in (PUBLIC, (ENDPOINT, ENDPOINT)):
        with pytest.raises(AuthError):
            metadata.completed(cloud, Told(told(told_login, told_audience)), 5)
    both = OWN._replace(authority=PUBLIC[0], audience=PUBLIC[1])
    assert metadata.completed(both, Told(None), 5) == both


def test_the_own_entry_is_found_in_any_spelling() -> None:
    """Case, port and slash make no difference."""
    for spelt in (ENDPOINT.upper(), f"{ENDPOINT}:443/", f"{ENDPOINT}/"):
        listed = [told(*PUBLIC), told(ENDPOINT, ENDPOINT, resourceManager=spelt)]
        assert metadata.completed(OWN, Told(listed), 5).authority == ENDPOINT
    for spelt in (f"https://a@{ENDPOINT[8:]}", f"{ENDPOINT}:8443", "5"):
        with pytest.raises(AuthError, match="which of 2"):
            metadata.completed(
                OWN, Told([told(*PUBLIC), told(ENDPOINT, ENDPOINT, resourceManager=spelt)]), 5
            )


@pytest.mark.parametrize(
    ("login", "audience"),
    [
        ("https://login.microsoftonline.com/", "https://management.core.usgovcloudapi.net/"),
        ("https://login.microsoftonline.com/", "https://management.local.azurestack.external/"),
        ("https://login.microsoftonline.com.evil.example/", "https://management.azure.com/"),
        ("https://login.windows.net/", "https://management.azure.com/"),
        ("https://login.azurestack.external/", "https://management.azure.com/"),
        ("https://login.azurestack.external/", "https://azurestack.external.evil.example/"),
        ("https://login.azurestack.external/", "b6420f8d-1e97-4a5c-93b8-07d2c6e4f15a"),
        ("https://login.azurestack.external/", ""),
        ("https://login.azurestack.external/", None),
        ("https://other.external/", "https://azurestack.external/"),
        ("//login.azurestack.external/", "https://azurestack.external/"),
    ],
)
def test_metadata_that_is_not_believed(login: str, audience: Any) -> None:
    """A secret would be sent to a stranger, or a token would be valid elsewhere."""
    with pytest.raises(AuthError):
        metadata.completed(OWN, Told(told(login, audience)), 5)


@pytest.mark.parametrize(
    ("endpoint", "login"),
    [
        ("https://arm.a.co.uk", "https://login.b.co.uk"),
        ("https://a.azurewebsites.net", "https://b.azurewebsites.net"),
        ("https://10.0.0.1", "https://10.0.0.2"),
        ("https://[2001:db8::1]", "https://[2001:db8::2]"),
        ("https://stack-a", "https://stack-b"),
    ],
)
def test_neighbors_are_strangers(endpoint: str, login: str) -> None:
    """A shared public suffix or network is no shared registrable domain."""
    cloud = OWN._replace(arm=endpoint)

    with pytest.raises(AuthError):
        metadata.completed(cloud, Told(told(login, endpoint)), 5)
    found = metadata.completed(cloud, Told(told(endpoint, endpoint)), 5)

    assert found.authority == endpoint


def test_the_first_believed_audience_is_used() -> None:
    """The list may begin with another one."""
    document = told("https://login.microsoftonline.com", 5, "x", "https://management.azure.com/")

    found = metadata.completed(OWN._replace(arm=REGION), Told(document), 5)

    assert found.audience == "https://management.azure.com/"


def test_a_list_without_the_own_cloud_is_not_believed() -> None:
    """A list with two of them is not believed, either."""
    entry = told(ENDPOINT, ENDPOINT, resourceManager=ENDPOINT + "/")
    other = told(ENDPOINT, ENDPOINT, resourceManager="https://elsewhere.example")

    for document in ([other, other], [entry, entry], [other, {"resourceManager": 1}]):
        with pytest.raises(AuthError, match="which of 2"):
            metadata.completed(OWN, Told(document), 5)
    assert metadata.completed(OWN, Told([other, entry]), 5).authority == ENDPOINT

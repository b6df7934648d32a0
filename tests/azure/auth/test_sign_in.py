"""Who asks: the credentials, against the token service of the double and a stub of az."""

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from conftest import Run

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NO_SECRET = {"AZURE_CLIENT_SECRET": ""}


@pytest.fixture
def az(tmp_path: Path) -> Callable[..., str]:
    """Return a maker of a stub of az: it prints *out* and *err*, and notes how it was called."""

    def make(out: str = "", err: str = "", code: int = 0, sleep: int = 0) -> str:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "out").write_text(out)
        (folder / "err").write_text(err)
        script = folder / "az"
        script.write_text(
            f'#!/bin/sh\necho "$PWD $@" >> {folder}/calls\ncat - >> {folder}/stdin\n'
            f"[ {sleep} = 0 ] || sleep {sleep}\n"
            f"cat {folder}/out; cat {folder}/err >&2; exit {code}\n"
        )
        script.chmod(0o755)
        return f"relative:{folder}:/usr/bin:/bin"

    return make


def az_says(azure: AzureDouble, **more: object) -> str:
    """Return what az prints of a token."""
    said = {
        "accessToken": azure.token(),
        "expiresOn": "2099-01-01 00:00:00.000000",
        "expires_on": 4070908800,
        "subscription": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        "tenant": azure.tenant,
        "tokenType": "Bearer",
        **more,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})


@pytest.mark.parametrize("kind", ["pem", "pfx", "encrypted_pem", "encrypted_pfx"])
def test_a_certificate_signs_in(azure: AzureDouble, run: Run, kind: str) -> None:
    """PEM and PFX, with a password where the key is encrypted; told apart by their content."""
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
    """A workload identity shows the assertion in its file."""
    azure.add("Prod", contacts_2017=GOOD)
    path = tmp_path / "assertion"
    path.write_text(azure.federated_token + "\n")

    ran = run("audit", "-v", **NO_SECRET, AZURE_FEDERATED_TOKEN_FILE=str(path))

    assert ran.code == 0, ran.err
    assert "workload identity" in ran.err


def test_a_given_token_is_used_as_it_is(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """From the variable, from a file, from stdin; nobody signs in."""
    azure.add("Prod", contacts_2017=GOOD)
    token = azure.token()
    path = tmp_path / "token"
    path.write_text(token + "\n")

    variable = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN=token)
    file = run("audit", "--auth", "token", "--token-file", str(path))
    stdin = run("audit", "--auth", "token", "--token-file", "-", stdin=token.encode())

    assert (variable.code, file.code, stdin.code) == (0, 0, 0)
    assert azure.token_asked() == []


def test_az_is_asked_safely(azure: AzureDouble, run: Run, az: Callable[..., str]) -> None:
    """From an absolute folder of PATH, in `/`, for JSON, for our audience, with nothing to read."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_says(azure))

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    folder = Path(path.split(":")[1])
    assert ran.code == 0, ran.err
    assert (folder / "calls").read_text() == (
        f"/ account get-access-token --output json --resource {azure.audience}\n"
    )
    assert (folder / "stdin").read_text() == ""


def test_auto_takes_az_where_nothing_else_is_configured(
    azure: AzureDouble, run: Run, az: Callable[..., str]
) -> None:
    """Empty variables are unset; `-v` says which credential was used."""
    azure.add("Prod", contacts_2017=GOOD)
    nothing = {"AZURE_TENANT_ID": "", "AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""}

    ran = run("audit", "-v", **nothing, PATH=az(az_says(azure)))

    assert ran.code == 0, ran.err
    assert "credential: Azure CLI" in ran.err


@pytest.mark.parametrize(
    ("out", "err", "code", "says"),
    [
        pytest.param(
            "", "ERROR: Please run 'az login' to setup account.\n", 1, "az login", id="signed out"
        ),
        pytest.param(
            "",
            "ERROR: AADSTS700082: The refresh token has expired.\nRun:\naz login --tenant T\n",
            1,
            "az login --tenant T",
            id="expired",
        ),
        pytest.param("", "", 1, "it printed no error", id="silent"),
        pytest.param(
            "",
            "ERROR: The command failed with an unexpected error. Here is the traceback:\n"
            "ERROR: Unable to connect to proxy\nTraceback (most recent call last):\n  File ...\n",
            1,
            "az failed: Unable to connect to proxy -- try: az account get-access-token",
            id="traceback",
        ),
        pytest.param("no json", "", 0, "no token", id="garbage"),
        pytest.param(
            "",
            "x/y.py:1: CryptographyDeprecationWarning: old\n  import z\n"
            "ERROR: Please run 'az login' to setup account.\n",
            1,
            "Please run 'az login' to setup account. -- sign in: az login",
            id="warned first",
        ),
        pytest.param("", "Traceback:\n  File\nImportError: z\n", 1, "ImportError: z", id="crash"),
        pytest.param("{}", "", 0, "no token", id="no token in it"),
        pytest.param(
            '{"accessToken": "a\\nb", "tenant": "t"}', "", 0, "no bearer token", id="two lines"
        ),
    ],
)
def test_what_az_says_is_turned_into_what_to_do(
    azure: AzureDouble, run: Run, az: Callable[..., str], out: str, err: str, code: int, says: str
) -> None:
    """A failing az fails the run in one line; no other identity takes its place."""
    ran = run("audit", "--auth", "azure-cli", PATH=az(out, err, code))

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert says in ran.err


def test_az_trusts_whom_we_trust(
    azure: AzureDouble, run: Run, az: Callable[..., str], tmp_path: Path
) -> None:
    """`--ca-bundle` reaches it, as a whole path: it runs in another folder."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_says(azure))
    script = Path(path.split(":")[1]) / "az"
    script.write_text(script.read_text().replace("$PWD", "$PWD $REQUESTS_CA_BUNDLE"))
    relative = Path(os.path.relpath(azure.ca))

    ran = run("audit", "--auth", "azure-cli", "--ca-bundle", str(relative), PATH=path)

    assert ran.code == 0, ran.err
    asked = (script.parent / "calls").read_text().split()[1]
    assert Path(asked).is_absolute()
    assert Path(asked).samefile(azure.ca)


def test_an_az_that_hangs_is_killed(azure: AzureDouble, run: Run, az: Callable[..., str]) -> None:
    """`--auth-timeout` bounds it, children and all."""
    began = time.monotonic()

    ran = run("audit", "--auth", "azure-cli", "--auth-timeout", "0.5", PATH=az(sleep=60))

    assert ran.code == 1
    assert "0.5 s" in ran.err
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("script", ["", "#!/nonexistent/python\n", "\x7fELF no program"])
def test_a_broken_az_is_said(run: Run, az: Callable[..., str], script: str) -> None:
    """After an upgrade of Python, say: one line, no bug of ours."""
    path = az()
    (Path(path.split(":")[1]) / "az").write_text(script)

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)
    assert "bug" not in ran.err


@pytest.mark.parametrize("expires", ["NaN", "1e300", '"soon"', "null", "[]"])
@pytest.mark.parametrize("tenant", ["5", "null", '"x"'])
@pytest.mark.parametrize("command", ["token", "doctor", "audit"])
def test_odd_words_of_az_are_no_crash(
    azure: AzureDouble, run: Run, az: Callable[..., str], expires: str, tenant: str, command: str
) -> None:
    """Its token is used, as far as it goes."""
    azure.add("Prod", contacts_2017=GOOD)
    said = f'{{"accessToken":"{azure.token()}","expires_on":{expires},"tenant":{tenant}}}'

    ran = run(command, "--auth", "azure-cli", PATH=az(said))

    assert ran.code == 0, ran.err


def test_a_missing_az_is_said(run: Run) -> None:
    """Without az in PATH, the other ways are named."""
    ran = run("audit", "--auth", "azure-cli", PATH="/nonexistent:.")

    assert ran.code == 1
    assert "AZURE_CLIENT_SECRET" in ran.err


def test_an_old_az_tells_local_time_only(
    azure: AzureDouble, run: Run, az: Callable[..., str]
) -> None:
    """Before az 2.54 there was no expires_on."""
    path = az(az_says(azure, expires_on=None))

    ran = run("token", "--auth", "azure-cli", PATH=path)

    said = json.loads(ran.out)
    assert said["expiresOn"] == "2099-01-01 00:00:00.000000"
    assert said["expires_on"] == int(time.mktime((2099, 1, 1, 0, 0, 0, 0, 0, -1)))


def test_az_cannot_answer_a_claims_challenge(
    azure: AzureDouble, run: Run, az: Callable[..., str]
) -> None:
    """It takes a new sign-in by hand, and the command is told."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_says(azure))
    azure.challenge('{"access_token":{}}')

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert ran.code == 1
    assert "az login --claims-challenge" in ran.err


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
    """The error's number and the cure; no other identity is tried."""
    ran = run("audit", **variables)

    assert (ran.code, ran.out, azure.arm_asked()) == (1, b"", [])
    assert ran.err.count("\n") == 1
    assert all(word in ran.err for word in says), ran.err


def test_an_expired_secret_is_told_from_a_wrong_one(azure: AzureDouble, run: Run) -> None:
    """The cure is another one."""
    azure.secret_expired = True

    ran = run("audit")

    assert "AADSTS7000222" in ran.err
    assert "add a new one" in ran.err


def test_a_pem_without_a_key_is_said(azure: AzureDouble, run: Run) -> None:
    """A certificate alone proves nothing."""
    ran = run("audit", **NO_SECRET, AZURE_CLIENT_CERTIFICATE_PATH=str(azure.ca))

    assert ran.code == 1
    assert "no private key" in ran.err


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ("env", "AZURE_CLIENT_SECRET"),
        ("workload", "AZURE_FEDERATED_TOKEN_FILE"),
        ("token", "AZURE_ACCESS_TOKEN"),
    ],
)
def test_a_chosen_credential_that_is_not_configured_is_said(
    azure: AzureDouble, run: Run, auth: str, names: str
) -> None:
    """It names what to set."""
    ran = run("audit", "--auth", auth, AZURE_CLIENT_ID="")

    assert (ran.code, azure.asked) == (1, [])
    assert names in ran.err


def test_no_other_identity_takes_the_place_of_a_managed_one(
    azure: AzureDouble, run: Run, az: Callable[..., str]
) -> None:
    """What the platform configured goes before az, and its failure is the run's."""
    nothing = {**NO_SECRET, "AZURE_CLIENT_ID": "", "IDENTITY_ENDPOINT": "http://127.0.0.1:1"}

    ran = run("audit", **nothing, PATH=az(az_says(azure)))

    assert (ran.code, azure.asked) == (1, [])
    assert "IDENTITY_HEADER" in ran.err


def test_what_is_no_token_is_not_sent(azure: AzureDouble, run: Run) -> None:
    """A token with a line break in it could end the header."""
    ran = run("audit", "--auth", "token", AZURE_ACCESS_TOKEN="abc\r\nX-Evil: 1")

    assert (ran.code, azure.asked) == (1, [])
    assert "X-Evil" not in ran.err


@pytest.mark.parametrize("exp", ["1e20", "NaN", "Infinity", "-1e20", "9" * 400, '"soon"', "null"])
def test_an_odd_expiry_is_none(azure: AzureDouble, run: Run, exp: str) -> None:
    """A moment that no calendar holds is not known."""
    payload = base64.urlsafe_b64encode(f'{{"exp":{exp}}}'.encode()).decode().rstrip("=")

    ran = run("token", "--auth", "token", AZURE_ACCESS_TOKEN=f"e30.{payload}.x")

    assert (ran.code, json.loads(ran.out)["expires_on"]) == (0, None)


def test_a_token_of_unknown_lifetime_is_used(azure: AzureDouble, run: Run) -> None:
    """Where the token service tells no `expires_in`, the token's own claims do."""
    azure.add("Prod", contacts_2017=GOOD)
    body = json.dumps({"access_token": azure.token(), "token_type": "Bearer"}).encode()
    azure.fail("POST", faults.answer(body))

    assert run("audit").code == 0
    assert len(azure.token_asked()) == 1


def test_an_empty_token_file_is_no_token(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """The variable does not take its place: it may be somebody else's."""
    (tmp_path / "empty").touch()

    ran = run(
        *("audit", "--auth", "token", "--token-file", str(tmp_path / "empty")),
        AZURE_ACCESS_TOKEN=azure.token(),
    )

    assert (ran.code, azure.asked) == (1, [])


def test_a_token_service_that_stumbles_is_asked_again(azure: AzureDouble, run: Run) -> None:
    """One 503 is no failure."""
    azure.add("Prod", contacts_2017=GOOD)
    azure.fail("POST", faults.status(503), times=1)

    assert run("audit").code == 0


def test_another_tenant_is_signed_in_to(azure: AzureDouble, run: Run) -> None:
    """`--tenant` goes before the variable; a domain name will do, and the report has the id."""
    azure.add("Prod", contacts_2017=GOOD)

    ran = run("audit", "-o", "json", "--tenant", azure.domain, AZURE_TENANT_ID="")

    assert json.loads(ran.out)["tenants"] == [azure.tenant]


# The token, printed


def test_a_token_is_printed_as_az_prints_it(azure: AzureDouble, run: Run) -> None:
    """Keys sorted, two blanks, local time and epoch; a subscription where one was given."""
    plain = run("token")
    given = run("token", "-s", "0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D")

    said = json.loads(plain.out)
    assert plain.text == json.dumps(said, indent=2, sort_keys=True) + "\n"
    assert {*said} == {"accessToken", "expiresOn", "expires_on", "tenant", "tokenType"}
    local = time.strptime(said["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")
    assert time.mktime(local) == said["expires_on"]
    assert said["tenant"] == azure.tenant
    assert json.loads(given.out)["subscription"] == "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def test_a_token_for_the_pipeline(azure: AzureDouble, run: Run, az: Callable[..., str]) -> None:
    """`-o tsv` needs a subscription, az's own will do; `-o raw` is the token alone."""
    az_token = json.loads(az_says(azure))

    without = run("token", "-o", "tsv")
    of_az = run("token", "-o", "tsv", "--auth", "azure-cli", PATH=az(json.dumps(az_token)))
    raw = run("token", "-o", "raw", "--auth", "token", AZURE_ACCESS_TOKEN="opaque.token")
    opaque = run("token", "--auth", "token", AZURE_ACCESS_TOKEN="opaque")

    assert (without.code, without.out) == (2, b"")
    assert of_az.text == f"{az_token['subscription']}\t{az_token['accessToken']}\n"
    assert raw.text == "opaque.token\n"
    assert json.loads(opaque.out)["expires_on"] is None

"""A token comes from az, which is run safely, and whose errors are explained."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from azure.auth.stubs import GOOD, NO_CREDENTIAL, Az, az_output
from azure_double import AzureDouble
from conftest import ROOT, Run, coverage_variables, program, surroundings


def test_az_is_asked_safely(azure: AzureDouble, run: Run, az: Az) -> None:
    """From an absolute folder of PATH, in `/`, for JSON, for our audience, with nothing to read."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    folder = Path(path.split(":")[1])
    assert ran.code == 0, ran.err
    assert (folder / "calls").read_text() == (
        f"/ account get-access-token --output json --resource {azure.audience}\n"
    )
    assert (folder / "stdin").read_text() == ""


def test_az_gets_its_paths_whole(
    azure: AzureDouble, az: Az, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in another folder than we do; what is whole already, or is no path, stays."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))
    script = Path(path.split(":")[1]) / "az"
    script.write_text(
        script.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\nenv > {tmp_path}/env\n")
    )
    relative = {
        "AZURE_CONFIG_DIR": "config",
        "AZURE_EXTENSION_DIR": "./ext",
        "REQUESTS_CA_BUNDLE": "../ca.pem",
        "SSL_CERT_FILE": "x.pem",
        "AZURE_CLIENT_CERTIFICATE_PATH": "app.pem",
    }
    variables = {
        **surroundings(azure, **NO_CREDENTIAL),
        **relative,
        "PATH": path,
        "CURL_CA_BUNDLE": "/whole.pem",
        "AZURE_CORE_OUTPUT": "tsv",
        "CONTACTS_AUDIT_AUTH": "azure-cli",
    }
    del variables["CONTACTS_AUDIT_CA_BUNDLE"]
    (tmp_path / "here").mkdir()
    shutil.copy(azure.ca, tmp_path / "ca.pem")

    ran = subprocess.run(
        program("audit"),
        env=variables | coverage_variables() | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path / "here",
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    seen = dict(
        line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line
    )
    here = tmp_path / "here"
    assert {name: seen[name] for name in relative} == {
        name: str(here / text) for name, text in relative.items()
    }
    assert (seen["CURL_CA_BUNDLE"], seen["AZURE_CORE_OUTPUT"]) == ("/whole.pem", "tsv")


def test_az_trusts_whom_we_trust(azure: AzureDouble, run: Run, az: Az, tmp_path: Path) -> None:
    """`--ca-bundle` reaches it, as a whole path: it runs in another folder."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))
    script = Path(path.split(":")[1]) / "az"
    script.write_text(script.read_text().replace("$PWD", "$PWD $REQUESTS_CA_BUNDLE"))
    relative = Path(os.path.relpath(azure.ca))

    ran = run("audit", "--auth", "azure-cli", "--ca-bundle", str(relative), PATH=path)

    assert ran.code == 0, ran.err
    asked = (script.parent / "calls").read_text().split()[1]
    assert Path(asked).is_absolute()
    assert Path(asked).samefile(azure.ca)


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
    azure: AzureDouble, run: Run, az: Az, out: str, err: str, code: int, says: str
) -> None:
    """A failing az fails the run in one line; no other identity takes its place."""
    ran = run("audit", "--auth", "azure-cli", PATH=az(out, err, code))

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert says in ran.err


def test_an_az_that_hangs_is_killed(azure: AzureDouble, run: Run, az: Az) -> None:
    """`--auth-timeout` bounds it, children and all."""
    began = time.monotonic()

    ran = run("audit", "--auth", "azure-cli", "--auth-timeout", "0.5", PATH=az(sleep=60))

    assert ran.code == 1
    assert "0.5 s" in ran.err
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("script", ["", "#!/nonexistent/python\n", "\x7fELF no program"])
def test_a_broken_az_is_said(run: Run, az: Az, script: str) -> None:
    """After an upgrade of Python, say: one line, no bug of ours."""
    path = az()
    (Path(path.split(":")[1]) / "az").write_text(script)

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)
    assert "bug" not in ran.err


def test_a_missing_az_is_said(run: Run) -> None:
    """Without az in PATH, the other ways are named."""
    ran = run("audit", "--auth", "azure-cli", PATH="/nonexistent:.")

    assert ran.code == 1
    assert "AZURE_CLIENT_SECRET" in ran.err


@pytest.mark.parametrize("expires", ["NaN", "1e300", '"soon"', "null", "[]"])
@pytest.mark.parametrize("tenant", ["5", "null", '"x"'])
@pytest.mark.parametrize("command", ["token", "doctor", "audit"])
def test_odd_words_of_az_are_no_crash(
    azure: AzureDouble, run: Run, az: Az, expires: str, tenant: str, command: str
) -> None:
    """Its token is used, as far as it goes."""
    azure.add("Prod", contacts_2017=GOOD)
    said = f'{{"accessToken":"{azure.token()}","expires_on":{expires},"tenant":{tenant}}}'

    ran = run(command, "--auth", "azure-cli", PATH=az(said))

    assert ran.code == 0, ran.err


def test_an_old_az_tells_local_time_only(azure: AzureDouble, run: Run, az: Az) -> None:
    """Before az 2.54 there was no expires_on."""
    path = az(az_output(azure, expires_on=None))

    ran = run("token", "--auth", "azure-cli", PATH=path)

    said = json.loads(ran.out)
    assert said["expiresOn"] == "2099-01-01 00:00:00.000000"
    assert said["expires_on"] == int(time.mktime((2099, 1, 1, 0, 0, 0, 0, 0, -1)))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"expires_on": None, "expiresOn": None}, id="null"),
        pytest.param({"expires_on": "x", "expiresOn": "tomorrow"}, id="words"),
        pytest.param({"expires_on": {}, "expiresOn": []}, id="odd"),
    ],
)
def test_the_token_of_az_says_when_it_expires(
    azure: AzureDouble, run: Run, az: Az, told: dict[str, object]
) -> None:
    """Where az does not, or does so in words."""
    said = json.loads(az_output(azure)) | told

    ran = run("token", **{**NO_CREDENTIAL, "PATH": az(json.dumps(said))})

    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["expires_on"] is not None


def test_az_cannot_answer_a_claims_challenge(azure: AzureDouble, run: Run, az: Az) -> None:
    """It takes a new sign-in by hand, and the command is told."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))
    azure.challenge('{"access_token":{}}')

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert ran.code == 1
    assert "az login --claims-challenge" in ran.err

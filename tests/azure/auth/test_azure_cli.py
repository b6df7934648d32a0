"""A token comes from az, which is run safely, and whose errors are explained."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from az_stub import Az, az_output
from azure.auth.shared import GOOD, NO_CREDENTIAL
from azure_double import AzureDouble
from conftest import ROOT, Run, program, surroundings


def test_az_is_run_safely(azure: AzureDouble, run: Run, az: Az) -> None:
    """From an absolute folder in PATH, in `/`, for JSON and our audience, with empty stdin."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    folder = Path(path.split(":")[1])
    assert ran.code == 0, ran.err
    assert (folder / "calls").read_text() == (
        f"/ account get-access-token --output json --resource {azure.audience}\n"
    )
    assert (folder / "stdin").read_text() == ""


def test_az_gets_absolute_paths(
    azure: AzureDouble, az: Az, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in another folder. Absolute paths, and values that are no paths, stay."""
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
        env=variables | {"PYTHONPATH": str(ROOT)},
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


def test_az_gets_the_ca_bundle(azure: AzureDouble, run: Run, az: Az, tmp_path: Path) -> None:
    """`--ca-bundle` reaches it as an absolute path, because it runs in another folder."""
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
def test_an_error_of_az_gets_a_hint(
    azure: AzureDouble, run: Run, az: Az, out: str, err: str, code: int, says: str
) -> None:
    """A failure of az fails the run in one line. No other identity takes its place."""
    ran = run("audit", "--auth", "azure-cli", PATH=az(out, err, code))

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert says in ran.err


def test_an_az_that_hangs_is_killed(azure: AzureDouble, run: Run, az: Az) -> None:
    """`--auth-timeout` bounds it, with its children."""
    began = time.monotonic()

    ran = run("audit", "--auth", "azure-cli", "--auth-timeout", "0.5", PATH=az(sleep=60))

    assert ran.code == 1
    assert "0.5 s" in ran.err
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("script", ["", "#!/nonexistent/python\n", "\x7fELF no program"])
def test_a_broken_az_is_reported(run: Run, az: Az, script: str) -> None:
    """It may break with an upgrade of Python. It is one line, and not called a bug."""
    path = az()
    (Path(path.split(":")[1]) / "az").write_text(script)

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)
    assert "bug" not in ran.err


def test_a_missing_az_is_reported(run: Run) -> None:
    """The error names the other ways to sign in."""
    ran = run("audit", "--auth", "azure-cli", PATH="/nonexistent:.")

    assert ran.code == 1
    assert "AZURE_CLIENT_SECRET" in ran.err


@pytest.mark.parametrize("expires", ["NaN", "1e300", '"soon"', "null", "[]"])
@pytest.mark.parametrize("tenant", ["5", "null", '"x"'])
@pytest.mark.parametrize("command", ["token", "doctor", "audit"])
def test_odd_output_of_az_does_not_crash(
    azure: AzureDouble, run: Run, az: Az, expires: str, tenant: str, command: str
) -> None:
    """The token is used as far as possible."""
    azure.add("Prod", contacts_2017=GOOD)
    said = f'{{"accessToken":"{azure.token()}","expires_on":{expires},"tenant":{tenant}}}'

    ran = run(command, "--auth", "azure-cli", PATH=az(said))

    assert ran.code == 0, ran.err


def test_an_old_az_prints_local_time_only(azure: AzureDouble, run: Run, az: Az) -> None:
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
def test_the_expiry_comes_from_the_token_of_az(
    azure: AzureDouble, run: Run, az: Az, told: dict[str, object]
) -> None:
    """If az prints none, or prints it in words."""
    said = json.loads(az_output(azure)) | told

    ran = run("token", **{**NO_CREDENTIAL, "PATH": az(json.dumps(said))})

    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["expires_on"] is not None


def test_az_cannot_answer_a_claims_challenge(azure: AzureDouble, run: Run, az: Az) -> None:
    """It needs a new sign-in by hand. The error shows the command."""
    azure.add("Prod", contacts_2017=GOOD)
    path = az(az_output(azure))
    azure.challenge('{"access_token":{}}')

    ran = run("audit", "--auth", "azure-cli", PATH=path)

    assert ran.code == 1
    assert "az login --claims-challenge" in ran.err

"""No error, answer or crash shows a password or a secret of the run."""

import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange
from conftest import ROOT, Run, program, run_in, surroundings

from contacts_audit.cli.terminal import Screen

USER = "operator7"
PASSWORD = "s3cr3t-of-the-url"
GUARDED = f"{USER}:{PASSWORD}"
ADDRESSES = (
    f"https://{GUARDED}@arm.example",
    f"https://{GUARDED}@arm.example:8443/x?y#z",
    f"https://{USER}:{PASSWORD}/x@arm.example",
    f"http://{GUARDED}@arm.example",
    f"{GUARDED}@arm.example",
    f"https://{GUARDED}@",
    f"https://{USER}:{PASSWORD} '\"@arm.example",
    f"//{GUARDED}@arm.example",
    f"https://{GUARDED}@management.azure.com",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("option", ["--arm-endpoint", "--authority-host", "--audience"])
@pytest.mark.parametrize("variable", [False, True])
def test_an_address_with_a_password_is_refused_without_it(
    option: str, address: str, variable: bool
) -> None:
    """Whatever else is wrong with it, from the command line or a variable."""
    name = f"CONTACTS_AUDIT_{option[2:].upper().replace('-', '_')}"
    environment = {name: address} if variable else {}
    words = [] if variable else [option, address]

    for command in ("audit", "doctor"):
        ran = run_in(
            {"AZURE_ACCESS_TOKEN": "x" * 30, **environment}, command, "--auth", "token", *words
        )

        assert ran.code == 2, ran.err
        assert option in ran.err
        assert [word for word in (USER, PASSWORD) if word in ran.text + ran.err] == []


def test_a_login_host_of_the_sdks_with_a_password_is_refused_without_it() -> None:
    """AZURE_AUTHORITY_HOST is the same option, for a credential that uses it."""
    variables = {
        "AZURE_AUTHORITY_HOST": f"{GUARDED}@login.example",
        "AZURE_TENANT_ID": str(uuid4()),
        "AZURE_CLIENT_ID": str(uuid4()),
        "AZURE_CLIENT_SECRET": "not sent",
    }
    ran = run_in(variables, "audit")

    assert (ran.code, "AZURE_AUTHORITY_HOST" in ran.err) == (1, True)
    assert PASSWORD not in ran.err


LINK = f"https://{GUARDED}@evil.example/next"


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(200, {"value": [], "nextLink": LINK}),
        faults.redirect(302, LINK),
        faults.status(403, {"error": {"code": "Denied", "message": f"see {LINK}"}}),
        faults.status(400, {"error": {"code": LINK, "message": "no"}}, {"x-ms-request-id": LINK}),
        faults.status(502, f"<html>{LINK}</html>".encode(), {"Content-Type": "text/html"}),
    ],
)
def test_an_answer_with_user_info_shows_none(
    azure: AzureDouble, run: Run, tmp_path: Path, fault: Any
) -> None:
    """In no stream, report, recording, plan or explanation."""
    found = azure.add("Prod")
    azure.fail("securityContacts", fault)
    folder = tmp_path / "r"
    haste = ("--budget", "1", "--debug")
    reports = [
        word
        for form in ("json", "html", "csv")
        for word in ("--report", str(tmp_path / f"r.{form}"))
    ]

    ran = [
        run("audit", *haste, "--record", str(folder), *reports),
        run("explain", found.id, *haste),
        run("explain", found.id, *haste, "-o", "json"),
        run("fetch", *haste),
        run("plan", "--email", "a@b.co", *haste),
        run_in({}, "audit", "--replay", str(folder), "-o", "json"),
    ]

    files = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    shown = "".join([*files, *(one.text + one.err for one in ran)])
    assert len(files) > 4
    assert [word for word in (USER, PASSWORD) if word in shown] == []


def test_metadata_with_user_info_shows_none(azure: AzureDouble, run: Run) -> None:
    """Neither from a login host nor from an audience."""
    alone = {"CONTACTS_AUDIT_AUTHORITY_HOST": "", "CONTACTS_AUDIT_AUDIENCE": ""}
    for login, audience in (
        (LINK, "x"),
        (f"{GUARDED}@h", "x"),
        (None, LINK),
        (None, f"{GUARDED}@h"),
    ):
        azure.metadata_login, azure.metadata_audiences = login, [audience]

        ran = run("audit", **alone)

        assert ran.code == 1
        assert PASSWORD not in ran.err


@pytest.mark.parametrize(
    "endpoint", [f"https://{GUARDED}@10.0.0.1", f"http://{GUARDED}@127.0.0.1:1"]
)
@pytest.mark.parametrize("variable", ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"])
def test_an_identity_endpoint_with_user_info_shows_none(variable: str, endpoint: str) -> None:
    """It is a URL like any other."""
    proof = {"IDENTITY_HEADER": "the-header-of-it", "MSI_SECRET": "the-header-of-it"}

    for command in ("audit", "doctor"):
        ran = run_in({variable: endpoint, **proof}, command, "--auth-timeout", "1", "--debug")

        assert ran.code == 1
        assert [word for word in (PASSWORD, "the-header") if word in ran.text + ran.err] == []


PROXY = "the-proxy's-pass"


def all_of(azure: AzureDouble) -> list[str]:
    """Return the secrets that a run knows, which the token of a request is only one of."""
    return [azure.secret, "certificate-password", "header-of-identity", "secret-of-msi", PROXY]


def around(azure: AzureDouble) -> dict[str, str]:
    """Return the variables that hold them."""
    return {
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": "certificate-password",
        "IDENTITY_HEADER": "header-of-identity",
        "MSI_SECRET": "secret-of-msi",
        "https_proxy_of_old": "",
        "SOME_PROXY": f"http://me:{quote(PROXY)}@proxy.example",
    }


@pytest.mark.parametrize("masked", [False, True])
def test_an_answer_of_azure_shows_no_secret_of_another_request(
    azure: AzureDouble, run: Run, tmp_path: Path, masked: bool
) -> None:
    """Credentials and earlier tokens are redacted in bodies, headers and errors."""
    azure.add("Prod")
    azure.add("Next")
    said: list[str] = []

    async def telling(exchange: Exchange) -> None:
        assertions = [asked.form.get("client_assertion", "") for asked in azure.asked]
        said[:] = [*all_of(azure), *azure.tokens, *filter(None, assertions)]
        error = {"code": "AuthorizationFailed", "message": " ".join(said)}
        headers = {"x-ms-request-id": said[0], "x-said": ";".join(said)}
        await faults.status(403, {"error": error}, headers)(exchange)

    expired = faults.arm_error(401, "ExpiredAuthenticationToken", "too late")
    azure.fail(azure.subscriptions[0].id, expired, times=1)
    azure.fail(azure.subscriptions[1].id, telling)
    folder = tmp_path / "r"
    options = [
        "--record",
        str(folder),
        *(["--mask"] if masked else []),
        "--debug",
        "--workers",
        "1",
    ]

    ran = run("audit", *options, "-o", "json", **around(azure))

    files = "".join(path.read_text() for path in folder.iterdir())
    assert len(azure.tokens) > 1
    assert len(said) > 6
    assert [each for each in said if each in files + ran.text + ran.err] == []
    assert "AuthorizationFailed" in ran.text


@pytest.mark.parametrize("way", ["az", "device"])
def test_tokens_of_az_and_of_a_device_code_are_secrets(
    azure: AzureDouble, run: Run, tmp_path: Path, way: str
) -> None:
    """They are redacted though never sent: token, refresh token and device code."""
    azure.add("Prod")
    azure.device_interval = azure.device_pending = 0
    opaque = "opaque-token-of-az-without-any-form-0123"
    told = json.dumps({"accessToken": opaque, "expires_on": 4102444800})
    (tmp_path / "az").write_text(f"#!/bin/sh\necho '{told}'\n")
    (tmp_path / "az").chmod(0o700)
    said: list[str] = []

    async def telling(exchange: Exchange) -> None:
        said[:] = [opaque] if way == "az" else [*azure.refresh_tokens, *azure.device_codes]
        error = {"code": "AuthorizationFailed", "message": " and ".join(said)}
        await faults.status(403, {"error": error})(exchange)

    azure.fail("/subscriptions", telling)
    auth = "azure-cli" if way == "az" else "device-code"
    az = {"PATH": f"{tmp_path}:/usr/bin:/bin"} if way == "az" else {}

    ran = run("audit", "--auth", auth, "--record", str(tmp_path / "r"), "--debug", **az)

    files = "".join(path.read_text() for path in (tmp_path / "r").iterdir())
    assert said
    assert "AuthorizationFailed" in ran.err
    assert [each for each in said if each in files + ran.err] == []


def test_no_line_of_a_crash_shows_a_known_secret() -> None:
    """All that goes to stderr is redacted last."""
    err = io.StringIO()
    screen = Screen(None, err)
    screen.secrets.add("opaque-secret")

    screen.log("ValueError: opaque-secret at https://a:b@host")
    screen.log("opaque-secret")

    assert "ValueError: *** at https://***@host\n" in err.getvalue()
    assert "opaque-secret" not in err.getvalue()


def test_a_crash_shows_no_token(azure: AzureDouble, tmp_path: Path) -> None:
    """A library may raise with a secret in its message, even one in no variable."""
    azure.add("Prod")
    opaque = "opaque-token-without-any-form-0123456789"
    (tmp_path / "token").write_text(opaque)
    breaking = f"raise RuntimeError('it was ' + open({str(tmp_path / 'token')!r}).read())\n"
    (tmp_path / "jinja2.py").write_text(breaking)
    replay = ("--replay", str(ROOT / "fixtures" / "contoso"), "--report", str(tmp_path / "r.html"))
    token = ("--auth", "token", "--token-file", str(tmp_path / "token"))
    live = run_in(surroundings(azure), "audit", *token, "--debug")

    ended = [
        subprocess.run(
            program("audit", *words),
            env={"PYTHONPATH": str(tmp_path), **variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        for words, variables in ((replay, {"AZURE_ACCESS_TOKEN": opaque}), (replay, {}))
    ]

    assert live.code == 1  # nobody issued that one
    assert opaque not in live.text + live.err
    assert "RuntimeError: it was ***" in ended[0].stderr
    assert f"RuntimeError: it was {opaque}" in ended[1].stderr  # where nobody knows of it


def test_neither_the_program_nor_a_child_dumps_core(tmp_path: Path) -> None:
    """A core dump would write the secrets in memory to disk."""
    told = tmp_path / "limits"
    az = tmp_path / "az"
    az.write_text(f"#!/bin/sh\ncat /proc/$PPID/limits /proc/self/limits >{told}\nexit 1\n")
    az.chmod(0o700)

    path = f"{tmp_path}:{os.environ['PATH']}"
    env = {"HOME": "/nonexistent", "PATH": path}
    subprocess.run(program("audit"), env=env, cwd=ROOT, capture_output=True, check=False)

    lines = [line.split() for line in told.read_text().splitlines() if "core file" in line]
    assert [line[4:6] for line in lines] == [["0", "0"]] * 2


def test_what_weakens_tls_is_reported(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """A file for TLS keys, and certificates that a variable of curl names."""
    azure.add("Prod")
    weak = {"SSLKEYLOGFILE": str(tmp_path / "keys"), "CURL_CA_BUNDLE": str(azure.ca)}

    quiet, told, well = run("audit", **weak), run("audit", "-v", **weak), run("audit", "-v")
    examined = json.loads(run("doctor", "-o", "json", **weak).out)["checks"]

    for name, value in weak.items():
        assert name not in quiet.err + well.err
        assert f"{name} is set to {value}: " in told.err
        (found,) = [each for each in examined if each["detail"].startswith(name)]
        assert (found["name"], found["status"]) == ("tls", "warning")


ESCAPED: dict[str, Callable[[str], str]] = {
    "as .NET": lambda text: re.sub("[+&<>'`]", lambda one: f"\\u{ord(one[0]):04X}", text),
    "as Go": lambda text: re.sub("[&<>]", lambda one: f"\\u{ord(one[0]):04x}", text),
    "as PHP": lambda text: text.replace("/", "\\/"),
    "each letter": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "in lower case": lambda text: re.sub("%..", lambda one: one[0].lower(), quote(text, safe="")),
}


@pytest.mark.parametrize("how", ESCAPED)
def test_a_secret_is_recognized_however_a_peer_escapes_it(
    azure: AzureDouble, run: Run, tmp_path: Path, how: str
) -> None:
    """A parser would unescape it, in a report and in a recording."""
    secret = "p+q/r<s>t+u/v-w"
    azure.add("Prod")
    body = json.dumps({"error": {"code": "Bad", "message": "you sent SECRET, \\u0041"}})
    answer = body.replace("SECRET", ESCAPED[how](secret)).encode()
    azure.fail(lambda asked: "securityContacts" in asked.path, faults.status(400, answer))

    ran = run(
        "audit", "-o", "json", "--debug", "--record", str(tmp_path / "x"), AZURE_X_TOKEN=secret
    )

    kept = "".join(path.read_text() for path in (tmp_path / "x").iterdir())
    for shown in (ran.text, ran.err, kept):
        for spelled in (secret, ESCAPED[how](secret), json.dumps(ESCAPED[how](secret))[1:-1]):
            assert spelled not in shown
    message = json.loads(ran.text)["subscriptions"][0]["error"]["message"]
    assert "you sent ***, \\u0041" in message


@pytest.mark.parametrize("option", ["--arm-endpoint", "--authority-host"])
def test_a_password_with_a_slash_is_not_shown(option: str) -> None:
    """It looks like a path, but no path of ours holds an @."""
    ran = run_in({"AZURE_ACCESS_TOKEN": "a.b.c"}, "doctor", option, "https://us/er:hunter2@host")

    assert ran.code == 2
    assert b"hunter2" not in ran.out
    assert "hunter2" not in ran.err

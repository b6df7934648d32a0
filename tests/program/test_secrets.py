"""No secret is shown: every command, every way to sign in, whatever fails, whoever echoes it."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, Fault
from azure_double.proxy import Proxy
from conftest import ROOT, Ran, Run, program, run_in, surroundings

FORMATS = ("json", "jsonl", "csv", "tsv", "md", "html", "xml", "ocsf.json", "prom")
WISH = ("--email", "soc@contoso.com")
HASTE = ("--timeout", "1", "--budget", "0.3", "--deadline", "9", "--auth-timeout", "1", "--debug")
CALMLY = ("--timeout", "2", "--budget", "2", "--deadline", "60", "--auth-timeout", "20", "--debug")
PASSWORD = "the%2Fproxys-own-password"


def secrets_of(azure: AzureDouble) -> list[str]:
    """Return all that signs anybody in to *azure*, as of now."""
    forms = [asked.form for asked in list(azure.asked) if asked.method == "POST"]
    kinds = ("client_assertion", "refresh_token", "device_code", "client_secret")
    said = {form[kind] for form in forms for kind in kinds if kind in form}
    issued = {*azure.tokens, *azure.refresh_tokens, *azure.device_codes, *said}
    fixed = {azure.secret, azure.app_certificate.password, azure.identity_header, PASSWORD}
    return [secret for secret in issued | fixed if len(secret) > 5]


def shown(ran: Ran, folder: Path) -> str:
    """Return all that a run left behind for eyes: its streams, and each file in *folder*."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    names = [str(path) for path in folder.rglob("*")]
    pieces = [ran.out, ran.err.encode(), *files]
    # a token says who one is in base64: its parts are looked for, too
    return "\n".join([*names, *(piece.decode("utf-8", "replace") for piece in pieces)])


def leaks(azure: AzureDouble, text: str) -> list[str]:
    """Return what of the secrets of *azure*, or of the telling part of a token, is in *text*."""
    whole = secrets_of(azure)
    signatures = [each.rsplit(".", 1)[1] for each in whole if each.count(".") == 2]
    spelt = [base64.b64encode(each.encode()).decode() for each in whole]
    return [each for each in (*whole, *signatures, *spelt) if len(each) > 5 and each in text]


# What fails, and echoes what it was sent


def echoed(exchange: Exchange) -> str:
    """Return all that was sent to sign in."""
    said = exchange.asked.headers.get("authorization", "").removeprefix("Bearer ")
    form = exchange.asked.form if exchange.asked.method == "POST" else {}
    return " ".join(
        [said, *(form[key] for key in ("client_secret", "client_assertion") if key in form)]
    )


def echo_in_body(status: int) -> Fault:
    """Answer with an error of ARM's or Entra's kind whose message is what was sent."""

    async def fault(exchange: Exchange) -> None:
        said = echoed(exchange)
        entra = {"error_description": f"AADSTS7000215: {said}", "error_uri": said}
        error = {"code": "AuthorizationFailed", "message": f"who is {said}?"}
        body = entra | {"error": "invalid_client"} if " " in said else {"error": error}
        await faults.status(status, body, {"x-ms-request-id": said})(exchange)

    return fault


async def echo_in_location(exchange: Exchange) -> None:
    """Send the client elsewhere, its token in the address."""
    await faults.redirect(302, f"https://evil.example/?t={echoed(exchange)}")(exchange)


async def echo_in_next_link(exchange: Exchange) -> None:
    """Name a next page elsewhere, the token in its address."""
    body = {"value": [], "nextLink": f"https://evil.example/?t={echoed(exchange)}"}
    await faults.status(200, body)(exchange)


async def echo_as_page(exchange: Exchange) -> None:
    """Answer with a page that shows the request, as a proxy that is being mended does."""
    page = f"<html>{echoed(exchange)}</html>".encode()
    await faults.status(502, page, {"Content-Type": "text/html"})(exchange)


async def echo_as_status_line(exchange: Exchange) -> None:
    """Answer in no HTTP at all, but with what was sent."""
    await exchange.send(f"{echoed(exchange)}\r\n\r\n".encode())
    exchange.close()


async def echo_as_status(exchange: Exchange) -> None:
    """Answer with what was sent for a status."""
    await exchange.send(f"HTTP/1.1 {echoed(exchange)} no\r\n\r\n".encode())
    exchange.close()


async def echo_as_length(exchange: Exchange) -> None:
    """Answer with what was sent for the length of the body, and for a chunk's."""
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{echoed(exchange)}\r\n"
    await exchange.send(head.encode())
    await asyncio.sleep(0)
    exchange.close()


FAULTS: dict[str, Fault] = {
    "echo, 400": echo_in_body(400),
    "echo, 401": echo_in_body(401),
    "echo, 403": echo_in_body(403),
    "echo in Location": echo_in_location,
    "echo in nextLink": echo_in_next_link,
    "echo in a page": echo_as_page,
    "echo for a status line": echo_as_status_line,
    "echo for a status": echo_as_status,
    "echo for a length": echo_as_length,
    "cut": faults.cut_body(10),
    "HTML": faults.html(200),
}
TELLING = ("echo, 403", "echo in nextLink", "echo in a page", "echo for a status line")


def commands(
    azure: AzureDouble, folder: Path, limits: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield a line for each command that talks to Azure within *limits*, writing into *folder*."""
    reports = [word for form in FORMATS for word in ("--report", str(folder / f"report.{form}"))]
    yield ("audit", *limits, "-o", "json", "--record", str(folder / "record"), *reports)
    yield ("audit", *limits, "--record", str(folder / "masked"), "--mask", "--jq", ".")
    yield ("plan", *limits, *WISH, "--save", str(folder / "plan.json"))
    yield ("plan", *limits, *WISH, "--curl")
    yield ("explain", *limits, azure.subscriptions[0].id)
    yield ("explain", *limits, azure.subscriptions[0].id, "--curl")
    yield ("fetch", *limits)
    yield ("emails", *limits)
    yield ("doctor", *limits)
    state = str(folder / "state")
    yield ("apply", *limits, *WISH, "--yes", "--state-dir", state)
    for backup in sorted((folder / "state").glob("backup-*"))[:1]:
        yield ("restore", *limits, str(backup), "--yes", "--state-dir", state)
    if (folder / "report.json").exists():
        yield ("diff", str(folder / "report.json"), str(folder / "report.json"))
        yield ("merge", str(folder / "report.json"), "-o", "json")


def swept(
    azure: AzureDouble, run: Run, folder: Path, limits: tuple[str, ...] = CALMLY
) -> dict[str, int]:
    """Run every command; check that none shows a secret, and return the code of each."""
    codes = {}
    for line in commands(azure, folder, limits):
        ran = run(*line)
        codes[line[0]] = ran.code
        assert leaks(azure, shown(ran, folder)) == [], line
        assert "Traceback" not in ran.err, ran.err
    return codes


def test_no_command_shows_a_secret(azure: AzureDouble, run: Run, tmp_path: Path) -> None:
    """At `--debug`, in streams, reports, recordings, plans, backups and journals."""
    azure.add("Prod")

    codes = swept(azure, run, tmp_path)

    assert codes["apply"] == codes["restore"] == codes["diff"] == 0
    assert {"audit", "plan", "explain", "fetch", "emails", "doctor"} <= {*codes}


def test_no_command_shows_a_secret_that_a_read_echoes(
    azure: AzureDouble, run: Run, tmp_path: Path
) -> None:
    """Each subscription fails in another way, beside one that can be read."""
    azure.add("Prod")
    for name, fault in FAULTS.items():
        azure.fail(azure.add(name).id, fault)

    codes = swept(azure, run, tmp_path)

    assert (codes["audit"], codes["plan"], codes["diff"]) == (4, 4, 0)
    rows = json.loads((tmp_path / "report.json").read_text())["subscriptions"]
    assert sum(row["verdict"] == "unreadable" for row in rows) == len(FAULTS)


@pytest.mark.parametrize("name", ["echo, 400", "echo in a page", "echo for a status line"])
@pytest.mark.parametrize("place", ["POST", "GET /subscriptions?"])
def test_no_command_shows_a_secret_that_a_sign_in_or_a_list_echoes(
    azure: AzureDouble, run: Run, tmp_path: Path, place: str, name: str
) -> None:
    """The run fails, and shows nothing of what it sent."""
    azure.add("Prod")
    azure.fail(place, FAULTS[name])

    codes = swept(
        azure, run, tmp_path, (*HASTE, "--auth-timeout", "0.2") if place == "POST" else HASTE
    )

    assert codes["audit"] == codes["fetch"] == codes["apply"] == 1


@pytest.mark.parametrize("name", [name for name in TELLING if "nextLink" not in name])
def test_no_write_shows_a_secret(azure: AzureDouble, run: Run, tmp_path: Path, name: str) -> None:
    """The journal has the answer of Azure to the PUT, without the token in it."""
    azure.add("Prod")
    azure.fail("PUT", FAULTS[name])
    arguments = ("apply", *CALMLY, *WISH, "--yes", "--state-dir", str(tmp_path / "state"))

    ran = run(*arguments)

    assert azure.writes()
    assert leaks(azure, shown(ran, tmp_path)) == []


def signing_in(
    azure: AzureDouble, folder: Path
) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Return options and variables of each way to sign in."""
    (folder / "federated").write_text(FEDERATED)
    az = folder / "az"
    az.write_text(f"#!/bin/sh\ntr '\\0' '\\n' </proc/$$/cmdline >{folder}/cmdline\nexit 1\n")
    az.chmod(0o700)
    nobody = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
    bare = {**nobody, "AZURE_TENANT_ID": azure.tenant, "AZURE_CLIENT_ID": azure.client_id}
    certificate = azure.app_certificate
    locked = {
        "AZURE_CLIENT_CERTIFICATE_PATH": str(certificate.encrypted_pfx),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": certificate.password,
    }
    wrong = {**locked, "AZURE_CLIENT_CERTIFICATE_PASSWORD": WRONG}
    azure.device_interval = azure.device_pending = 0
    return {
        "secret": ((), {}),
        "wrong secret": ((), {"AZURE_CLIENT_SECRET": WRONG}),
        "certificate": ((), {**bare, **locked}),
        "certificate, wrong password": ((), {**bare, **wrong}),
        "federated": ((), {**bare, "AZURE_FEDERATED_TOKEN_FILE": str(folder / "federated")}),
        "device code": (("--auth", "device-code"), nobody),
        "given token": (("--auth", "token"), {**nobody, "AZURE_ACCESS_TOKEN": azure.token()}),
        "odd token": (("--auth", "token"), {**nobody, "AZURE_ACCESS_TOKEN": f"{WRONG}\n\tx"}),
        "app service": ((), {**nobody, **azure.identity_variables}),
        "az": (("--auth", "azure-cli"), {"PATH": f"{folder}:{os.environ['PATH']}"}),
    }


WRONG, FEDERATED = "wrong-Secret~0123456789", "federated.assertion-0123456789.signature"
WAYS = (
    *("secret", "wrong secret", "certificate", "certificate, wrong password", "federated"),
    *("device code", "given token", "odd token", "app service", "az"),
)


@pytest.mark.parametrize("challenged", [False, True], ids=["", "challenged"])
@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_sign_in_shows_its_secret(
    azure: AzureDouble, run: Run, tmp_path: Path, way: str, challenged: bool
) -> None:
    """Whether it works, fails, or needs a second token; a challenge holds no secret."""
    azure.add("Prod")
    (tmp_path / "out").mkdir()
    arguments, variables = signing_in(azure, tmp_path)[way]
    if challenged:
        azure.challenge('{"access_token":{"nbf":{"essential":true,"value":"1"}}}')
    for command in (("audit", "--record", str(tmp_path / "out" / "record")), ("doctor",)):
        ran = run(*command, *HASTE, *arguments, **variables)
        text = shown(ran, tmp_path / "out")
        assert leaks(azure, text) == []
        assert [each for each in (WRONG, FEDERATED) if each in text] == []
        assert "Traceback" not in ran.err
    if way == "az":
        assert azure.secret not in (tmp_path / "cmdline").read_text()


@pytest.mark.parametrize("place", ["openid-configuration", "/token"])
@pytest.mark.parametrize("kind", ["error_description", "error", "error_uri", "a page"])
@pytest.mark.parametrize("status", [200, 400])
def test_secrets_that_a_token_service_echoes_are_redacted(
    azure: AzureDouble, run: Run, tmp_path: Path, place: str, kind: str, status: int
) -> None:
    """Also if it echoes them in the answer to a request without secrets."""
    azure.add("Prod", contacts_2017=[{"name": "default1", "properties": {"email": "a@x.io"}}])
    said = f"AADSTS7000215: {azure.secret} and {azure.token()}"
    fault = faults.status(status, {"error": "invalid_client", kind: said})
    azure.fail(place, faults.html(status) if kind == "a page" else fault)

    for command in ("audit", "doctor"):
        ran = run(command, *HASTE)

        assert ran.code == 1
        assert leaks(azure, shown(ran, tmp_path)) == []
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("stream", [1, 2], ids=["stdout", "stderr"])
@pytest.mark.parametrize("said", ["{0}", "ERROR: {0}", "ERROR: x{0}.c2VjcmV0.c2VjcmV0\n{0}"])
def test_a_token_in_an_error_of_az_is_redacted(
    azure: AzureDouble, run: Run, tmp_path: Path, said: str, stream: int, code: int
) -> None:
    """It reaches neither the screen nor a log."""
    token, (out, az) = azure.token(), (tmp_path / name for name in ("out", "az"))
    out.mkdir()
    (tmp_path / "said").write_text(said.format(token))
    az.write_text(f"#!/bin/sh\ncat {tmp_path}/said >&{stream}\nexit {code}\n")
    az.chmod(0o700)
    path = f"{tmp_path}:{os.environ['PATH']}"

    for command in ("audit", "doctor"):
        ran = run(command, *HASTE, "--auth", "azure-cli", PATH=path)

        assert ran.code == 1
        assert leaks(azure, shown(ran, out)) == []
        assert [each for each in ("eyJ", "c2VjcmV0") if each in ran.text + ran.err] == []
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("refuse", [None, 407, 502])
@pytest.mark.parametrize("spelling", ["{}", "{}/@#", "{}x"], ids=["", "odd", "no port"])
def test_only_the_proxy_gets_its_password(
    azure: AzureDouble, run: Run, tmp_path: Path, refuse: int | None, spelling: str
) -> None:
    """It is not shown if the proxy works, requires another, fails, or has an odd address."""
    azure.add("Prod")
    with pytest.MonkeyPatch.context() as patch, Proxy(azure, refuse=refuse) as proxy:
        address = spelling.format(proxy.url).replace("//", f"//me:{PASSWORD}@")
        patch.setenv("HTTPS_PROXY", address)
        patch.delenv("NO_PROXY", raising=False)
        patch.delenv("no_proxy", raising=False)
        ran = run("audit", *HASTE, "--record", str(tmp_path / "r"))
        assert proxy.connects or spelling != "{}"

    assert leaks(azure, shown(ran, tmp_path)) == []


def test_a_crash_shows_no_secret(azure: AzureDouble, tmp_path: Path) -> None:
    """A library may raise an exception with everything in its message."""
    azure.add("Prod")
    (tmp_path / "prometheus_client.py").write_text(
        "import os\nraise RuntimeError(f'{dict(os.environ)} eyJ0.eyJhIjoxfQ.c2lnbmF0dXJl')\n"
    )
    variables = surroundings(
        azure,
        PYTHONPATH=str(tmp_path),
        ARM_CLIENT_SECRET=WRONG,
        HTTP_PROXY=f"http://me:{PASSWORD}@proxy.example",
    )

    ended = subprocess.run(
        program("audit", "--report", str(tmp_path / "r.prom")),
        env=variables,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    said = ended.stderr.decode()
    assert (ended.returncode, ended.stdout) == (1, b""), said
    assert "Traceback" in said
    assert "this is a bug" in said
    assert leaks(azure, said) == []
    assert [each for each in (WRONG, "c2lnbmF0dXJl") if each in said] == []


def test_no_process_shows_a_secret(azure: AzureDouble, tmp_path: Path) -> None:
    """Arguments of the program and of its jq process have none, nor the environment of jq."""
    azure.add("Prod")
    process = subprocess.Popen(
        program("audit", "--jq", "def f: f; f"),
        env=surroundings(azure, AZURE_ACCESS_TOKEN="x" * 40),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        end = time.monotonic() + 20
        while not (child := children.read_text().strip()):
            assert time.monotonic() < end
            time.sleep(0.02)
        while (
            b"filter_process" not in Path(f"/proc/{child}/cmdline").read_bytes()
        ):  # it is the fork yet
            time.sleep(0.02)
        places = [Path(f"/proc/{number}/cmdline") for number in (process.pid, child)]
        around = Path(f"/proc/{child}/environ").read_text()
        text = around + "".join(place.read_text() for place in places)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)

    assert leaks(azure, text) == []
    assert "x" * 40 not in text
    assert {line.partition("=")[0] for line in around.split("\0") if line} == set()


def test_the_token_is_for_stdout_alone(azure: AzureDouble) -> None:
    """`token` prints it once; stderr never has it, even at `--debug`."""
    ran = run_in(surroundings(azure), "token", "--debug")

    (token,) = azure.tokens
    assert json.loads(ran.out)["accessToken"] == token
    assert ran.out.count(token.encode()) == 1
    assert leaks(azure, ran.err) == []

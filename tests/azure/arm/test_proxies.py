"""The proxy on the way to Azure: the one that counts is used, and nothing else is judged."""

import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from azure_double import AzureDouble, Proxy
from conftest import ROOT, Ran, run_in, surroundings
from gateways import https_proxy, listening, socks_proxy

from contacts_audit.azure.arm.proxies import proxy_for

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
Runner = Callable[..., Ran]


@pytest.fixture(autouse=True)
def no_proxy_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of this machine."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def audit(azure: AzureDouble, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Return `audit` of one good subscription; the libraries look at the process's variables."""
    azure.add("Prod", contacts_2017=GOOD)

    def runner(*arguments: str, **variables: str) -> Ran:
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        return run_in(surroundings(azure, **variables), "audit", *arguments)

    return runner


@pytest.fixture
def company(tmp_path: Path) -> trustme.CA:
    """Return the certificate authority of a company's gateway."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    return authority


def tls_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return the server's side of TLS for *names*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
    return context


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"NO_PROXY": "localhost,127.0.0.1,::1"}, id="NO_PROXY alone"),
        pytest.param({"no_proxy": "10.0.0.0/8,.svc,[::1],fd00::/8,*.x,10.0.0.0/99"}, id="odd"),
        pytest.param({"NO_PROXY": "*"}, id="for nobody"),
        pytest.param({"HTTPS_PROXY": " ", "ALL_PROXY": "\t"}, id="blank"),
        pytest.param({"HTTP_PROXY": "::bad::"}, id="of http, malformed"),
        pytest.param({"http_proxy": "http://u:p#@x:99999"}, id="of http, lower case"),
        pytest.param({"FTP_PROXY": "?", "RSYNC_PROXY": "x:y"}, id="of others"),
        pytest.param({"SOCKS_PROXY": "localhost", "GIT_PROXY": "://"}, id="of others still"),
        pytest.param({"ALL_PROXY": "nonsense://[", "NO_PROXY": "localhost"}, id="passed by"),
        pytest.param({"HTTPS_PROXY": "http://[", "NO_PROXY": ".localhost"}, id="bypassed, dot"),
        pytest.param({"SSLKEYLOGFILE": "/nonexistent/keys"}, id="a key log"),
        pytest.param({"REQUESTS_CA_BUNDLE": "/nonexistent"}, id="a bundle beside --ca-bundle"),
        pytest.param({"CURL_CA_BUNDLE": "/nonexistent"}, id="curl's bundle beside --ca-bundle"),
        pytest.param({"SSL_CERT_FILE": "/nope", "SSL_CERT_DIR": "/nope"}, id="OpenSSL's"),
        pytest.param({"REQUEST_METHOD": "GET", "HTTP_PROXY": "x"}, id="CGI"),
    ],
)
def test_what_is_not_ours_is_no_error(
    audit: Runner, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """Whatever else the environment holds: only the proxy of the URL at hand counts."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)

    ran = audit(**variables)

    assert (ran.code, ran.err.count("\n")) == (0, 1), ran.err


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "HTTP://{}/", " http://{} ", "//{}"])
def test_a_proxy_is_used_however_it_is_spelt(
    azure: AzureDouble, audit: Runner, name: str, form: str
) -> None:
    """As curl takes it: without a scheme it is http."""
    with Proxy(azure) as proxy:
        ran = audit(**{name: form.format(proxy.url.removeprefix("http://"))})

        assert ran.code == 0, ran.err
        assert proxy.connects


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        pytest.param("ftp://h:1", "ftp", id="ftp"),
        pytest.param("socks4://u:hunter2@h:1", "socks5", id="socks4"),
        pytest.param("quic://u:hunter2@h", "socks5h", id="unknown"),
        pytest.param("http://u:hunter2#@h:1", "%23", id="hash in a password"),
        pytest.param("http://u:hunter2@h:99999", "address", id="port"),
        pytest.param("http://u:hunter2@h:port", "address", id="no port"),
        pytest.param("http://", "address", id="nothing"),
        pytest.param("http://u:hunter2@[::1", "address", id="half an IPv6"),
        pytest.param("http://u:hunter2@a..b:1", "address", id="two dots"),
        pytest.param(f"http://u:hunter2@{'x' * 64}.example:1", "address", id="long label"),
        pytest.param("http://u:hunter2@a b:1", "address", id="blank"),
        pytest.param("http://u:hunter2@h:1/path", "address", id="path"),
        pytest.param("socks5h://", "address", id="SOCKS to nowhere"),
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_a_proxy_that_cannot_be_used_is_refused_at_once_by_name(
    azure: AzureDouble, audit: Runner, name: str, proxy: str, says: str
) -> None:
    """One line with its variable, no password, and no second try."""
    began = time.monotonic()

    ran = audit("--auth-timeout", "60", **{name: proxy})

    assert (ran.code, ran.out, ran.err.count("\n"), azure.asked) == (1, b"", 1, [])
    assert name in ran.err
    assert says in ran.err
    assert "hunter2" not in ran.err
    assert time.monotonic() - began < 20


def test_the_variable_that_counts_is_named() -> None:
    """Lower case goes before upper case, https before all; IPv6 keeps its brackets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALL_PROXY", "socks5h://u:p%40ss@[::1]:9")
        every = proxy_for("https://management.azure.com/")
        patch.setenv("HTTPS_PROXY", "proxy.example")
        own = proxy_for("https://management.azure.com/")
        patch.setenv("NO_PROXY", "azure.com")
        none = proxy_for("https://management.azure.com/")

    assert every is not None
    assert every.label == "socks5h://[::1]:9 (ALL_PROXY)"
    assert every.credentials == ("u", "p@ss")
    assert own is not None
    assert own.label == "http://proxy.example:80 (HTTPS_PROXY)"
    assert none is None


# https:// proxies


@pytest.mark.parametrize("password", ["hunter2", "p@ss:w/rd#ü€"])
def test_an_https_proxy_is_trusted_by_our_bundle(
    azure: AzureDouble, audit: Runner, company: trustme.CA, tmp_path: Path, password: str
) -> None:
    """TLS in TLS: its own authority in `--ca-bundle`, its user and password in UTF-8."""
    bundle = tmp_path / "both.pem"
    bundle.write_bytes((tmp_path / "company.pem").read_bytes() + Path(azure.ca).read_bytes())
    spelt = "".join(f"%{byte:02X}" for byte in password.encode())
    with https_proxy(tls_of(company), user=f"ada:{password}") as (port, asked):
        ran = audit(
            *("--ca-bundle", str(bundle)), HTTPS_PROXY=f"https://ada:{spelt}@127.0.0.1:{port}"
        )

    assert ran.code == 0, ran.err
    assert {line.split()[0] for line in asked} == {"CONNECT"}
    assert len(asked) >= 1


def test_an_https_proxy_of_an_unknown_authority_is_said_once(
    azure: AzureDouble, audit: Runner, company: trustme.CA
) -> None:
    """It is the proxy's certificate, not Azure's; time does not mend it."""
    with https_proxy(tls_of(company)) as (port, asked):
        ran = audit(HTTPS_PROXY=f"https://u:hunter2@127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n"), asked, azure.asked) == (1, 1, [], [])
    assert (
        f"no trusted TLS connection to the proxy https://127.0.0.1:{port} (HTTPS_PROXY)" in ran.err
    )
    assert "--ca-bundle" in ran.err
    assert "hunter2" not in ran.err


def test_an_https_proxy_without_tls_is_told_to_be_http(azure: AzureDouble, audit: Runner) -> None:
    """The scheme is that of the way to the proxy, not of what goes through it."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with listening(serve) as port:
        ran = audit(HTTPS_PROXY=f"https://127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert "write http://" in ran.err


@pytest.mark.parametrize("status", [407, 403, 401, 400, 404, 501])
def test_what_time_cannot_mend_is_not_asked_again(
    azure: AzureDouble, audit: Runner, company: trustme.CA, tmp_path: Path, status: int
) -> None:
    """One CONNECT, one line, no password in it."""
    with https_proxy(tls_of(company), refuse=status) as (port, asked):
        ran = audit(
            *("--ca-bundle", str(tmp_path / "company.pem")),
            HTTPS_PROXY=f"https://ada:hunter2@127.0.0.1:{port}",
        )

    assert (ran.code, ran.err.count("\n"), len(asked), azure.asked) == (1, 1, 1, [])
    assert str(status) in ran.err
    assert "HTTPS_PROXY" in ran.err
    assert "hunter2" not in ran.err


def test_a_proxy_that_nobody_knows_is_not_asked_for_again(
    azure: AzureDouble, audit: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is wrong, and stays so."""
    asked = []
    look_up = socket.getaddrinfo

    def nobody(host: str, *more: object, **most: object) -> object:
        if host != "proxy.invalid":
            return look_up(host, *more, **most)  # type: ignore[arg-type]
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    ran = audit(HTTPS_PROXY="http://proxy.invalid:3128")

    assert (ran.code, ran.err.count("\n"), len(asked), azure.asked) == (1, 1, 1, [])
    assert "http://proxy.invalid:3128 (HTTPS_PROXY)" in ran.err


# SOCKS


@pytest.mark.parametrize(
    ("scheme", "kinds"),
    [
        pytest.param("socks5h", {3}, id="the proxy looks names up"),
        pytest.param("socks5", {1, 4}, id="we look names up"),
    ],
)
@pytest.mark.parametrize("user", [None, "ada:p@ss:wörd"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_socks_proxy_works(
    audit: Runner, scheme: str, kinds: set[int], user: str | None, name: str
) -> None:
    """For the sign-in and for Azure, with user and password or without."""
    spelt = user and "ada:p%40ss%3Aw%C3%B6rd@"
    with socks_proxy(user=user) as (port, asked):
        ran = audit(**{name: f"{scheme}://{spelt or ''}127.0.0.1:{port}"})

    assert ran.code == 0, ran.err
    assert asked
    assert {kind for kind, _ in asked} <= kinds


@pytest.mark.parametrize(
    ("user", "given", "reply", "says"),
    [
        pytest.param("a:b", "", 0, "user and password", id="it wants a password"),
        pytest.param("a:b", "a:hunter2@", 0, "refuses user or password", id="wrong password"),
        pytest.param(None, "", 2, "rules forbid", id="forbidden"),
        pytest.param(None, "", 7, "CONNECT", id="no CONNECT"),
        pytest.param(None, f"a:{'x' * 300}@", 0, "255 bytes", id="too long"),
    ],
)
def test_a_socks_proxy_that_refuses_is_asked_once(
    azure: AzureDouble, audit: Runner, user: str | None, given: str, reply: int, says: str
) -> None:
    """One line with its address and variable, without user and password."""
    with socks_proxy(user=user, reply=reply) as (port, asked):
        ran = audit(ALL_PROXY=f"socks5h://{given}127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert len(asked) <= 1
    assert f"socks5h://127.0.0.1:{port} (ALL_PROXY)" in ran.err
    assert says in ran.err
    assert "hunter2" not in ran.err


def test_a_socks_proxy_that_stumbles_is_asked_again(azure: AzureDouble, audit: Runner) -> None:
    """A host that it cannot reach now may be there later."""
    with socks_proxy(reply=4) as (port, asked):
        ran = audit("--auth-timeout", "2", ALL_PROXY=f"socks5h://127.0.0.1:{port}")

    assert (ran.code, azure.asked) == (1, [])
    assert len(asked) > 1
    assert "cannot reach the host" in ran.err


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SOCKS5", id="HTTP"),
        pytest.param(b"", "in time", id="silence"),
    ],
)
def test_what_is_no_socks_proxy_keeps_to_the_clock(
    azure: AzureDouble, audit: Runner, answer: bytes, says: str
) -> None:
    """Its handshake has the time of the attempt, and no more."""

    def serve(connection: socket.socket) -> None:
        connection.recv(3)
        connection.sendall(answer)
        connection.recv(1)

    began = time.monotonic()
    with listening(serve) as port:
        ran = audit("--auth-timeout", "1", ALL_PROXY=f"socks5://127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n"), azure.asked) == (1, 1, [])
    assert says in ran.err
    assert time.monotonic() - began < 20


# Certificates


def test_a_folder_of_certificates_needs_no_hashes(
    azure: AzureDouble, audit: Runner, tmp_path: Path
) -> None:
    """Whatever its files are called: each of them is trusted."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "README").write_text("no certificate")
    (folder / "corporate.crt").write_bytes(Path(azure.ca).read_bytes())

    assert audit("--ca-bundle", str(folder)).code == 0


@pytest.mark.parametrize("option", [True, False])
def test_a_folder_without_certificates_is_said(
    azure: AzureDouble, audit: Runner, tmp_path: Path, option: bool
) -> None:
    """2 for the option, 1 for the variable, and what to do."""
    (tmp_path / "empty").mkdir()
    folder = str(tmp_path / "empty")

    if option:
        ran = audit("--ca-bundle", folder)
    else:
        ran = audit(CONTACTS_AUDIT_CA_BUNDLE="", REQUESTS_CA_BUNDLE=folder)

    assert (ran.code, ran.err.count("\n"), azure.asked) == (2 if option else 1, 1, [])
    assert "openssl rehash" in ran.err
    assert folder in ran.err


def test_no_key_of_a_connection_is_written_down(audit: Runner, tmp_path: Path) -> None:
    """A variable for debugging others' programs does not take our secrets."""
    ran = audit(SSLKEYLOGFILE=str(tmp_path / "keys"))

    assert ran.code == 0, ran.err
    assert not (tmp_path / "keys").exists()
    assert os.environ["SSLKEYLOGFILE"] == str(tmp_path / "keys")


@pytest.mark.parametrize("proxy", ["ftp://nobody:21", "http://[", "http://127.0.0.1:9"])
def test_a_recording_is_played_past_every_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """Nothing is asked: so no proxy is judged."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    ran = run_in({}, "audit", "--replay", str(ROOT / "fixtures" / "contoso"), "-q")

    assert "proxy" not in ran.err.lower()
    assert ran.code != 1


def test_a_proxy_that_speaks_tls_is_told_from_one_that_does_not(
    audit: Runner, company: trustme.CA
) -> None:
    """Asked in plain http it answers a TLS alert, or hangs up: the proxy is named, and the cure."""
    with https_proxy(tls_of(company)) as (port, _):
        started = time.monotonic()
        ran = audit("--auth-timeout", "5", HTTPS_PROXY=f"http://127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"the proxy http://127.0.0.1:{port} (HTTPS_PROXY)" in ran.err
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("answer", [b"\x15\x03\x01\x00\x02\x02\x46", b"SSH-2.0-x\r\n", b""])
def test_what_a_proxy_says_in_place_of_http_is_told_of_the_proxy(
    audit: Runner, answer: bytes
) -> None:
    """Not of the host behind it, which never heard of us."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with listening(serve) as port:
        ran = audit("--auth-timeout", "2", HTTPS_PROXY=f"http://127.0.0.1:{port}")

    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"the proxy http://127.0.0.1:{port} (HTTPS_PROXY)" in ran.err
    assert ("write https:// in place of http://" in ran.err) == answer.startswith(b"\x15\x03")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_may_have_an_ipv6_address(audit: Runner, scheme: str) -> None:
    """Its brackets belong to the URL, not to the address."""
    ran = audit("--auth-timeout", "1", HTTPS_PROXY=f"{scheme}://[::1]:9")

    assert f"the proxy {scheme}://[::1]:9 (HTTPS_PROXY) on the way" in ran.err
    assert "Name or service not known" not in ran.err

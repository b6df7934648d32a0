"""The double plays each fault exactly, and survives what its clients do."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from asking import (
    LIST,
    V2023,
    WRITTEN_2023,
    Client,
    contacts,
)
from azure_double import Asked, AzureDouble, Proxy, faults
from azure_double.exchange import Fault
from conftest import ROOT

EMPTY = b'{"value":[],"count":{"type":"Total","value":0}}'


def test_faults_are_used_in_order(azure: AzureDouble, ask: Client) -> None:
    """The first plan that matches and is not used up is taken."""
    azure.fail("GET /subscriptions?", faults.status(503), times=1)
    azure.fail(lambda asked: "subscriptions" in asked.path, faults.throttle(7), times=2)

    answers = [ask(LIST) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json()["error"]["code"] == "TooManyRequests"


def test_a_sequence_plays_one_fault_after_the_other(azure: AzureDouble, ask: Client) -> None:
    """None stands for the normal answer, which also follows the last fault."""
    azure.fail("GET", faults.sequence(faults.status(500), None, faults.arm_error(502, "Bad", "!")))

    assert [ask(LIST).status_code for _ in range(4)] == [500, 200, 502, 200]


@pytest.mark.parametrize(
    ("fault", "status", "content", "header"),
    [
        pytest.param(
            faults.status(418, {"error": {}}), 418, b'{"error":{}}', "application/json", id="status"
        ),
        pytest.param(faults.answer(b"\xef\xbb\xbfnull"), 200, b"\xef\xbb\xbfnull", "", id="answer"),
        pytest.param(
            faults.answer(b"", {"content-type": "a/b"}), 200, b"", "a/b", id="own headers"
        ),
        pytest.param(faults.html(), 200, None, "text/html", id="web page"),
        pytest.param(faults.redirect(302, "https://evil.example/"), 302, b"", "", id="redirect"),
        pytest.param(faults.gzip_body(), 200, EMPTY, "", id="gzip"),
        pytest.param(faults.unframed(), 200, EMPTY, "", id="unframed"),
        pytest.param(faults.unframed(5), 200, b'{"val', "", id="unframed and cut"),
        pytest.param(faults.slow(0.01), 200, EMPTY, "", id="slow"),
        pytest.param(faults.drip_body(0.001), 200, EMPTY, "", id="dripping body"),
        pytest.param(faults.cut_headers(), 200, b"", "", id="cut headers"),
        pytest.param(faults.cut_after_status(), 200, b"", "", id="cut after the status"),
    ],
)
def test_a_fault_that_requests_accepts(
    azure: AzureDouble, ask: Client, fault: Fault, status: int, content: bytes | None, header: str
) -> None:
    """Requests raises nothing for these."""
    azure.fail("GET", fault, times=1)

    response = ask(LIST)

    assert response.status_code == status
    assert content is None or response.content == content
    assert header in response.headers.get("Content-Type", "")
    assert ask(LIST).content == EMPTY


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(faults.reset(), requests.ConnectionError, id="reset"),
        pytest.param(faults.close(), requests.ConnectionError, id="close"),
        pytest.param(faults.hang(), requests.ReadTimeout, id="hang"),
        pytest.param(faults.cut_body(5), requests.exceptions.ChunkedEncodingError, id="cut body"),
        pytest.param(
            faults.cut_chunked(), requests.exceptions.ChunkedEncodingError, id="cut chunks"
        ),
    ],
)
def test_a_fault_that_requests_raises(
    azure: AzureDouble, ask: Client, fault: Fault, error: type[Exception]
) -> None:
    """Requests raises an error for these, and the next request is answered."""
    azure.fail("GET", fault, times=1)

    with pytest.raises(error):
        ask(LIST, timeout=0.2)

    assert ask(LIST).ok


def test_a_reset_is_a_reset(azure: AzureDouble) -> None:
    """The connection ends with RST. Below TLS, that is another error."""
    azure.fail("GET", faults.reset())

    with raw(azure) as connection, socket.socket(fileno=connection.detach()) as below:
        below.settimeout(5)
        with pytest.raises(ConnectionResetError):
            deque(iter(lambda: below.recv(65536), b""))


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        pytest.param(faults.continue_storm(0.01), b"HTTP/1.1 100 Continue\r\n\r\n", id="100"),
        pytest.param(faults.drip_headers(0.01), b"X-Drip: 1\r\n", id="headers"),
        pytest.param(faults.endless_body(), b" " * 65536, id="body"),
    ],
)
def test_a_fault_that_never_ends(azure: AzureDouble, fault: Fault, sent: bytes) -> None:
    """These go on until the client leaves."""
    azure.fail("GET", fault)
    received = b""

    with raw(azure) as connection:
        while received.count(sent) < 5:
            received += connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 ")


def test_broken_compressed_bodies(azure: AzureDouble, ask: Client) -> None:
    """A cut gzip body has the right length. A bomb is small until it is unpacked."""
    azure.fail("GET", faults.sequence(faults.truncated_gzip(), faults.gzip_bomb(3)))

    cut = ask(LIST, stream=True).raw.read(decode_content=False)
    bomb = ask(LIST, stream=True).raw.read(decode_content=False)

    with pytest.raises(EOFError):
        gzip.decompress(cut)
    assert len(bomb) < 50_000
    assert gzip.decompress(bomb) == b" " * (3 << 20)


def test_an_answer_may_be_lost_after_the_change(azure: AzureDouble, ask: Client) -> None:
    """A fault changes nothing in Azure, unless the request is applied first."""
    subscription = azure.add()
    path = contacts(subscription, V2023, "default")
    azure.fail("PUT", faults.sequence(faults.reset(), faults.applied(faults.reset())))

    seen = []
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            ask(path, method="PUT", json={"properties": WRITTEN_2023})
        seen.append(subscription.contact)

    assert seen == [None, {**WRITTEN_2023, "isEnabled": True}]


def test_stopping_does_not_wait(azure: AzureDouble) -> None:
    """Hanging connections, silent ones, and one without TLS are closed at once."""
    with AzureDouble() as other:
        other.fail("GET", faults.hang())
        clients = [raw(other) for _ in range(20)]
        clients += [raw(other, b"") for _ in range(5)]
        silent = socket.create_connection(("127.0.0.1", other.port))
        while len(other.asked) < 20:
            time.sleep(0.001)
        started = time.monotonic()
    took = time.monotonic() - started

    for client in (*clients, silent):
        client.close()
    assert took < 10  # a fault that hangs would take two minutes
    assert other.crashes == []
    assert not [t for t in threading.enumerate() if t.name == f"listener-{other.port}"]


def test_a_client_without_trust_or_tls_does_not_crash(azure: AzureDouble, ask: Client) -> None:
    """It is no error of the double."""
    with pytest.raises(requests.exceptions.SSLError):
        ask(LIST, verify=True)
    with socket.create_connection(("127.0.0.1", azure.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.recv(100)

    assert ask(LIST).ok


def test_an_error_in_a_fault_is_kept(azure: AzureDouble, ask: Client) -> None:
    """It is in `crashes`, and the client sees a broken connection."""

    async def broken(_exchange: object) -> None:
        raise ZeroDivisionError

    azure.fail("GET", broken)

    with pytest.raises(requests.ConnectionError):
        ask(LIST)

    end = time.monotonic() + 5
    while not azure.crashes and time.monotonic() < end:
        time.sleep(0.01)  # the connection is closed before the error is kept
    assert [type(crash) for crash in azure.crashes] == [ZeroDivisionError]
    azure.crashes.clear()


def test_two_hundred_connections_are_served_at_once(azure: AzureDouble) -> None:
    """Answers wait at the same time."""
    azure.latency = 0.3
    path = contacts(azure.add())

    clients = [raw(azure, b"") for _ in range(200)]
    started = time.monotonic()
    for client in clients:
        client.sendall(request(azure, path))
    heads = [client.recv(15) for client in clients]
    took = time.monotonic() - started

    for client in clients:
        client.close()
    assert set(heads) == {b"HTTP/1.1 200 OK"}
    assert 0.3 <= took < 30  # one after another they would take a minute
    assert {asked.connection for asked in azure.asked} == set(range(1, 201))


def test_a_connection_is_kept(azure: AzureDouble, ask: Client) -> None:
    """One session is one connection."""
    for _ in range(3):
        ask(LIST)

    assert {asked.connection for asked in azure.asked} == {1}
    assert [asked.number for asked in azure.asked] == [1, 2, 3]


def test_a_proxy_tunnels_to_the_double(azure: AzureDouble, ask: Client) -> None:
    """Through the proxy the double is management.azure.com, also in its links."""
    azure.add(), azure.add()
    azure.page_size = 1
    with Proxy(azure) as proxy:
        ask.session.proxies = {"https": proxy.url}

        page = ask(f"https://management.azure.com{LIST}").json()
        second = ask(page["nextLink"]).json()
        ask.session.close()

    assert urlsplit(page["nextLink"]).netloc == "management.azure.com"
    assert len(second["value"]) == 1
    assert set(proxy.connects) == {"management.azure.com:443"}


def test_a_proxy_may_refuse(azure: AzureDouble, ask: Client) -> None:
    """A proxy that wants a password opens no tunnel."""
    with Proxy(azure, refuse=407) as proxy:
        ask.session.proxies = {"https": proxy.url}

        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            ask(f"https://management.azure.com{LIST}")

    assert azure.asked == []
    assert proxy.connects == ["management.azure.com:443"]


def test_the_double_runs_as_a_process() -> None:
    """It prints its address, and ends when its stdin ends."""
    command = [sys.executable, "-m", "azure_double", "--subscriptions", "3", "--address-at-2017"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT / "tests",
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        trust = ssl.create_default_context(cafile=facts["ca"])
        port = urlsplit(facts["endpoint"]).port
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=5)
        connection.request("GET", LIST, headers={"Authorization": f"Bearer {facts['token']}"})
        items = json.loads(connection.getresponse().read())["value"]
        connection.close()
        process.stdin.close()
        process.wait(5)

    assert len(items) == 3
    assert process.returncode == 0
    assert not Path(facts["ca"]).exists()


def test_a_request_is_recorded(azure: AzureDouble, ask: Client) -> None:
    """Line, parameters, headers and body."""
    subscription = azure.add()
    token = azure.token()

    ask(contacts(subscription, V2023, "default"), method="PUT", token=token, json={"a": "ä"})

    (asked,) = azure.asked
    assert isinstance(asked, Asked)
    assert asked.line == f"PUT {contacts(subscription, V2023, 'default')}"
    assert asked.params == {"api-version": V2023}
    assert asked.bearer == token
    assert asked.headers["content-type"] == "application/json"
    assert asked.json() == {"a": "ä"}


def request(azure: AzureDouble, path: str) -> bytes:
    """Return a GET request as bytes."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: localhost:{azure.port}",
        f"Authorization: Bearer {azure.token()}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode()


def raw(azure: AzureDouble, data: bytes | None = None) -> ssl.SSLSocket:
    """Return a connection on which *data*, by default a request for the list, was sent."""
    trust = ssl.create_default_context(cafile=str(azure.ca))
    plain = socket.create_connection(("127.0.0.1", azure.port), timeout=5)
    connection = trust.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(request(azure, LIST) if data is None else data)
    return connection

"""What goes over a connection, and which requests share one: over plain HTTP on loopback."""

import gc
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import trustme
from gateways import https_proxy, listening

from contacts_audit.azure.arm import adapter as adapter_module
from contacts_audit.azure.arm.adapter import Adapter, _secured
from contacts_audit.azure.arm.content_encoding import LARGEST_BODY
from contacts_audit.azure.arm.sockets import TimedSocket, time_limit
from contacts_audit.azure.arm.transport import prepared

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Asked(NamedTuple):
    """A request: the connection that it came on, counted from 1, and its bytes."""

    connection: int
    request: bytes


@contextmanager
def serving(answers: list[bytes | None]) -> Iterator[tuple[int, list[Asked]]]:
    """
    Yield a port that gives *answers* in their order, and what it is asked.

    It hangs up after the answer before None, and in place of an empty one.
    """
    asked: list[Asked] = []
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        number, request = len(connections), b""
        while piece := connection.recv(65536):
            request += piece
            if b"\r\n\r\n" not in request:
                continue
            asked.append(Asked(number, request))
            request, answer = b"", answers.pop(0)
            connection.sendall(answer or b"")
            if not answer:
                return
            if answers and answers[0] is None:
                answers.pop(0)
                return

    with listening(serve) as port:
        yield port, asked


@contextmanager
def adapter() -> Iterator[Adapter]:
    """Yield an adapter within a limit of ten seconds."""
    with closing(Adapter(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))) as one, time_limit(10):
        yield one


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS of a server on localhost, and of a client that trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


def ask(
    one: Adapter,
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    proxies: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return the body of the answer to a request of *url*."""
    with one.send(prepared(url, {}, method=method, body=body), proxies=proxies) as response:
        found: bytes = response.raw.read(100)
        return found


def test_a_connection_is_used_again() -> None:
    """One after the other, whatever the method."""
    with serving([ANSWER] * 3) as (port, asked), adapter() as one:
        for method in ("GET", "PUT", "DELETE"):
            assert ask(one, f"http://127.0.0.1:{port}/", method) == b"{}"

    assert [each.connection for each in asked] == [1, 1, 1]


def test_a_connection_that_the_server_left_is_not_used_again() -> None:
    """It said nothing of it, and is gone by the next request."""
    with serving([ANSWER, None, ANSWER]) as (port, asked), adapter() as one:
        url = f"http://127.0.0.1:{port}/"
        ask(one, url)
        (idle,) = [sock for each in one._idle.values() for sock in each]
        assert idle.recv(1, socket.MSG_PEEK) == b""  # so that it has gone

        assert ask(one, url) == b"{}"

    assert [each.connection for each in asked] == [1, 2]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_request_whose_connection_breaks_is_not_sent_again(method: str) -> None:
    """Nobody knows whether it was carried out: libcurl, for one, would send it a second time."""
    with serving([ANSWER, b""]) as (port, asked), adapter() as one:
        url = f"http://127.0.0.1:{port}/"
        ask(one, url)
        with pytest.raises((OSError, HTTPException)):
            ask(one, url, method, b"{}")

    assert [each.request.split()[0] for each in asked] == [b"GET", method.encode()]


def test_an_answer_that_is_left_is_no_part_of_the_next_one() -> None:
    """What was not read of an answer goes with its connection."""
    size = LARGEST_BODY + 1_000_000
    long = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    with serving([long, ANSWER]) as (port, asked), adapter() as one:
        url = f"http://127.0.0.1:{port}/"
        ask(one, url)

        assert ask(one, url) == b"{}"

    assert [each.connection for each in asked] == [1, 2]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        pytest.param("http://{}/a?b=c&d=%2f", b"GET /a?b=c&d=%2f HTTP/1.1", id="to the letter"),
        pytest.param("http://{}", b"GET / HTTP/1.1", id="no path"),
        pytest.param("http://{}?a=b", b"GET /?a=b HTTP/1.1", id="a query alone"),
        pytest.param("http://{}/a#b", b"GET /a HTTP/1.1", id="a fragment"),
        pytest.param('http://{}/a"?{{x}}', b'GET /a"?{x} HTTP/1.1', id="odd letters"),
        pytest.param("http://{}//b/", b"GET //b/ HTTP/1.1", id="slashes"),
    ],
)
def test_what_is_asked_is_the_path_of_the_url(url: str, line: bytes) -> None:
    """And its query; the host is that of the URL."""
    with serving([ANSWER]) as (port, asked), adapter() as one:
        ask(one, url.format(f"127.0.0.1:{port}"))

    first, host, *_ = asked[0].request.split(b"\r\n")
    assert (first, host) == (line, f"Host: 127.0.0.1:{port}".encode())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/", "a\r\nX-Evil: 1", id="a header more"),
        pytest.param("/", "a\nb", id="a line feed"),
        pytest.param("/", "a\rb", id="a carriage return"),
        pytest.param("/", "\xfc", id="a header that is not ASCII"),
        pytest.param("/\u00fc", "", id="a path that is not ASCII"),
    ],
)
def test_a_request_is_read_as_what_it_is(path: str, text: str) -> None:
    """No value makes another line of it: nothing is sent."""
    with serving([ANSWER]) as (port, asked), adapter() as one:
        request = prepared(f"http://127.0.0.1:{port}{path}", {"Authorization": text})
        with pytest.raises(ValueError, match=r"line break|ascii"):
            one.send(request, proxies={})

    assert asked == []


@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "TLS in TLS"])
@pytest.mark.parametrize("records", [1, 2])
def test_what_comes_behind_an_answer_is_not_the_next_one(records: int, *, proxied: bool) -> None:
    """A gateway that sends more than it announced does not answer what is asked later."""
    server, client = tls_contexts()
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]"
    answers = [[ANSWER + forged] if records == 1 else [ANSWER, forged], [ANSWER], [ANSWER]]
    connections: list[socket.socket] = []

    def serve(plain: socket.socket) -> None:
        connections.append(plain)
        with server.wrap_socket(plain, server_side=True) as connection:
            while connection.recv(65536):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                for record in answers.pop(0):
                    connection.sendall(record)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    with listening(serve) as port, https_proxy(server) as (proxy, _), time_limit(10):
        proxies = {"https": f"https://localhost:{proxy}"} if proxied else {}
        with closing(Adapter(client)) as one:
            bodies = [ask(one, f"https://localhost:{port}/", proxies=proxies) for _ in range(3)]

    assert bodies == [b"{}"] * 3
    assert len(connections) == 2  # the second was used again


class Noting(ssl.SSLContext):
    """Notes how long a handshake may take, in place of it."""

    seconds: float | None = None

    def wrap_socket(self, sock: socket.socket, *_: object, **__: object) -> ssl.SSLSocket:
        """Fail once it is noted."""
        self.seconds = sock.gettimeout()
        raise OSError("enough")


def test_a_handshake_has_what_is_left_of_the_limit() -> None:
    """And not what was left before a proxy answered."""
    context = Noting(ssl.PROTOCOL_TLS_CLIENT)
    with TimedSocket() as sock, time_limit(10), suppress(OSError):
        sock.settimeout(100)
        _secured(sock, "localhost", context)

    assert context.seconds is not None
    assert context.seconds <= 10


def test_no_connection_is_left_open_by_a_handshake_that_fails_in_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever keeps the error does not keep the connection to the proxy."""
    server, client = tls_contexts()
    opened: list[socket.socket] = []

    def secured(*given: Any) -> Any:
        opened.append(_secured(*given))
        return opened[-1]

    monkeypatch.setattr(adapter_module, "_secured", secured)

    def answer_in_plain(connection: socket.socket) -> None:
        connection.sendall(ANSWER)

    with listening(answer_in_plain) as port, https_proxy(server) as (proxy, _), time_limit(10):
        request = prepared(f"https://localhost:{port}/", {})
        with pytest.raises(ssl.SSLError) as kept:
            Adapter(client).send(request, proxies={"https": f"https://localhost:{proxy}"})

    assert kept.tb is not None
    assert [sock.fileno() for sock in opened] == [-1]


def test_idle_connections_are_closed_with_a_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector of cycles may end a socket before the adapter that keeps it."""
    lost: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda why: lost.append(str(why.exc_value)))

    def lose() -> None:
        sock = TimedSocket(socket.AF_INET, socket.SOCK_STREAM)
        adapter = Adapter(ssl.create_default_context())
        adapter._idle["https", "localhost", None].append(sock)
        vars(adapter)["itself"] = adapter

    lose()
    gc.collect()

    assert lost == []

"""
The adapter that `requests` sends through: keeps connections open for reuse.

Nothing is sent twice: a connection that the server has closed takes no request, and one that
breaks during a request fails that request.
"""

import contextlib
import itertools
import re
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import _basic_auth_str
from requests.exceptions import ProxyError
from urllib3.util import parse_url, wait_for_read
from urllib3.util.ssltransport import SSLTransport

from contacts_audit.azure.arm import socks
from contacts_audit.azure.arm.content_encoding import LARGEST_BODY
from contacts_audit.azure.arm.http_response import Response, receive
from contacts_audit.azure.arm.proxies import PORTS, Proxy, RefusedError
from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.sockets import TlsSocket, dial

PLAIN_URL = re.compile(r"(https?://[^/?#@]+)(/(?!/)[\w!$&'()*+,;=:@/?.~%-]*)", re.ASCII)


class Adapter(BaseAdapter):
    """Sends requests for all threads, with the certificates of one TLS *context*."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._idle: defaultdict[tuple[str, str | None], list[Any]] = defaultdict(list)
        context.sslsocket_class = TlsSocket
        context.set_alpn_protocols(["http/1.1"])
        self._context = context

    def close(self) -> None:
        """Close the connections that are idle."""
        for sock in itertools.chain.from_iterable([*self._idle.values()]):
            sock.close()

    def open(self, url: str) -> None:
        """
        Open a connection to the origin of *url*, which the next request there takes.

        Raises:
            OSError, ValueError: there is no connection, or no such address.
        """
        origin = _parts(url)[0]
        self._idle[origin, None].append(_connected(origin, None, self._context))

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, proxies: Mapping[str, str], **_: Any
    ) -> requests.Response:
        """
        Send *request* within the time limit of this thread, and return the answer.

        *proxies* may name one for "https".  The `raw` of what is returned is the body, still
        encoded, and cut where it is over LARGEST_BODY; its headers are a plain dict, their names in
        lower case.

        Raises:
            ProxyError: the proxy refuses, or there is no way to it; its cause says more.
            HTTPException: what came is no HTTP.
            OSError, ValueError: there is no connection, or no such address.
        """
        method, body = request.method or "", request.body or b""
        origin, target = _parts(request.url or "")
        head = _head(method, target, {"Host": origin.partition("//")[2], **request.headers})
        proxy = proxies.get("https")
        idle = self._idle[origin, proxy]
        sock = _usable(idle) or _connected(origin, proxy, self._context)
        try:
            sock.sendall(head + (body.encode() if isinstance(body, str) else body))
            found = receive(sock, LARGEST_BODY)
        except BaseException:
            sock.close()
            raise
        if found.is_whole and found.keeps_alive:
            idle.append(sock)
        else:
            sock.close()
        return _Answer(found)


class _Answer(requests.Response):
    """What requests makes of an answer, but for cookies and history, which only a session needs."""

    def __init__(self, found: Response) -> None:
        self._content_consumed = False
        self.status_code, self.raw = found.status, BytesIO(found.body)
        self.headers = found.headers  # type: ignore[assignment]


def _parts(url: str) -> tuple[str, str]:
    """Return the origin of *url*, and what is asked of it."""
    if found := PLAIN_URL.fullmatch(url):
        return found[1], found[2]
    parts = parse_url(url)
    return f"{parts.scheme}://{parts.netloc}", f"/{parts.request_uri.lstrip('/')}"


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """
    Return the head of a request.

    Raises:
        ValueError: a header would be more than one, or is not Latin-1.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    head = "\r\n".join(lines)
    if not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise ValueError("a header of the request holds a line break")
    return f"{head}\r\n\r\n".encode("latin-1")


def _usable(idle: list[Any]) -> Any:
    """Return one of the *idle* connections that is open and silent, None if there is none."""
    with contextlib.suppress(IndexError):  # there is none, or another thread was faster
        while True:
            sock = idle.pop()
            if _is_silent(sock):
                return sock
            sock.close()
    return None


def _is_silent(sock: Any) -> bool:
    """Say whether nothing came on *sock*, an end neither; what TLS itself says does not count."""
    if not wait_for_read(sock, timeout=0):
        return not _unread(sock)
    if isinstance(sock, ssl.SSLSocket):
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            try:
                sock.read(1)
            except ssl.SSLWantReadError:
                return True  # it was a session ticket
    return False


def _unread(sock: Any) -> int:
    """Return how many bytes of TLS have come on *sock* and were not read."""
    if isinstance(sock, SSLTransport):
        return sock.sslobj.pending() + sock.incoming.pending + _unread(sock.socket)
    return sock.pending() if isinstance(sock, ssl.SSLSocket) else 0


def _connected(origin: str, proxy_url: str | None, context: ssl.SSLContext) -> Any:
    """Return a new connection to *origin*."""
    parts = urlsplit(origin)
    host, port, sock = parts.hostname or "", parts.port or PORTS[parts.scheme], None
    try:
        if proxy_url is None:
            sock = dial(host, port)
        else:
            proxy = Proxy(proxy_url, "")
            with _at_proxy():
                sock = dial(proxy.host, proxy.port)
                if proxy.scheme == "https":
                    sock = _secured(sock, proxy.host, context)
                tunnel = socks.tunnel if proxy.scheme in socks.SCHEMES else _tunnel
                tunnel(sock, host, port, proxy)
        return _secured(sock, host, context) if parts.scheme == "https" else sock
    except BaseException:
        if sock is not None:
            sock.close()
        raise


@contextlib.contextmanager
def _at_proxy() -> Iterator[None]:
    """Tell what fails within as a failure of the proxy."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise ProxyError(error) from error


def _tunnel(sock: Any, host: str, port: int, proxy: Proxy) -> None:
    """
    Ask the http *proxy* behind *sock* for a tunnel to *host*.

    https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6

    Raises:
        OSError, HTTPException: there is no tunnel; a RefusedError will come again.
    """
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = {"Host": target}
    user, password = proxy.credentials
    if user:  # in UTF-8, as curl does; requests knows Latin-1 alone
        headers["Proxy-Authorization"] = _basic_auth_str(user.encode(), password.encode())
    sock.sendall(_head("CONNECT", target, headers))
    answer = receive(sock, -1)
    if not 200 <= answer.status < 300:
        kind = OSError if answer.status in RETRIED else RefusedError
        raise kind(f"Tunnel connection failed: {answer.status} {answer.reason}")


def _secured(sock: Any, host: str, context: ssl.SSLContext) -> Any:
    """Return TLS over *sock*, which may itself be that of a proxy."""
    name = host.rstrip(".")
    if isinstance(sock, ssl.SSLSocket):
        return SSLTransport(sock, context, server_hostname=name)
    return context.wrap_socket(sock, server_hostname=name)

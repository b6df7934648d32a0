"""
Sends the requests of `requests` over connections that are kept: an adapter without urllib3's pools.

Nothing is sent twice: a connection that the server has closed is not used again, and one that
breaks during a request fails that request.
"""

import functools
import re
import socket
import ssl
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.auth import _basic_auth_str
from requests.exceptions import ProxyError
from requests.utils import requote_uri
from urllib3.util import wait_for_read
from urllib3.util.ssltransport import SSLTransport

from contacts_audit.azure.arm import socks
from contacts_audit.azure.arm.http_response import Response
from contacts_audit.azure.arm.proxies import Proxy
from contacts_audit.azure.arm.sockets import TlsSocket, dial

URL = re.compile(r"(https?://[^/?#@]+)(/(?!/)[!$-;=?-Z_a-z~\[\]]*)")


class Adapter(BaseAdapter):
    """Sends requests for all threads, with the certificates of one TLS *context*."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        context.sslsocket_class = TlsSocket
        context.set_alpn_protocols(["http/1.1"])
        self._context = context
        self._origins: dict[tuple[str, str | None], _Origin] = {}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """
        Send *request* within the time limit of this thread, and read the head of the answer.

        The `raw` of what is returned is the body, still encoded; its headers are a plain dict,
        their names in lower case.  Of the other arguments only *proxies* has an effect: it may
        name the one for "https".

        Raises:
            ProxyError: the proxy refused, or there is no way to it.
            HTTPException: what came is no HTTP.
            OSError, ValueError: there is no connection, or no such address.
        """
        origin, target = _parts(request.url or "")
        key = origin, (proxies or {}).get("https")
        known = self._origins.get(key) or self._origins.setdefault(
            key, _Origin(*key, self._context)
        )
        raw = known.send(request, target)
        response = requests.Response()
        response.status_code, response.raw = raw.status, raw
        response.headers = raw.headers  # type: ignore[assignment]
        return response

    def close(self) -> None:
        """Leave it to the end of the process."""


class _Origin:
    """Scheme, host and port, the way there, and the connections that are idle."""

    def __init__(self, origin: str, proxy: str | None, context: ssl.SSLContext) -> None:
        parts = requests.compat.urlsplit(origin)
        self._host, self._netloc = parts.hostname or "", parts.netloc
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._proxy = Proxy(proxy, "") if proxy else None
        self._context = context
        self._idle: list[socket.socket] = []

    def __del__(self) -> None:
        for sock in self._idle:
            sock.close()

    def send(self, request: requests.PreparedRequest, target: str) -> Response:
        """Send *request* of *target*, and return the answer once its head has come."""
        head = _head(request.method or "", target, {"Host": self._netloc, **request.headers})
        body = request.body or b""
        sock = self._connection()
        keep = functools.partial(self._keep, sock)
        raw = Response(sock, request.method or "", keep)
        try:
            sock.sendall(head + (body.encode() if isinstance(body, str) else body))
            raw.begin()
        except BaseException:
            raw.close()
            raise
        return raw

    def _keep(self, sock: socket.socket, reusable: bool) -> None:
        if reusable:
            self._idle.append(sock)
        else:
            sock.close()

    def _connection(self) -> socket.socket:
        """Return an idle connection that the server has left open, or a new one."""
        while self._idle:
            try:
                sock = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if not wait_for_read(sock, timeout=0):
                return sock
            sock.close()
        return self._connect()

    def _connect(self) -> socket.socket:
        if self._proxy is None:
            sock = dial(self._host, self._port)
        else:
            sock = _through(self._proxy, self._host, self._port, self._context)
        return _secured(sock, self._host, self._context) if self._tls else sock


def _parts(url: str) -> tuple[str, str]:
    """Return the origin of *url*, and what is asked of it."""
    found = URL.fullmatch(url)
    if found is not None:
        return found[1], found[2]
    parts = requests.compat.urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    target = requote_uri(f"/{parts.path.lstrip('/')}{query}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", target


def _head(method: str, target: str, headers: dict[str, str]) -> bytes:
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


def _through(proxy: Proxy, host: str, port: int, context: ssl.SSLContext) -> Any:
    """
    Return a connection through *proxy* to *host*.

    Raises:
        ProxyError: the proxy refuses, or there is no way to it; its cause says more.
        HTTPException, OSError: it stopped talking, or what it said is no HTTP.
    """
    sock = None
    socks_proxy = proxy.scheme.startswith("socks")
    user, password = proxy.credentials
    try:
        sock = dial(proxy.host, proxy.port)
        if proxy.scheme == "https":
            sock = _secured(sock, proxy.host, context)
        if socks_proxy:
            resolve = proxy.scheme == "socks5"
            socks.tunnel(sock, host, port, user=user, password=password, resolve=resolve)
    except (OSError, ValueError) as error:
        if sock is not None:
            sock.close()
        raise ProxyError(error) from error
    if not socks_proxy:
        _tunnel(sock, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", user, password)
    return sock


def _tunnel(sock: socket.socket, target: str, user: str, password: str) -> None:
    """
    Ask the http proxy behind *sock* for a tunnel to *target*; without one, close *sock*.

    https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
    """
    headers = {"Host": target}
    if user:  # in UTF-8, as curl does; requests knows Latin-1 alone
        headers["Proxy-Authorization"] = _basic_auth_str(user.encode(), password.encode())
    try:
        sock.sendall(_head("CONNECT", target, headers))
        with Response(sock, "CONNECT") as answer:
            answer.begin()
    except BaseException:
        sock.close()
        raise
    if answer.status != HTTPStatus.OK:
        sock.close()
        refusal = OSError(f"Tunnel connection failed: {answer.status} {answer.reason}")
        raise ProxyError(refusal) from refusal


def _secured(sock: socket.socket, host: str, context: ssl.SSLContext) -> Any:
    """Return TLS over *sock*, which may itself be that of a proxy."""
    name = host.rstrip(".")
    try:
        if isinstance(sock, ssl.SSLSocket):
            return SSLTransport(sock, context, server_hostname=name)
        return context.wrap_socket(sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise

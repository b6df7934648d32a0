"""
The adapter that `requests` sends through, on `http.client`: keeps connections open for reuse.

Nothing is sent twice: a connection that the server has closed takes no request, and one that
breaks during a request fails that request.
"""

import contextlib
import itertools
import re
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import _basic_auth_str
from requests.exceptions import ProxyError
from urllib3.util import parse_url, wait_for_read
from urllib3.util.ssltransport import SSLTransport

from contacts_audit.azure.arm import socks
from contacts_audit.azure.arm.http_response import Response
from contacts_audit.azure.arm.proxies import PORTS, Proxy
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
        Send *request* within the time limit of this thread, and read the head of the answer.

        *proxies* may name one for "https".  The `raw` of what is returned is the body, still
        encoded; its headers are a plain dict, their names in lower case.

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
        raw = Response(sock, method, lambda whole: idle.append(sock) if whole else sock.close())
        try:
            sock.sendall(head + (body.encode() if isinstance(body, str) else body))
            raw.begin()
        except BaseException:
            raw.close()
            raise
        return _Answer(raw)


class _Answer(requests.Response):
    """What requests makes of an answer, but for cookies and history, which only a session needs."""

    def __init__(self, raw: Response) -> None:
        self._content_consumed = False
        self.status_code, self.raw = raw.status, raw
        self.headers = raw.headers  # type: ignore[assignment]


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
    tls = isinstance(sock, ssl.SSLSocket)
    if not wait_for_read(sock, timeout=0):
        return not (tls and sock.pending())
    if tls:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            try:
                sock.read(1)
            except ssl.SSLWantReadError:
                return True  # it was a session ticket
    return False


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
                if proxy.scheme in socks.SCHEMES:
                    socks.tunnel(sock, host, port, proxy)
            if proxy.scheme not in socks.SCHEMES:
                _tunnel(sock, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", proxy)
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
    except (OSError, ValueError) as error:
        raise ProxyError(error) from error


def _tunnel(sock: Any, target: str, proxy: Proxy) -> None:
    """
    Ask the http *proxy* behind *sock* for a tunnel to *target*.

    https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
    """
    headers = {"Host": target}
    user, password = proxy.credentials
    if user:  # in UTF-8, as curl does; requests knows Latin-1 alone
        headers["Proxy-Authorization"] = _basic_auth_str(user.encode(), password.encode())
    sock.sendall(_head("CONNECT", target, headers))
    with contextlib.closing(Response(sock, "CONNECT", lambda whole: None)) as answer:
        answer.begin()
    if answer.status != HTTPStatus.OK:
        refusal = OSError(f"Tunnel connection failed: {answer.status} {answer.reason}")
        raise ProxyError(refusal) from refusal


def _secured(sock: Any, host: str, context: ssl.SSLContext) -> Any:
    """Return TLS over *sock*, which may itself be that of a proxy."""
    name = host.rstrip(".")
    if isinstance(sock, ssl.SSLSocket):
        return SSLTransport(sock, context, server_hostname=name)
    return context.wrap_socket(sock, server_hostname=name)

"""
The adapter that `requests` sends through: keeps connections open for reuse.

Nothing is sent twice: a connection that the server has closed takes no request, and one that
breaks during a request fails that request.
"""

import contextlib
import ssl
from collections import defaultdict
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import _basic_auth_str
from requests.exceptions import ProxyError

from contacts_audit.azure.arm import socks
from contacts_audit.azure.arm.content_encoding import LARGEST_BODY
from contacts_audit.azure.arm.http_response import receive
from contacts_audit.azure.arm.proxies import PORTS, Proxy, RefusedError
from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.sockets import TlsInTls, TlsSocket, dial

FAILURES = (OSError, HTTPException, ValueError)  # the last is about an address, or a header


class Adapter(BaseAdapter):
    """Sends requests for all threads, with the certificates of one TLS *context*."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._idle: defaultdict[tuple[str, str, str | None], list[Any]] = defaultdict(list)
        context.sslsocket_class = TlsSocket
        context.set_alpn_protocols(["http/1.1"])
        self._context = context

    def close(self) -> None:
        """Close the connections that are idle."""
        self._idle.clear()

    def open(self, url: str) -> None:
        """
        Open a connection to the origin of *url*, which the next request there takes.

        Raises:
            OSError, ValueError: there is no connection, or no such address.
        """
        parts = urlsplit(url)
        self._idle[parts.scheme, parts.netloc, None].append(_connected(parts, None, self._context))

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, *, proxies: Mapping[str, str], **_: Any
    ) -> requests.Response:
        """
        Send *request* within the time limit of this thread, and return the answer.

        *proxies* may name one for "https".  A body is cut where it is over LARGEST_BODY.

        Raises:
            ProxyError: the proxy refuses, or there is no way to it; its cause says more.
            HTTPException: what came is no HTTP.
            OSError, ValueError: there is no connection, or no such address.
        """
        parts, proxy = urlsplit(str(request.url)), proxies.get("https")
        head = _head(request.method, request.path_url, {"Host": parts.netloc, **request.headers})
        body = request.body or b""
        idle = self._idle[parts.scheme, parts.netloc, proxy]
        sock = _usable(idle) or _connected(parts, proxy, self._context)
        with contextlib.ExitStack() as unless_kept:
            unless_kept.enter_context(sock)
            sock.sendall(head + (body.encode() if isinstance(body, str) else body))
            answer = receive(sock, LARGEST_BODY)
            if answer.keeps_alive:
                unless_kept.pop_all()
                idle.append(sock)
        return answer


def _head(method: str | None, target: str, headers: Mapping[str, str]) -> bytes:
    """
    Return the head of a request.

    Raises:
        ValueError: a line of it would be more than one, or is not ASCII.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    head = "\r\n".join(lines)
    if not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise ValueError("a line of the request holds a line break")
    return f"{head}\r\n\r\n".encode("ascii")


def _usable(idle: list[Any]) -> Any:
    """Return one of the *idle* connections that is open and silent, None if there is none."""
    with contextlib.suppress(IndexError):  # there is none, or another thread was faster
        while not (sock := idle.pop()).is_silent():
            sock.close()
        return sock
    return None


def _connected(parts: SplitResult, proxy_url: str | None, context: ssl.SSLContext) -> Any:
    """Return a new connection to the origin of a URL, of which *parts* are."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    with contextlib.ExitStack() as on_failure:
        if proxy_url is None:
            sock: Any = on_failure.enter_context(dial(host, port))
        else:
            proxy = Proxy(proxy_url, "")
            try:
                sock = on_failure.enter_context(dial(proxy.host, proxy.port))
                if proxy.scheme == "https":
                    sock = on_failure.enter_context(_secured(sock, proxy.host, context))
                tunnel = socks.tunnel if proxy.scheme in socks.SCHEMES else _tunnel
                tunnel(sock, host, port, proxy)
            except FAILURES as error:
                raise ProxyError(error) from error
        if parts.scheme == "https":
            sock = _secured(sock, host, context)
        on_failure.pop_all()
    return sock


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
    if not 200 <= answer.status_code < 300:
        kind = OSError if answer.status_code in RETRIED else RefusedError
        raise kind(f"Tunnel connection failed: {answer.status_code} {answer.reason}")


def _secured(sock: Any, host: str, context: ssl.SSLContext) -> Any:
    """Return TLS over *sock*, which may itself be that of a proxy."""
    sock.limit()
    if isinstance(sock, ssl.SSLSocket):
        return TlsInTls(sock, context, server_hostname=host.rstrip("."))
    return context.wrap_socket(sock, server_hostname=host.rstrip("."))

"""
Sockets with one time limit for a whole attempt, and the adapter of requests that uses them.

requests counts its timeout anew for each piece that arrives; here each read and write of a socket
gets what is left of the attempt, so that no drip of headers, body or `100 Continue` stretches it.
"""

import contextlib
import functools
import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import _basic_auth_str
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProxyError

from contacts_audit.azure.arm import socks
from contacts_audit.azure.arm.proxies import Proxy

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound=socket.socket)
_attempt = threading.local()
MOMENT = 0.01  # seconds
ADDRESS = re.compile(r"(https?://[^/?#]+)(/(?!/)[^#]*)")


@contextlib.contextmanager
def clock(timeout: float) -> Iterator[None]:
    """Give this thread's sockets *timeout* seconds in all."""
    _attempt.until = time.monotonic() + timeout
    try:
        yield
    finally:
        del _attempt.until


def late() -> bool:
    """Say whether this thread's attempt has used up its time."""
    return float(getattr(_attempt, "until", math.inf)) <= time.monotonic()


def _left() -> float | None:
    until = getattr(_attempt, "until", math.inf)
    if until == math.inf:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return float(left)


def _timed(
    operation: Callable[Concatenate[_S, _P], _R],
) -> Callable[Concatenate[_S, _P], _R]:
    """Return the socket *operation*, given what is left of the attempt."""

    @functools.wraps(operation)
    def within(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        self.settimeout(_left())
        return operation(self, *args, **kwargs)

    return within


class _Quiet(socket.socket):
    """A socket that tells the kernel only of a timeout that is another one: each costs a turn."""

    def settimeout(self, value: float | None) -> None:
        """Set the timeout, to a moment."""
        now = self.gettimeout()
        if value is None or now is None or abs(value - now) > MOMENT:
            super().settimeout(value)


class _Socket(_Quiet):
    """A socket on the attempt's clock: for connecting, and for talking to a proxy."""

    recv_into = _timed(socket.socket.recv_into)
    recv = _timed(socket.socket.recv)
    sendall = _timed(socket.socket.sendall)


class _TlsSocket(_Quiet, ssl.SSLSocket):
    """A TLS socket on the attempt's clock."""

    do_handshake = _timed(ssl.SSLSocket.do_handshake)
    recv_into = _timed(ssl.SSLSocket.recv_into)
    recv = _timed(ssl.SSLSocket.recv)
    send = _timed(ssl.SSLSocket.send)


def _dial(host: str, port: int | None) -> _Socket:
    """Connect to one of the addresses of *host*, one after the other on the attempt's clock."""
    failure = OSError(f"{host} has no address")
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for others, (family, kind, protocol, _, address) in zip(
        reversed(range(len(found))), found, strict=True
    ):
        sock = _Socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            left = _left()  # a dead address must leave some of it for the next
            sock.settimeout(left if left is None else left / (others + 1))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


class _OnTheClock(HTTPConnection):
    """A connection on the attempt's clock."""

    def _new_conn(self) -> socket.socket:
        return _dial(self._dns_host, self.port)


class _Connection(_OnTheClock, HTTPSConnection):
    pass


class _SocksConnection(_Connection):
    """A connection through a SOCKS5 proxy, which urllib3 knows only by another package."""

    server: Proxy

    def _new_conn(self) -> socket.socket:
        sock = None
        user, password = self.server.credentials
        try:
            sock = _dial(self.server.host, self.server.port)
            resolve = self.server.scheme == "socks5"
            host = self.host.strip("[]")
            socks.tunnel(
                sock, host, self.port or 443, user=user, password=password, resolve=resolve
            )
        except (OSError, ValueError) as error:
            if sock is not None:
                sock.close()
            raise ProxyError("Cannot connect to proxy.", error) from error
        return sock


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _OnTheClock


class Adapter(HTTPAdapter):
    """requests' adapter with our connections and one TLS context, loaded once."""

    def __init__(self, context: ssl.SSLContext, connections: int) -> None:
        context.sslsocket_class = _TlsSocket
        self._context = context
        self._pools: dict[tuple[str, str | None], Any] = {}
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give direct connections our context and sockets."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _Pool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Give connections through *proxy*, and to an https *proxy* itself, our context."""
        if proxy.startswith("socks"):
            size: Any = self._pool_maxsize  # type: ignore[attr-defined]
            manager = PoolManager(maxsize=size, ssl_context=self._context)
            connection = type("_Through", (_SocksConnection,), {"server": Proxy(proxy, "")})
            pool = type("_ThroughPool", (_Pool,), {"ConnectionCls": connection})
            manager.pool_classes_by_scheme = {"https": pool}
            return manager
        manager = super().proxy_manager_for(
            proxy, ssl_context=self._context, proxy_ssl_context=self._context, **kwargs
        )
        manager.pool_classes_by_scheme = {"https": _Pool}
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """Sign in to *proxy* in UTF-8, as curl does; requests knows Latin-1 alone."""
        user, password = Proxy(proxy, "").credentials
        if not user:
            return {}
        return {"Proxy-Authorization": _basic_auth_str(user.encode(), password.encode())}

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Look the pool of an origin up once: what leads to it stays the same for the run."""
        found = ADDRESS.fullmatch(request.url)
        key = found[1] if found else request.url, (proxies or {}).get("https")
        if key not in self._pools:
            self._pools[key] = super().get_connection_with_tls_context(
                request, verify, proxies, cert
            )
        return self._pools[key]

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return what stands in the request's first line, which is mostly plain to see."""
        found = None if proxies else ADDRESS.fullmatch(request.url)
        return super().request_url(request, proxies) if found is None else found[2]

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Tell pools apart by origin alone: there is one context."""
        host, _ = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {}

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Take status, headers and the raw body: a cookie is not even read."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = resp.headers
        response.raw = resp
        return response

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave it to the context: requests would load the certificates for each connection."""

"""
One HTTP exchange through requests, made to end: a clock over the whole attempt, a cap on the body.

requests counts its timeout anew for each piece that arrives; here each read and write of the
socket gets what is left of the attempt, so that no drip of headers, body or `100 Continue` can
stretch it.
"""

import contextlib
import functools
import math
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import certifi
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from contacts_audit import __version__
from contacts_audit.azure.arm import Answer
from contacts_audit.errors import AzureError, ContactsAuditError, Reason

LARGEST_BODY = 8 * 1024 * 1024
USER_AGENT = f"contacts-audit/{__version__}"

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound=socket.socket)
_attempt = threading.local()


class Wire:
    """
    A `requests.Session` for all threads, with one TLS context.

    It follows no redirect, keeps no cookie, reads no netrc, and honours the proxies of the
    environment.  *ca_bundle* (a file or a folder) goes before REQUESTS_CA_BUNDLE.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connections: int = 1,
        stopped: threading.Event | None = None,
    ) -> None:
        self._stopped = stopped or threading.Event()
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.adapters.clear()  # https, and nothing else
        self._proxies: dict[str, dict[str, str]] = {}
        self.mount(_Adapter(_tls_context(ca_bundle), connections))

    def mount(self, adapter: BaseAdapter) -> None:
        """Send everything through *adapter*."""
        self._session.mount("https://", adapter)

    def send(self, request: requests.PreparedRequest, *, timeout: float) -> Answer:
        """
        Send *request* once and return the whole answer, whatever its status.

        Raises:
            AzureError: no whole answer came within *timeout* seconds.
        """
        url = request.url or ""
        if self._stopped.is_set():
            raise AzureError(Reason.DEADLINE, "the run was stopped before this was asked")
        answered = False
        with _clock(timeout):
            try:
                with self._session.send(
                    request,
                    stream=True,
                    timeout=timeout,
                    allow_redirects=False,
                    proxies=self._proxies_for(url),
                ) as response:
                    answered = True
                    body = response.raw.read(LARGEST_BODY + 1, decode_content=False)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise _translated(error, url, timeout, answered=answered) from error
        decoded = _decoded(body, response.headers.get("content-encoding", ""))
        return Answer(url, response.status_code, response.headers, decoded)

    def _proxies_for(self, url: str) -> dict[str, str]:
        """The environment's proxies, looked up once for each origin: NO_PROXY is by host."""
        origin = urlsplit(url).netloc
        if origin not in self._proxies:
            self._proxies[origin] = dict(get_environ_proxies(url))
        return self._proxies[origin]


def prepared(
    method: str, url: str, headers: dict[str, str], body: str | None = None
) -> requests.PreparedRequest:
    """Return a request for *url* to the letter: no session touches it, so no netrc does either."""
    request = _template(method).copy()
    request.url = url
    request.headers.update(headers)
    if body is not None:
        request.prepare_body(body, None)
    return request


@functools.cache
def _template(method: str) -> requests.PreparedRequest:
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
    return requests.Request(method, "https://localhost/", headers).prepare()


@contextlib.contextmanager
def _clock(timeout: float) -> Iterator[None]:
    """Give this thread's sockets *timeout* seconds in all."""
    _attempt.until = time.monotonic() + timeout
    try:
        yield
    finally:
        del _attempt.until


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


class _Socket(socket.socket):
    """A socket on the attempt's clock: for connecting, and for talking to a proxy."""

    connect = _timed(socket.socket.connect)
    recv_into = _timed(socket.socket.recv_into)
    recv = _timed(socket.socket.recv)
    sendall = _timed(socket.socket.sendall)


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket on the attempt's clock."""

    do_handshake = _timed(ssl.SSLSocket.do_handshake)
    recv_into = _timed(ssl.SSLSocket.recv_into)
    recv = _timed(ssl.SSLSocket.recv)
    send = _timed(ssl.SSLSocket.send)


class _Connection(HTTPSConnection):
    """A connection whose addresses are tried one after the other on the attempt's clock."""

    def _new_conn(self) -> socket.socket:
        failure = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self._dns_host, self.port, type=socket.SOCK_STREAM
        ):
            sock = _Socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _Adapter(HTTPAdapter):
    """requests' adapter with our connections and one TLS context, loaded once."""

    def __init__(self, context: ssl.SSLContext, connections: int) -> None:
        self._context = context
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = {"https": _Pool}
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave it to the context: requests would load the certificates for each connection."""


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Trust what requests would trust: an explicit bundle, the environment's, or certifi's."""
    path = (
        ca_bundle
        or os.environ.get("REQUESTS_CA_BUNDLE")
        or os.environ.get("CURL_CA_BUNDLE")
        or certifi.where()
    )
    try:
        folder = os.path.isdir(path)  # noqa: PTH112
        context = ssl.create_default_context(
            cafile=None if folder else path, capath=path if folder else None
        )
    except (OSError, ValueError) as error:
        raise ContactsAuditError(
            f"the CA bundle {path} cannot be used: {error}",
            "name a PEM file by --ca-bundle or REQUESTS_CA_BUNDLE",
        ) from error
    context.sslsocket_class = _TlsSocket
    return context


def _translated(error: Exception, url: str, timeout: float, *, answered: bool) -> AzureError:
    """Turn what requests, urllib3 or the socket raised into one error of ours."""
    host = urlsplit(url).netloc
    causes = list(_causes(error))
    detail = str(causes[-1]) or type(causes[-1]).__name__
    late = getattr(_attempt, "until", math.inf) <= time.monotonic()
    if late or any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
        return AzureError(
            Reason.TIMEOUT, f"{host} did not answer within {timeout:.3g} s", retryable=True
        )
    tls = [cause for cause in causes if isinstance(cause, ssl.SSLError)]
    if tls and not isinstance(tls[-1], ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return AzureError(Reason.TLS, f"no safe connection to {host}: {detail}")
    if answered:
        return AzureError(
            Reason.TRUNCATED, f"the answer of {host} broke off: {detail}", retryable=True
        )
    return AzureError(Reason.UNREACHABLE, f"no answer from {host}: {detail}", retryable=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk down the wrappers of requests and urllib3 to what really happened."""
    inner: Any = error
    while isinstance(inner, BaseException):
        yield inner
        wrapped = [getattr(inner, "reason", None), *inner.args, inner.__cause__]
        inner = next((item for item in wrapped if isinstance(item, BaseException)), None)


def _decoded(body: bytes, encoding: str) -> bytes:
    """Undo gzip, though we did not ask for it, up to the cap and never past a cut."""
    match encoding.strip().lower():
        case "" | "identity":
            decoded, whole = body, True
        case "gzip" | "x-gzip" | "deflate":
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                decoded = inflater.decompress(body, LARGEST_BODY + 1)
            except zlib.error as error:
                raise AzureError(
                    Reason.MALFORMED, f"the answer is not {encoding}: {error}"
                ) from error
            whole = inflater.eof
        case _:
            raise AzureError(Reason.MALFORMED, f"the answer is encoded as {encoding!r}")
    if len(decoded) > LARGEST_BODY:
        raise AzureError(Reason.TOO_LARGE, f"the answer is larger than {LARGEST_BODY} bytes")
    if not whole:
        raise AzureError(Reason.TRUNCATED, f"the {encoding} answer broke off", retryable=True)
    return decoded

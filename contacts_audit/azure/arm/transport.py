"""One HTTP exchange through requests, limited in time and size."""

import ipaddress
import re
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from contacts_audit import __version__
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.proxies import Proxy, proxy_for
from contacts_audit.azure.arm.retry import RETRIED
from contacts_audit.azure.arm.sockets import Adapter, clock, late
from contacts_audit.azure.arm.socks import RefusedError
from contacts_audit.azure.arm.trust import tls_context
from contacts_audit.core.errors import AzureError, NotSentError, Reason
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.sanitize import without_credentials

LARGEST_BODY = 8 * 1024 * 1024
GZIP = b"\x1f\x8b"
MOST_MEMBERS = 100  # of a gzip body
MOST_ENCODINGS = 3
USER_AGENT = f"contacts-audit/{__version__}"
NEAR = [
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
STRICT_ERRORS = range(79, 94)  # OpenSSL's X509_V_ERR_* that X509_V_FLAG_X509_STRICT adds
USUAL_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
TLS_ALERT = "\x15\x03"  # what a server of TLS says to plain http


class Wire:
    """
    An adapter of requests for all threads, with one TLS context and the environment's proxies.

    There is no session above it: so no redirect is followed, no cookie kept, no netrc read.
    *ca_bundle* (a file or a folder) goes before REQUESTS_CA_BUNDLE; *strict* is Python's own check
    of certificates; *adapter* replaces the network, proxies and all.  *platform* is the address of
    this machine's managed identity: such a wire asks that address alone, past every proxy, and in
    plain http where it is near.  No error tells any of the *secrets* of the run.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connections: int = 1,
        stopped: threading.Event | None = None,
        adapter: BaseAdapter | None = None,
        platform: str | None = None,
        strict: bool = True,
        secrets: Secrets | None = None,
    ) -> None:
        self.secrets = secrets or Secrets()
        self._platform = platform
        self._stopped = stopped or threading.Event()
        self._strict = False
        self._direct = platform is not None or adapter is not None
        if adapter is None:
            context = tls_context(ca_bundle, strict=strict)
            self._strict = bool(context.verify_flags & ssl.VERIFY_X509_STRICT)
            adapter = Adapter(context, connections)
        self._adapter = adapter
        self._proxies: dict[str, Proxy | None] = {}

    def send(self, request: requests.PreparedRequest, *, timeout: float) -> Answer:
        """
        Send *request* once and return the whole answer, whatever its status.

        Raises:
            AzureError: no whole answer came within *timeout* seconds.
        """
        try:
            return self._sent(request, timeout)
        except AzureError as error:
            error.args = (self.secrets.redact(str(error)),)  # it may be what came in place of HTTP
            raise

    def _sent(self, request: requests.PreparedRequest, timeout: float) -> Answer:
        url = request.url or ""
        if self._stopped.is_set():
            raise AzureError(Reason.DEADLINE, "the run was stopped before this was asked")
        if timeout <= 0:
            raise NotSentError(Reason.TIMEOUT, "no time was left to ask")
        self._check(url)
        proxy = self._proxy_for(url)
        proxies = {} if proxy is None else {"https": proxy.url}
        answered = False
        with clock(timeout):
            try:
                with self._adapter.send(
                    request, stream=True, timeout=timeout, proxies=proxies
                ) as response:
                    answered = True
                    if response.status_code < 200 and response.raw.connection is not None:
                        response.raw.connection.close()  # the real answer is still to come
                    body = _body(response.raw)
            except (
                *(requests.RequestException, urllib3.exceptions.HTTPError, OSError),
                ValueError,  # http.client's, of a chunk of negative length
            ) as error:
                raise self._translated(error, url, proxy, answered=answered) from error
        decoded = _decoded(body, response.headers.get("content-encoding", ""))
        return Answer(url, response.status_code, response.headers, decoded)

    def _check(self, url: str) -> None:
        """
        Check that *url* may be asked at all.

        Raises:
            AzureError: it may not.
        """
        address = url.split("?")[0]
        if self._platform is not None and address != self._platform:
            raise AzureError(Reason.UNREACHABLE, f"{address} is not what the platform names")
        if not url.startswith("https://") and not (self._platform and is_near(url)):
            raise AzureError(
                Reason.UNREACHABLE,
                f"{address} is not https",
                hint="plain http is for addresses of this machine, its link or its private network",
            )

    def _proxy_for(self, url: str) -> Proxy | None:
        """The environment's proxy, looked up once for each origin: NO_PROXY is by host."""
        if self._direct:
            return None
        origin = url.split("/", 3)[2]
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(url)
        return self._proxies[origin]

    def _translated(
        self, error: Exception, url: str, proxy: Proxy | None, *, answered: bool
    ) -> AzureError:
        """Turn what requests, urllib3 or the socket raised into one error of ours."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        causes = list(_causes(error))
        detail = without_credentials(str(causes[-1]) or type(causes[-1]).__name__, {})
        way = f", through the proxy {proxy.label}" if proxy else ""
        if late() or any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
            message = f"{host} did not answer in time{way}"
            return AzureError(Reason.TIMEOUT, message, retryable=True)
        if proxy and str(causes[-1]).startswith(TLS_ALERT):
            return AzureError(
                Reason.UNREACHABLE,
                f"no answer from {host}{way}: it speaks TLS",
                hint=f"{proxy.variable}: write https:// in place of http://",
            )
        at_proxy = any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes)
        tls = [cause for cause in causes if isinstance(cause, ssl.SSLError)]
        if tls and not isinstance(tls[-1], ssl.SSLEOFError | ssl.SSLZeroReturnError):
            where = f"the proxy {proxy.label}" if at_proxy and proxy else host
            return AzureError(
                Reason.TLS,
                f"no safe connection to {where}: {detail}",
                hint=self._tls_hint(tls[-1], proxy),
            )
        if at_proxy and proxy:
            return AzureError(
                Reason.UNREACHABLE,
                f"the proxy {proxy.label} on the way to {host} failed: {detail}",
                hint=f"check {proxy.variable}, its user and password, and NO_PROXY",
                retryable=_passes(causes[-1]),
            )
        if answered:
            return AzureError(
                Reason.TRUNCATED, f"the answer of {host} broke off: {detail}", retryable=True
            )
        passes = not isinstance(causes[-1], ValueError)  # of an address that is none
        message = f"no answer from {host}{way}: {detail}"
        return AzureError(Reason.UNREACHABLE, message, retryable=passes)

    def _tls_hint(self, error: ssl.SSLError, proxy: Proxy | None) -> str | None:
        """Return the cure of a TLS error where it is another than the authority's certificate."""
        if self._strict and getattr(error, "verify_code", 0) in STRICT_ERRORS:
            return (
                "Python 3.13 and later check certificates more strictly than curl: have the "
                "certificate authority's certificate replaced, or give --no-strict-certificates"
            )
        if proxy is not None and proxy.scheme == "https" and error.reason == "WRONG_VERSION_NUMBER":
            return f"{proxy.variable}: the proxy does not speak TLS: write http:// in place of https://"
        return None


def is_near(url: str) -> bool:
    """
    Say whether *url* is plain http to this machine, its link, or a private or shared network.

    https://www.rfc-editor.org/rfc/rfc1918, rfc4193, rfc6598
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    near = address.is_loopback or address.is_link_local or any(address in one for one in NEAR)
    return parts.scheme == "http" and near


def prepared(
    url: str, headers: dict[str, str], *, method: str = "GET", body: bytes | None = None
) -> requests.PreparedRequest:
    """Return a request of *url* to the letter: no session touches it, so no netrc does either."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict(USUAL_HEADERS | headers)
    if body is not None:
        request.headers["Content-Length"] = str(len(body))
    return request


def _body(raw: Any) -> bytes:
    """Read on to the very end, or past the cap: urllib3 tells a short body only there."""
    pieces, left = [], LARGEST_BODY + 1
    while left and (piece := raw.read(left, decode_content=False)):
        pieces.append(piece)
        left -= len(piece)
        if raw.length_remaining == 0:  # as much as was announced
            break
    return b"".join(pieces)


def _passes(failure: BaseException) -> bool:
    """Say whether the *failure* of a proxy may pass with time."""
    refused = re.search(r"Tunnel connection failed: (\d+)", str(failure))
    if refused is not None:
        return int(refused[1]) in RETRIED
    unknown = isinstance(failure, socket.gaierror) and failure.errno == socket.EAI_NONAME
    return not unknown and not isinstance(failure, RefusedError | ValueError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk down the wrappers of requests and urllib3 to what really happened."""
    inner: Any = error
    while isinstance(inner, BaseException):
        yield inner
        wrapped = [getattr(inner, "reason", None), *inner.args, inner.__cause__]
        inner = next((item for item in wrapped if isinstance(item, BaseException)), None)


def _decoded(body: bytes, encoding: str) -> bytes:
    """Undo *encoding*, though we did not ask for any, up to the cap and never past a cut."""
    words = [word.strip().lower() for word in encoding.split(",")]
    if len(words) > MOST_ENCODINGS:
        raise AzureError(Reason.MALFORMED, f"the answer is encoded {len(words)} times")
    for each in reversed(words) if body else ():
        match each:
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                body = _inflated(body, each)
            case _:
                raise AzureError(Reason.MALFORMED, f"the answer is encoded as {each[:50]!r}")
    if len(body) > LARGEST_BODY:
        raise AzureError(Reason.TOO_LARGE, f"the answer is larger than {LARGEST_BODY} bytes")
    return body


def _inflated(body: bytes, encoding: str) -> bytes:
    """
    Return what *body* unpacks to, one byte more than the cap at most, as curl and requests read it.

    gzip may have several members, and whatever behind them; deflate comes with zlib's head or
    without.  https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
    """
    forms = [zlib.MAX_WBITS, -zlib.MAX_WBITS] if encoding == "deflate" else [zlib.MAX_WBITS | 16]
    for form in forms:
        try:
            decoded, whole = _members(body, form)
        except zlib.error as error:
            failure = error
            continue
        if not whole and len(decoded) <= LARGEST_BODY:
            what = f"the {encoding} answer broke off"
            raise AzureError(Reason.TRUNCATED, what, retryable=True)
        return decoded
    raise AzureError(Reason.MALFORMED, f"the answer is not {encoding}: {failure}") from failure


def _members(body: bytes, form: int) -> tuple[bytes, bool]:
    """Unpack all members of *body*; say whether the last one is whole."""
    decoded, rest, whole = b"", body, False
    if form > zlib.MAX_WBITS and not body.startswith(GZIP[: len(body)]):
        raise zlib.error("incorrect header check")  # zlib itself waits for a second byte
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(form)
        decoded += inflater.decompress(rest, LARGEST_BODY + 1 - len(decoded))
        rest, whole = inflater.unused_data, inflater.eof
        if not whole or len(decoded) > LARGEST_BODY or not rest.startswith(GZIP):
            return decoded, whole
    raise zlib.error(f"more than {MOST_MEMBERS} members")

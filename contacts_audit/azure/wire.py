"""One HTTP exchange through requests: whole, within its time and size, or an error of ours."""

import ipaddress
import re
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
from requests.utils import get_environ_proxies

from contacts_audit import __version__
from contacts_audit.azure.arm import Answer
from contacts_audit.azure.sockets import Adapter, clock, late, tls_context
from contacts_audit.errors import AzureError, Reason

LARGEST_BODY = 8 * 1024 * 1024
GZIP = b"\x1f\x8b"
MOST_MEMBERS = 100  # of a gzip body
MOST_ENCODINGS = 3
USER_AGENT = f"contacts-audit/{__version__}"
USUAL_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}


class Wire:
    """
    An adapter of requests for all threads, with one TLS context and the environment's proxies.

    There is no session above it: so no redirect is followed, no cookie kept, no netrc read.
    *ca_bundle* (a file or a folder) goes before REQUESTS_CA_BUNDLE; *adapter* replaces the network.
    A *platform* wire asks the managed identity of this machine: no proxy stands between, and plain
    http may stay on the machine or its link.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connections: int = 1,
        stopped: threading.Event | None = None,
        adapter: BaseAdapter | None = None,
        platform: bool = False,
    ) -> None:
        self._platform = platform
        self._stopped = stopped or threading.Event()
        self._adapter = adapter or Adapter(tls_context(ca_bundle), connections)
        self._proxies: dict[str, dict[str, str]] = {}

    def send(self, request: requests.PreparedRequest, *, timeout: float) -> Answer:
        """
        Send *request* once and return the whole answer, whatever its status.

        Raises:
            AzureError: no whole answer came within *timeout* seconds.
        """
        url = request.url or ""
        if self._stopped.is_set():
            raise AzureError(Reason.DEADLINE, "the run was stopped before this was asked")
        if timeout <= 0:
            raise AzureError(Reason.TIMEOUT, "no time was left to ask")
        if not url.startswith("https://") and not (self._platform and _stays_here(url)):
            raise AzureError(Reason.UNREACHABLE, f"{url} is not https", hint="use https")
        answered = False
        with clock(timeout):
            try:
                with self._adapter.send(
                    request, stream=True, timeout=timeout, proxies=self._proxies_for(url)
                ) as response:
                    answered = True
                    if response.status_code < 200 and response.raw.connection is not None:
                        response.raw.connection.close()  # the real answer is still to come
                    body = _body(response.raw)
            except (
                *(requests.RequestException, urllib3.exceptions.HTTPError, OSError),
                ValueError,  # http.client's, of a chunk of negative length
            ) as error:
                raise _translated(error, url, answered=answered) from error
        decoded = _decoded(body, response.headers.get("content-encoding", ""))
        return Answer(url, response.status_code, response.headers, decoded)

    def _proxies_for(self, url: str) -> dict[str, str]:
        """The environment's proxies, looked up once for each origin: NO_PROXY is by host."""
        if self._platform:
            return {}
        origin = url.split("/", 3)[2]
        if origin not in self._proxies:
            found = dict(get_environ_proxies(url))
            if not all(map(_is_address, found.values())):  # whose password nobody must see
                raise AzureError(
                    Reason.UNREACHABLE,
                    "the address of a proxy is none",
                    hint="check HTTPS_PROXY; its password spells / and # as %2F and %23",
                )
            self._proxies[origin] = found
        return self._proxies[origin]


def _is_address(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        return False


def _stays_here(url: str) -> bool:
    """Say whether *url* is plain http to this machine, or to the link where its platform is."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return parts.scheme == "http" and (address.is_loopback or address.is_link_local)


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


def _translated(error: Exception, url: str, *, answered: bool) -> AzureError:
    """Turn what requests, urllib3 or the socket raised into one error of ours."""
    host = urlsplit(url).netloc
    causes = list(_causes(error))
    detail = str(causes[-1]) or type(causes[-1]).__name__
    if late() or any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
        return AzureError(Reason.TIMEOUT, f"{host} did not answer in time", retryable=True)
    tls = [cause for cause in causes if isinstance(cause, ssl.SSLError)]
    if tls and not isinstance(tls[-1], ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return AzureError(Reason.TLS, f"no safe connection to {host}: {detail}")
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return AzureError(
            Reason.UNREACHABLE,
            f"the proxy on the way to {host} failed: {detail}",
            hint="check HTTPS_PROXY, its user and password, and NO_PROXY",
            retryable=re.search(r"Tunnel connection failed: 4\d\d", detail) is None,
        )
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

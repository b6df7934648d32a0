"""Makes one HTTP exchange through `requests`, limited in time and size. `client` retries."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPException
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.exceptions import ProxyError

from contacts_audit import __version__
from contacts_audit.azure.arm.adapter import Adapter
from contacts_audit.azure.arm.content_encoding import LARGEST_BODY, decoded
from contacts_audit.azure.arm.http_response import BrokenOffError, TlsExpectedError
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.proxies import Proxy, RefusedError, proxy_for
from contacts_audit.azure.arm.sockets import time_left, time_limit
from contacts_audit.azure.arm.trust import tls_context
from contacts_audit.core.errors import AzureError, NotSentError, Reason
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.sanitize import without_credentials

USER_AGENT = f"contacts-audit/{__version__}"
STRICT_ERRORS = range(79, 94)  # OpenSSL's X509_V_ERR_* that X509_V_FLAG_X509_STRICT adds
USUAL_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
HANG_UPS = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Transport:
    """
    An adapter of requests for all threads, with one TLS context and the environment's proxies.

    There is no session above it: no redirect is followed, no cookie kept, no netrc read.
    *ca_bundle* (a file or a folder) overrides REQUESTS_CA_BUNDLE.  *strict* checks certificates as
    strictly as Python does by default.  *adapter* replaces the network, proxies included.
    *platform* is the address of this machine's managed identity: only that address is asked then,
    without a proxy, and over plain http if it says so.  No error shows any of the *secrets* of the
    run.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
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
            adapter = Adapter(context)
        self._adapter = adapter
        self._proxies: dict[str, Proxy | None] = {}

    def open(self, url: str, *, timeout: float) -> None:
        """
        Connect to the origin of *url* for the next request there, which tells what fails.

        A proxy is not asked: one that refuses would be asked twice.
        """
        failures = (AzureError, OSError, HTTPException, ValueError)
        with contextlib.suppress(*failures), time_limit(timeout):
            self._check(url)
            if isinstance(self._adapter, Adapter) and self._proxy_for(url) is None:
                self._adapter.open(url)

    def send(self, request: requests.PreparedRequest, *, timeout: float) -> Answer:
        """
        Send *request* once and return the whole answer, whatever its status.

        Raises:
            AzureError: no whole answer came within *timeout* seconds.
        """
        try:
            return self._sent(request, timeout)
        except AzureError as error:
            error.args = (self.secrets.redact(str(error)),)  # it may quote the answer
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
        with time_limit(timeout):
            try:
                with self._adapter.send(request, stream=True, proxies=proxies) as response:
                    body = response.raw.read(LARGEST_BODY + 1)
            except (OSError, HTTPException, ValueError) as error:  # ValueError: an address
                raise self._failure(error, url, proxy) from error
        encoding = response.headers.get("content-encoding")
        return Answer(url, response.status_code, response.headers, decoded(body, encoding or ""))

    def _check(self, url: str) -> None:
        """
        Check that *url* may be asked at all.

        Raises:
            AzureError: it may not.
        """
        address = url.split("?")[0]
        if self._platform is None and not url.startswith("https://"):
            raise AzureError(Reason.UNREACHABLE, f"{address} is not https")
        if self._platform is not None and address != self._platform:
            raise AzureError(Reason.UNREACHABLE, f"{address} is not what the platform names")

    def _proxy_for(self, url: str) -> Proxy | None:
        """The environment's proxy, looked up once for each origin: NO_PROXY is by host."""
        if self._direct:
            return None
        origin = url.split("/", 3)[2]
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(url)
        return self._proxies[origin]

    def _failure(self, error: Exception, url: str, proxy: Proxy | None) -> AzureError:
        """Return our error for what the adapter or the socket raised."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        at_proxy = isinstance(error, ProxyError)
        cause = (isinstance(error, ProxyError | BrokenOffError) and error.__cause__) or error
        detail = without_credentials(str(cause) or type(cause).__name__, {})
        way = f", through the proxy {proxy.label}" if proxy else ""
        hint, passes = None, not isinstance(cause, ValueError)  # which is about the address
        if time_left() <= 0 or isinstance(cause, TimeoutError):
            reason, message = Reason.TIMEOUT, f"{host} did not answer in time{way}"
        elif isinstance(cause, ssl.SSLError) and not isinstance(cause, HANG_UPS):
            where = f"the proxy {proxy.label}" if at_proxy and proxy else host
            reason, message = Reason.TLS, f"no trusted TLS connection to {where}: {detail}"
            hint, passes = self._tls_hint(cause, proxy), False
        elif proxy and isinstance(cause, TlsExpectedError):
            reason, message = Reason.UNREACHABLE, f"no answer from {host}{way}: {detail}"
            hint, passes = f"{proxy.variable}: write https:// in place of http://", False
        elif proxy and at_proxy:
            reason = Reason.UNREACHABLE
            message = f"the proxy {proxy.label} on the way to {host} failed: {detail}"
            hint = f"check {proxy.variable}, its user and password, and NO_PROXY"
            passes = _may_pass(cause)
        elif isinstance(error, BrokenOffError):
            reason, message = Reason.TRUNCATED, f"the answer of {host} broke off: {detail}"
            passes = True
        else:
            reason, message = Reason.UNREACHABLE, f"no answer from {host}{way}: {detail}"
        return AzureError(reason, message, hint=hint, retryable=passes)

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


def prepared(
    url: str, headers: Mapping[str, str], *, method: str = "GET", body: bytes | None = None
) -> requests.PreparedRequest:
    """
    Return a request of *url* to the letter: no session touches it, so no netrc does either.

    Its headers are a plain dict: to fold their case takes longer than to send them.
    """
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, body
    length = {} if body is None else {"Content-Length": str(len(body))}
    request.headers = {**USUAL_HEADERS, **headers, **length}  # type: ignore[assignment]
    return request


def _may_pass(failure: BaseException) -> bool:
    """Say whether the *failure* of a proxy may pass with time."""
    unknown = isinstance(failure, socket.gaierror) and failure.errno == socket.EAI_NONAME
    return not unknown and not isinstance(failure, RefusedError | ValueError)

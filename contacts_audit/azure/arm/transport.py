"""Makes one HTTP exchange through `requests`, limited in time and size. `client` retries."""

import contextlib
import functools
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.exceptions import ProxyError

from contacts_audit import __version__
from contacts_audit.azure.arm.adapter import FAILURES, Adapter
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
HTTPS_URL = re.compile(r"https://(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d+)?([/?#][!-\[\]-~]*)?", re.ASCII)
QUERY = r"(\?[!-\[\]-~]*)?"
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
        self._stopped = stopped or threading.Event()
        self._allowed = re.compile(re.escape(platform) + QUERY) if platform else HTTPS_URL
        self._what = "what the platform names" if platform else "an https address"
        direct = adapter is not None or platform is not None
        self._proxy_of = functools.cache(lambda it: None if direct else proxy_for(f"https://{it}"))
        if adapter is None:
            context = tls_context(ca_bundle, strict=strict)
            strict = bool(context.verify_flags & ssl.VERIFY_X509_STRICT)
            adapter = Adapter(context)
        self._adapter, self._strict = adapter, strict

    def open(self, url: str, *, timeout: float) -> None:
        """
        Connect to the origin of *url* for the next request there, which tells what fails.

        A proxy is not asked: one that refuses would be asked twice.
        """
        with contextlib.suppress(AzureError, *FAILURES), time_limit(timeout):
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
        proxy = self._proxy_for(url)
        proxies = {} if proxy is None else {"https": proxy.url}
        with time_limit(timeout):
            try:
                with self._adapter.send(request, stream=True, proxies=proxies) as response:
                    body = response.raw.read(LARGEST_BODY + 1)
            except FAILURES as error:
                raise self._failure(error, url, proxy) from error
        return Answer(url, response.status_code, response.headers, decoded(body, response.headers))

    def _proxy_for(self, url: str) -> Proxy | None:
        """
        Return the proxy for *url*, looked up once for each origin: NO_PROXY is by host.

        Raises:
            AzureError: *url* may not be asked, or its proxy cannot be used.
        """
        if not self._allowed.fullmatch(url):
            raise AzureError(Reason.UNREACHABLE, f"{url.split('?')[0]} is not {self._what}")
        return self._proxy_of(urlsplit(url).netloc)

    def _failure(self, error: Exception, url: str, proxy: Proxy | None) -> AzureError:
        """Return our error for what the adapter or the socket raised."""
        host = urlsplit(url).netloc
        cause = (isinstance(error, ProxyError | BrokenOffError) and error.__cause__) or error
        detail = without_credentials(str(cause) or type(cause).__name__, {})
        way = f", through the proxy {proxy.label}" if proxy else ""
        reason, message = Reason.UNREACHABLE, f"no answer from {host}{way}: {detail}"
        hint, passes = None, not isinstance(cause, RefusedError | ValueError)
        if time_left() <= 0 or isinstance(cause, TimeoutError):
            reason, message = Reason.TIMEOUT, f"{host} did not answer in time{way}"
        elif isinstance(cause, ssl.SSLError) and not isinstance(cause, HANG_UPS):
            where = f"the proxy {proxy.label}" if proxy and isinstance(error, ProxyError) else host
            reason, message = Reason.TLS, f"no trusted TLS connection to {where}: {detail}"
            hint, passes = self._tls_hint(cause, proxy), False
        elif proxy and isinstance(cause, TlsExpectedError):
            hint, passes = f"{proxy.variable}: write https:// in place of http://", False
        elif proxy and isinstance(error, ProxyError):
            message = f"the proxy {proxy.label} on the way to {host} failed: {detail}"
            hint = f"check {proxy.variable}, its user and password, and NO_PROXY"
            passes = passes and getattr(cause, "errno", None) != socket.EAI_NONAME
        elif isinstance(error, BrokenOffError):
            reason, message = Reason.TRUNCATED, f"the answer of {host} broke off: {detail}"
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

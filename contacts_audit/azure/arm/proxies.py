"""
Finds the proxy for a URL in the environment.

https://everything.curl.dev/usingcurl/proxies/env.html
"""

import os
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from contacts_audit.core.errors import AzureError, Reason

SCHEMES = ("http", "https", "socks5", "socks5h")
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class RefusedError(OSError):
    """The proxy refuses, and will refuse again."""


class Proxy(NamedTuple):
    """A proxy: its *url*, which may hold a password, and the *variable* that names it."""

    url: str
    variable: str

    @property
    def scheme(self) -> str:
        """One of `SCHEMES`."""
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str:
        """The host name or address, an IPv6 address without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port, or the usual one of the scheme."""
        return urlsplit(self.url).port or PORTS[self.scheme]

    @property
    def credentials(self) -> tuple[str, str]:
        """User and password, each empty where there is none."""
        parts = urlsplit(self.url)
        return unquote(parts.username or ""), unquote(parts.password or "")

    @property
    def label(self) -> str:
        """The proxy as messages show it: without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """
    Return the proxy for *url*, None if NO_PROXY excludes it or no variable is set.

    Raises:
        AzureError: the proxy cannot be used; a retry does not help.
    """
    named = {scheme: text for scheme, text in get_environ_proxies(url).items() if text.strip()}
    value = select_proxy(url, named)
    if not value:
        return None
    proxy = Proxy(_spelt(value), _variable(value, urlsplit(url).scheme))
    scheme, colon, _ = proxy.url.partition("://")
    if colon and scheme not in SCHEMES:
        raise AzureError(
            Reason.UNREACHABLE,
            f"{proxy.variable}: a proxy of kind {scheme[:20]!r} is not supported",
            hint=f"use one of {', '.join(f'{each}://' for each in SCHEMES)}",
        )
    if not _is_address(proxy.url):
        raise AzureError(
            Reason.UNREACHABLE,
            f"{proxy.variable} is not the address of a proxy",
            hint=f"check {proxy.variable}; its password spells / and # as %2F and %23",
        )
    return proxy


def _spelt(value: str) -> str:
    """Return *value* with its scheme in lower case, http:// if it has none, as curl does."""
    text = value.strip()
    if "://" not in text:
        return f"http://{text.removeprefix('//')}"
    scheme, rest = text.split("://", 1)
    return f"{scheme.lower()}://{rest}"


def _variable(value: str, scheme: str) -> str:
    names = (f"{scheme}_proxy", "all_proxy")
    given = (name for name, text in os.environ.items() if name.lower() in names and text == value)
    return next(given, "the proxy of the system's settings")


def _is_address(proxy: str) -> bool:
    """Return whether *proxy* is an origin with a valid host name, without looking it up."""
    try:
        parts = urlsplit(proxy)
        host = parts.hostname or ""
        plain = parts.port != 0 and not (parts.query or parts.fragment or parts.path.strip("/"))
        if ":" not in host:
            host.encode("idna")
        return bool(plain and host and parse_url(proxy).host and not any(map(_odd, proxy)))
    except (ValueError, LocationParseError):
        return False


def _odd(letter: str) -> bool:
    return letter.isspace() or not letter.isprintable()

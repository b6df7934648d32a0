"""Removes secrets from texts, and users and passwords from the URLs in them."""

import base64
import html
import json
import re
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

SHORTEST = 6  # characters; a shorter text may occur anywhere by chance
SIGNATURE = 20  # characters; no two tokens share a signature of this length
HIDDEN = "***"
_SECRET_NAME = re.compile(
    r"(?:AZURE|ARM|MSI|IDENTITY|ACTIONS|SYSTEM)_.*(?:SECRET|PASSWORD|TOKEN|HEADER)", re.IGNORECASE
)
_JSON_ESCAPE = re.compile(r"\\(?:\\|/|u00([2-7][0-9a-fA-F]))")
_ENCODED = re.compile("%[0-9A-F]{2}")
_ADDRESS = re.compile(r"(:(?:\\*/){2})([^\s'\"<>]+)")
_HOST_AND_PORT = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::\d*)?")


def without_user_info(text: str) -> str:
    """
    Return *text* without user and password in its URLs (`https://user:password@host`).

    A password may hold a raw `/`, `?` or `#`, where no host and port can stand.

    https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
    """
    return _ADDRESS.sub(_without_user_info, text) if "@" in text and ":" in text else text


def _without_user_info(found: re.Match[str]) -> str:
    _, at, after = found[2].rpartition("@")
    authority = re.split(r"[/?#\\]", found[2], maxsplit=1)[0]
    if not at or ("@" not in authority and _HOST_AND_PORT.fullmatch(authority)):
        return found[0]
    return f"{found[1]}{HIDDEN}@{after}"


def shown_address(address: str) -> str:
    """Return *address*, which may not be a valid URL, without user and password."""
    before, at, after = address.rpartition("@")
    scheme = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", before, re.IGNORECASE)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{after}" if at else address


class Secrets:
    """
    The known secrets of a run. Threads may share it.

    Each is found as it is, and as URLs, forms, JSON, HTML and base64 encode it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spelt: tuple[str, ...] = ()
        self._known: set[str] = set()

    def add(self, *secrets: str) -> None:
        """Redact *secrets* from now on, except those shorter than SHORTEST."""
        with self._lock:
            for secret in secrets:
                if len(secret) >= SHORTEST and secret not in self._known:
                    self._known.add(secret)
                    spelt = {*self._spelt, *_spellings(secret)}
                    self._spelt = tuple(sorted(spelt, key=len, reverse=True))

    def add_from_environment(self, environment: Mapping[str, str]) -> None:
        """Redact the secrets in variables: those of a sign-in, and passwords of proxies."""
        self.add(*(value for name, value in environment.items() if _SECRET_NAME.fullmatch(name)))
        for name, value in environment.items():
            if name.lower().endswith("_proxy"):
                self.add(*_of_proxy(value))

    def redact(self, text: str) -> str:
        """Return *text* without known secrets, and without user and password in URLs."""
        hidden = self._without(text)
        if "\\u00" in hidden or "\\/" in hidden:  # .NET and PHP escape more than JSON requires
            plain = _JSON_ESCAPE.sub(_unescaped, hidden)
            if (shorter := self._without(plain)) != plain:
                hidden = shorter
        return without_user_info(hidden)

    def _without(self, text: str) -> str:
        for secret in self._spelt:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def redact_bytes(self, body: bytes) -> bytes:
        """Do the same with bytes; they are returned as they are if nothing was found."""
        text = body.decode("utf-8", "surrogateescape")
        hidden = self.redact(text)
        return body if hidden == text else hidden.encode("utf-8", "surrogateescape")


def _unescaped(found: re.Match[str]) -> str:
    """Return the escaped character itself, if JSON allows it unescaped."""
    letter = chr(int(found[1], 16)) if found[1] else found[0][1]
    return found[0] if letter in '"\\\x7f' else letter


def _spellings(secret: str) -> Iterator[str]:
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield from (encoded, _ENCODED.sub(lambda found: found[0].lower(), encoded))
    yield secret
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False))
    inner = secret.encode("utf-8", "surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(inner).decode().rstrip("=")
    signature = secret.rpartition(".")[2]
    if secret.count(".") == 2 and len(signature) >= SIGNATURE:
        yield signature


def _of_proxy(address: str) -> Iterator[str]:
    """Yield the password in the *address* of a proxy, and the credentials of its header."""
    user_info = address.rpartition("@")[0].rpartition("//")[2]
    user, colon, password = user_info.partition(":")
    if colon:
        yield from (password, unquote(password), f"{unquote(user)}:{unquote(password)}")

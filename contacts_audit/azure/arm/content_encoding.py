"""
Undoes the content encodings of an answer, never past a size limit.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
"""

import contextlib
import zlib

from contacts_audit.core.errors import AzureError, Reason

LARGEST_BODY = 8 * 1024 * 1024  # bytes, as they are sent, and decoded
GZIP = b"\x1f\x8b"
FORMS = {  # by which zlib knows them; deflate comes with zlib's head or without
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
MOST_MEMBERS = 100  # of a gzip body
MOST_ENCODINGS = 3
PROXY = "a proxy may have encoded it: check the network (HTTPS_PROXY, NO_PROXY)"


def decoded(body: bytes, encoding: str) -> bytes:
    """
    Undo *encoding*, though we did not ask for any, as curl and requests do.

    Raises:
        AzureError: it is unknown, broken off, or larger than LARGEST_BODY.
    """
    words = [word.strip().lower() for word in encoding.split(",")]
    if len(words) > MOST_ENCODINGS:
        raise _unreadable(f"the answer is encoded {len(words)} times")
    for each in reversed(words) if body else ():
        if each in FORMS:
            body = _inflated(body, each)
        elif each not in ("", "identity"):
            raise _unreadable(f"the answer is encoded as {each[:50]!r}")
    if len(body) > LARGEST_BODY:
        raise AzureError(Reason.TOO_LARGE, f"the answer is larger than {LARGEST_BODY} bytes")
    return body


def _unreadable(what: str) -> AzureError:
    """Return the error of an answer that no command can show."""
    return AzureError(Reason.MALFORMED, what, hint=PROXY)


def _inflated(body: bytes, encoding: str) -> bytes:
    """Return what *body* unpacks to, one byte more than the cap at most."""
    for form in FORMS[encoding]:
        with contextlib.suppress(zlib.error):
            return _members(body, form)
    raise _unreadable(f"the answer is not {encoding}")


def _members(body: bytes, form: int) -> bytes:
    """Unpack all members of *body*; what is behind them is ignored."""
    unpacked = b""
    if form > zlib.MAX_WBITS and not body.startswith(GZIP[: len(body)]):
        raise zlib.error("incorrect header check")  # zlib itself waits for a second byte
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(form)
        unpacked += inflater.decompress(body, LARGEST_BODY + 1 - len(unpacked))
        body = inflater.unused_data
        if len(unpacked) > LARGEST_BODY or (inflater.eof and not body.startswith(GZIP)):
            return unpacked
        if not inflater.eof:
            raise AzureError(Reason.TRUNCATED, "the encoded answer broke off", retryable=True)
    raise zlib.error(f"more than {MOST_MEMBERS} members")

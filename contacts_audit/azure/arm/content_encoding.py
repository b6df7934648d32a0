"""
Undoes the content encodings of an answer, never past a size limit.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
"""

import zlib

from contacts_audit.core.errors import AzureError, Reason

LARGEST_BODY = 8 * 1024 * 1024  # bytes, as they are sent, and decoded
GZIP = b"\x1f\x8b"
MOST_MEMBERS = 100  # of a gzip body
MOST_ENCODINGS = 3
PROXY = "a proxy may have encoded it: check the network (HTTPS_PROXY, NO_PROXY)"


def decoded(body: bytes, encoding: str) -> bytes:
    """Undo *encoding*, though we did not ask for any, up to the cap and never past a cut."""
    words = [word.strip().lower() for word in encoding.split(",")]
    if len(words) > MOST_ENCODINGS:
        raise _unreadable(f"the answer is encoded {len(words)} times")
    for each in reversed(words) if body else ():
        match each:
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                body = _inflated(body, each)
            case _:
                raise _unreadable(f"the answer is encoded as {each[:50]!r}")
    if len(body) > LARGEST_BODY:
        raise AzureError(Reason.TOO_LARGE, f"the answer is larger than {LARGEST_BODY} bytes")
    return body


def _unreadable(what: str) -> AzureError:
    """Return the error of an answer that no command can show."""
    return AzureError(Reason.MALFORMED, what, hint=PROXY)


def _inflated(body: bytes, encoding: str) -> bytes:
    """
    Return what *body* unpacks to, one byte more than the cap at most, as curl and requests read it.

    gzip may have several members, and whatever behind them; deflate comes with zlib's head or
    without.  https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
    """
    forms = [zlib.MAX_WBITS, -zlib.MAX_WBITS] if encoding == "deflate" else [zlib.MAX_WBITS | 16]
    for form in forms:
        try:
            unpacked, whole = _members(body, form)
        except zlib.error as error:
            failure = error
            continue
        if not whole and len(unpacked) <= LARGEST_BODY:
            what = f"the {encoding} answer broke off"
            raise AzureError(Reason.TRUNCATED, what, retryable=True)
        return unpacked
    raise _unreadable(f"the answer is not {encoding}: {failure}") from failure


def _members(body: bytes, form: int) -> tuple[bytes, bool]:
    """Unpack all members of *body*; say whether the last one is whole."""
    unpacked, rest, whole = b"", body, False
    if form > zlib.MAX_WBITS and not body.startswith(GZIP[: len(body)]):
        raise zlib.error("incorrect header check")  # zlib itself waits for a second byte
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(form)
        unpacked += inflater.decompress(rest, LARGEST_BODY + 1 - len(unpacked))
        rest, whole = inflater.unused_data, inflater.eof
        if not whole or len(unpacked) > LARGEST_BODY or not rest.startswith(GZIP):
            return unpacked, whole
    raise zlib.error(f"more than {MOST_MEMBERS} members")

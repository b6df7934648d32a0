"""
Undoes the content encodings of an answer, never past a size limit.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
"""

import gzip
import zlib
from collections.abc import Mapping
from io import BytesIO

from contacts_audit.core.errors import AzureError, Reason

LARGEST_BODY = 8 * 1024 * 1024  # bytes, as they are sent, and decoded
MOST_ENCODINGS = 3


def decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    """
    Undo the encoding that *headers* name, though we did not ask for any, as curl and requests do.

    Raises:
        AzureError: it is unknown or wrong, or *body* is broken off or larger than LARGEST_BODY.
    """
    words = headers.get("content-encoding", "").lower().split(",")
    try:
        for each in reversed(words) if body else ():
            body = _without(each.strip() if len(words) <= MOST_ENCODINGS else "too many", body)
    except EOFError as error:
        raise AzureError(Reason.TRUNCATED, "the encoded body broke off", retryable=True) from error
    except (OSError, zlib.error) as error:
        what = "the Content-Encoding of the answer is unknown or wrong"
        hint = "a proxy may have encoded it: check the network (HTTPS_PROXY, NO_PROXY)"
        raise AzureError(Reason.MALFORMED, what, hint=hint) from error
    if len(body) > LARGEST_BODY:
        raise AzureError(Reason.TOO_LARGE, f"the answer is larger than {LARGEST_BODY} bytes")
    return body


def _without(coding: str, body: bytes) -> bytes:
    """Return what *body* unpacks to, one byte more than the cap at most."""
    if coding in ("", "identity"):
        return body
    if coding in ("gzip", "x-gzip"):
        return gzip.GzipFile(fileobj=BytesIO(body)).read(LARGEST_BODY + 1)
    if coding != "deflate":
        raise zlib.error("unknown")
    has_head = body[:1] and body[0] % 16 == zlib.DEFLATED  # zlib's, or there is none
    inflater = zlib.decompressobj(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
    unpacked = inflater.decompress(body, LARGEST_BODY + 1)
    if not inflater.eof and len(unpacked) <= LARGEST_BODY:
        raise EOFError
    return unpacked

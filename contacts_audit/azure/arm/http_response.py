"""
Receives HTTP answers. They are parsed by llhttp, the parser of Node.js.

Nothing of what is no HTTP is quoted: it may hold half a secret, which nobody would recognize.
https://www.rfc-editor.org/rfc/rfc9112
"""

from http.client import HTTPException, RemoteDisconnected
from io import BytesIO
from typing import Any

import httptools
import requests

PIECE = 16_384  # bytes: TLS delivers no more at once
LARGEST_HEAD = 1024 * 1024  # bytes, with all interim answers before it
MOST_HEADERS = 256
DENSEST = 8  # bytes that may carry one byte of the body: a chunk of one takes six
TLS_ALERT = b"\x15"  # how a server of TLS begins to answer plain http


class BrokenOffError(HTTPException):
    """An answer broke off; if a socket failed, that is the cause."""


class TlsExpectedError(HTTPException):
    """A server of TLS was asked in plain http."""


class Response(requests.Response):
    """
    An answer, as it comes in. The parser calls the methods `on_...` with what it finds.

    Its headers are a plain dict: names in lower case, the values of one name joined by commas.
    Its `raw` is the body, still encoded.
    """

    headers: dict[str, str]  # type: ignore[assignment]

    def __init__(self) -> None:
        self._content_consumed = False  # requests' own __init__ makes cookies: 10 us an answer
        self.status_code, self.reason, self.headers, self.raw = 0, "", {}, BytesIO()
        self.parser = httptools.HttpResponseParser(self)
        self.parser.set_dangerous_leniencies(  # what http.client and curl read, too
            lenient_optional_cr_before_lf=True,
            lenient_chunked_length=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._lines: list[tuple[str, str]] = []  # the headers, as they come
        self._received = 0  # bytes
        self.has_head = self.is_whole = self.keeps_alive = False

    def on_message_begin(self) -> None:
        """Take nothing behind the answer: nobody asked for it."""
        if self.is_whole:
            raise HTTPException("more than the answer came")

    def on_status(self, reason: bytes) -> None:
        """Keep the words behind the status."""
        self.reason = reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, but none of those behind the body: nobody wants them."""
        if not self.has_head:
            self._lines.append((name.decode("latin-1").lower(), value.decode("latin-1").strip()))

    def on_headers_complete(self) -> None:
        """Read the head."""
        if len(self._lines) > MOST_HEADERS:
            raise HTTPException(f"there are more than {MOST_HEADERS} headers")
        self.status_code, self.has_head = self.parser.get_status_code(), True
        for name, text in self._lines:
            self.headers[name] = f"{self.headers[name]}, {text}" if name in self.headers else text

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        self.raw.write(piece)

    def on_message_complete(self) -> None:
        """End the answer, unless it is an interim one."""
        if self.status_code >= 200 or self.status_code == 101:  # which ends HTTP
            self.is_whole, self.keeps_alive = True, self.parser.should_keep_alive()
        else:
            self.has_head, self.headers, self._lines = False, {}, []

    def take(self, piece: bytes) -> None:
        """
        Take the next *piece*; an empty one is the end of the connection.

        Raises:
            HTTPException, HttpParserError, HttpParserUpgrade: it is not the rest of an answer.
        """
        if not piece:
            return self._end()
        if not self._received and piece[:1] == TLS_ALERT:
            raise TlsExpectedError("it speaks TLS")
        self._received += len(piece)
        self.parser.feed_data(piece)
        if self._received > LARGEST_HEAD + DENSEST * self.raw.tell():
            raise httptools.HttpParserError(f"{self._received} bytes, {self.raw.tell()} of a body")

    def _end(self) -> None:
        coding = self.headers.get("transfer-encoding", "").rpartition(",")[2].strip().lower()
        if not self._received:
            raise RemoteDisconnected("the connection was closed without an answer")
        if not self.has_head:
            raise BrokenOffError("the connection was closed within the head")
        if coding == "chunked" or (not coding and "content-length" in self.headers):
            raise BrokenOffError(f"the connection was closed after {self.raw.tell()} bytes of it")
        self.is_whole = True


def receive(sock: Any, most: int) -> Response:
    """
    Return the answer that comes on *sock*: the whole, or until its body is over *most* bytes.

    With -1 the head is enough.

    Raises:
        BrokenOffError: it breaks off.
        HTTPException: it is no HTTP.
        OSError: there is none.
    """
    answer = Response()
    try:
        while not answer.is_whole and not (answer.has_head and answer.raw.tell() > most):
            answer.take(sock.recv(PIECE))
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        answer.keeps_alive = False
        if not answer.is_whole and not (answer.has_head and most < 0):
            raise _failure(error, answer) from None
    except OSError as error:
        if answer.has_head:
            raise BrokenOffError(str(error)) from error
        raise
    finally:
        del answer.parser  # it refers to the answer
    answer.raw.seek(0)
    return answer


def _failure(error: Exception, answer: Response) -> BaseException:
    """Return what an *error* of the parser means; its words are its own, and not the server's."""
    if isinstance(error, httptools.HttpParserCallbackError) and error.__context__ is not None:
        return error.__context__  # what one of our own methods raised, or the handler of a signal
    if answer.has_head:
        return BrokenOffError(str(error))
    return HTTPException(f"the answer is not HTTP: {error}")

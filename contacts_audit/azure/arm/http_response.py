"""
Receives HTTP answers. They are parsed by llhttp, the parser of Node.js.

Nothing of what is no HTTP is quoted: it may hold half a secret, which nobody would recognize.
https://www.rfc-editor.org/rfc/rfc9112
"""

from http import HTTPStatus
from http.client import HTTPException, RemoteDisconnected
from typing import Any

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

PIECE = 16_384  # bytes: TLS delivers no more at once
LARGEST_HEAD = 1024 * 1024  # bytes, with all interim answers before it
MOST_HEADERS = 256
DENSEST = 8  # bytes that may carry one byte of the body: a chunk of one takes six
TLS_ALERT = b"\x15"  # how a server of TLS begins to answer plain http


class BrokenOffError(HTTPException):
    """An answer broke off; if a socket failed, that is the cause."""


class TlsExpectedError(HTTPException):
    """A server of TLS was asked in plain http."""


class Response:
    """
    An answer, as it comes in. The parser calls the methods `on_...` with what it finds.

    The names in *headers* are in lower case; the values of one name are joined by commas.
    """

    parser: HttpResponseParser

    def __init__(self) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.first = b""  # byte
        self._lines: list[bytes] = []  # names and values of headers in turn
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
        """Keep a header."""
        self._lines += (name, value)

    def on_headers_complete(self) -> None:
        """Read the head."""
        if len(self._lines) > 2 * MOST_HEADERS:
            raise HTTPException(f"there are more than {MOST_HEADERS} headers")
        self.status = self.parser.get_status_code()
        self.keeps_alive = self.parser.should_keep_alive()
        self.has_head = True
        texts = b"\n".join(self._lines).decode("latin-1").split("\n")  # which no value holds
        for name, value in zip(texts[::2], texts[1::2], strict=False):
            key, text = name.lower(), value.strip()
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        self.body += piece

    def on_message_complete(self) -> None:
        """End the answer, unless it is an interim one."""
        if self.status >= HTTPStatus.OK or self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.is_whole = True
        else:
            self.headers, self._lines, self.has_head = {}, [], False

    def take(self, piece: bytes) -> None:
        """
        Take the next *piece*; an empty one is the end of the connection.

        Raises:
            HTTPException, HttpParserError, HttpParserUpgrade: it is not the rest of an answer.
        """
        if not piece:
            return self._end()
        self.first = self.first or piece[:1]
        self._received += len(piece)
        self.parser.feed_data(piece)
        if self._received > LARGEST_HEAD + DENSEST * len(self.body):
            raise HttpParserError(f"{self._received} bytes, {len(self.body)} of a body")

    def _end(self) -> None:
        coding = self.headers.get("transfer-encoding", "").rpartition(",")[2].strip().lower()
        if not self.first:
            raise RemoteDisconnected("the connection was closed without an answer")
        if not self.has_head:
            raise BrokenOffError("the connection was closed within the head")
        if coding == "chunked" or (not coding and "content-length" in self.headers):
            raise BrokenOffError(f"the connection was closed after {len(self.body)} bytes of it")
        self.is_whole, self.keeps_alive = True, False


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
    parser = answer.parser = HttpResponseParser(answer)
    parser.set_dangerous_leniencies(  # what http.client and curl read, too
        lenient_optional_cr_before_lf=True,
        lenient_chunked_length=True,
        lenient_spaces_after_chunk_size=True,
    )
    try:
        while not answer.is_whole and not (answer.has_head and len(answer.body) > most):
            answer.take(sock.recv(PIECE))
    except (HttpParserError, HttpParserUpgrade) as error:
        answer.keeps_alive = False
        if not answer.is_whole and not (answer.has_head and most < 0):
            raise _failure(error, answer) from None
    except OSError as error:
        if answer.has_head:
            raise BrokenOffError(str(error)) from error
        raise
    finally:
        del answer.parser  # it refers to the answer
    return answer


def _failure(error: Exception, answer: Response) -> BaseException:
    """Return what an *error* of the parser means; its words are its own, and not the server's."""
    if isinstance(error, HttpParserCallbackError) and error.__context__ is not None:
        return error.__context__  # what one of our own methods raised, or the handler of a signal
    if answer.has_head:
        return BrokenOffError(str(error))
    if answer.first == TLS_ALERT:
        return TlsExpectedError("it speaks TLS")
    return HTTPException(f"the answer is not HTTP: {error}")

"""
Receives HTTP answers. They are parsed by llhttp, the parser of Node.js.

It is strict: lines that end without CR, folded lines or a second Content-Length are errors.
https://www.rfc-editor.org/rfc/rfc9112
"""

from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, RemoteDisconnected
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

PIECE = 16_384  # bytes: TLS delivers no more at once
LARGEST_HEAD = 1024 * 1024  # bytes, with all interim answers before it
DENSEST = 8  # bytes that may carry one byte of the body: a chunk of one takes six
SHOWN = 200  # characters of what is no HTTP


class BrokenOffError(HTTPException):
    """An answer broke off; if a socket failed, that is the cause."""


class Response:
    """
    An answer, as it comes in. The parser calls the methods `on_...` with what it finds.

    The names in *headers* are in lower case; the values of one name are joined by commas.
    """

    parser: HttpResponseParser

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.first = b""  # piece
        self._lines: list[bytes] = []  # names and values of headers in turn
        self._received = 0  # bytes
        self.has_head = self.is_whole = self.keeps_alive = False

    def on_message_begin(self) -> None:
        """Take nothing behind the answer: nobody asked for it."""
        if self.is_whole:
            raise HTTPException("more than the answer came")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._lines += (name, value)

    def on_headers_complete(self) -> None:
        """Read the head."""
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
        self.first = self.first or piece
        self._received += len(piece)
        self.parser.feed_data(piece)
        if self._received > LARGEST_HEAD + DENSEST * len(self.body):
            raise HttpParserError(f"{self._received} bytes, {len(self.body)} of a body")

    def _end(self) -> None:
        if not self.first:
            raise RemoteDisconnected("the connection was closed without an answer")
        if not self.has_head:
            raise BrokenOffError("the connection was closed within the head")
        if "content-length" in self.headers or "transfer-encoding" in self.headers:
            raise BrokenOffError(f"the connection was closed after {len(self.body)} bytes of it")
        self.is_whole, self.keeps_alive = True, False


def receive(sock: Any, most: int) -> Response:
    """
    Return the answer that comes on *sock*: the whole, or until its body is over *most* bytes.

    Raises:
        BrokenOffError: it breaks off.
        HTTPException: it is no HTTP.
        OSError: there is none.
    """
    answer = Response()
    parser = answer.parser = HttpResponseParser(answer)
    try:
        while not answer.is_whole and not (answer.has_head and len(answer.body) > most):
            answer.take(sock.recv(PIECE))
    except (HttpParserError, HttpParserUpgrade) as error:
        answer.keeps_alive = False
        if answer.is_whole:
            return answer  # something came behind it
        if answer.has_head:
            raise BrokenOffError(str(error)) from None
        if parser.get_status_code():
            raise HTTPException(str(error)) from None
        line = answer.first.partition(b"\n")[0]
        raise BadStatusLine(line[:SHOWN].decode("latin-1")) from None
    except OSError as error:
        if answer.has_head:
            raise BrokenOffError(str(error)) from error
        raise
    finally:
        del answer.parser  # it refers to the answer
    return answer

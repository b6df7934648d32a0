"""
Reads an HTTP answer as `http.client` does, but in half the time and alike on every Python.

Python's email package takes longer to parse the headers than everything else between a request and
its answer; here a line is split at its colon.  Python 3.14 gives up after a hundred interim answers
or trailers, older ones never do: here the time limit of the attempt ends them, on each Python.
More than a hundred headers, or a line of more than 64 KiB, are an error everywhere.

https://www.rfc-editor.org/rfc/rfc9112
"""

import http.client
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead, LineTooLong
from types import FunctionType
from typing import Any

MOST_HEADERS = 100
LONGEST_LINE = 65_536  # bytes
INTERIM = range(100, 200)
END = (b"\r\n", b"\n")


def _ignore(_reusable: bool) -> None:
    """Leave the connection as it is."""


class Response(HTTPResponse):
    """
    The answer to a request of *method* that was sent on *sock*.

    *closed* is called once, when it is closed, and told whether *sock* takes another request.
    """

    def __init__(
        self, sock: socket.socket, method: str, closed: Callable[[bool], None] = _ignore
    ) -> None:
        self._on_close = closed
        super().__init__(sock, method=method)

    def begin(self) -> None:
        """
        Read the status and the headers.

        Raises:
            HTTPException: they are no HTTP, too long, or incomplete.
            OSError: the connection failed.
        """
        _begin(self)

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status that comes after every `100 Continue`."""
        while True:
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if status[1] != HTTPStatus.CONTINUE:
                return status
            _skip_lines(self.fp)

    def _read_and_discard_trailer(self) -> None:
        _skip_lines(self.fp)

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("a chunk has a negative length")
        return size

    def read(self, amount: int | None = None) -> bytes:
        """
        Return the rest of the body, or *amount* bytes of it.

        Raises:
            HTTPException: the connection ended before the body did.
            OSError: the connection failed.
            ValueError: a chunk is malformed.
        """
        try:
            body = super().read(amount)
            if self.length and (amount is None or len(body) < amount):
                raise IncompleteRead(body, self.length)
        except BaseException:
            self.will_close = True  # nobody knows where the next answer begins
            raise
        return body

    def close(self) -> None:
        """Close the answer; its connection can be used again if it was the final one, and whole."""
        reusable = self.isclosed() and not self.will_close and self.status not in INTERIM
        super().close()
        closed, self._on_close = self._on_close, _ignore
        closed(reusable)


def _skip_lines(fp: Any) -> None:
    """Skip all lines to the next empty one, or to the end."""
    while (line := fp.readline(LONGEST_LINE + 1)) not in (*END, b""):
        _check_line(line)


def _check_line(line: bytes) -> None:
    if len(line) > LONGEST_LINE:
        raise LineTooLong("header line")
    if not line.endswith(b"\n"):
        raise IncompleteRead(line)


def _headers(fp: Any, *_: Any, **__: Any) -> dict[str, str]:
    """
    Return the headers that come next from *fp*, their names in lower case.

    Those of one name are joined by commas.

    Raises:
        HTTPException: they are too many or too long, break off, or contradict each other.
    """
    lines: list[bytes] = []
    while (line := fp.readline(LONGEST_LINE + 1)) not in END:
        _check_line(line)
        if len(lines) == MOST_HEADERS:
            raise HTTPException(f"got more than {MOST_HEADERS} headers")
        lines.append(line)
    headers: dict[str, str] = {}
    name = ""
    for text in b"".join(lines).decode("latin-1").split("\n")[:-1]:
        if text[0] in " \t":  # the line before goes on
            headers[name] = f"{headers.get(name, '')} {text.strip()}".strip()
            continue
        field, _colon, value = text.partition(":")
        name, value = field.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    _check_length(headers)
    return headers


def _check_length(headers: dict[str, str]) -> None:
    """Let *headers* name one length, if any: whoever takes another one reads another answer."""
    lengths = {each.strip() for each in headers.get("content-length", "").split(",")}
    if len(lengths) > 1:
        raise HTTPException(f"the answer has several lengths: {headers['content-length']}")
    if lengths != {""}:
        headers["content-length"] = lengths.pop()


# http.client's own reading of a head, which decides where the body ends, with our `_headers`
_begin = FunctionType(HTTPResponse.begin.__code__, {**vars(http.client), "parse_headers": _headers})

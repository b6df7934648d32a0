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
from http.client import HTTPException, HTTPResponse, IncompleteRead, LineTooLong
from types import FunctionType
from typing import Any

MOST_HEADERS = 100
LONGEST_LINE = 65_536  # bytes
END = (b"\r\n", b"\n")


def _line(fp: Any) -> bytes:
    """Return the next line of a head; nothing where it breaks off."""
    line: bytes = fp.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise LineTooLong("header line")
    return line


def _headers(fp: Any, *_: Any, **__: Any) -> dict[str, str]:
    """
    Return the headers that come next from *fp*, their names in lower case.

    Those of one name are joined by commas.

    Raises:
        HTTPException: they are too many or too long, break off, or name several lengths.
    """
    lines: list[bytes] = []
    while (line := _line(fp)) not in END:
        if not line:
            raise IncompleteRead(b"")
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
    if "," in headers.get("content-length", ""):
        lengths = {each.strip() for each in headers["content-length"].split(",")}
        if len(lengths) > 1:
            raise HTTPException(f"the answer has several lengths: {headers['content-length']}")
        headers["content-length"] = lengths.pop()
    return headers


class Response(HTTPResponse):
    """
    The answer to a request of *method* that was sent on *sock*.

    *on_close* is called once, when it is closed, and told whether *sock* takes another request.
    """

    def __init__(self, sock: socket.socket, method: str, on_close: Callable[[bool], None]) -> None:
        self._on_close: Callable[[bool], None] | None = on_close
        super().__init__(sock, method=method)

    # http.client's own reading of a head, which says where the body ends, with our headers
    begin = FunctionType(
        HTTPResponse.begin.__code__, {**vars(http.client), "parse_headers": _headers}
    )

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status that comes after every `100 Continue`."""
        while True:
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if status[1] != http.client.CONTINUE:
                return status
            self._read_and_discard_trailer()

    def _read_and_discard_trailer(self) -> None:
        while _line(self.fp) not in (*END, b""):
            pass

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("a chunk has a negative length")
        return size

    def read(self, amount: int | None = None) -> bytes:
        """
        Return the rest of the body, or *amount* bytes of it.

        Raises:
            HTTPException, OSError, ValueError: it breaks off, or a chunk is malformed.
        """
        closes, self.will_close = self.will_close, True  # while the end has not been found
        body = super().read(amount)
        if self.length and (amount is None or len(body) < amount):
            raise IncompleteRead(body, self.length)
        self.will_close = closes
        return body

    def close(self) -> None:
        """Close the answer; its connection can be used again if it was the final one, and whole."""
        reusable = self.isclosed() and not self.will_close and self.status >= http.client.OK
        super().close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close(reusable)

"""How an HTTP answer is read: over a pair of sockets, alike on every Python."""

import itertools
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException, IncompleteRead

import pytest

from contacts_audit.azure.arm.http_response import MOST_HEADERS, Response

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MANY = 100_000


@contextmanager
def answered(pieces: Iterable[bytes]) -> Iterator[tuple[Response, list[bool]]]:
    """Yield the answer that *pieces* are, and what is said of its connection when it closes."""
    closed: list[bool] = []
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with suppress(OSError), theirs:
            for piece in pieces:
                theirs.sendall(piece)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    with ours:
        with closing(Response(ours, "GET", closed.append)) as response:
            yield response, closed
        ours.shutdown(socket.SHUT_RDWR)
    server.join()


@pytest.mark.parametrize(
    ("head", "name", "value"),
    [
        pytest.param(b"X-Ms-Thing:  a b \r\n", "x-ms-thing", "a b", id="blanks"),
        pytest.param(b"x: 1\r\nX: 2\r\n", "x", "1, 2", id="twice"),
        pytest.param(b"x: 1\r\n  2\r\n\t3\r\n", "x", "1 2 3", id="folded"),
        pytest.param(b"x : 1\r\n", "x", "1", id="a blank before the colon"),
        pytest.param(b"x: a:b\r\n", "x", "a:b", id="a colon in it"),
        pytest.param(b"x:\r\n", "x", "", id="nothing"),
        pytest.param(b"x: \xe9\r\n", "x", "\xe9", id="Latin-1"),
        pytest.param(b"x: 1\n", "x", "1", id="a bare line feed"),
        pytest.param(b"x: \x85\x0b1\r\n", "x", "1", id="no other line break"),
        pytest.param(b"nonsense\r\nx: 1\r\n", "x", "1", id="after a line without a colon"),
        pytest.param(
            b"x: 1\r\n" * (MOST_HEADERS - 1), "x", "1" + ", 1" * 98, id="as many as may be"
        ),
    ],
)
def test_a_header_is_read(head: bytes, name: str, value: str) -> None:
    """By its name in lower case."""
    with answered([OK, head, b"Content-Length: 2\r\n\r\n{}"]) as (response, _):
        response.begin()

        assert response.headers[name] == value


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK, b"x: 1\r\n" * (MOST_HEADERS + 1), b"\r\n"], id="too many"),
        pytest.param([OK, b"x: ", b"1" * MANY, b"\r\n\r\n"], id="too long"),
        pytest.param([OK, b"Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}"], id="two lengths"),
        pytest.param([OK, b"Content-Length: 2, 3\r\n\r\n{}"], id="two lengths in one line"),
        pytest.param([b"220 mail.example ESMTP\r\n\r\n"], id="no HTTP"),
        pytest.param([], id="nothing"),
    ],
)
def test_a_head_that_is_none_is_an_error(pieces: list[bytes]) -> None:
    """Nobody can say what the answer was."""
    with answered(pieces) as (response, _), pytest.raises(HTTPException):
        response.begin()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK], id="after the status"),
        pytest.param([OK, b"x: 1\r\n"], id="after a header"),
        pytest.param([OK, b"Content-Le"], id="within a header"),
    ],
)
def test_a_head_that_breaks_off_is_not_taken_for_an_empty_answer(pieces: list[bytes]) -> None:
    """What is missing may have said how long the body is."""
    with answered(pieces) as (response, _), pytest.raises(IncompleteRead):
        response.begin()


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        pytest.param([OK, b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}x"], b"{}", id="twice"),
        pytest.param([OK, b"Content-Length: 2,2\r\n\r\n{}x"], b"{}", id="twice in one line"),
        pytest.param([OK, b"\r\n", b"{}" * 9000], b"{}" * 9000, id="to the end of the connection"),
        pytest.param([CHUNKED, b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n"], b"{}", id="in chunks"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n"], b"{}", id="in chunks, the last line missing"),
    ],
)
def test_a_body_is_read_to_its_end(pieces: list[bytes], body: bytes) -> None:
    """However its length is told."""
    with answered(pieces) as (response, _):
        response.begin()

        assert response.read(MANY) == body


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK, b"Content-Length: 3\r\n\r\n{}"], id="short"),
        pytest.param([CHUNKED, b"3\r\n{}"], id="a chunk is cut"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n"], id="no last chunk"),
        pytest.param([CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"], id="no length of a chunk"),
        pytest.param([CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"], id="a negative length"),
    ],
)
def test_a_body_that_breaks_off_is_an_error(pieces: list[bytes]) -> None:
    """Half an answer is none, and its connection takes no other request."""
    with answered(pieces) as (response, closed):
        response.begin()

        with pytest.raises((HTTPException, ValueError)):
            response.read(MANY)

    assert closed == [False]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            [b"HTTP/1.1 100 Continue\r\nx: 1\r\n\r\n" * 10_000, OK, b"Content-Length: 2\r\n\r\n{}"],
            id="interim",
        ),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n", b"x: 1\r\n" * 10_000, b"\r\n"], id="trailers"),
    ],
)
def test_what_is_skipped_is_bounded_by_time_alone(pieces: list[bytes]) -> None:
    """Python 3.14 stops after a hundred, older ones never: here the time limit decides."""
    with answered(pieces) as (response, closed):
        response.begin()

        assert response.read(MANY) == b"{}"
    assert closed == [True]


@pytest.mark.parametrize(
    ("pieces", "amount", "reusable"),
    [
        pytest.param([OK, b"Content-Length: 2\r\n\r\n{}"], MANY, True, id="whole"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"], MANY, True, id="chunks"),
        pytest.param([b"HTTP/1.1 204 No Content\r\n\r\n"], MANY, True, id="no body"),
        pytest.param([OK, b"Content-Length: 2\r\n\r\n{}"], 1, False, id="not read to its end"),
        pytest.param([OK, b"\r\n{}"], MANY, False, id="ended by the connection"),
        pytest.param(
            [OK, b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"], MANY, False, id="close"
        ),
        pytest.param([b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"], MANY, False, id="1.0"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n"], MANY, False, id="not the final answer"),
    ],
)
def test_a_connection_is_kept_after_a_whole_answer_only(
    pieces: list[bytes], amount: int, reusable: bool
) -> None:
    """Whatever is left on it would be taken for the next answer; it is told once."""
    with answered(pieces) as (response, closed):
        response.begin()
        response.read(amount)
        response.close()

    assert closed == [reusable]


def test_an_answer_that_never_ends_is_read_no_further_than_asked() -> None:
    """A body ended by the connection, whose server does not end it."""
    with answered(itertools.chain([OK, b"\r\n"], itertools.repeat(b"x" * 1000))) as (response, _):
        response.begin()

        assert len(response.read(MANY)) == MANY


def test_a_chunk_of_less_than_nothing_is_not_read_to_the_end_of_the_connection() -> None:
    """For a file, -1 means all that there is: it would fill the memory."""
    sent = []

    def pieces() -> Iterator[bytes]:
        yield from (CHUNKED, b"-1\r\n")
        for number in range(50_000):
            sent.append(number)
            yield b"x" * 1000

    with answered(pieces()) as (response, _):
        response.begin()

        with pytest.raises((HTTPException, ValueError)):
            response.read(MANY)

    assert len(sent) < 25_000

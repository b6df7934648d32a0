"""How an HTTP answer is received: over a pair of sockets."""

import itertools
import socket
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.client import HTTPException

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts_audit.azure.arm.http_response import (
    LARGEST_HEAD,
    MOST_HEADERS,
    BrokenOffError,
    Response,
    receive,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TWO = b"Content-Length: 2\r\n\r\n{}"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
MANY = 100_000


class Pieces:
    """A socket that *pieces* come on."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    def recv(self, most: int) -> bytes:
        """Return the next piece; nothing at the end."""
        return next((piece for piece in self._pieces if piece), b"")


def received(pieces: Iterable[bytes], most: int = MANY) -> Response:
    """Return the answer that *pieces* are, sent one by one."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with suppress(OSError), theirs:
            for piece in pieces:
                theirs.sendall(piece)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        with ours:
            return receive(ours, most)
    finally:
        server.join()


@pytest.mark.parametrize(
    ("head", "name", "value"),
    [
        pytest.param(b"X-Ms-Thing:  a b \r\n", "x-ms-thing", "a b", id="blanks"),
        pytest.param(b"x: 1\r\nX: 2\r\n", "x", "1, 2", id="twice"),
        pytest.param(b"x: a:b\r\n", "x", "a:b", id="a colon in it"),
        pytest.param(b"x:\r\ny: 1\r\n", "x", "", id="nothing"),
        pytest.param(b"x:\r\ny: 1\r\n", "y", "1", id="after nothing"),
        pytest.param(b"x: \xe9\r\n", "x", "\xe9", id="Latin-1"),
        pytest.param(b"x: 1\x852\r\n", "x", "1\x852", id="no other line break"),
        pytest.param(b"x: 1\n", "x", "1", id="a bare line feed"),
        pytest.param(
            b"x: 1\r\n" * (MOST_HEADERS - 1), "x", "1" + ", 1" * 254, id="as many as may be"
        ),
    ],
)
def test_a_header_is_read(head: bytes, name: str, value: str) -> None:
    """By its name in lower case, however it comes in."""
    whole = OK + head + TWO

    assert received([whole]).headers[name] == value
    assert received(bytes([each]) for each in whole).headers[name] == value


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK, b"x: " + b"1" * 65536] + [b"1" * 65536] * 16, id="too long"),
        pytest.param([OK, b"x: 1\r\n" * MOST_HEADERS, TWO], id="too many"),
        pytest.param([OK, *[b"x: 1\r\n" * 10_000] * 20], id="without end"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000, OK, TWO], id="interim answers"),
        pytest.param([OK, b"Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}"], id="two lengths"),
        pytest.param([OK, b"Content-Length: 2, 3\r\n\r\n{}"], id="two lengths in one line"),
        pytest.param([OK, b"x: 1\r\n 2\r\n", TWO], id="folded"),
        pytest.param([OK, b"x : 1\r\n", TWO], id="a blank before the colon"),
        pytest.param([OK, b"x: \x1b[2J\r\n", TWO], id="a control character"),
        pytest.param([b"HTTP/2 200 OK\r\n", TWO], id="no version"),
        pytest.param([b"220 mail.example ESMTP\r\n\r\n"], id="no HTTP"),
        pytest.param([], id="nothing"),
    ],
)
def test_a_head_that_is_none_is_an_error(pieces: list[bytes]) -> None:
    """Nobody can say what the answer was, and it did not merely break off."""
    with pytest.raises(HTTPException) as caught:
        received(pieces)

    assert not isinstance(caught.value, BrokenOffError)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK], id="after the status"),
        pytest.param([OK, b"x: 1\r\n"], id="after a header"),
        pytest.param([OK, b"Content-Le"], id="within a header"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n"], id="after an interim answer"),
    ],
)
def test_a_head_that_breaks_off_is_not_taken_for_an_empty_answer(pieces: list[bytes]) -> None:
    """What is missing may have said how long the body is."""
    with pytest.raises(BrokenOffError, match="within the head"):
        received(pieces)


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        pytest.param([OK, TWO], b"{}", id="a length"),
        pytest.param([OK, b"\r\n", b"{}" * 9000], b"{}" * 9000, id="to the end of the connection"),
        pytest.param([CHUNKED, b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n"], b"{}", id="in chunks"),
        pytest.param(
            [CHUNKED, b"1\r\nx\r\n" * MANY, b"0\r\n\r\n"], b"x" * MANY, id="in chunks of one"
        ),
        pytest.param(
            [CHUNKED, b"2\r\n{}\r\n0\r\n", b"x: 1\r\n" * 1000, b"\r\n"], b"{}", id="trailers"
        ),
        pytest.param(
            [b"HTTP/1.1 100 Continue\r\nx: 1\r\n\r\n" * 10_000, OK, TWO], b"{}", id="interim"
        ),
        pytest.param(
            [b"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n", OK, TWO], b"{}", id="hints"
        ),
        pytest.param([CHUNKED, b"2  \r\n{}\r\n0 ;a=b\r\n\r\n"], b"{}", id="blanks behind a size"),
        pytest.param(
            [OK, b"Content-Length: 9\r\n", CHUNKED[len(OK) :], b"2\r\n{}\r\n0\r\n\r\n"],
            b"{}",
            id="in chunks, whatever the length",
        ),
        pytest.param([OK, b"Transfer-Encoding: identity\r\n\r\n{}"], b"{}", id="identity"),
        pytest.param([b"HTTP/1.1 204 No Content\r\n\r\n"], b"", id="none"),
        pytest.param([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"], b"", id="304"),
    ],
)
def test_a_body_is_read_to_its_end(pieces: list[bytes], body: bytes) -> None:
    """However its length is told, and only that of the final answer."""
    answer = received(pieces)

    assert (answer.raw.read(), answer.is_whole) == (body, True)
    assert "x" not in answer.headers


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([OK, b"Content-Length: 3\r\n\r\n{}"], id="short"),
        pytest.param([CHUNKED, b"3\r\n{}"], id="a chunk is cut"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n"], id="no last chunk"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n"], id="the last line missing"),
        pytest.param([CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"], id="no length of a chunk"),
        pytest.param([CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"], id="a negative length"),
        pytest.param([CHUNKED, b"f" * 30 + b"\r\n"], id="a length beyond memory"),
    ],
)
def test_a_body_that_breaks_off_is_an_error(pieces: list[bytes]) -> None:
    """Half an answer is none."""
    with pytest.raises(BrokenOffError):
        received(pieces)


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        pytest.param([OK, TWO], True, id="whole"),
        pytest.param([CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"], True, id="chunks"),
        pytest.param([b"HTTP/1.1 204 No Content\r\n\r\n"], True, id="no body"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n", OK, TWO], True, id="after hints"),
        pytest.param([OK, b"\r\n{}"], False, id="ended by the connection"),
        pytest.param([OK, b"Connection: close\r\n", TWO], False, id="close"),
        pytest.param([OK, b"Connection: close\r\n" + TWO + b"x"], False, id="more after close"),
        pytest.param([b"HTTP/1.0 200 OK\r\n", TWO], False, id="1.0"),
        pytest.param([b"HTTP/1.1 101 Switching Protocols\r\n\r\n"], False, id="another protocol"),
        pytest.param([OK + TWO + OK + TWO], False, id="a second answer"),
        pytest.param([OK + TWO + b"x"], False, id="more than announced"),
    ],
)
def test_a_connection_is_kept_after_a_whole_answer_only(pieces: list[bytes], kept: bool) -> None:
    """Whatever is left on it would be taken for the next answer."""
    answer = received(pieces)

    assert (answer.is_whole, answer.keeps_alive) == (True, kept)


@pytest.mark.parametrize(
    ("line", "words"), [(b"HTTP/1.1 407 Who are you?", "Who are you?"), (b"HTTP/1.1 407", "")]
)
def test_the_words_behind_the_status_may_be_missing(line: bytes, words: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc9112#section-4."""
    assert received([line + b"\r\n" + TWO]).reason == words


def test_what_follows_an_answer_changes_nothing_of_it() -> None:
    """It may come in the same piece: another answer, that nobody asked for."""
    answer = received([OK + b"x: 1\r\n" + TWO + b"HTTP/1.1 403 No\r\nx: 2\r\n" + TWO])

    assert (answer.status_code, answer.headers["x"], answer.raw.read()) == (200, "1", b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.0 200 Connection established\n\n", id="bare line feeds"),
        pytest.param(CHUNKED + b"zz\r\n", id="chunks that are none"),
        pytest.param(OK + b"Content-Length: 9\r\n\r\n{}", id="half a body"),
        pytest.param(OK + TWO + b"x", id="more than a body"),
    ],
)
def test_a_head_is_enough_for_whoever_wants_no_body(answer: bytes) -> None:
    """As for a tunnel: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6."""
    assert received([answer], -1).status_code == 200


@pytest.mark.parametrize(
    "piece", [b"220 a-secret-that-is-echoed", b"HTTP/1.1 a-secret", b"\x15a-se"]
)
def test_what_is_no_http_is_not_quoted(piece: bytes) -> None:
    """It may end in the middle of a secret, which nobody would recognize and hide."""
    with pytest.raises(HTTPException) as caught:
        received([piece, b"cret\r\n\r\n"])

    assert "se" not in str(caught.value).replace("response", "")


def test_what_breaks_in_while_an_answer_is_parsed_is_no_error_of_http(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The handler of a signal may run in between, and the parser catches what it raises."""

    def on_header(self: Response, name: bytes, value: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Response, "on_header", on_header)

    with pytest.raises(KeyboardInterrupt):
        received([OK, TWO])


@pytest.mark.parametrize("line", [OK, b"HTTP/1.1 000 Odd\r\n"])
def test_an_answer_that_never_ends_is_read_no_further_than_asked(line: bytes) -> None:
    """A body ended by the connection, whose server does not end it."""
    answer = received(itertools.chain([line, b"\r\n"], itertools.repeat(b"x" * 1000)))

    assert MANY < len(answer.raw.read()) < 2 * MANY
    assert not answer.is_whole


def test_trailers_without_end_do_not_fill_the_memory() -> None:
    """Nothing of them is wanted, and yet they arrive."""
    sent = []
    tracemalloc.start()

    def pieces() -> Iterator[bytes]:
        yield from (CHUNKED, b"2\r\n{}\r\n0\r\n")
        for number in range(50):
            sent.append(number)
            yield b"x: 1\r\n" * 10_000

    with pytest.raises(BrokenOffError):
        receive(Pieces(pieces()), MANY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(sent) * 60_000 < 2 * LARGEST_HEAD
    assert peak < LARGEST_HEAD


some_answer = st.tuples(
    st.sampled_from([b"", EARLY, EARLY * 2]),
    st.sampled_from(
        [
            OK + b"x: 1\r\nX: 2\r\nEmpty:\r\n" + TWO,
            CHUNKED + b"1;a=b\r\n{\r\n1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n",
            OK + b"\r\n{}",
            b"HTTP/1.0 404 Not Found\r\n" + TWO,
            b"HTTP/1.1 204 No Content\r\n\r\n",
        ]
    ),
).map(b"".join)


@given(some_answer, st.lists(st.integers(0, 300)))
def test_where_an_answer_is_cut_into_pieces_does_not_matter(whole: bytes, cuts: list[int]) -> None:
    """A network cuts anywhere."""
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in itertools.pairwise(places)]

    once, again = receive(Pieces([whole]), MANY), receive(Pieces(pieces), MANY)

    assert once.raw.read() == again.raw.read()
    names = ("status_code", "headers", "is_whole", "keeps_alive")
    assert [getattr(once, name) for name in names] == [getattr(again, name) for name in names]


@given(some_answer, st.integers(0, 300), st.binary(max_size=20), st.integers(0, 20))
def test_what_is_damaged_is_an_answer_or_an_error_of_http(
    whole: bytes, at: int, noise: bytes, gone: int
) -> None:
    """And never one of the parser, which nobody would expect."""
    with suppress(HTTPException):
        receive(Pieces([whole[:at] + noise + whole[at + gone :]]), MANY)

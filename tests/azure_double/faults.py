"""
Faults of an answer: each function returns one for `AzureDouble.fail`.

A fault that sends a part of the normal answer applies the request. All others do not, unless they
are wrapped in `applied`.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from .exchange import Exchange, Fault, as_usual
from .refusals import error_body
from .wire import Answer, HeaderValue, compact

Headers = Mapping[str, HeaderValue]

GATEWAY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Gateway</title></head>"
    b"<body><h1>Our services are not available right now</h1></body></html>"
)


def status(code: int, body: bytes | dict[str, Any] = b"", headers: Headers | None = None) -> Fault:
    """Answer with this status and body; a dict is sent as JSON."""
    return answer(body if isinstance(body, bytes) else compact(body), headers, status=code)


def answer(body: bytes, headers: Headers | None = None, status: int = 200) -> Fault:
    """Answer with exactly these bytes as the body."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(exchange.reply(status, body, headers).encode())

    return fault


def arm_error(status: int, code: str, message: str, headers: Headers | None = None) -> Fault:
    """Answer with an error in the form of ARM."""
    return answer(error_body(code, message), headers, status)


def throttle(retry_after: str | float | None = None, headers: Headers | None = None) -> Fault:
    """Answer 429, with a Retry-After header if *retry_after* is given."""
    wait = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = "The request was throttled. Please try again later."
    return arm_error(429, "TooManyRequests", message, {**wait, **(headers or {})})


def html(status: int = 200) -> Fault:
    """Answer with the web page of a gateway."""

    async def fault(exchange: Exchange) -> None:
        page = Answer(status, GATEWAY_PAGE, {"Content-Type": "text/html", "Server": "gateway"})
        await exchange.send(page.encode())

    return fault


def redirect(status: int, location: str) -> Fault:
    """Redirect the client to *location*."""
    return answer(b"", {"Location": location}, status)


def slow(seconds: float) -> Fault:
    """Wait, and then answer normally."""

    async def fault(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await as_usual(exchange)

    return fault


def late(seconds: float, then: Fault) -> Fault:
    """Wait, and *then* fail."""

    async def fault(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await then(exchange)

    return fault


def last(then: Callable[[], object] = lambda: None) -> Fault:
    """Answer normally, call *then*, and end the connection."""

    async def fault(exchange: Exchange) -> None:
        body = exchange.answer.but(headers={"Connection": "close"}).encode()
        then()
        await exchange.send(body)
        exchange.close()

    return fault


def sequence(*faults: Fault | None) -> Fault:
    """Play one fault after the other. None, and all after the last, is the normal answer."""
    left = iter(faults)

    async def fault(exchange: Exchange) -> None:
        await (next(left, None) or as_usual)(exchange)

    return fault


def applied(then: Fault) -> Fault:
    """Apply the request, and *then* fail: the answer is lost, but not the change."""

    async def fault(exchange: Exchange) -> None:
        _ = exchange.answer
        await then(exchange)

    return fault


def reset() -> Fault:
    """Reset the connection."""

    async def fault(exchange: Exchange) -> None:
        exchange.reset()

    return fault


def close() -> Fault:
    """Close the connection before the first byte."""

    async def fault(exchange: Exchange) -> None:
        exchange.close()

    return fault


def hang() -> Fault:
    """Never answer."""

    async def fault(exchange: Exchange) -> None:
        await exchange.gone()
        exchange.close()

    return fault


def continue_storm(interval: float) -> Fault:
    """Send "100 Continue" without end, once in *interval* seconds."""

    async def fault(exchange: Exchange) -> None:
        while True:
            await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(interval)

    return fault


def drip_headers(interval: float) -> Fault:
    """Send one more header without end, once in *interval* seconds."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await exchange.send(b"X-Drip: 1\r\n")
            await asyncio.sleep(interval)

    return fault


def drip_body(interval: float) -> Fault:
    """Send the normal body byte by byte, one in *interval* seconds."""

    async def fault(exchange: Exchange) -> None:
        body = exchange.answer.body
        await exchange.send(exchange.answer.head(length=len(body)))
        for place in range(len(body)):
            await exchange.send(body[place : place + 1])
            await asyncio.sleep(interval)

    return fault


def after_interim(*heads: bytes, pause: float = 0.0) -> Fault:
    """Send each of *heads*, such as that of a 103, wait, and answer normally."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(b"".join(heads))
        await asyncio.sleep(pause)
        await as_usual(exchange)

    return fault


def raw(data: bytes) -> Fault:
    """Send exactly these bytes, and close the connection."""

    async def fault(exchange: Exchange) -> None:
        _ = exchange.answer
        await exchange.send(data)
        exchange.close()

    return fault


def endless(head: bytes, piece: bytes, interval: float = 0) -> Fault:
    """Send *head*, and then *piece* without end, at once or at an *interval* in seconds."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(head)
        while True:
            await exchange.send(piece)
            await asyncio.sleep(interval)  # a lost connection accepts writes, unless it is checked

    return fault


def cut_headers() -> Fault:
    """Close the connection in the middle of the headers."""
    return raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Con")


def cut_after_status() -> Fault:
    """Close the connection right after the status line."""
    return raw(b"HTTP/1.1 200 OK\r\n")


def cut_body(n: int) -> Fault:
    """Announce the whole body, send *n* bytes of it, and close the connection."""

    async def fault(exchange: Exchange) -> None:
        body = exchange.answer.body
        await exchange.send(exchange.answer.head(length=len(body)) + body[:n])
        exchange.close()

    return fault


def stalled(n: int) -> Fault:
    """Announce the whole body, send *n* bytes of it, and then nothing."""

    async def fault(exchange: Exchange) -> None:
        body = exchange.answer.body
        await exchange.send(exchange.answer.head(length=len(body)) + body[:n])
        await exchange.gone()
        exchange.close()

    return fault


def cut_chunked() -> Fault:
    """Send the whole body in one chunk, and close the connection before the last chunk."""

    async def fault(exchange: Exchange) -> None:
        chunked = exchange.answer.but(headers={"Transfer-Encoding": "chunked"})
        await exchange.send(chunked.head(length=None) + _chunk(chunked.body))
        exchange.close()

    return fault


def unframed(n: int | None = None) -> Fault:
    """Send the body, or its first *n* bytes, without a length, and close the connection."""

    async def fault(exchange: Exchange) -> None:
        loose = exchange.answer.but(headers={"Connection": "close"})
        await exchange.send(loose.head(length=None) + loose.body[:n])
        exchange.close()

    return fault


def gzip_body() -> Fault:
    """Compress the normal body, also if the client did not ask for it."""

    async def fault(exchange: Exchange) -> None:
        await exchange.send(_gzipped(exchange.answer).encode())

    return fault


def truncated_gzip() -> Fault:
    """Compress the normal body and leave out its second half; the length is that of the rest."""

    async def fault(exchange: Exchange) -> None:
        whole = _gzipped(exchange.answer)
        await exchange.send(whole.but(body=whole.body[: len(whole.body) // 2]).encode())

    return fault


def gzip_bomb(mib: int = 64) -> Fault:
    """Send a small body that unpacks to *mib* mebibytes of blanks."""
    return answer(_bomb(mib), {"Content-Encoding": "gzip"})


def endless_body() -> Fault:
    """Send a list that never ends."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return endless(head + _chunk(b'{"value":['), _chunk(b" " * 65536))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _gzipped(answer: Answer) -> Answer:
    packed = gzip.compress(answer.body, mtime=0)
    return answer.but(body=packed, headers={"Content-Encoding": "gzip"})


@cache
def _bomb(mib: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    blanks = b" " * (1 << 20)
    return b"".join([*(packer.compress(blanks) for _ in range(mib)), packer.flush()])

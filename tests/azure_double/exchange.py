"""One request, its answer, and what a fault can do to its connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property

from .wire import Answer, Asked, HeaderValue

Answerer = Callable[[Asked], Answer]


class Exchange:
    """
    A request, its connection, and the answer that Azure would give.

    The answer is made at its first read. A fault that never reads it changes nothing in Azure.
    """

    def __init__(
        self,
        asked: Asked,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        answer: Answerer,
        usual_headers: Callable[[Asked], Mapping[str, HeaderValue]],
    ) -> None:
        self.asked = asked
        self.over = asked.headers.get("connection", "").lower() == "close"
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._usual_headers = usual_headers

    @cached_property
    def answer(self) -> Answer:
        """The normal answer. The first read applies the request."""
        return self._answer(self.asked)

    def reply(
        self, status: int, body: bytes = b"", headers: Mapping[str, HeaderValue] | None = None
    ) -> Answer:
        """Return another answer, with the usual headers and some *headers* of its own."""
        usual = Answer(status, body, self._usual_headers(self.asked))
        return usual.but(headers=headers)

    async def send(self, data: bytes) -> None:
        """
        Send *data* and wait until most of it is on its way.

        Raises:
            ConnectionError: the client has hung up.
        """
        self._writer.write(data)
        await self._writer.drain()

    async def gone(self) -> None:
        """Wait until the client hangs up."""
        while await self._reader.read(65536):
            pass

    def close(self) -> None:
        """End the connection as TLS demands."""
        self.over = True

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.over = True
        linger_not = struct.pack("ii", 1, 0)
        connection = self._writer.get_extra_info("socket")
        if connection is not None:  # else the client has closed it already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        self._writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]
"""What is done instead of answering."""


async def as_usual(exchange: Exchange) -> None:
    """Send the normal answer."""
    await exchange.send(exchange.answer.encode())

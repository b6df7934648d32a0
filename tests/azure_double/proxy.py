"""An HTTP proxy that tunnels every CONNECT to the double, for any host."""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType
from typing import Literal, Self

from .double import AzureDouble
from .listener import Listener
from .wire import Answer, read_request

Refusal = int | Literal["reset", "silence"] | None


class Proxy:
    """
    A CONNECT proxy on loopback.

    *connects* holds each requested "host:port". *refuse* may change at any time: the proxy then
    answers with that status, resets the connection, or is silent.
    """

    def __init__(self, azure: AzureDouble, *, refuse: Refusal = None) -> None:
        self.connects: list[str] = []
        self._azure = azure
        self.refuse = refuse

    def __enter__(self) -> Self:
        self._listener = Listener(self._converse, crashes=self._azure.crashes)
        self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.stop()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_request(reader, connection=0)
        if asked is None:
            return
        if asked.method != "CONNECT":
            writer.write(Answer(405).encode())
            return
        self.connects.append(asked.target)
        match self.refuse:
            case None:
                await self._tunnel(reader, writer)
            case "reset":
                linger_not = struct.pack("ii", 1, 0)
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
                writer.transport.abort()
            case "silence":
                await reader.read()
            case status:
                challenge = {"Proxy-Authenticate": 'Basic realm="proxy"'}
                writer.write(Answer(status, headers=challenge).encode())

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._azure.port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            there = asyncio.create_task(_pump(reader, inner_writer))
            back = asyncio.create_task(_pump(inner_reader, writer))
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            inner_writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()

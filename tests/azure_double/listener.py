"""A loopback port, served by an event loop in its own thread."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

LARGEST_HEAD = 1 << 20
CLOSING_SECONDS = 0.5  # seconds for the client to close TLS


class _Stream(asyncio.StreamReaderProtocol):
    """A stream that ends when the client ends it, also before it began."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


class Listener:
    """
    Accept connections and hold one conversation on each.

    Errors of a conversation are kept in *crashes*, except a client that hangs up. `stop` ends every
    conversation at once. *tls* and *greeting* may change at any time, for new connections. A
    *greeting* is all that a connection gets.
    """

    def __init__(
        self,
        converse: Conversation,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        crashes: list[BaseException] | None = None,
    ) -> None:
        self.tls = tls
        self.greeting: bytes | None = None
        self._converse = converse
        self._crashes = crashes if crashes is not None else []
        self._conversations: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=512)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"listener-{self.port}", daemon=True)

    def start(self) -> None:
        """Start to serve."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close every connection and wait for the thread to end."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        if self._socket.fileno() != -1:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._note)
        self._stopping = asyncio.Event()
        self._loop.add_reader(self._socket, self._accept)
        self._ready.set()
        await self._stopping.wait()
        self._leave()
        await self._hang_up()

    async def _hang_up(self) -> None:
        conversations = list(self._conversations)
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        for _ in range(5):  # rounds of the loop, in which transports notice that they are closed
            await asyncio.sleep(0)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:  # the client has left already
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._hold(connection))
        self._conversations.add(task)
        task.add_done_callback(partial(self._ended, connection))

    async def _hold(self, connection: socket.socket) -> None:
        plain, _ = await self._loop.connect_accepted_socket(asyncio.Protocol, connection)
        try:
            if self.greeting is not None:
                plain.write(self.greeting)
                await asyncio.Event().wait()
            reader = asyncio.StreamReader(limit=LARGEST_HEAD)
            writer = await self._open(plain, reader)
            await self._converse(reader, writer)
            writer.close()
            await writer.wait_closed()
        finally:
            if connection.fileno() != -1:  # asyncio cannot abort a closed transport
                plain.abort()

    async def _open(
        self, plain: asyncio.Transport, reader: asyncio.StreamReader
    ) -> asyncio.StreamWriter:
        """Return the writer to the client, after the handshake if there is TLS."""
        protocol = _Stream(reader)
        transport: asyncio.Transport | None = plain
        if self.tls is None:
            plain.set_protocol(protocol)
        else:
            transport = await self._loop.start_tls(
                plain, protocol, self.tls, server_side=True, ssl_shutdown_timeout=CLOSING_SECONDS
            )
        if transport is None:  # the client left at once
            raise ConnectionResetError
        protocol.connection_made(transport)
        return asyncio.StreamWriter(transport, protocol, reader, self._loop)

    def _ended(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._conversations.discard(task)
        connection.close()  # a task that is cancelled before its first step never had a transport
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, OSError | EOFError):
            self._crashes.append(error)

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context["message"])
        if not isinstance(error, OSError) and not _lost_twice(error):
            self._crashes.append(error)


def _lost_twice(error: BaseException) -> bool:
    """
    Say whether asyncio reports a lost connection for the second time.

    It does so if the client leaves while flow control holds back data.
    """
    where = traceback.extract_tb(error.__traceback__)
    return isinstance(error, AttributeError) and where[-1].name == "_call_connection_lost"

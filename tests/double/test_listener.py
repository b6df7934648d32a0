"""A client that leaves is no crash of the listener, although asyncio reports one."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme
from azure_double import certificates
from azure_double.listener import Conversation, Listener

PIECE = b"x" * 65536
MORE_THAN_A_SOCKET_HOLDS = 200  # pieces


def test_a_client_that_leaves_an_endless_body_is_no_crash() -> None:
    """asyncio reports the end twice."""
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    left = threading.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        for _ in range(MORE_THAN_A_SOCKET_HOLDS):
            writer.write(PIECE)
            await asyncio.sleep(0)
        _read_all(client)
        client.close()  # in the same round of the loop, so that it sees both at once
        left.set()
        await writer.drain()

    with _serving(converse, certificates.server_tls(authority)) as (plain, crashes):
        client = trusting.wrap_socket(plain, server_hostname="localhost")
        client.sendall(b"?")
        assert left.wait(10)
    assert not crashes


def test_a_client_that_half_closes_is_no_crash() -> None:
    """asyncio has already closed the transport that is then aborted."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PIECE * MORE_THAN_A_SOCKET_HOLDS)
        await reader.read()
        await asyncio.sleep(0.2)

    with _serving(converse) as (client, crashes):
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 20):
            pass
    assert not crashes


@contextmanager
def _serving(
    converse: Conversation, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[socket.socket, list[BaseException]]]:
    crashes: list[BaseException] = []
    listener = Listener(converse, tls=tls, crashes=crashes)
    listener.start()
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        yield client, crashes
        time.sleep(0.5)  # time for late errors
    listener.stop()


def _read_all(client: socket.socket) -> None:
    client.setblocking(False)
    with suppress(BlockingIOError):
        while os.read(client.fileno(), 1 << 20):
            pass

"""Gateways of a company: an https proxy with a certificate of its own, and a SOCKS5 proxy."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(serve: Serve, address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Serve each connection on a port of *address*, in a thread of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=quietly, args=(connection,), daemon=True).start()

        def quietly(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def joined(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side has enough."""

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()


@contextlib.contextmanager
def https_proxy(
    tls: ssl.SSLContext | None, *, user: str | None = None, refuse: int | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield port and what is asked of a CONNECT proxy behind *tls*; *user* is "name:password"."""
    asked: list[str] = []

    def serve(plain: socket.socket) -> None:
        connection = plain if tls is None else tls.wrap_socket(plain, server_side=True)
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            lines = head.decode().split("\r\n")
            asked.append(lines[0])
            wanted = user and f"Basic {base64.b64encode(user.encode()).decode()}"
            if refuse or (wanted and f"proxy-authorization: {wanted}" not in _folded(lines)):
                status = refuse or 407
                connection.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
                return
            host, port = lines[0].split()[1].rsplit(":", 1)
            with socket.create_connection((host.strip("[]"), int(port))) as other:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                joined(connection, other)

    with listening(serve) as port:
        yield port, asked


def _folded(lines: list[str]) -> list[str]:
    """Return the headers, their names in lower case."""
    pairs = (line.partition(":") for line in lines[1:])
    return [f"{name.lower()}: {text.strip()}" for name, _, text in pairs]


@contextlib.contextmanager
def socks_proxy(
    *, user: str | None = None, reply: int = 0
) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Yield the port of a SOCKS5 proxy, and the kind and host of each address asked for."""
    asked: list[tuple[int, str]] = []

    def serve(connection: socket.socket) -> None:
        _, count = _read(connection, 2)
        method = 2 if user else 0
        if method not in _read(connection, count):
            connection.sendall(b"\x05\xff")
            return
        connection.sendall(bytes([5, method]))
        if user:
            name = _read(connection, _read(connection, 2)[1]).decode()
            password = _read(connection, _read(connection, 1)[0]).decode()
            good = f"{name}:{password}" == user
            connection.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return
        _, _, _, kind = _read(connection, 4)
        if kind == 3:
            host = _read(connection, _read(connection, 1)[0]).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, _read(connection, size))
        port = int.from_bytes(_read(connection, 2))
        asked.append((kind, host))
        answer = bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 0])
        if reply:
            connection.sendall(answer)
            return
        with socket.create_connection((host, port)) as other:
            connection.sendall(answer)
            joined(connection, other)

    with listening(serve) as port:
        yield port, asked


def _read(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise OSError("gone")
        found += piece
    return found

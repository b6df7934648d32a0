"""
Sockets on which one time limit holds for a whole attempt.

A timeout of requests starts anew with each piece that arrives.  Here each operation gets what is
left of the attempt, so that no drip of headers, body or interim answers stretches it.
"""

import contextlib
import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

_attempt = threading.local()
STEP = 0.01  # seconds


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give the sockets of this thread *seconds* in all."""
    _attempt.until = time.monotonic() + seconds
    try:
        yield
    finally:
        del _attempt.until


def timed_out() -> bool:
    """Say whether the attempt of this thread has used up its time."""
    return float(getattr(_attempt, "until", math.inf)) <= time.monotonic()


def _left() -> float:
    """
    Return the seconds that are left of this thread's attempt.

    Raises:
        TimeoutError: none are.
    """
    left = float(_attempt.until) - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _Socket(socket.socket):
    """A socket whose every operation takes at most what is left of the attempt."""

    def _set_time_limit(self) -> None:
        """Set the timeout to what is left, within a step: each change is a system call."""
        left, current = _left(), self.gettimeout()
        if current is None or abs(left - current) > STEP:
            self.settimeout(left)

    def recv(self, *args: Any) -> bytes:
        self._set_time_limit()
        return super().recv(*args)

    def recv_into(self, *args: Any) -> int:
        self._set_time_limit()
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        self._set_time_limit()
        super().sendall(*args)


class TlsSocket(_Socket, ssl.SSLSocket):
    """The same for TLS."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands within what is left of the attempt."""
        self._set_time_limit()
        super().do_handshake(block)


def dial(host: str, port: int) -> socket.socket:
    """
    Connect to one of the addresses of *host*, each given its share of what is left.

    Raises:
        OSError: none of them answers.
    """
    failure = OSError(f"{host} has no address")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for remaining, (family, kind, protocol, _, address) in zip(
        range(len(found), 0, -1), found, strict=True
    ):
        sock = _Socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_left() / remaining)
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure

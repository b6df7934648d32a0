"""
Sockets on which one time limit holds for a whole attempt.

A timeout of requests starts anew with each piece that arrives.  Here each operation gets what is
left of the attempt, so that no drip of headers, body or interim answers stretches it.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

from urllib3.util import wait_for_read
from urllib3.util.ssltransport import SSLTransport

STEP = 0.01  # seconds
_attempt = threading.local()


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give the sockets of this thread *seconds* in all."""
    _attempt.until = time.monotonic() + seconds
    try:
        yield
    finally:
        del _attempt.until


def time_left() -> float:
    """Return the seconds that are left within `time_limit`; 0 or less once it has passed."""
    return float(_attempt.until) - time.monotonic()


class TimedSocket(socket.socket):
    """
    A socket whose every operation takes at most what is left of the attempt.

    It is closed with whatever keeps it, in whatever order a cycle of the two is collected.
    """

    def __del__(self) -> None:
        self.close()

    def limit(self) -> None:
        """Set the timeout to what is left, to a step: each change is a system call."""
        left, current = time_left(), self.gettimeout()
        if left <= 0:
            raise TimeoutError("timed out")
        if not current or abs(left - current) > STEP:
            self.settimeout(left)

    def recv(self, *args: Any) -> bytes:
        """Receive bytes, or raise TimeoutError."""
        self.limit()
        return super().recv(*args)

    def sendall(self, *args: Any) -> None:
        """Send all of the bytes, or raise TimeoutError."""
        self.limit()
        super().sendall(*args)

    def is_silent(self) -> bool:
        """Say whether nothing has come, an end neither; what TLS itself says does not count."""
        if not wait_for_read(self, timeout=0):
            return True
        try:
            self.setblocking(False)
            super().recv(1)
        except OSError as error:
            return isinstance(error, ssl.SSLWantReadError)  # it was a session ticket
        return False


class TlsSocket(TimedSocket, ssl.SSLSocket):
    """The same for TLS.  Its handshake has the timeout of the socket that it begins on, in all."""


class TlsInTls(SSLTransport):
    """TLS over TLS, of a proxy."""

    def is_silent(self) -> bool:
        """Say whether nothing has come, an end neither; what the outer TLS says does not count."""
        return not self.incoming.pending and self.socket.is_silent()  # type: ignore[attr-defined]


def dial(host: str, port: int) -> TimedSocket:
    """
    Connect to one of the addresses of *host*, each given its share of what is left.

    Raises:
        OSError: none of them answers.
    """
    failure = OSError(f"{host} has no address")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = TimedSocket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(time_left(), STEP) / (len(found) - number))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure

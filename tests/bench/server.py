"""A server that is faster than what it measures: one loop of epoll, answers that are kept."""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import re
import selectors
import socket
import ssl
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from azure_double import certificates

from bench.answers import Answers, Bucket

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
ENDPOINT = "https://localhost"


@dataclass(eq=False)
class Connection:
    """A connection: what came of the next request, and what is to go out yet."""

    sock: ssl.SSLSocket
    shaken: bool = False
    came: bytes = b""
    out: list[bytes] = field(default_factory=list)


class Server:
    """
    Serves *answers* on a loopback port, each answer of Resource Manager after *latency*.

    The more there are at a time, the longer each takes: beyond *knee*, fewer are served in all.
    """

    def __init__(
        self, answers: Answers, tls: ssl.SSLContext, latency: float = 0.0, knee: int = 0
    ) -> None:
        self.answers = answers
        self.latency = latency
        self._knee = knee
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._due: list[tuple[float, int, Connection, bytes]] = []
        self._order = itertools.count()

    def serve(self, until: int | None = None) -> None:
        """Serve until there is something to read from the descriptor *until*."""
        if until is not None:
            self._selector.register(until, selectors.EVENT_READ, "end")
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for key, _ in self._selector.select(wait):
                if key.data == "end":
                    return
                if key.data is None:
                    self._accept()
                else:
                    self._go_on(key.data)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, connection, answer = heapq.heappop(self._due)
                self._send(connection, answer)

    def _accept(self) -> None:
        try:
            plain, _ = self._listener.accept()
        except BlockingIOError:
            return
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._selector.register(sock, selectors.EVENT_READ, Connection(sock))

    def _go_on(self, connection: Connection) -> None:
        try:
            if not connection.shaken:
                connection.sock.do_handshake()
                connection.shaken = True
            if connection.out:
                self._send(connection, b"")
            while piece := connection.sock.recv(65536):
                connection.came += piece
                self._take(connection)
        except ssl.SSLWantReadError:
            return
        except OSError:
            pass
        if connection.sock.fileno() >= 0:
            self._close(connection)

    def _take(self, connection: Connection) -> None:
        """Answer the requests that came whole."""
        while (end := connection.came.find(b"\r\n\r\n") + 4) > 3:
            length = LENGTH.search(connection.came, 0, end)
            whole = end + (int(length[1]) if length else 0)
            if len(connection.came) < whole:
                return
            request, connection.came = connection.came[:whole], connection.came[whole:]
            now = time.monotonic()
            answer, waits = self.answers.answer(request, now)
            if waits and self.latency:
                due = (now + self._time(), next(self._order), connection, answer)
                heapq.heappush(self._due, due)
                counts = self.answers.counts
                counts["most"] = max(counts["most"], len(self._due))
            else:
                self._send(connection, answer)

    def _time(self) -> float:
        """Return the seconds that the next answer takes, by how many are under way."""
        crowd = (len(self._due) + 1) / self._knee if self._knee else 0.0
        return self.latency * (1 + crowd * crowd)

    def _send(self, connection: Connection, answer: bytes) -> None:
        """Send what there is to send; what the socket does not take waits for its turn."""
        if answer:
            connection.out.append(answer)
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        try:
            while connection.out:
                sent = connection.sock.send(connection.out[0])
                rest = connection.out[0][sent:]
                connection.out[:1] = [rest] if rest else []
            if self._selector.get_key(connection.sock).events == both:
                self._selector.modify(connection.sock, selectors.EVENT_READ, connection)
        except ssl.SSLWantWriteError:
            self._selector.modify(connection.sock, both, connection)
        except (OSError, KeyError, ValueError):
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        if connection.sock.fileno() >= 0:
            self._selector.unregister(connection.sock)
            connection.sock.close()


def main() -> None:
    """Serve until stdin ends; then print how many requests there were."""
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--page-size", type=int, default=1000)
    parser.add_argument("--bucket", type=float, nargs=2, default=None, metavar=("SIZE", "REFILL"))
    parser.add_argument("--told", action="store_true")
    parser.add_argument("--knee", type=int, default=0)
    parser.add_argument("--writes", action="store_true")
    options = parser.parse_args()
    answers = Answers(options.subscriptions, options.page_size, writes=options.writes)
    if options.bucket is not None:
        size, refill = options.bucket
        answers.bucket = Bucket(size, refill, size, time.monotonic(), options.told)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        authority = Path(folder, "ca.pem")
        signer = trustme.CA()
        signer.cert_pem.write_to_path(str(authority))
        server = Server(answers, certificates.server_tls(signer), options.latency, options.knee)
        azure = answers.azure
        facts = {
            "endpoint": f"{ENDPOINT}:{server.port}",
            "ca": str(authority),
            "tenant": azure.tenant,
            "client_id": azure.client_id,
            "secret": azure.secret,
            "audience": azure.audience,
            "token": azure.token(),
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        server.serve(until=sys.stdin.fileno())
        sys.stdout.write(json.dumps(answers.counts) + "\n")


if __name__ == "__main__":
    main()

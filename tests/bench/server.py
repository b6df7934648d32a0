"""
A server that is faster than what it measures: the double's own answers, from one loop of epoll.

What is not a list of contacts, the double answers.  Its answer to the list of contacts of one
subscription is kept for each api-version, and the id of the one that is asked for put into it.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import math
import re
import selectors
import socket
import ssl
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import trustme
from azure_double import AzureDouble, arm, certificates, entra
from azure_double.__main__ import CONTACT_2017
from azure_double.refusals import error_body
from azure_double.wire import JSON, Answer, Asked

LIST = re.compile(
    rb"GET /subscriptions/([0-9a-f-]{36})/providers/Microsoft\.Security/securityContacts"
    rb"\?api-version=([0-9a-z-]+) HTTP/1\.1\r\n"
)
BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r]+)\r\n", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
ENDPOINT = "https://localhost"


@dataclass
class Bucket:
    """What a throttled service has left: *size* at first, *refill* more each second."""

    size: float = math.inf
    refill: float = 0.0
    left: float = math.inf
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Say whether there was one left, and take it."""
        self.left = min(self.size, self.left + (now - self.at) * self.refill)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Answers:
    """What is answered to the bytes of a request, and how many requests there were."""

    def __init__(self, subscriptions: int, page_size: int, *, writes: bool = False) -> None:
        self.azure = AzureDouble(seed="bench")
        self.writes = writes  # then each answer may be another one, and none is kept
        self.azure.page_size = page_size
        for number in range(1, subscriptions + 1):
            one = self.azure.add(f"Subscription {number}")
            one.contacts_2017.append({"name": "default1", "properties": CONTACT_2017})
        self.first = self.azure.subscriptions[0].id.encode()
        self.bucket = Bucket()
        self.counts = {"asked": 0, "contacts": 0, "refused": 0, "most": 0}
        self._kept: dict[bytes, bytes] = {}
        self._good: set[bytes] = set()

    def answer(self, request: bytes, now: float) -> tuple[bytes, bool]:
        """Return every byte of the answer, and whether Resource Manager gave it."""
        listed = LIST.match(request)
        if listed is None:
            asked = _asked(request)
            if not asked.to_arm:
                return self._slowly(asked), False
        self.counts["asked"] += 1
        if not self.bucket.take(now):
            self.counts["refused"] += 1
            return REFUSAL, True
        if listed is None:
            return self._slowly(asked), True
        self.counts["contacts"] += 1
        if self.writes:
            return self._slowly(_asked(request)), True
        identity, version = listed.groups()
        bearer = BEARER.search(request)
        if bearer is None or bearer[1] not in self._good or version not in self._kept:
            return self._first(request, identity, version, bearer and bearer[1]), True
        return self._kept[version].replace(self.first, identity), True

    def _first(self, request: bytes, identity: bytes, version: bytes, token: bytes | None) -> bytes:
        answered = self._slowly(_asked(request.replace(identity, self.first)))
        if token is not None and answered.startswith(b"HTTP/1.1 200 "):
            self._good.add(token)
            self._kept[version] = answered
        return answered.replace(self.first, identity)

    def _slowly(self, asked: Asked) -> bytes:
        asked.number = self.counts["asked"]
        if asked.to_arm:
            return arm.answer(self.azure, asked).encode()
        return entra.answer(self.azure, asked, _no_certificate).encode()


REFUSAL = Answer(
    429,
    error_body("SubscriptionRequestsThrottled", "Number of requests exceeded the limit."),
    {"Content-Type": JSON, "Retry-After": "1"},
).encode()


def _no_certificate() -> NoReturn:
    raise NotImplementedError


def _asked(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Asked(method, target, headers, body, 1)


@dataclass(eq=False)
class Connection:
    """A connection: what came of the next request, and what is to go out yet."""

    sock: ssl.SSLSocket
    shaken: bool = False
    came: bytes = b""
    out: list[bytes] = field(default_factory=list)


class Server:
    """Serves *answers* on a loopback port, each answer of Resource Manager after *latency*."""

    def __init__(self, answers: Answers, tls: ssl.SSLContext, latency: float = 0.0) -> None:
        self.answers = answers
        self.latency = latency
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
                due = (now + self.latency, next(self._order), connection, answer)
                heapq.heappush(self._due, due)
                counts = self.answers.counts
                counts["most"] = max(counts["most"], len(self._due))
            else:
                self._send(connection, answer)

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
    parser.add_argument("--writes", action="store_true")
    options = parser.parse_args()
    answers = Answers(options.subscriptions, options.page_size, writes=options.writes)
    if options.bucket is not None:
        size, refill = options.bucket
        answers.bucket = Bucket(size, refill, size, time.monotonic())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        authority = Path(folder, "ca.pem")
        signer = trustme.CA()
        signer.cert_pem.write_to_path(str(authority))
        server = Server(answers, certificates.server_tls(signer), options.latency)
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

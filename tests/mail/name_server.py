"""A name server on loopback, UDP and TCP, whose answers a test decides."""

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[str, dict[str, list[str]]]
Respond = Callable[[dns.message.Message], dns.message.Message | None]


@dataclass
class NameServer:
    """
    Answers from *zone*: domain, record type, records. Other domains do not exist.

    *rcodes* has the domains that fail, `*` for all; *silent* those without an answer, `*` for all.
    In both, `contoso.com A` is one record type of a domain.
    *cut* domains are truncated over UDP. *asked* counts the questions, *over_tcp* those over TCP.
    """

    zone: Zone
    rcodes: dict[str, dns.rcode.Rcode] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    flags: int = dns.flags.RA
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    over_tcp: Counter[str] = field(default_factory=Counter)
    port: int = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    def respond(self, query: bytes, *, tcp: bool) -> bytes | None:
        """Return the answer to *query*, None where it is silent."""
        request = dns.message.from_wire(query)
        (question,) = request.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        self.over_tcp[name] += tcp
        keys = (f"{name} {kind}", name, "*")
        if self.silent.intersection(keys):
            return None
        response = dns.message.make_response(request)
        response.flags |= self.flags
        codes = [self.rcodes[key] for key in keys if key in self.rcodes]
        if codes:
            response.set_rcode(codes[0])
        elif name in self.cut and not tcp:
            response.flags |= dns.flags.TC
        elif name not in self.zone:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._add_records(response, name, question.rdtype)
        return response.to_wire()

    def _add_records(
        self, response: dns.message.Message, name: str, kind: dns.rdatatype.RdataType
    ) -> None:
        records = self.zone[name]
        if target := records.get("CNAME"):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *target))
            name = target[0].rstrip(".")
            records = self.zone[name]
        if texts := records.get(dns.rdatatype.to_text(kind)):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *texts))


@contextlib.contextmanager
def running(zone: Zone, **how: object) -> Iterator[NameServer]:
    """Run a name server until the end of the block."""
    server = NameServer(zone, **how)  # type: ignore[arg-type]
    udp, tcp = _bound()
    with udp, tcp:
        server.port = udp.getsockname()[1]
        tcp.listen()
        for serve, listener in ((_serve_udp, udp), (_serve_tcp, tcp)):
            threading.Thread(target=serve, args=(server, listener), daemon=True).start()
        yield server
        for listener in (udp, tcp):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _bound() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on one port that is free for both."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp.bind(("127.0.0.1", 0))
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp


def _serve_udp(server: NameServer, listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            query, client = listener.recvfrom(65535)
            if not query:
                return
            if (answer := server.respond(query, tcp=False)) is not None:
                listener.sendto(answer, client)


def _serve_tcp(server: NameServer, listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                (length,) = struct.unpack("!H", stream.read(2))
                answer = server.respond(stream.read(length), tcp=True)
                if answer is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

"""
SOCKS5 proxies, within the time limit of the attempt.

https://www.rfc-editor.org/rfc/rfc1928 and, for user and password, rfc1929
"""

import ipaddress
import socket

from contacts_audit.azure.arm.proxies import Proxy, RefusedError

SCHEMES = ("socks5", "socks5h")
VERSION = b"\x05"
NO_AUTHENTICATION, PASSWORD = b"\x00", b"\x02"
CONNECT = b"\x05\x01\x00"
LARGEST = 255  # bytes of a name, a user or a password
FAILURES = {
    1: "it failed",
    3: "its network is unreachable",
    4: "it cannot reach the host",
    5: "the host refused the connection",
    6: "it got no answer in time",
}
REFUSALS = {
    2: "its rules forbid the connection",
    7: "it does not know CONNECT",
    8: "it does not know this kind of address",
}


def tunnel(sock: socket.socket, host: str, port: int, proxy: Proxy) -> None:
    """
    Ask the SOCKS5 *proxy* behind *sock* for a tunnel to *host*; socks5h looks its name up there.

    Raises:
        RefusedError: the proxy refuses it, or is no SOCKS5 proxy.
        OSError: it failed this time.
    """
    user, password = proxy.credentials
    _sign_in(sock, user.encode(), password.encode())
    address: object = host
    if proxy.scheme == "socks5":
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    sock.sendall(CONNECT + _address(str(address)) + port.to_bytes(2))
    version, status, _, kind = _read(sock, 4)
    if version != VERSION[0]:
        raise RefusedError("it does not speak SOCKS5")
    if status in REFUSALS:
        raise RefusedError(REFUSALS[status])
    if status != 0:
        raise OSError(FAILURES.get(status, f"it answered {status}"))
    length = {1: 4, 4: 16}.get(kind) or _read(sock, 1)[0]
    _read(sock, length + 2)  # the address that it is bound to


def _sign_in(sock: socket.socket, user: bytes, password: bytes) -> None:
    if max(len(user), len(password)) > LARGEST:
        raise RefusedError(f"user or password is longer than {LARGEST} bytes")
    offered = NO_AUTHENTICATION + PASSWORD if user else NO_AUTHENTICATION
    sock.sendall(VERSION + bytes([len(offered)]) + offered)
    answer = _read(sock, 2)
    if answer[:1] != VERSION:
        raise RefusedError("it does not speak SOCKS5")
    chosen = answer[1:]
    if chosen == PASSWORD and user:
        sock.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if _read(sock, 2)[1] != 0:
            raise RefusedError("it refuses user or password")
    elif chosen != NO_AUTHENTICATION:
        raise RefusedError("it refuses user or password" if user else "it wants user and password")


def _address(host: str) -> bytes:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        if len(name) > LARGEST:
            raise RefusedError("the name of the host is too long") from None
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if found.version == 4 else b"\x04") + found.packed


def _read(sock: socket.socket, count: int) -> bytes:
    """Read exactly *count* bytes: what follows belongs to TLS."""
    found = b""
    while len(found) < count:
        piece = sock.recv(count - len(found))
        if not piece:
            raise OSError("it hung up")
        found += piece
    return found

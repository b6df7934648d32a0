#!/usr/bin/env bash
# urllib3 takes a TLS 1.3 connection that was just opened, and never used, for one that was dropped.
#
# Most would guess: a connection that was opened ahead, to save the handshake later, is there when the
# first request needs it.
# What happens, urllib3 2.8.0: after the handshake the server sends session tickets, so the socket is
# readable. `is_connection_dropped`, which the pools of urllib3 and requests ask before a reuse, says
# True; a pool would close it and shake hands again. The connection works. With TLS 1.2 it says False.
# Why it matters: connecting ahead costs a handshake and saves none, without any error or log line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check urllib3==2.8.0 trustme==1.2.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import socket
import ssl
import threading

import trustme
from urllib3.connection import HTTPSConnection
from urllib3.util import is_connection_dropped, wait_for_read

authority = trustme.CA()
certificate = authority.issue_cert("localhost")


def serve(server, tls):
    """Answer one request."""
    connection, _ = server.accept()
    with tls.wrap_socket(connection, server_side=True) as sock:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def seen(version):
    """Return whether urllib3 takes a fresh connection for dropped, and the answer to a request."""
    server, tls = socket.create_server(("127.0.0.1", 0)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.maximum_version = version
    certificate.configure_cert(tls)
    threading.Thread(target=serve, args=(server, tls), daemon=True).start()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    connection = HTTPSConnection("localhost", server.getsockname()[1], ssl_context=trust)
    connection.connect()
    wait_for_read(connection.sock, timeout=1)  # as long as a token would take
    dropped = is_connection_dropped(connection)
    connection.request("GET", "/")
    return dropped, connection.getresponse().status


old, new = seen(ssl.TLSVersion.TLSv1_2), seen(ssl.TLSVersion.TLSv1_3)
print(f"TLS 1.2: dropped {old[0]}, then answered {old[1]}")
print(f"TLS 1.3: dropped {new[0]}, then answered {new[1]}")
assert (old, new) == ((False, 200), (True, 200)), "CHANGED"
PYTHON

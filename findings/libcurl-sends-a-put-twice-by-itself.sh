#!/usr/bin/env bash
# libcurl sends a PUT again, unasked, where a kept connection breaks before the answer.
#
# Most would guess: without any option to retry, a request is sent once, and a connection that breaks
# before the answer is an error (56 or 52).
# What happens, pycurl 7.49.0 (libcurl 8): the server takes the second PUT of a connection and hangs
# up. libcurl connects anew, sends that PUT again, and reports success.
# Why it matters: the server may have acted on the first copy. Whoever must write once, or count what
# was written, cannot leave it to a kept connection of libcurl.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check pycurl==7.49.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import io
import socket
import threading

import pycurl

seen = []


def read_put(connection):
    """Return whether a whole PUT with the body {} came."""
    request = b""
    while not request.endswith(b"{}"):
        piece = connection.recv(65536)
        if not piece:
            return False
        request += piece
    return request.startswith(b"PUT ")


def serve(server):
    """Answer the first PUT of the first connection, and hang up on its second."""
    for number in (1, 2):
        connection, _ = server.accept()
        with connection:
            while read_put(connection):
                seen.append(number)
                if seen == [1, 1]:
                    break
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(server,), daemon=True).start()
handle = pycurl.Curl()
handle.setopt(pycurl.URL, f"http://127.0.0.1:{server.getsockname()[1]}/contact")
handle.setopt(pycurl.CUSTOMREQUEST, "PUT")
handle.setopt(pycurl.WRITEDATA, io.BytesIO())
for number in (1, 2):
    handle.setopt(pycurl.POSTFIELDS, "{}")
    handle.perform()
    print(f"PUT {number}: {handle.getinfo(pycurl.RESPONSE_CODE)}")
print("the server received PUTs on connections", seen)
assert seen == [1, 1, 2], "CHANGED"
PYTHON

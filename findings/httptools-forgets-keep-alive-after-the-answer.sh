#!/usr/bin/env bash
# httptools says that a connection cannot be kept, if it is asked once the answer has been read.
#
# Most would guess: the parser tells whether the connection can take the next request when that question
# comes up, after `feed_data` has delivered the whole answer.
# What happens, httptools 0.9.0 (llhttp): `should_keep_alive` is right in the callbacks, from
# `on_headers_complete` to `on_message_complete`. When `feed_data` returns, the parser has already
# forgotten how the body was framed, and says False; for an answer without a body (204) it still says True.
# Why it matters: a client that asks then opens a connection for each request, TLS handshake and all,
# without any error; and a test with a 204 finds nothing wrong.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check httptools==0.9.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import httptools

ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "Connection: close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
}


class Asking:
    """Asks the parser in its last callback."""

    def on_message_complete(self):
        self.within = self.parser.should_keep_alive()


seen = {}
for name, answer in ANSWERS.items():
    asking = Asking()
    asking.parser = httptools.HttpResponseParser(asking)
    asking.parser.feed_data(answer)
    seen[name] = (asking.within, asking.parser.should_keep_alive())
    print(f"{name}: in on_message_complete {seen[name][0]}, after feed_data {seen[name][1]}")
expected = {
    "a length": (True, False),
    "chunks": (True, False),
    "no body": (True, True),
    "Connection: close": (False, False),
}
assert seen == expected, "CHANGED"
PYTHON

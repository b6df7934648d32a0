"""
What can go wrong between us and Azure, and what must follow: the rows of the fault tables.

A row is a promise to whoever reads an exit code: which *reason* an answer has (or "read", where
it is as good as any), after how many *requests* exactly.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from azure_double import Asked, AzureDouble, faults
from azure_double.exchange import Exchange, Fault

READ = "read"
HOSTILE = "\x1b[2J\u202e[link=x]=cmd|' /C calc'!A0"
SECRETIVE = "the token is {}, the secret is {}"


@dataclass(frozen=True)
class Row:
    """A *fault*, how often it is met (None: always), and what follows; *says* is in its line."""

    fault: Fault
    reason: str
    requests: int = 1
    says: str = ""
    times: int | None = None


Rows = dict[str, Row]


def passing(fault: Fault, times: int = 1) -> Row:
    """Return the row of a fault that goes away: it is asked again, and nothing is left of it."""
    return Row(fault, READ, times + 1, times=times)


def again(fault: Fault, reason: str, says: str = "") -> Row:
    """Return the row of a fault that stays, and is met again: within `RETRYING`, exactly twice."""
    return Row(faults.late(2, fault), reason, 2, says)


RETRYING = ("--timeout", "10", "--budget", "4.7")
"""With these, what fails after 2 s is tried again 0.25 to 0.5 s later, and no third time."""

SLOWLY = ("--timeout", "2", "--budget", "4.7")
"""With these, an attempt that uses up its time is tried again, and never a third time."""

PATIENTLY = ("--timeout", "10", "--budget", "60")
"""With these, only what must not be tried again is not."""


def echo(status: int, headers: Callable[[str], dict[str, str]] = lambda _: {}) -> Fault:
    """Answer with what must stay secret: the token that came, and the client's secret, maybe."""

    async def fault(exchange: Exchange) -> None:
        token = exchange.asked.bearer or exchange.asked.form.get("client_secret", "")
        body = json.dumps({"error": {"code": "X", "message": SECRETIVE.format(token, token)}})
        await exchange.send(exchange.reply(status, body.encode(), headers(token)).encode())

    return fault


def next_page(link: str) -> Fault:
    """Answer with an empty list whose next page is at *link*; `{here}` is our own address."""

    async def fault(exchange: Exchange) -> None:
        url = link.format(here=exchange.asked.origin, path=exchange.asked.path)
        body = json.dumps({"value": [], "nextLink": url}).encode()
        await exchange.send(exchange.reply(200, body).encode())

    return fault


def onward() -> Fault:
    """Answer with an empty list that has another page, for ever."""

    async def fault(exchange: Exchange) -> None:
        asked = exchange.asked
        version = asked.params["api-version"]
        url = f"{asked.origin}{asked.path}?api-version={version}&page={asked.number}"
        body = json.dumps({"value": [], "nextLink": url}).encode()
        await exchange.send(exchange.reply(200, body).encode())

    return fault


def crooked(head: str, body: bytes = b"") -> Fault:
    """Answer 200 with a *head* that HTTP does not know, and whatever follows."""
    return faults.raw(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body)


# Statuses: what follows where the body is ARM's, a page for people, or nothing.

STATUSES: dict[int, tuple[str, str, str]] = {
    **dict.fromkeys((101, 204), ("malformed",) * 3),  # none of these has a body
    **dict.fromkeys((201, 202, 203, 205, 206, 226), ("malformed", "html", "malformed")),
    **dict.fromkeys((300, 301, 302, 303, 304, 305, 307, 308, 399), ("redirected",) * 3),
    **dict.fromkeys((400, 402, 405, 406, 407, 409, 410), ("refused", "html", "refused")),
    **dict.fromkeys((411, 412, 413, 414, 415, 416, 417), ("refused", "html", "refused")),
    **dict.fromkeys((418, 421, 422, 423, 424, 425, 426), ("refused", "html", "refused")),
    **dict.fromkeys((428, 431, 451, 499), ("refused", "html", "refused")),
    403: ("forbidden", "html", "forbidden"),
    404: ("not-found", "html", "not-found"),
    **dict.fromkeys((501, 505, 506, 507, 508, 510, 511, 599), ("server-error",) * 3),
    **dict.fromkeys((600, 999), ("server-error",) * 3),
}
RETRIED: dict[int, str] = {
    408: "timeout",
    429: "throttled",
    **dict.fromkeys((500, 502, 503, 504), "server-error"),
}


def bodies(status: int) -> dict[str, Fault]:
    """Return answers of that status with the three kinds of body."""
    return {
        "ARM": faults.arm_error(status, "Odd", "It is odd."),
        "HTML": faults.html(status),
        "nothing": faults.status(status),
    }


ANSWERED: Rows = {
    f"{status}, {kind}": Row(fault, reason)
    for status, reasons in STATUSES.items()
    for reason, (kind, fault) in zip(reasons, bodies(status).items(), strict=True)
}

# What is final: one request, and no second one whatever the budget.

FINAL: Rows = {
    "HTML with 200": Row(faults.html(200), "html"),
    "302 to another host": Row(faults.redirect(302, "https://evil.example/x"), "redirected"),
    "307 to the same host": Row(faults.redirect(307, "/elsewhere"), "redirected"),
    "308 to nowhere": Row(faults.status(308), "redirected", says="nowhere"),
    "302 with a hostile address": Row(
        faults.redirect(302, "https://evil.example/\x9b2J[red]"), "redirected"
    ),
    "404 SubscriptionNotFound": Row(
        faults.arm_error(404, "SubscriptionNotFound", "gone"), "not-found"
    ),
    "404 Subscription Not Registered": Row(
        faults.arm_error(404, "Subscription Not Registered", "no"), "not-registered"
    ),
    "401 Subscription Not Registered": Row(
        faults.arm_error(401, "Subscription Not Registered", "no"), "not-registered"
    ),
    "409 MissingSubscriptionRegistration": Row(
        faults.arm_error(409, "MissingSubscriptionRegistration", "no"), "not-registered"
    ),
    "403 with a hostile message": Row(
        faults.arm_error(403, HOSTILE, f"{HOSTILE}\r\nerror: 2nd line"), "forbidden"
    ),
    "403 that tells the token": Row(echo(403), "forbidden", says="the token is ***"),
    "302 that tells the token": Row(
        echo(302, lambda token: {"Location": f"https://evil.example/?{token}"}), "redirected"
    ),
    "403 without an envelope": Row(
        faults.status(403, {"code": "Odd", "message": "No way."}), "forbidden", says="No way."
    ),
    "403, array": Row(faults.status(403, b"[]"), "forbidden"),
    "403, half a JSON": Row(faults.status(403, b'{"error":{'), "forbidden"),
    "403, no UTF-8": Row(faults.status(403, b"\xff\xfe"), "forbidden"),
    "403, error null": Row(faults.status(403, b'{"error":null}'), "forbidden"),
    "403, odd code": Row(faults.status(403, b'{"error":{"code":5,"message":[]}}'), "forbidden"),
    "403, deep": Row(faults.status(403, b"[" * 100_000), "forbidden"),
    "gzip bomb": Row(faults.gzip_bomb(64), "too-large"),
    "endless body": Row(faults.endless_body(), "too-large"),
    "endless body, not chunked": Row(
        faults.endless(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" " * 65536), "too-large"
    ),
    "a body of 99 GB": Row(
        faults.endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99000000000\r\n\r\n", b" " * 65536),
        "too-large",
    ),
    "gzip that is none": Row(faults.answer(b"no", {"Content-Encoding": "gzip"}), "malformed"),
    "gzip in gzip": Row(faults.answer(b"x", {"Content-Encoding": "gzip, gzip"}), "malformed"),
    "brotli": Row(faults.answer(b"x", {"Content-Encoding": "br"}), "malformed"),
    "half a JSON": Row(faults.answer(b'{"value":[{'), "malformed"),
    "blanks": Row(faults.answer(b" \r\n"), "malformed"),
    "two texts": Row(faults.answer(b'{"value":[]} {"value":[]}'), "malformed"),
    "text behind": Row(faults.answer(b'{"value":[]};'), "malformed"),
    "NaN": Row(faults.answer(b'{"value":[],"x":NaN}'), "malformed"),
    "Infinity": Row(faults.answer(b'{"value":[],"x":-Infinity}'), "malformed"),
    "no UTF-8": Row(faults.answer(b'{"value":[{"name":"\xff"}]}'), "malformed"),
    "UTF-16": Row(faults.answer('{"value":[]}'.encode("utf-16")), "malformed"),
    "single quotes": Row(faults.answer(b"{'value':[]}"), "malformed"),
    "comma too many": Row(faults.answer(b'{"value":[],}'), "malformed"),
    "line break in a string": Row(faults.answer(b'{"value":[],"x":"\n"}'), "malformed"),
    "deep arrays": Row(faults.answer(b"[" * 100_000), "malformed"),
    "deep objects": Row(faults.answer(b'{"value":' * 100_000), "malformed"),
    "null": Row(faults.answer(b"null"), "malformed"),
    "true": Row(faults.answer(b"true"), "malformed"),
    "0": Row(faults.answer(b"0"), "malformed"),
    "string": Row(faults.answer(b'"value"'), "malformed"),
    "empty object": Row(faults.answer(b"{}"), "malformed"),
    "error with 200": Row(faults.answer(b'{"error":{"code":"X","message":"no"}}'), "malformed"),
    "value null": Row(faults.answer(b'{"value":null}'), "malformed"),
    "value object": Row(faults.answer(b'{"value":{}}'), "malformed"),
    "value string": Row(faults.answer(b'{"value":"[]"}'), "malformed"),
    "Value": Row(faults.answer(b'{"Value":[]}'), "malformed"),
    "item null": Row(faults.answer(b'{"value":[null]}'), "malformed"),
    "item number": Row(faults.answer(b'{"value":[5]}'), "malformed"),
    "item array": Row(faults.answer(b'{"value":[[]]}'), "malformed"),
    "429 for an hour": Row(faults.throttle("3600"), "throttled", says="wait 3600 s"),
    "429 for a day": Row(faults.throttle("86400"), "throttled", says="wait 86400 s"),
    "429 for ages": Row(faults.throttle("1" + "0" * 300), "throttled", says="asked to wait"),
    "429 until 2099": Row(faults.throttle("Fri, 31 Dec 2099 23:59:59 GMT"), "throttled"),
    "429 for an hour in ms": Row(
        faults.throttle(headers={"retry-after-ms": "3600000"}), "throttled", says="wait 3600 s"
    ),
    "429 for an hour in ARM's ms": Row(
        faults.throttle(headers={"x-ms-retry-after-ms": "3600000"}), "throttled", says="3600 s"
    ),
    "503 for an hour": Row(
        faults.status(503, headers={"Retry-After": "3600"}), "server-error", says="wait 3600 s"
    ),
    "408 for an hour": Row(
        faults.status(408, headers={"Retry-After": "3600"}), "timeout", says="wait 3600 s"
    ),
}

# Links to the next page: the token follows none that leaves.

LINKS: Rows = {
    f"next page at {link!r}": Row(next_page(link), "paging")
    for link in (
        "https://evil.example/",
        "https://evil.example{path}",
        "http://localhost{path}",
        "{here}@evil.example/",
        "https://user:password@localhost/",
        "{here}.evil.example/",
        "{here}0/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://localhost:1/",
        "https://localhost:99999/",
        "https://localhost:no/",
        "https://[::1/",
        "//evil.example/",
        "/subscriptions",
        "\\\\evil.example\\",
        "{here}\\@evil.example/",
        " {here}/",
        "{here}/ x",
        "{here}/\r\nX-Evil: 1",
        "{here}/\u202e",
        "https://loc\u0430lhost/",
        "https://localhost\u3002evil.example/",
        "file:///etc/passwd",
        "ftp://localhost/",
        "javascript:alert(1)",
        "data:application/json,[]",
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "x",
    )
} | {
    f"next page {body.decode()!r}": Row(
        faults.answer(b'{"value":[],"nextLink":%b}' % body), "paging"
    )
    for body in (b"5", b"true", b"false", b"[]", b"{}", b'["https://evil.example/"]')
}

# What passes: asked again once, and nothing is left of it but the request.

PASSING: Rows = {
    "reset once": passing(faults.reset()),
    "closed once": passing(faults.close()),
    "cut short once": passing(faults.cut_body(20)),
    "cut gzip once": passing(faults.truncated_gzip()),
    "200 and nothing, once": passing(faults.answer(b"")),
    "500 once": passing(faults.status(500)),
    "502 once, HTML": passing(faults.html(502)),
    "504 twice": passing(faults.status(504), 2),
    "503, date in the past": passing(
        faults.status(503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"})
    ),
    "429, date": passing(faults.throttle(formatdate(time.time() + 1, usegmt=True))),
    **{
        f"429, Retry-After {value!r}": passing(faults.throttle(value))
        for value in (
            *("0", "0.05", "1", "-1", "-0", "soon", "", " ", "1,2", "0x10", "1_000_000", "5 s"),
            *("NaN", "inf", "-inf", "1e999", "PT1H", "\u0663", "Fri, 31 Feb 2099 00:00:00 GMT"),
            "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
        )
        if value.isascii()
    },
    "429, two headers": passing(faults.throttle(headers={"retry-after": ("3600", "7200")})),
    "429, ms": passing(faults.throttle(headers={"retry-after-ms": "50"})),
    "429, ARM's ms": passing(faults.throttle(headers={"x-ms-retry-after-ms": "50"})),
    "429, nonsense and ms": passing(faults.throttle("soon", headers={"retry-after-ms": "50"})),
    "429, three times": passing(faults.throttle("0.05"), 3),
}

# What is an answer as good as any, however it comes.

GOOD: Rows = {
    "gzip, not asked for": Row(faults.gzip_body(), READ),
    "ended by the connection": Row(faults.unframed(), READ),
    "slow": Row(faults.slow(0.3), READ),
    "100 Continue before": Row(faults.after_interim(b"HTTP/1.1 100 Continue\r\n\r\n"), READ),
    "103 Early Hints before": Row(
        faults.after_interim(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), READ
    ),
    "the connection ends after it": Row(faults.last(), READ),
}

# What stays wrong, and may be better at a second try: there is one, and it is the last in time.

LOST: Rows = {
    "reset": again(faults.reset(), "unreachable"),
    "closed": again(faults.close(), "unreachable"),
    "no HTTP": again(faults.raw(b"220 mail.example ESMTP\r\n\r\n"), "unreachable"),
    "NUL": again(faults.raw(b"\0" * 100), "unreachable"),
    "no status": again(faults.raw(b"HTTP/1.1 OK\r\n\r\n"), "unreachable"),
    "a control character in a header": again(
        faults.redirect(302, "https://evil.example/\x1b[2J"), "unreachable"
    ),
    "too many headers": again(crooked("X: 1\r\n" * 300), "unreachable"),
    "folded header": again(crooked("X: 1\r\n 2"), "unreachable"),
    "103 and no answer": again(faults.html(103), "unreachable"),
    "a header without end": again(
        faults.endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), "unreachable"
    ),
    "headers without end": again(
        faults.endless(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 1000), "unreachable"
    ),
    "two lengths": again(crooked("Content-Length: 1\r\nContent-Length: 2", b"{}"), "unreachable"),
    "no chunk size": again(crooked("Transfer-Encoding: chunked", b"zz\r\n{}\r\n"), "truncated"),
    "negative chunk": again(crooked("Transfer-Encoding: chunked", b"-2\r\n{}\r\n"), "truncated"),
    "short body": again(faults.cut_body(20), "truncated"),
    "cut chunks": again(faults.cut_chunked(), "truncated"),
    "cut gzip": again(faults.truncated_gzip(), "truncated"),
    "cut headers": again(faults.cut_headers(), "truncated"),
    "cut after the status": again(faults.cut_after_status(), "truncated"),
    "200 and nothing": again(faults.answer(b""), "truncated"),
    "429 for a while": again(faults.throttle("soon"), "throttled"),
    **{
        f"{status} always, {kind}": again(fault, reason)
        for status, reason in RETRIED.items()
        for kind, fault in bodies(status).items()
    },
}

# What never ends: each attempt ends by its own clock, and nothing that trickles in stretches it.

SLOW: Rows = {
    "black hole": Row(faults.hang(), "timeout", 2),
    "headers drip": Row(faults.drip_headers(0.1), "timeout", 2),
    "body drips": Row(faults.drip_body(0.1), "timeout", 2),
    "100 Continue for ever": Row(faults.continue_storm(0.05), "timeout", 2),
    "100 Continue for ever, fast": Row(
        faults.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.02), "timeout", 2
    ),
    "trailers without end": Row(
        faults.endless(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
            b"X: 1\r\n" * 100,
            0.02,
        ),
        "timeout",
        2,
    ),
    "103, then silence": Row(faults.status(103), "timeout", 2),
    "half a body, then silence": Row(faults.stalled(20), "timeout", 2),
    "answered too late": Row(faults.slow(5), "timeout", 2),
}


def plan(azure: AzureDouble, row: Row, match: Callable[[Asked], bool]) -> None:
    """Let *row* happen to the requests that *match*."""
    azure.fail(match, row.fault, row.times)


def secrets(azure: AzureDouble) -> set[str]:
    """Return all that nobody may see: each token that was issued, and the client's secret."""
    return {*azure.tokens, azure.secret}


def plain(line: str) -> bool:
    """Say whether *line* moves no cursor and reorders no text."""
    return all(letter.isprintable() for letter in line)


def as_json(value: Any) -> bytes:
    """Return *value* as JSON."""
    return json.dumps(value).encode()

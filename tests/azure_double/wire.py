"""Reads HTTP/1.1 requests, and writes answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

HeaderValue = str | tuple[str, ...] | None
"""A header's value, its several values, or None for a header that is left out."""

Reply = tuple[int, bytes, dict[str, HeaderValue]]
"""A status, a body, and headers besides those that every answer bears."""

JSON = "application/json; charset=utf-8"
TOKEN_SERVICE = ("/oauth2/", "/.well-known/", "/discovery/")


def compact(value: object) -> bytes:
    """Return *value* as JSON without spaces, as Azure sends it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(slots=True)
class Asked:
    """
    A received request.

    *number* counts all requests and *connection* all connections, from 1. *at* is the time of
    arrival, by `time.monotonic`. *to_platform*: it came to the port of the managed identity.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    number: int = 0
    at: float = field(default_factory=time.monotonic)
    to_platform: bool = False

    @property
    def line(self) -> str:
        """The method and the target, which a fault matches."""
        return f"{self.method} {self.target}"

    @property
    def path(self) -> str:
        """The path without percent-encoding."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """The query as it was sent."""
        return self.target.partition("?")[2]

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The fields of the body, if it is a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def bearer(self) -> str | None:
        """The token in the `Authorization` header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    @property
    def origin(self) -> str:
        """The origin in the request: every URL in an answer starts with it."""
        return f"https://{self.headers.get('host', 'localhost')}"

    @property
    def to_arm(self) -> bool:
        """Whether the request is for ARM."""
        return not self.to_platform and not any(part in self.target for part in TOKEN_SERVICE)

    def json(self) -> Any:
        """Return the body as parsed JSON."""
        return json.loads(self.body)


async def read_request(reader: asyncio.StreamReader, *, connection: int) -> Asked | None:
    """Return the next request, None if the client has hung up."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body, connection)


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, headers and body of an answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)

    def but(
        self,
        *,
        body: bytes | None = None,
        headers: Mapping[str, HeaderValue] | None = None,
    ) -> Answer:
        """Return this answer with another *body* or more *headers*."""
        changes = headers or {}
        names = {name.lower() for name in changes}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in names}
        return replace(self, body=self.body if body is None else body, headers={**kept, **changes})

    def head(self, *, length: int | None) -> bytes:
        """Return the head, without a length if *length* is None."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        for name, value in self.headers.items():
            values = (value,) if isinstance(value, str) else value or ()
            lines += [f"{name}: {each}" for each in values]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1")

    def encode(self) -> bytes:
        """Return the whole answer."""
        if self.status == HTTPStatus.NO_CONTENT:
            return self.head(length=None)
        return self.head(length=len(self.body)) + self.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

"""The double itself: a world behind a loopback port, and the faults planned for it."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import arm, certificates, entra, tokens
from .exchange import Exchange, Fault, as_usual
from .identity import Ids
from .listener import Listener
from .subscriptions import Subscription
from .wire import Answer, Asked, read_request
from .world import World

Match = str | Callable[[Asked], bool]


@dataclass
class Plan:
    """A fault, which requests get it, and how many of them are left."""

    match: Match
    fault: Fault
    left: int | None

    def takes(self, asked: Asked) -> bool:
        """Whether *asked* gets the fault; it then counts as one of the *left*."""
        if self.left == 0:
            return False
        found = self.match in asked.line if isinstance(self.match, str) else self.match(asked)
        if found and self.left is not None:
            self.left -= 1
        return found


class AzureDouble(World):
    """
    A small Azure on a loopback port, over real TLS.

    It plays the token service and Resource Manager on one port, remembers all
    that it was asked, and answers wrongly where `fail` tells it to.  *seed*
    makes its ids repeat; *clock* says what time its answers bear.
    """

    def __init__(
        self, *, seed: object = None, clock: Callable[[], float] = time.time, port: int = 0
    ) -> None:
        super().__init__(Ids(secrets.token_hex(8) if seed is None else str(seed)), clock)
        self._port = port
        self._plans: list[Plan] = []
        self._connections = itertools.count(1)
        self._added = itertools.count(1)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="azure-double-")
        self.folder = Path(self._folder.name)
        self.ca = self.folder / "ca.pem"
        self._listener = Listener(
            self._converse,
            port=self._port,
            tls=certificates.server_tls(self.ca),
            crashes=self.crashes,
        )
        self._listener.start()
        self.port = self._listener.port
        self.endpoint = self.authority = f"https://localhost:{self.port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.stop()
        self._folder.cleanup()

    @cached_property
    def app_certificate(self) -> certificates.AppCertificate:
        """The certificate that the application may sign in with."""
        return certificates.app_certificate(self.folder)

    def add(
        self,
        name: str | None = "Prod",
        *,
        id: str | None = None,
        state: str = "Enabled",
        **fields: Any,
    ) -> Subscription:
        """Add a subscription at the end of the list; *fields* are those of `Subscription`."""
        number = next(self._added)
        subscription_id = id or Ids("subscriptions").guid(number)
        fields.setdefault("tenant_id", self.tenant)
        subscription = Subscription(subscription_id, name, state, **fields)
        self.subscriptions.append(subscription)
        return subscription

    def arm_asked(self) -> list[Asked]:
        """Return the requests to Resource Manager."""
        return [asked for asked in list(self.asked) if asked.to_arm]

    def token_asked(self) -> list[Asked]:
        """Return the requests for a token."""
        return [
            asked
            for asked in list(self.asked)
            if asked.method == "POST" and entra.TOKEN.fullmatch(asked.path)
        ]

    def token(self, *, audience: str | None = None, claims: str | None = None) -> str:
        """Return a valid token, as if somebody had signed in elsewhere."""
        return tokens.issue(self, audience or self.audience, claims=claims)

    def revoke(self) -> None:
        """Forget every token issued so far."""
        self.tokens.clear()

    def challenge(self, claims: str) -> None:
        """Ask from now on for tokens that were acquired with *claims*."""
        self.challenged = claims

    def fail(self, match: Match, fault: Fault, times: int | None = None) -> None:
        """
        Answer the first *times* requests that *match* with *fault*.

        *match* is part of "METHOD path?query", or a question about the request.
        Of several plans the first that still has something left wins.
        """
        self._plans.append(Plan(match, fault, times))

    def heal(self) -> None:
        """Forget every fault that was planned."""
        self._plans.clear()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(self._connections)
        while asked := await read_request(reader, connection=connection):
            asked.number = len(self.asked) + 1
            self.asked.append(asked)
            fault = next((plan.fault for plan in self._plans if plan.takes(asked)), as_usual)
            if self.latency and asked.to_arm:
                await asyncio.sleep(self.latency)
            exchange = Exchange(
                asked, reader, writer, answer=self._answer, usual_headers=self._usual_headers
            )
            await fault(exchange)
            if exchange.over:
                return

    def _answer(self, asked: Asked) -> Answer:
        if asked.to_arm:
            return arm.answer(self, asked)
        return entra.answer(self, asked, lambda: self.app_certificate.certificate)

    def _usual_headers(self, asked: Asked) -> Any:
        return (arm if asked.to_arm else entra).usual_headers(self, asked)

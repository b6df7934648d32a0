"""The double: a simulated Azure behind loopback ports."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from . import arm, certificates, entra, managed_identity
from .exchange import Exchange, Fault
from .identity import Ids
from .listener import Listener
from .plans import Match, Plans
from .stage import Stage
from .wire import Answer, Asked, read_request

LONGEST_FAULT = 120.0  # seconds to wait for open connections at the end


class AzureDouble(Stage):
    """
    A small Azure on a loopback port, over real TLS.

    One port serves the token service and Resource Manager. A second port serves the platform of a
    machine, once a test reads `platform`. It records all requests, and answers with faults that
    `fail` plans. The same *seed* gives the same ids. *clock* is the time in its answers.
    """

    def __init__(
        self, *, seed: object = None, clock: Callable[[], float] = time.time, port: int = 0
    ) -> None:
        super().__init__(Ids(secrets.token_hex(8) if seed is None else str(seed)), clock)
        self._port = port
        self._plans = Plans()
        self._arriving = threading.Lock()  # one thread for each listener
        self.connections = 0  # that were opened so far

    def __enter__(self) -> Self:
        self._open = ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="azure-double-")
        self.folder = Path(self._open.enter_context(folder))
        self.ca = self.folder / "ca.pem"
        self._authority = certificates.authority()
        self._authority.cert_pem.write_to_path(str(self.ca))
        tls = certificates.server_tls(self._authority)
        self._listener = Listener(self._converse, port=self._port, tls=tls, crashes=self.crashes)
        self.port = self._start(self._listener)
        self.endpoint = self.authority = f"https://localhost:{self.port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @cached_property
    def platform(self) -> str:
        """The address of the platform of machines, which listens from the first read."""
        converse = partial(self._converse, to_platform=True)
        return f"http://127.0.0.1:{self._start(Listener(converse, crashes=self.crashes))}"

    @property
    def imds_variables(self) -> dict[str, str]:
        """The variables of a virtual machine that uses the metadata service of the double."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.platform}

    @property
    def identity_variables(self) -> dict[str, str]:
        """The variables of an App Service."""
        endpoint = f"{self.platform}{managed_identity.APP_SERVICE}"
        return {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": self.identity_header}

    @cached_property
    def app_certificate(self) -> certificates.AppCertificate:
        """The certificate of the application."""
        return certificates.app_certificate(self.folder)

    def fail(self, match: Match, fault: Fault, times: int | None = None) -> None:
        """
        Answer the first *times* requests that *match* with *fault*.

        *match* is a part of "METHOD path?query", or a predicate of the request. The first planned
        fault that matches and is not used up is taken.
        """
        self._plans.add(match, fault, times)

    def heal(self) -> None:
        """Remove all planned faults."""
        self._plans.clear()

    def meet(self, how: certificates.Kind | Literal["no TLS", "silence", "refusal"]) -> None:
        """Answer new connections with a bad certificate, without TLS, or not at all."""
        match how:
            case "refusal":
                self._listener.refuse()
            case "silence":
                self._listener.greeting = b""
            case "no TLS":
                self._listener.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
            case kind:
                self._listener.tls = certificates.server_tls(self._authority, kind)

    def _start(self, listener: Listener) -> int:
        listener.start()
        self._open.callback(listener.stop)
        return listener.port

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        to_platform: bool = False,
    ) -> None:
        with self._arriving:
            self.connections += 1
            connection = self.connections
        while asked := await read_request(reader, connection=connection):
            asked.to_platform = to_platform
            with self._arriving:
                asked.number = len(self.asked) + 1
                self.asked.append(asked)
                fault = self._plans.take(asked)
            if self.latency and asked.to_arm:
                await asyncio.sleep(self.latency)
            exchange = Exchange(
                asked, reader, writer, answer=self._answer, usual_headers=self._usual_headers
            )
            async with asyncio.timeout(LONGEST_FAULT):
                await fault(exchange)
            if exchange.over:
                return

    def _answer(self, asked: Asked) -> Answer:
        if asked.to_platform:
            return managed_identity.answer(self, asked)
        if asked.to_arm:
            return arm.answer(self, asked)
        return entra.answer(self, asked, lambda: self.app_certificate.certificate)

    def _usual_headers(self, asked: Asked) -> Any:
        if asked.to_platform:
            return managed_identity.usual_headers(self, asked)
        return (arm if asked.to_arm else entra).usual_headers(self, asked)

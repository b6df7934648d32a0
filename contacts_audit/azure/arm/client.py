"""Sends requests to Resource Manager, with token, retries, pages and a time budget."""

import copy
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol
from uuid import uuid4

from contacts_audit.azure.arm import paging, protocol
from contacts_audit.azure.arm.concurrency import Concurrency
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.retry import Budget, with_retries
from contacts_audit.azure.arm.throttle import RateLimiter, tenant_left
from contacts_audit.azure.arm.transport import Transport, prepared
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AzureError, Reason

THROTTLED = 429
TOO_MUCH = frozenset({THROTTLED, 503})
log = logging.getLogger(__name__)

# Those of one run differ in the last 12 digits, which count; threads may share it.
REQUEST_IDS = map(f"{str(uuid4())[:-12]}{{:012x}}".format, itertools.count(1))


class TokenSource(Protocol):
    """Where a client gets its token."""

    def token(self) -> AccessToken:
        """Return a valid token."""

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """Return whether there is a token other than the *rejected* one now."""


class Recorder(Protocol):
    """Keeps exchanges."""

    def keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        """Keep the *outcome* of a request for *url*."""


class Limits(NamedTuple):
    """*timeout* of an attempt and *budget* of a subscription in seconds; *deadline* monotonic."""

    timeout: float
    budget: float
    deadline: float
    shared: Budget | None = None

    def until(self) -> Budget:
        """Return a budget for a subscription that starts now, or the *shared* one."""
        return self.shared or Budget(time.monotonic() + self.budget, self.deadline)


class Client:
    """Reads Resource Manager at *endpoint*; thread-safe."""

    def __init__(
        self,
        endpoint: str,
        transport: Transport,
        tokens: TokenSource,
        limits: Limits,
        *,
        recorder: Recorder | None = None,
        concurrency: Concurrency | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self._transport = transport
        self._tokens = tokens
        self._recorders: tuple[Recorder, ...] = () if recorder is None else (recorder,)
        self._pause = pause
        self._limits_of = {  # whether it is about a subscription; lists come one by one
            True: (RateLimiter(pause), concurrency or Concurrency()),
            False: (RateLimiter(pause), Concurrency(1, 1)),
        }

    def connect(self) -> None:
        """Open a connection, which the first request takes: a handshake is two round trips."""
        self._transport.open(self.endpoint, timeout=self.limits.timeout)

    def recording_to(self, recorder: Recorder) -> "Client":
        """Return a copy that also passes its exchanges to *recorder*."""
        other = copy.copy(self)
        other._recorders = (*self._recorders, recorder)
        return other

    def within(self, budget: Budget) -> "Client":
        """Return a copy whose requests all share *budget*."""
        other = copy.copy(self)
        other.limits = self.limits._replace(shared=budget)
        return other

    def pages(
        self, url: str, *, most: int, until: Budget | float | None = None
    ) -> Iterator[Answer]:
        """
        Yield the complete answer at *url* and at each `nextLink` after it.

        A page is yielded before its nextLink is followed.  *until* limits all pages together;
        without it each page has its own budget.

        Raises:
            AzureError: a page could not be read, or there are more than *most*.
            AuthError: there is no token.
        """
        seen: set[str] = set()
        following: str | None = url
        while following is not None:
            seen.add(following)
            answer = self.get(following, until or self.limits.until())
            yield answer
            following = paging.next_link(answer, self.endpoint)
            if following in seen or (following is not None and len(seen) == most):
                what = "go in a circle" if following in seen else f"are more than {most}"
                raise protocol.error_of(Reason.PAGING, f"the pages of the list {what}", answer)

    def get(self, url: str, until: Budget | float) -> Answer:
        """
        Return the complete answer at *url*, with retries while they make sense and time is left.

        Raises:
            AzureError: there is no complete answer.
            AuthError: there is no token.
        """
        budget = Budget.of(until)
        return with_retries(
            lambda: protocol.complete(self._authorized("GET", url, None, budget)),
            until=budget,
            pause=self._pause,
        )

    def write(self, method: str, url: str, body: bytes | None, until: Budget | float) -> Answer:
        """
        Send a PUT or DELETE once.  The caller reads the current state before it sends it again.

        Success means that Azure accepted it, not that it was carried out.

        Raises:
            AzureError: it was refused, or it is unknown whether it was carried out.  A 401 is
                retryable if there is a new token.
            AuthError: there is no token.
        """
        budget = Budget.of(until)
        with budget.spared():  # somebody signs in for all
            token = self._tokens.token()
        answer = self._exchange(method, url, body, token, budget.until)
        if self._renewed(token, answer, budget):
            error = protocol.fault(answer)
            error.retryable = True
            raise error
        return protocol.accepted(answer)

    def _authorized(self, method: str, url: str, body: bytes | None, budget: Budget) -> Answer:
        """Send with a token; if it is rejected, with a new one that has the requested claims."""
        for _ in range(3):
            with budget.spared():  # somebody signs in for all
                token = self._tokens.token()
            answer = self._exchange(method, url, body, token, budget.until)
            if not self._renewed(token, answer, budget):
                break
        return answer

    def _renewed(self, token: AccessToken, answer: Answer, budget: Budget) -> bool:
        """Return whether *answer* rejects *token*, and there is a new one."""
        if answer.status != 401 or protocol.fault(answer).reason is not Reason.UNAUTHORIZED:
            return False
        with budget.spared():
            return self._tokens.renew(token, protocol.claims_challenge(answer))

    def _exchange(
        self, method: str, url: str, body: bytes | None, token: AccessToken, until: float
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Content-Type": "application/json",
            "x-ms-client-request-id": next(REQUEST_IDS),
        }
        limiter, concurrency = self._limits_of[protocol.is_of_subscription(url)]
        turn = limiter.wait_for_turn(until)
        sent = time.monotonic()
        try:
            request = prepared(url, headers, method=method, body=body)
            timeout = min(self.limits.timeout, until - sent)
            answer = self._clean(self._transport.send(request, timeout=timeout))
        except AzureError as error:
            concurrency.failed(sent)
            self._keep(method, url, error)
            log.debug("%s %s: %s", method, url, error)
            if error.reason is Reason.TIMEOUT and time.monotonic() >= self.limits.deadline:
                raise AzureError(Reason.DEADLINE, "the run's deadline passed") from error
            raise
        left = tenant_left(answer.headers)
        if answer.status == THROTTLED:
            limiter.refused(turn)
        else:
            limiter.answered(turn, left)
        if answer.status in TOO_MUCH:
            concurrency.failed(sent)
        else:
            concurrency.answered(sent, usual=answer.status == 200, left=left)
        self._keep(method, url, answer)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: %d %s", method, url, answer.status, _shown(answer))
        return answer

    def _clean(self, answer: Answer) -> Answer:
        """Remove secrets that the answer echoes, before they reach logs and recordings."""
        hide = self._transport.secrets
        body, texts = hide.redact_bytes(answer.body), "\n".join(answer.headers.values())
        if body is answer.body and hide.redact(texts) == texts:
            return answer
        headers = {name.lower(): hide.redact(text) for name, text in answer.headers.items()}
        return answer._replace(headers=headers, body=body)

    def _keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        for recorder in self._recorders:
            recorder.keep(method, url, outcome)


def _shown(answer: Answer) -> str:
    """Return the headers as `--debug` shows them, without cookies."""
    kept = (
        f"{name}: {value}" for name, value in answer.headers.items() if not protocol.is_cookie(name)
    )
    return "; ".join(kept)

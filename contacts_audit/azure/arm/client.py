"""Sends requests to Resource Manager, with token, retries, pages and a time budget."""

import copy
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import uuid4

from contacts_audit.azure.arm import protocol
from contacts_audit.azure.arm.protocol import Answer
from contacts_audit.azure.arm.retry import Budget, patiently
from contacts_audit.azure.arm.throttle import Pace
from contacts_audit.azure.arm.transport import Wire, prepared
from contacts_audit.azure.arm.width import Width
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AzureError, Reason

THROTTLED = 429
TOO_MUCH = frozenset({THROTTLED, 503})
log = logging.getLogger(__name__)


class TokenSource(Protocol):
    """Where a client has its token from."""

    def token(self) -> AccessToken:
        """Return a valid token."""

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """Say whether there is now another token than the *rejected* one."""


class Tape(Protocol):
    """Where exchanges are kept."""

    def keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        """Keep what came of a request of *url*."""


@dataclass(frozen=True, slots=True)
class Limits:
    """*timeout* of an attempt and *budget* of a subscription in seconds; *deadline* monotonic."""

    timeout: float
    budget: float
    deadline: float
    shared: Budget | None = None

    def until(self) -> Budget:
        """Return the budget of a subscription that begins now, or the *shared* one."""
        return self.shared or Budget(time.monotonic() + self.budget, self.deadline)


class Client:
    """Reads Resource Manager at *endpoint*; safe for all threads."""

    def __init__(
        self,
        endpoint: str,
        wire: Wire,
        tokens: TokenSource,
        limits: Limits,
        *,
        tape: Tape | None = None,
        width: Width | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self._wire = wire
        self._tokens = tokens
        self._tape = tape
        self._widths = {True: width or Width(), False: Width(1, 1)}  # a list tells nothing
        self._pause = pause
        self._paces = {True: Pace(pause), False: Pace(pause)}

    def telling(self, tape: Tape) -> "Client":
        """Return a client like this one that tells *tape*, too."""
        other = copy.copy(self)
        other._tape = tape if self._tape is None else _Both(self._tape, tape)
        return other

    def within(self, budget: Budget) -> "Client":
        """Return a client like this one, all whose readings share *budget*."""
        other = copy.copy(self)
        other.limits = replace(self.limits, shared=budget)
        return other

    def pages(
        self, url: str, *, most: int, until: Budget | float | None = None
    ) -> Iterator[Answer]:
        """
        Yield the complete answer at *url* and at each `nextLink` after it.

        A page is yielded before its nextLink is looked at.  *until* bounds them all together;
        without it each page has a budget of its own.

        Raises:
            AzureError: a page could not be read, or there are more than *most*.
            AuthError: no token is to be had.
        """
        seen: set[str] = set()
        following: str | None = url
        while following is not None:
            if following in seen or len(seen) == most:
                what = "go in a circle" if following in seen else f"are more than {most}"
                raise AzureError(Reason.PAGING, f"the pages of the list {what}")
            seen.add(following)
            answer = self.get(following, until or self.limits.until())
            yield answer
            following = protocol.next_link(answer, self.endpoint)

    def get(self, url: str, until: Budget | float) -> Answer:
        """
        Return the complete answer at *url*, asking again while it makes sense and time is left.

        Raises:
            AzureError: it could not be had.
            AuthError: no token is to be had.
        """
        budget = Budget.of(until)
        return patiently(
            lambda: protocol.complete(self._authorized("GET", url, None, budget)),
            until=budget,
            pause=self._pause,
        )

    def write(self, method: str, url: str, body: bytes | None, until: Budget | float) -> Answer:
        """
        Send a PUT or DELETE, once: before it is sent again, somebody has to look what stands there.

        Success means that it was answered, not that it was done.

        Raises:
            AzureError: it was refused; or nobody knows whether it was carried out.  A 401 is
                retryable where there is another token by now.
            AuthError: no token is to be had.
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
        """Ask with a token; where it is rejected, with a fresh one, or one with the claims."""
        for _ in range(3):
            with budget.spared():  # somebody signs in for all
                token = self._tokens.token()
            answer = self._exchange(method, url, body, token, budget.until)
            if not self._renewed(token, answer, budget):
                break
        return answer

    def _renewed(self, token: AccessToken, answer: Answer, budget: Budget) -> bool:
        """Say whether *answer* rejects *token*, and there is another one by now."""
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
            "x-ms-client-request-id": str(uuid4()),
        }
        of_subscription = protocol.is_of_subscription(url)
        pace, width = self._paces[of_subscription], self._widths[of_subscription]
        turn = pace.enter(until)
        sent = time.monotonic()
        try:
            request = prepared(url, headers, method=method, body=body)
            timeout = min(self.limits.timeout, until - sent)
            answer = self._clean(self._wire.send(request, timeout=timeout))
        except AzureError as error:
            width.failed(sent)
            self._keep(method, url, error)
            log.debug("%s %s: %s", method, url, error)
            if error.reason is Reason.TIMEOUT and time.monotonic() >= self.limits.deadline:
                raise AzureError(Reason.DEADLINE, "the run's deadline passed") from error
            raise
        if answer.status == THROTTLED:
            pace.refused(turn)
        else:
            pace.answered(turn, answer.headers)
        if answer.status in TOO_MUCH:
            width.failed(sent)
        else:
            width.answered(sent, usual=answer.status == 200)
        self._keep(method, url, answer)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: %d %s", method, url, answer.status, _shown(answer))
        return answer

    def _clean(self, answer: Answer) -> Answer:
        """Blot out what an answer echoes of our secrets: it would reach logs and recordings."""
        hide = self._wire.secrets
        headers = {name.lower(): hide.redact(answer.headers[name]) for name in answer.headers}
        body = hide.redact_bytes(answer.body)
        clean = body is answer.body and {*headers.values()} <= {*answer.headers.values()}
        return answer if clean else replace(answer, headers=headers, body=body)

    def _keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        if self._tape is not None:
            self._tape.keep(method, url, outcome)


@dataclass(frozen=True, slots=True)
class _Both:
    one: Tape
    other: Tape

    def keep(self, method: str, url: str, outcome: Answer | AzureError) -> None:
        self.one.keep(method, url, outcome)
        self.other.keep(method, url, outcome)


def _shown(answer: Answer) -> str:
    """Spell the headers for `--debug`, but for cookies, which are nobody's business."""
    kept = (
        f"{name}: {value}" for name, value in answer.headers.items() if not protocol.is_cookie(name)
    )
    return "; ".join(kept)

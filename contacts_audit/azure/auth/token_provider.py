"""Shares one token among all threads, and refreshes it."""

import threading
import time
from collections.abc import Callable

from contacts_audit.azure.auth.access_token import check_not_expired, is_expired
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError
from contacts_audit.core.workers import started

RENEWAL_PAUSE = 300.0  # seconds between two renewals of one kind
REFRESH_SHARE = 0.2  # of its lifetime: a token is refreshed when less is left ...
REFRESH_SECONDS = 300.0  # ... and when less than this is left

Acquire = Callable[[str | None, bool], AccessToken]
"""Takes the claims that the token must carry, and whether it must be a new one."""


class TokenProvider:
    """
    Keeps the last good token, and refreshes it once for all threads.

    A token is refreshed in the background before it expires. If that fails, the old token is used
    until it expires, so a run outlives a short outage of the token service.
    """

    def __init__(self, acquire: Acquire) -> None:
        self._acquire = acquire
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._refresh_at = 0.0
        self._failure: AuthError | None = None
        self._refusal: AuthError | None = None
        self._renewed: dict[bool, float] = {}
        self._claims: str | None = None

    def token(self) -> AccessToken:
        """
        Return a token that has not expired.

        Raises:
            AuthError: none can be acquired. Every later call raises the same, without a request.
        """
        token, now = self._token, time.time()
        if token is not None and now < self._refresh_at:
            return token
        if token is not None and not is_expired(token, now):
            self._refresh_in_background(token)
            return token
        with self._lock:
            token = self._token
            if token is None or is_expired(token, time.time()):
                token = self._fetch(token is not None)
            return token

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """
        Return whether there is another token than the *rejected* one; acquire it if needed.

        *claims* are those that Azure asked for. One renewal with claims and one without are made
        in five minutes: a subscription that rejects every token must not cost a token each time.

        Raises:
            AuthError: the renewal failed, now or for another thread.
        """
        with self._lock:
            if self._token is not None and self._token.value != rejected.value:
                return True
            last = self._renewed.get(claims is not None)
            if last is not None and time.monotonic() - last < RENEWAL_PAUSE:
                if self._refusal is not None:
                    raise AuthError(str(self._refusal), self._refusal.hint) from self._refusal
                return False
            self._renewed[claims is not None] = time.monotonic()
            self._claims = claims or self._claims
            self._refusal = None
            try:
                return self._keep(self._acquire(self._claims, True)).value != rejected.value
            except AuthError as error:
                self._refusal = error
                raise

    def _fetch(self, fresh: bool) -> AccessToken:
        if self._failure is not None:
            raise AuthError(str(self._failure), self._failure.hint) from self._failure
        try:
            return self._keep(self._acquire(self._claims, fresh))
        except AuthError as error:
            self._failure = error
            raise

    def _keep(self, token: AccessToken) -> AccessToken:
        check_not_expired(token, "the acquired token")
        self._token = token
        self._refresh_at = float("inf")
        if token.expires_on is not None:
            lifetime = token.expires_on - time.time()
            self._refresh_at = token.expires_on - min(REFRESH_SECONDS, REFRESH_SHARE * lifetime)
        return token

    def _refresh_in_background(self, old: AccessToken) -> None:
        """Refresh the *old* token on another thread, unless a refresh is running."""
        if self._lock.acquire(blocking=False):
            retry = time.time() + REFRESH_SECONDS
            self._refresh_at = min(retry, old.expires_on or retry)  # if this refresh fails
            if not started(self._refresh_and_release):
                self._lock.release()  # whoever needs the token after it expired acquires it

    def _refresh_and_release(self) -> None:
        try:
            self._keep(self._acquire(self._claims, True))
        except AuthError:
            pass  # the old token is still good; a failure after it expired is reported
        finally:
            self._lock.release()

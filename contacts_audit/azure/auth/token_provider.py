"""Shares one token among all threads, and refreshes it."""

import math
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError
from contacts_audit.core.workers import started

RENEWAL_PAUSE = 300.0
AGEING_SHARE = 0.2
AGEING_SECONDS = 300.0
UNITS = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
LAST_MOMENT = 253_402_300_800.0  # of the year 9999


TO_GIVE = "give the token alone, or what az account get-access-token prints"


def bearer(value: object, source: str) -> str:
    """
    Return *value* where it can stand in a header as a token.

    https://www.rfc-editor.org/rfc/rfc6750#section-2.1

    Raises:
        AuthError: *source* gave something else, which is not shown.
    """
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", value):
        return value
    raise AuthError(f"{source} holds no bearer token", TO_GIVE)


def ago(moment: float) -> str:
    """Return how long ago *moment*, in epoch seconds, was, and when: "2 h ago (05:20 UTC)"."""
    seconds = max(0.0, time.time() - moment)
    unit, size = next((each for each in UNITS if seconds >= each[1]), UNITS[-1])
    date = datetime.fromtimestamp(moment, UTC)
    spelt = date.strftime("%H:%M UTC" if seconds < UNITS[0][1] else "%Y-%m-%d %H:%M UTC")
    return f"{seconds / size:.0f} {unit} ago ({spelt})"


def check_not_expired(token: AccessToken, source: str) -> AccessToken:
    """
    Return *token*, which *source* gave.

    Raises:
        AuthError: it has expired.
    """
    if token.expires_on is not None and _expired(token, time.time()):
        raise AuthError(
            f"{source} expired {ago(token.expires_on)}",
            "get a new one, or check this machine's clock",
        )
    return token


def moment(value: object) -> float | None:
    """Return a number of seconds that a calendar can hold, None for anything else."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < LAST_MOMENT else None


Acquire = Callable[[str | None, bool], AccessToken]
"""Takes the claims that the token must carry, and whether it must be a new one."""


class Tokens:
    """
    Keeps the last good token and renews it once for all.

    A token that ages is renewed in the background while the old one serves; a token service that
    is out of order then does no harm until the old one expires.
    """

    def __init__(self, acquire: Acquire) -> None:
        self._acquire = acquire
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._ages_at = 0.0
        self._failure: AuthError | None = None
        self._refusal: AuthError | None = None
        self._renewed: dict[bool, float] = {}
        self._claims: str | None = None

    def token(self) -> AccessToken:
        """
        Return a token that has not expired.

        Raises:
            AuthError: there is none to be had; said once, it stays said.
        """
        token, now = self._token, time.time()
        if token is not None and now < self._ages_at:
            return token
        if token is not None and not _expired(token, now):
            self._renew_behind(token)
            return token
        with self._lock:
            token = self._token
            if token is None or _expired(token, time.time()):
                token = self._fetch(token is not None)
            return token

    def renew(self, rejected: AccessToken, claims: str | None) -> bool:
        """
        Say whether there is another token than the *rejected* one, fetching it if need be.

        A renewal that failed is an error for all who would have had the token.  *claims* are those
        that Azure asked for.  At most one renewal of each kind is made in five
        minutes: a subscription that rejects every token must not cost a token each.
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
        check_not_expired(token, "the token that came")
        self._token = token
        self._ages_at = float("inf")
        if token.expires_on is not None:
            lifetime = token.expires_on - time.time()
            self._ages_at = token.expires_on - min(AGEING_SECONDS, AGEING_SHARE * lifetime)
        return token

    def _renew_behind(self, ageing: AccessToken) -> None:
        """Renew an ageing token on a thread of its own, unless somebody does already."""
        if self._lock.acquire(blocking=False):
            retry = time.time() + AGEING_SECONDS
            self._ages_at = min(retry, ageing.expires_on or retry)  # if this one fails
            if not started(self._renew_and_release):
                self._lock.release()  # it is renewed in time by whoever needs it then

    def _renew_and_release(self) -> None:
        try:
            self._keep(self._acquire(self._claims, True))
        except AuthError:
            pass  # the old token serves on; once it expires, the failure will be said
        finally:
            self._lock.release()


def _expired(token: AccessToken, now: float) -> bool:
    return token.expires_on is not None and now >= token.expires_on

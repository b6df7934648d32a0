"""One token is shared by all threads, and is used until it expires."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from contacts_audit.azure.auth.token_provider import RENEWAL_PAUSE, TokenProvider
from contacts_audit.azure.kinds import AccessToken
from contacts_audit.core.errors import AuthError

CROWD = 64
LIFETIME = 3600.0
T = TypeVar("T")


class Clock:
    """The time of day, which a test moves forward."""

    def __init__(self) -> None:
        self.real = time.time()
        self.forward = 0.0

    def __call__(self) -> float:
        """Return the time; it stands still by itself."""
        return self.real + self.forward


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clocks of Python: time passes when a test says so."""
    stopped = Clock()
    monkeypatch.setattr(time, "time", stopped)
    monkeypatch.setattr(time, "monotonic", stopped)
    return stopped


class Service:
    """A token service that records its calls, and fails on demand."""

    def __init__(self, lifetime: float | None = LIFETIME) -> None:
        self.lifetime = lifetime
        self.asked: list[tuple[str | None, bool]] = []
        self.threads: list[threading.Thread] = []
        self.failing = False
        self.same = False
        self.open = threading.Event()
        self.open.set()

    def acquire(self, claims: str | None, fresh: bool) -> AccessToken:
        """Return the next token, once the door is open."""
        self.asked.append((claims, fresh))
        self.threads.append(threading.current_thread())
        number = len(self.asked)
        assert self.open.wait(10)
        if self.failing:
            raise AuthError("the token service is out of order", "wait for it")
        expires = None if self.lifetime is None else time.time() + self.lifetime
        return AccessToken("token" if self.same else f"token-{number}", expires)


def at_once(work: Callable[[], T]) -> list[T | Exception]:
    """Return what *work* returns or raises on each of many threads that start together."""
    results: list[T | Exception] = []
    begin = threading.Barrier(CROWD)

    def run() -> None:
        begin.wait(10)
        try:
            results.append(work())
        except AuthError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return results


def slow(service: Service) -> Callable[[str | None, bool], AccessToken]:
    """Return *service*, slow enough that many threads arrive."""

    def acquire(claims: str | None, fresh: bool) -> AccessToken:
        threading.Event().wait(0.1)
        return service.acquire(claims, fresh)

    return acquire


def test_threads_without_a_token_sign_in_once() -> None:
    """All wait for the first, and all get its token."""
    service = Service()
    tokens = TokenProvider(slow(service))

    got = at_once(tokens.token)

    assert service.asked == [(None, False)]
    assert [token.value for token in got if isinstance(token, AccessToken)] == ["token-1"] * CROWD


def test_a_failed_sign_in_is_not_repeated() -> None:
    """Each thread gets the same error."""
    service = Service()
    service.failing = True
    tokens = TokenProvider(slow(service))

    got = at_once(tokens.token)

    assert service.asked == [(None, False)]
    assert {(str(error), getattr(error, "hint", "")) for error in got} == {
        ("the token service is out of order", "wait for it")
    }
    assert len(got) == CROWD


@pytest.mark.usefixtures("clock")
def test_a_fresh_token_is_kept() -> None:
    """No request is made while it is good."""
    service = Service()
    tokens = TokenProvider(service.acquire)

    got = {tokens.token().value for _ in range(5)}

    assert (got, service.asked) == ({"token-1"}, [(None, False)])


def test_a_token_without_expiry_is_kept(clock: Clock) -> None:
    """Only Azure can reject it."""
    service = Service(lifetime=None)
    tokens = TokenProvider(service.acquire)
    tokens.token()
    clock.forward = 1e9

    assert tokens.token().value == "token-1"
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("lifetime", "young", "ageing"),
    [
        pytest.param(3600.0, 3299.0, 3301.0, id="an hour: five minutes before its end"),
        pytest.param(100.0, 79.0, 81.0, id="a short life: its last fifth"),
    ],
)
def test_when_a_token_is_refreshed(
    clock: Clock, lifetime: float, young: float, ageing: float
) -> None:
    """Before it expires, but not long before."""
    service = Service(lifetime)
    tokens = TokenProvider(service.acquire)
    tokens.token()
    clock.forward = young
    tokens.token()
    asked_young = len(service.asked)
    clock.forward = ageing

    tokens.token()
    settle(service, 2)

    assert (asked_young, service.asked[1:]) == (1, [(None, True)])
    assert tokens.token().value == "token-2"


def settle(service: Service, asked: int) -> None:
    """Wait until *service* has had that many calls, and the last one has ended."""
    late = time.perf_counter() + 10
    while len(service.threads) < asked and time.perf_counter() < late:
        time.sleep(0.001)
    assert service.threads[asked - 1] is not threading.main_thread()
    service.threads[asked - 1].join(10)


def test_an_old_token_is_used_while_one_thread_refreshes_it(clock: Clock) -> None:
    """No thread waits, and no second refresh starts."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.token()
    clock.forward = LIFETIME - 100
    service.open.clear()

    got = at_once(tokens.token)

    assert [token.value for token in got if isinstance(token, AccessToken)] == ["token-1"] * CROWD
    service.open.set()
    settle(service, 2)
    assert service.asked == [(None, False), (None, True)]
    assert tokens.token().value == "token-2"


def test_an_old_token_is_used_while_a_rejected_one_is_renewed(clock: Clock) -> None:
    """It was rejected for one thread. All others continue, and it is renewed once."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    old = tokens.token()
    clock.forward = LIFETIME - 100
    service.open.clear()
    rejected = threading.Thread(target=tokens.renew, args=(old, None))
    rejected.start()
    while len(service.asked) < 2:
        time.sleep(0.001)

    got = tokens.token()

    service.open.set()
    rejected.join(10)
    assert got is old
    assert (tokens.token().value, len(service.asked)) == ("token-2", 2)


def test_an_old_token_is_used_if_no_thread_can_start(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that finds it expired refreshes it."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    first = tokens.token()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    clock.forward = LIFETIME - 100
    still = tokens.token()
    clock.forward = LIFETIME + 100

    assert still is first
    assert tokens.token() is not first


def test_a_failed_refresh_keeps_the_old_token(clock: Clock) -> None:
    """An outage of the token service does no harm while the old token is good."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.token()
    clock.forward = LIFETIME - 100
    service.failing = True
    tokens.token()
    settle(service, 2)

    got = [tokens.token().value for _ in range(5)]

    assert (got, len(service.asked)) == (["token-1"] * 5, 2)


def test_an_expired_token_is_never_used(clock: Clock) -> None:
    """Not even if a refresh has just failed."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.token()
    clock.forward = LIFETIME - 100
    service.failing = True
    tokens.token()
    settle(service, 2)
    clock.forward = LIFETIME

    with pytest.raises(AuthError):
        tokens.token()


def test_an_expired_token_is_replaced_once(clock: Clock) -> None:
    """Many threads come after a long pause, and one signs in."""
    service = Service()
    tokens = TokenProvider(slow(service))
    tokens.token()
    clock.forward = LIFETIME

    got = at_once(tokens.token)

    assert service.asked == [(None, False), (None, True)]
    assert [token.value for token in got if isinstance(token, AccessToken)] == ["token-2"] * CROWD


def test_a_failure_to_replace_an_expired_token_stays(clock: Clock) -> None:
    """Each thread gets the error, and one request is made."""
    service = Service()
    tokens = TokenProvider(slow(service))
    tokens.token()
    clock.forward = LIFETIME + 1
    service.failing = True

    got = at_once(tokens.token)

    assert len(service.asked) == 2
    assert [type(error) for error in got] == [AuthError] * CROWD


def test_a_rejected_token_is_renewed_once() -> None:
    """Many rejections cost one token."""
    service = Service()
    tokens = TokenProvider(slow(service))
    rejected = tokens.token()

    got = at_once(lambda: tokens.renew(rejected, None))

    assert service.asked == [(None, False), (None, True)]
    assert got == [True] * CROWD
    assert tokens.token().value == "token-2"


@pytest.mark.parametrize("claims", [None, '{"access_token":{}}'])
def test_a_second_rejection_is_final_for_a_while(clock: Clock, claims: str | None) -> None:
    """A subscription that rejects every token does not cost a token each time."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.renew(tokens.token(), claims)
    clock.forward = RENEWAL_PAUSE - 1

    again = tokens.renew(tokens.token(), claims)

    assert not again
    assert service.asked[1:] == [(claims, True)]


def test_after_the_pause_a_token_is_renewed_again(clock: Clock) -> None:
    """A long run may see more than one revocation."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.renew(tokens.token(), None)
    clock.forward = RENEWAL_PAUSE

    again = tokens.renew(tokens.token(), None)

    assert (again, len(service.asked)) == (True, 3)


@pytest.mark.usefixtures("clock")
def test_claims_and_plain_rejections_are_counted_separately() -> None:
    """A challenge is answered although a token was just renewed."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    tokens.renew(tokens.token(), None)

    answered = tokens.renew(tokens.token(), '{"access_token":{}}')

    assert answered
    assert service.asked[1:] == [(None, True), ('{"access_token":{}}', True)]


def test_the_same_token_again_is_no_renewal() -> None:
    """A cache returned the rejected token."""
    service = Service()
    service.same = True
    tokens = TokenProvider(service.acquire)

    renewed = tokens.renew(tokens.token(), None)

    assert not renewed


def test_a_late_rejection_finds_the_new_token() -> None:
    """No request is made for a thread whose old token was rejected."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    old = tokens.token()
    tokens.renew(old, None)

    late = tokens.renew(old, None)

    assert (late, len(service.asked)) == (True, 2)


def test_a_failed_renewal_is_not_repeated() -> None:
    """Each thread gets the error, and the token service one request."""
    service = Service()
    tokens = TokenProvider(service.acquire)
    rejected = tokens.token()
    service.failing = True

    with pytest.raises(AuthError):
        tokens.renew(rejected, None)

    with pytest.raises(AuthError, match="out of order"):
        tokens.renew(rejected, None)
    assert len(service.asked) == 2


def test_a_token_is_not_in_its_repr() -> None:
    """Printing the object does not print the secret."""
    token = AccessToken("secret", 0.0, "tenant", "subscription")

    assert "secret" not in repr(token)
    assert "secret" not in f"{token}"

"""How often a write may be sent again, by what came in place of success."""

import pytest

from contacts_audit.azure.arm.retry import ATTEMPTS
from contacts_audit.core.errors import AzureError, Reason
from contacts_audit.remediation.send import RENEWALS, Tries


def failed(status: int | None, asked: float | None = None) -> AzureError:
    """Return the error of a write that was answered with *status*, None where it was not."""
    return AzureError(Reason.SERVER_ERROR, "no", status=status, retry_after=asked)


@pytest.mark.parametrize("status", [429, 503])
def test_throttled_writes_wait_longer_each_time_and_not_for_ever(status: int) -> None:
    """Without Retry-After the wait is our backoff, and the attempts are limited."""
    tries = Tries()

    waits = [tries.wait_after(failed(status)) for _ in range(ATTEMPTS)]

    assert waits[-1] is None
    for count, wait in enumerate(waits[:-1], 1):
        longest = min(30.0, 2.0 ** (count - 2))
        assert wait is not None
        assert longest / 2 <= wait <= longest


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_azure_asks_for_is_kept(status: int) -> None:
    """The budget limits these waits, not a number of attempts."""
    tries = Tries()

    assert [tries.wait_after(failed(status, 5.0)) for _ in range(2 * ATTEMPTS)] == [5.0] * 20


def test_a_rejected_token_is_renewed_so_often() -> None:
    """A token may have expired, and the next may lack claims; neither needs a wait."""
    tries = Tries()

    assert [tries.wait_after(failed(401)) for _ in range(RENEWALS + 1)] == [0, 0, None]


@pytest.mark.parametrize("status", [None, 408, 500, 502, 504])
def test_a_lost_answer_allows_one_more_try(status: int | None) -> None:
    """There is one retry, at once or when Azure says."""
    tries, asked = Tries(), Tries()

    assert [tries.wait_after(failed(status)) for _ in range(2)] == [0, None]
    assert [asked.wait_after(failed(status, 3.0)) for _ in range(2)] == [3.0, None]


def test_a_refusal_allows_none() -> None:
    """A retry would be refused again."""
    assert Tries().wait_after(failed(403)) is None


def test_each_kind_has_its_own_count() -> None:
    """A lost answer after a throttled one is the first lost one."""
    tries = Tries()
    tries.wait_after(failed(429))
    tries.wait_after(failed(401))

    assert tries.wait_after(failed(None)) == 0

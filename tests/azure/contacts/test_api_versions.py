"""One refusal of an api-version may be a whim; three, and no answer, are a fact."""

import pytest

from contacts_audit.azure.contacts.api_versions import ENOUGH, Versions
from contacts_audit.core.errors import Reason, VersionRefusedError

VERSION = "2023-12-01-preview"


def refuse(version: str) -> str:
    """Refuse the version."""
    raise VersionRefusedError(Reason.VERSION_UNAVAILABLE, f"{version} is not offered")


def is_asked(versions: Versions, version: str = VERSION) -> bool:
    """Say whether the next subscription is asked."""
    return versions.read(version, "next", lambda one: one) == version


def refused_by(*subscriptions: str) -> Versions:
    """Return what was learned where each of *subscriptions* was refused."""
    versions = Versions()
    for subscription in subscriptions:
        assert versions.read(VERSION, subscription, refuse) is None
    return versions


@pytest.mark.parametrize(
    ("versions", "offered"),
    [
        pytest.param(refused_by(), True, id="never asked"),
        pytest.param(refused_by("a"), True, id="one refusal"),
        pytest.param(refused_by("a", "b"), True, id="two"),
        pytest.param(refused_by("a", "b", "c"), False, id="three"),
        pytest.param(refused_by("a", "a", "a", "b"), True, id="one subscription, many times"),
    ],
)
def test_three_subscriptions_decide_for_the_run(versions: Versions, offered: bool) -> None:
    """Up to two refusals count only for their own subscriptions."""
    assert is_asked(versions) is offered
    assert ENOUGH == 3


@pytest.mark.parametrize("answered_first", [True, False])
def test_one_answer_outweighs_all_refusals(answered_first: bool) -> None:
    """A version that was answered once stays offered."""
    versions = Versions()

    def answer(version: str) -> str:
        """Answer while all others are refused."""
        for subscription in "abcd":
            versions.read(version, subscription, refuse)
        return version

    if answered_first:
        assert is_asked(versions)
        answer(VERSION)
    else:
        assert versions.read(VERSION, "slow", answer) == VERSION

    assert is_asked(versions)


def test_versions_do_not_answer_for_each_other() -> None:
    """A refusal of one version does not count for another."""
    versions = refused_by("a", "b", "c")

    assert is_asked(versions, "2017-08-01-preview")

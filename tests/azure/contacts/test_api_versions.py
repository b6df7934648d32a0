"""One refusal of an api-version may be a whim; three, and no answer, are a fact."""

import pytest

from contacts_audit.azure.contacts.api_versions import ENOUGH, Versions

VERSION = "2023-12-01-preview"


def refused_by(*subscriptions: str) -> Versions:
    """Return what was learned where each of *subscriptions* was refused."""
    versions = Versions()
    for subscription in subscriptions:
        versions.refused(VERSION, subscription)
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
    assert versions.offered(VERSION) is offered
    assert ENOUGH == 3


@pytest.mark.parametrize("answered_first", [True, False])
def test_one_answer_outweighs_all_refusals(answered_first: bool) -> None:
    """A version that was answered once stays offered."""
    versions = Versions()
    if answered_first:
        versions.answered(VERSION)
    for subscription in "abcd":
        versions.refused(VERSION, subscription)
    if not answered_first:
        versions.answered(VERSION)

    assert versions.offered(VERSION)


def test_versions_do_not_answer_for_each_other() -> None:
    """A refusal of one version does not count for another."""
    versions = refused_by("a", "b", "c")

    assert versions.offered("2017-08-01-preview")

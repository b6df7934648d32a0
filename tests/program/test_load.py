"""Many subscriptions in bad weather: `make soak` takes more of the same."""

from azure_double import AzureDouble
from conftest import surroundings
from soak.run import check, fly, furnish


def test_two_thousand_subscriptions_in_bad_weather(azure: AzureDouble) -> None:
    """They are throttled, reset and slow: every row is right and in order, in bounded memory."""
    expected = furnish(azure, 2000)
    azure.page_size = 500

    flown = fly(azure, surroundings(azure), every=0.1)

    check(flown, expected, len(azure.arm_asked()))
    assert max(flown.memory) < 200
    assert flown.said.count("\n") == 2

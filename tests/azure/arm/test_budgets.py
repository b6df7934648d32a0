"""Budgets add up: a sign-in costs nobody's, and a subscription has one, whatever is asked of it."""

import json
import time

import pytest
from azure_double import AzureDouble, faults
from azure_double.exchange import Exchange, as_usual
from conftest import Run

from contacts_audit.azure.arm.client import Limits
from contacts_audit.azure.arm.retry import Budget

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


def test_what_is_spared_is_not_spent() -> None:
    """Time within is added to the end, up to the deadline of the run."""
    now = time.monotonic()
    long, short = Budget(now + 10, now + 100), Budget(now + 10, now + 10)

    for budget in (long, short):
        with budget.spared():
            time.sleep(0.05)

    assert now + 10.05 <= long.until < now + 100
    assert short.until == now + 10


def test_an_error_is_spared_too() -> None:
    """Whoever goes on after it has lost nothing."""
    budget = Budget(0.0)

    def fail() -> None:
        with budget.spared():
            time.sleep(0.01)
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert budget.until >= 0.01


def test_a_budget_may_be_shared() -> None:
    """Then nobody gets a new one."""
    shared = Budget(5.0)

    assert Limits(1.0, 2.0, 3.0, shared).until() is shared
    assert Limits(1.0, 2.0, 3.0).until().until == 3.0


def test_a_sign_in_that_others_wait_for_costs_no_budget(azure: AzureDouble, run: Run) -> None:
    """The token is rejected, and a new one takes longer than the budget: all are read."""
    for number in range(6):
        azure.add(f"S{number}", contacts_2017=GOOD)
    azure.fail("securityContacts", faults.html(401), times=1)
    azure.fail("POST", faults.sequence(None, faults.slow(2.5)))

    ran = run("audit", "--budget", "2", "--workers", "6")

    assert ran.code == 0, ran.err
    assert len(azure.token_asked()) == 2


def test_a_token_that_expires_meanwhile_costs_no_budget(azure: AzureDouble, run: Run) -> None:
    """Whoever finds it expired signs in for all, and that takes longer than the budget."""
    first = azure.add("First", contacts_2017=GOOD)
    azure.add("Second", contacts_2017=GOOD)
    azure.token_lifetime = 2
    empty = faults.answer(b'{"value":[]}')
    azure.fail(first.id, faults.sequence(faults.late(2.2, empty)))
    broken = faults.late(1.2, faults.status(500))

    async def whole(exchange: Exchange) -> None:
        azure.token_lifetime = 3600
        await as_usual(exchange)

    azure.fail("POST", faults.sequence(None, broken, broken, broken, whole))

    ran = run("audit", "--budget", "3", "--workers", "1")

    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["plan", "--email", "b@contoso.com"], id="plan"),
        pytest.param(["plan", "--email", "b@contoso.com", "--failing-only"], id="failing only"),
        pytest.param(["audit", "--profile", "strict"], id="audit"),
    ],
)
def test_a_subscription_has_one_budget(azure: AzureDouble, run: Run, arguments: list[str]) -> None:
    """Each answer takes more than half of it: the second is cut, and no third is asked for."""
    azure.add("Slow")
    azure.fail("securityContacts", faults.slow(1.2))

    ran = run(*arguments, "--budget", "2", "--timeout", "2")

    asked = [one for one in azure.arm_asked() if "securityContacts" in one.path]
    assert ran.code == 4
    assert len(asked) == 2


def test_fetch_goes_on_in_its_turn_with_the_budget_that_it_had(
    azure: AzureDouble, run: Run
) -> None:
    """Waiting to be printed, behind a slow one, is not counted; the second page still comes."""
    azure.contacts_page_size = 1
    slow = azure.add("Slow", contacts_2017=GOOD)
    azure.add("Two pages", contacts_2017=[*GOOD, {"name": "default2", **GOOD[0]}])
    azure.fail(f"/subscriptions/{slow.id}/providers", faults.html(401), times=1)
    azure.fail("POST", faults.sequence(None, faults.slow(2.5)))

    ran = run("fetch", "--budget", "2")

    decoder, text, pages = json.JSONDecoder(), ran.text, 0
    while text:
        _, end = decoder.raw_decode(text)
        text, pages = text[end:], pages + 1
    assert (ran.code, pages) == (0, 3), ran.err

"""The times in JUnit are those of the reads."""

from azure_double import AzureDouble, faults
from conftest import Run
from junitparser import JUnitXml

GOOD = [{"name": "default1", "properties": {"email": "a@contoso.com"}}]


def test_a_slow_subscription_shows_in_its_own_testcase(azure: AzureDouble, run: Run) -> None:
    """A CI server sorts by it; the suite's time is that of the whole run."""
    slow = azure.add("Slow", contacts_2017=GOOD)
    azure.add("Quick", contacts_2017=GOOD)
    azure.fail(slow.id, faults.slow(0.5))

    ran = run("audit", "-o", "junit", "-q")

    suites = JUnitXml.fromstring(ran.out)
    times = {case.name.split()[0]: case.time for suite in suites for case in suite}
    assert times["Slow"] >= 0.5
    assert 0 <= times["Quick"] <= times["Slow"]
    assert suites.time >= times["Slow"]

"""The metrics of one report, as Prometheus reads them."""

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from report.varied_report import HOSTILE, OUTCOMES, REPORT, RUN, everywhere, names, report, text

from contacts_audit.core.model import (
    Report,
    Skipped,
    Subscription,
    Verdict,
)
from contacts_audit.core.sanitize import sanitized
from contacts_audit.report import (
    prometheus,
)


def metrics(of: Report) -> dict[str, Metric]:
    """Return the metrics of a Prometheus report, as the library's own reader sees them."""
    families = text_string_to_metric_families(text(of, prometheus.render))
    return {family.name: family for family in families}


def test_the_metrics() -> None:
    """There are all five verdicts, each subscription, the exit code, and the time."""
    found = metrics(REPORT)

    assert {name: family.type for name, family in found.items()} == {
        "contacts_audit_subscriptions": "gauge",
        "contacts_audit_subscription": "gauge",
        "contacts_audit_exit_code": "gauge",
        "contacts_audit_last_run_timestamp_seconds": "gauge",
    }
    assert {
        sample.labels["verdict"]: sample.value
        for sample in found["contacts_audit_subscriptions"].samples
    } == {"skipped": 1, "unreadable": 2, "non-compliant": 2, "waived": 1, "compliant": 1}
    assert [
        (sample.labels, sample.value) for sample in found["contacts_audit_subscription"].samples
    ] == [
        (
            {
                **prometheus.labels_of(RUN),
                "subscription_id": outcome.subscription.id,
                "verdict": outcome.verdict,
            },
            1,
        )
        for outcome in OUTCOMES
    ]
    (code,) = found["contacts_audit_exit_code"].samples
    (when,) = found["contacts_audit_last_run_timestamp_seconds"].samples
    assert (code.value, when.value) == (4, REPORT.finished.timestamp())


def test_a_verdict_without_subscriptions_is_zero() -> None:
    """An alert on the count finds a number."""
    samples = metrics(report())["contacts_audit_subscriptions"].samples

    assert {sample.labels["verdict"]: sample.value for sample in samples} == dict.fromkeys(
        Verdict, 0
    )


def test_metrics_have_no_names() -> None:
    """They have ids and verdicts; no names, no addresses, no time of creation."""
    named = everywhere("Contoso")._replace(run=RUN)
    shown = text(named, prometheus.render)

    assert "Contoso" not in shown
    assert "_created" not in shown


@given(names)
@example(HOSTILE)
@example('\\"\n')
def test_metrics_can_be_read_back(name: str) -> None:
    """Even an invalid id is a valid label."""
    (sample,) = metrics(report(Skipped(Subscription(name))))["contacts_audit_subscription"].samples

    assert sample.labels["subscription_id"] == sanitized(name)


@pytest.mark.parametrize("of", [REPORT, everywhere(HOSTILE)], ids=["all kinds", "hostile"])
def test_promtool_finds_nothing(of: Report) -> None:
    """The linter of Prometheus accepts the file."""
    promtool = shutil.which("promtool")
    if promtool is None and os.environ.get("REQUIRE_DIFFERENTIAL_TESTS"):
        pytest.fail("missing: promtool")
    if promtool is None:
        pytest.skip("missing: promtool")

    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=text(of, prometheus.render),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")

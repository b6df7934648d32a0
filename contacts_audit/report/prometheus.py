"""
The report as metrics for Prometheus, for its textfile collector: no names, no addresses.

Of a subscription that disappeared nothing is told: its series ends, which is how Prometheus knows.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contacts_audit.inert import inert
from contacts_audit.model import Report, Verdict, exit_code

if TYPE_CHECKING:
    from prometheus_client import Metric


def render(report: Report) -> Iterator[str]:
    """Yield the metrics; each verdict has its count, be it nought."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(report))
    yield generate_latest(registry).decode()


class _Collector:
    """Tells the metrics once; gauges that could be set again would take twice the memory."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        report, verdicts = self._report, self._report.verdicts
        counts = GaugeMetricFamily(
            "contacts_audit_subscriptions",
            "How many subscriptions have which verdict.",
            labels=["verdict"],
        )
        for verdict in Verdict:
            counts.add_metric([verdict], verdicts[verdict])
        yield counts
        rows = GaugeMetricFamily(
            "contacts_audit_subscription",
            "The verdict on each subscription.",
            labels=["subscription_id", "verdict"],
        )
        for outcome in report.outcomes:
            rows.add_metric([inert(outcome.subscription.id), outcome.verdict], 1)
        yield rows
        yield GaugeMetricFamily(
            "contacts_audit_exit_code",
            "The exit code of the audit: 0 all comply, 3 findings, 4 some could not be read.",
            value=exit_code(verdicts),
        )
        yield GaugeMetricFamily(
            "contacts_audit_last_run_timestamp_seconds",
            "When the audit ended.",
            value=report.as_of.timestamp(),
        )

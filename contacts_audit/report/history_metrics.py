"""
Renders the history as OpenMetrics with timestamps, to backfill Prometheus.

`promtool tsdb create-blocks-from openmetrics FILE` reads it.  node_exporter's textfile collector
does not: it refuses timestamps.

https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest

from contacts_audit.audit.history import History
from contacts_audit.core.model import Verdict
from contacts_audit.core.sanitize import sanitized


def render(history: History) -> str:
    """Return one series for each verdict: its count at the end of the last run of each day."""
    registry = CollectorRegistry()
    registry.register(_Collector(history))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.decode()


class _Collector:
    """Yields the metric; OpenMetrics requires the samples of a series together, oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history

    def collect(self) -> Iterator[Metric]:
        whose = [sanitized(self._history.cloud), sanitized(",".join(self._history.tenants))]
        gauge = GaugeMetricFamily(
            "contacts_audit_history_subscriptions",
            "The number of subscriptions with each verdict at the end of a day.",
            labels=["cloud", "tenant", "verdict"],
        )
        for verdict in Verdict:
            for day in self._history.days:
                gauge.add_metric(
                    [*whose, verdict], day.counts[verdict], timestamp=day.finished.timestamp()
                )
        yield gauge

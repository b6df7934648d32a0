"""
The history as OpenMetrics with timestamps, so that Prometheus can be filled with the past.

`promtool tsdb create-blocks-from openmetrics FILE` reads it.  node_exporter's textfile collector
does not: it refuses timestamps.

https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contacts_audit.audit.history import History
from contacts_audit.core.model import Verdict
from contacts_audit.core.sanitize import inert

if TYPE_CHECKING:
    from prometheus_client import Metric


def render(history: History) -> str:
    """Return one series a verdict: its count at the end of the last run of each day."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.openmetrics.exposition import generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(history))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.decode()


class _Collector:
    """Yields the one metric; OpenMetrics wants the samples of a series together, oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        whose = [inert(self._history.cloud), inert(",".join(self._history.tenants))]
        gauge = GaugeMetricFamily(
            "contacts_audit_history_subscriptions",
            "How many subscriptions had which verdict at the end of a day.",
            labels=["cloud", "tenant", "verdict"],
        )
        for verdict in Verdict:
            for day in self._history.days:
                gauge.add_metric(
                    [*whose, verdict], day.counts[verdict], timestamp=day.finished.timestamp()
                )
        yield gauge

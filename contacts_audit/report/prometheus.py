"""
The report as Prometheus metrics: no names, no addresses.

All series have the labels of their run, so that the files of several audits can lie in one folder:
node_exporter drops series that another file has, and says nothing.

Of a subscription that disappeared nothing is told: its series ends, which is how Prometheus knows.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from contacts_audit.audit.profiles import PROFILES
from contacts_audit.core.model import Report, Run, Verdict, exit_code
from contacts_audit.core.sanitize import inert

if TYPE_CHECKING:
    from prometheus_client import Metric


def render(report: Report) -> Iterator[str]:
    """Yield the metrics; each verdict has its count, be it nought."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(report))
    yield generate_latest(registry).decode()


def labels_of(run: Run) -> dict[str, str]:
    """
    Return what tells the series of *run* from those of another audit, the same every night.

    The cloud, the tenants, what is judged, the shard, and a digest of the options that select the
    subscriptions; what a run has not is no label.
    """
    known = PROFILES[run.profile] if run.profile is not None else ()
    judged = [run.profile, *(check for check in run.checks if check not in known)]
    labels = {
        "cloud": run.cloud,
        "tenant": ",".join(sorted(run.tenants)),
        "profile": "+".join(each for each in judged if each is not None),
        "shard": run.shard,
        "scope": run.scope,
    }
    return {name: inert(value) for name, value in labels.items() if value}


class _Collector:
    """Tells the metrics once; gauges that could be set again would take twice the memory."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._labels = labels_of(report.run)

    def collect(self) -> "Iterator[Metric]":
        report, verdicts = self._report, self._report.verdicts
        yield self._gauge(
            "subscriptions",
            "How many subscriptions have which verdict.",
            ["verdict"],
            (([verdict], verdicts[verdict]) for verdict in Verdict),
        )
        yield self._gauge(
            "subscription",
            "The verdict on each subscription.",
            ["subscription_id", "verdict"],
            (([inert(each.subscription.id), each.verdict], 1) for each in report.outcomes),
        )
        yield self._gauge(
            "exit_code",
            "The exit code of the audit: 0 all comply, 3 findings, 4 some could not be read.",
            [],
            [([], exit_code(verdicts))],
        )
        yield self._gauge(
            "last_run_timestamp_seconds",
            "When the audit ended.",
            [],
            [([], report.as_of.timestamp())],
        )

    def _gauge(
        self, name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]
    ) -> "Metric":
        """Return a gauge; each of *values* is what its own labels say, and a number."""
        from prometheus_client.core import GaugeMetricFamily

        gauge = GaugeMetricFamily(f"contacts_audit_{name}", help, labels=[*self._labels, *labels])
        for told, value in values:
            gauge.add_metric([*self._labels.values(), *told], value)
        return gauge

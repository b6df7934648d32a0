"""
Renders the report as Prometheus metrics, without names and addresses.

All series have the labels of their run, so that the files of several audits can be in one folder:
node_exporter silently drops series that another file has.

The series of a subscription that disappeared ends, as Prometheus expects.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from contacts_audit.audit.profiles import PROFILES
from contacts_audit.core.model import Report, Run, Verdict, exit_code
from contacts_audit.core.sanitize import sanitized


def render(report: Report) -> Iterator[str]:
    """Yield the metrics; every verdict has a count, even if it is zero."""
    registry = CollectorRegistry()
    registry.register(_Collector(report))
    yield generate_latest(registry).decode()


def labels_of(run: Run) -> dict[str, str]:
    """
    Return the labels that distinguish *run* from another audit, and are the same every night.

    They are the cloud, the tenants, the checks, the shard, and a digest of the options that select
    subscriptions, if the run has them.
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
    return {name: sanitized(value) for name, value in labels.items() if value}


class _Collector:
    """Yields the metrics once; gauges that can be set again would take twice the memory."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._labels = labels_of(report.run)

    def collect(self) -> Iterator[Metric]:
        report, verdicts = self._report, self._report.verdicts
        yield self._gauge(
            "subscriptions",
            "The number of subscriptions with each verdict.",
            ["verdict"],
            (([verdict], verdicts[verdict]) for verdict in Verdict),
        )
        yield self._gauge(
            "subscription",
            "The verdict on each subscription, always 1.",
            ["subscription_id", "verdict"],
            (([sanitized(each.subscription.id), each.verdict], 1) for each in report.outcomes),
        )
        yield self._gauge(
            "exit_code",
            "The exit code of the audit: 0 all comply, 3 findings, 4 some could not be read.",
            [],
            [([], exit_code(verdicts))],
        )
        yield self._gauge(
            "last_run_timestamp_seconds",
            "The time when the audit ended.",
            [],
            [([], report.as_of.timestamp())],
        )

    def _gauge(
        self, name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]
    ) -> Metric:
        """Return a gauge; each of *values* is the values of its *labels*, and a number."""
        gauge = GaugeMetricFamily(f"contacts_audit_{name}", help, labels=[*self._labels, *labels])
        for own, value in values:
            gauge.add_metric([*self._labels.values(), *own], value)
        return gauge

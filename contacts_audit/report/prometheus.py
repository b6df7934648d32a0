"""
Renders the report, and the history, as Prometheus metrics, without names and addresses.

The series of a report have the labels of its run, so that the files of several audits can be in one
folder: node_exporter silently drops series that another file has.

The series of a subscription that disappeared ends, as Prometheus expects.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics import exposition

from contacts_audit.audit.profiles import PROFILES
from contacts_audit.core.model import Report, Run, Verdict, exit_code
from contacts_audit.core.sanitize import sanitized

if TYPE_CHECKING:
    from contacts_audit.audit.history import History


def render(report: Report) -> Iterator[str]:
    """Yield the metrics; every verdict has a count, even if it is zero."""
    yield generate_latest(_Metrics(_gauges(report))).decode()


def render_history(history: "History") -> str:
    """
    Return one series for each verdict: its count at the end of the last run of each day.

    The format is OpenMetrics with timestamps, to backfill Prometheus by `promtool tsdb
    create-blocks-from openmetrics FILE`.  node_exporter's textfile collector refuses timestamps.

    https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
    """
    gauge = GaugeMetricFamily(
        "contacts_audit_history_subscriptions",
        "The number of subscriptions with each verdict at the end of a day.",
        labels=["cloud", "tenant", "verdict"],
    )
    whose = [sanitized(history.cloud), sanitized(",".join(history.tenants))]
    for verdict in Verdict:  # OpenMetrics requires the samples of a series together, oldest first
        for day in history.days:
            moment = day.finished.timestamp()
            gauge.add_metric([*whose, verdict], day.counts[verdict], timestamp=moment)
    text: bytes = exposition.generate_latest(_Metrics([gauge]))  # type: ignore[no-untyped-call]
    return text.decode()


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


class _Metrics(CollectorRegistry):
    """Yields *metrics* once; gauges that can be set again would take twice the memory."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        super().__init__()
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _gauges(report: Report) -> Iterator[Metric]:
    verdicts, common = report.verdicts, labels_of(report.run)

    def gauge(
        name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]
    ) -> Metric:
        """Return a gauge; each of *values* is the values of its *labels*, and a number."""
        made = GaugeMetricFamily(f"contacts_audit_{name}", help, labels=[*common, *labels])
        for own, value in values:
            made.add_metric([*common.values(), *own], value)
        return made

    yield gauge(
        "subscriptions",
        "The number of subscriptions with each verdict.",
        ["verdict"],
        (([verdict], verdicts[verdict]) for verdict in Verdict),
    )
    yield gauge(
        "subscription",
        "The verdict on each subscription, always 1.",
        ["subscription_id", "verdict"],
        (([sanitized(each.subscription.id), each.verdict], 1) for each in report.outcomes),
    )
    yield gauge(
        "exit_code",
        "The exit code of the audit: 0 all comply, 3 findings, 4 some could not be read.",
        [],
        [([], exit_code(verdicts))],
    )
    yield gauge(
        "last_run_timestamp_seconds",
        "The time when the audit ended.",
        [],
        [([], report.as_of.timestamp())],
    )

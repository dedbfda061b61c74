"""Add up the metrics of all processes of a service for one page.

Each worker sends all its metrics with each sign of life, and the parent adds them up. The counts of workers that have
ended stay in the counters, which therefore never go back. Their gauges are dropped. prometheus-client's own way for
several processes writes to files that are mapped to memory, and leaves one behind for each worker that ends. It
supports neither process metrics nor gauges that are read when the page is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

# Gauges whose sum would mean nothing, and how they are combined. All other gauges are added up.
TOGETHER: dict[str, Callable[[float, float], float]] = {
    "process_start_time_seconds": min,
    "process_max_fds": min,
    "briefing_build_info": max,
    "briefing_change_log_sure": min,
    "briefing_change_log_age_seconds": max,
    "briefing_replica_used": min,
    "briefing_replica_lag_editions": max,
}
LASTING = frozenset({"counter", "histogram"})

# A sample: its name, its labels and its value.
Sample: TypeAlias = tuple[str, dict[str, str], float]
Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


def dump_metrics(registry: CollectorRegistry) -> bytes:
    """Return all metrics of a process as one line of JSON, without its end."""
    families = []
    for family in registry.collect():
        samples = [[sample.name, sample.labels, sample.value] for sample in family.samples]
        families.append([family.name, family.type, family.documentation, samples])
    return orjson.dumps(families)


class MetricTotals:
    """The sums over all processes, including those that have ended."""

    def __init__(self) -> None:
        self._ended = _Sum()

    def bury(self, dump: bytes) -> None:
        """Keep the counts of a process that has ended, as it sent them last."""
        self._ended.add(dump, lasting=True)

    def page(self, dumps: Iterable[bytes]) -> bytes:
        """Return the page in Prometheus' text format, with the metrics that the living processes sent last."""
        total = _Sum()
        total.copy_from(self._ended)
        for dump in dumps:
            total.add(dump)
        return generate_latest(total)


class _Sum(Collector):
    """The sum of the metrics of some processes."""

    def __init__(self) -> None:
        self._families: dict[str, tuple[str, str]] = {}
        self._series: dict[str, dict[Series, float]] = {}

    def add(self, dump: bytes, *, lasting: bool = False) -> None:
        """Add the metrics of a process; with `lasting`, only those that outlast it."""
        if not dump.strip():
            return
        for name, kind, meaning, samples in orjson.loads(dump):
            if lasting and kind not in LASTING:
                continue
            self._families[name] = (kind, meaning)
            self._add_samples(name, samples)

    def copy_from(self, other: _Sum) -> None:
        """Take over the metrics of another sum, which stays as it is."""
        self._families.update(other._families)
        for name, series in other._series.items():
            self._series[name] = dict(series)

    def _add_samples(self, name: str, samples: Iterable[Sample]) -> None:
        series = self._series.setdefault(name, {})
        combine = TOGETHER.get(name)
        for sample_name, labels, value in samples:
            key = (sample_name, tuple(labels.items()))
            if key not in series:
                series[key] = value
            elif combine is not None:
                series[key] = combine(series[key], value)
            else:
                series[key] += value

    def collect(self) -> Iterable[Metric]:
        """Return the summed metrics."""
        for name, (kind, meaning) in self._families.items():
            family = Metric(name, meaning, kind)
            for (sample_name, labels), value in self._series[name].items():
                family.add_sample(sample_name, dict(labels), value)
            yield family

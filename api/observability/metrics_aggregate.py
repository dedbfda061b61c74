"""Add up the metrics of all processes of a service for one page.

Each worker sends all its metrics with each sign of life, and the parent adds them up. The counts of workers that have
ended stay in the counters, which therefore never go back. Their gauges are dropped. prometheus-client's own way for
several processes writes to files that are mapped to memory, and leaves one behind for each worker that ends. It
supports neither process metrics nor gauges that are read when the page is requested.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

# Gauges whose sum would mean nothing, and how they are combined. All other gauges are added up.
TOGETHER = {
    "process_start_time_seconds": min,
    "process_max_fds": min,
    "briefing_build_info": max,
    "briefing_change_log_sure": min,
    "briefing_change_log_age_seconds": max,
}
LASTING = frozenset({"counter", "histogram"})

Series = tuple[str, tuple[tuple[str, str], ...]]


def told(registry: CollectorRegistry) -> bytes:
    """Return all metrics of a process as one line of JSON, without its end."""
    return orjson.dumps(
        [
            [one.name, one.type, one.documentation, [[s.name, s.labels, s.value] for s in one.samples]]
            for one in registry.collect()
        ]
    )


class MetricTotals:
    """The sums over all processes, including those that have ended."""

    def __init__(self) -> None:
        self._gone = _Sum()

    def bury(self, said: bytes) -> None:
        """Keep the counts of a process that has ended, as it sent them last."""
        self._gone.add(said, lasting=True)

    def page(self, living: Iterable[bytes]) -> bytes:
        """Return the page in Prometheus' text format."""
        total = _Sum()
        total.join(self._gone)
        for said in living:
            total.add(said)
        return generate_latest(cast(CollectorRegistry, total))


class _Sum:
    def __init__(self) -> None:
        self._families: dict[str, tuple[str, str]] = {}
        self._series: dict[str, dict[Series, float]] = {}

    def add(self, said: bytes, *, lasting: bool = False) -> None:
        for name, kind, meaning, samples in orjson.loads(said) if said.strip() else []:
            if kind in LASTING or not lasting:
                self._families[name] = (kind, meaning)
                self._sum(name, samples)

    def join(self, other: _Sum) -> None:
        self._families.update(other._families)
        self._series.update({name: dict(series) for name, series in other._series.items()})

    def _sum(self, name: str, samples: list[Any]) -> None:
        series = self._series.setdefault(name, {})
        together = TOGETHER.get(name)
        for sample, labels, value in samples:
            key = (sample, tuple(labels.items()))
            before = series.get(key)
            series[key] = value if before is None else together(before, value) if together else before + value

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, as a registry does."""
        for name, (kind, meaning) in self._families.items():
            family = Metric(name, meaning, kind)
            for (sample, labels), value in self._series[name].items():
                family.add_sample(sample, dict(labels), value)
            yield family
